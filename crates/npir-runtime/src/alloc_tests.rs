//! The allocator: size classes, alignment, threads.

use super::*;

#[test]
fn classes_cover_every_size_and_round_up_little() {
    let mut sizes: Vec<usize> = (1..5000).collect();
    for bit in 12..46 {
        for delta in [0usize, 1, 63, 4097] {
            sizes.push((1 << bit) + delta);
            sizes.push((3 << (bit - 1)) - delta);
        }
    }
    for size in sizes {
        let (class, capacity) = class_of(size).unwrap();
        assert!(class < CLASSES, "{size}");
        assert_eq!(capacity, capacity_of_class(class), "{size}");
        assert!(capacity >= size, "{size}");
        assert_eq!(is_mapped(class), size > HUGE - PAGE, "{size}");
        assert!(capacity <= size + size / 4 + 64 || size <= HUGE, "{size}");
    }
    assert!(class_of(LARGEST + 1).is_none());
    assert!(alloc(u64::MAX - 1).is_none());
}

#[test]
fn suffixes_of_byte_counts() {
    assert_eq!(parse_bytes("123"), Some(123));
    assert_eq!(parse_bytes(" 2M "), Some(2 << 20));
    assert_eq!(parse_bytes("1g"), Some(1 << 30));
    for bad in [
        "",
        "G",
        "-1",
        "1T",
        "99999999999999999999",
        "18446744073709551615K",
    ] {
        assert_eq!(parse_bytes(bad), None, "{bad}");
    }
}

#[test]
fn blocks_are_aligned_writable_and_reusable() {
    for size in [
        0u64,
        1,
        64,
        100,
        4096,
        (2 << 20) - 1,
        2 << 20,
        (5 << 20) + 3,
    ] {
        let block = alloc(size).unwrap();
        let align = if size >= HUGE as u64 { HUGE } else { ALIGN };
        assert_eq!(block.as_ptr() as usize % align, 0);
        // SAFETY: the block has `size` bytes and one reference, which ends here.
        unsafe {
            std::ptr::write_bytes(block.as_ptr(), 0xab, size as usize);
            assert_eq!(size_of_block(block), size.max(1));
            retain(block);
            assert!(!drop_reference(block));
            assert!(drop_reference(block));
            free(block);
        }
    }
}

#[test]
fn threads_share_the_cache() {
    std::thread::scope(|scope| {
        for seed in 0..4u64 {
            scope.spawn(move || {
                let mut state = seed * 7919 + 1;
                let mut held: Vec<(NonNull<u8>, usize, u8)> = Vec::new();
                for step in 0..4000usize {
                    state = state
                        .wrapping_mul(6364136223846793005)
                        .wrapping_add(1442695040888963407);
                    let size = 1 + (state >> 33) as usize % (1 << (4 + (state >> 20) % 12));
                    let block = alloc(size as u64).unwrap();
                    let mark = step as u8;
                    // SAFETY: each block is ours alone until it is freed below.
                    unsafe { std::ptr::write_bytes(block.as_ptr(), mark, size) };
                    held.push((block, size, mark));
                    if held.len() > 50 {
                        let (block, size, mark) = held.swap_remove(state as usize % 50);
                        // SAFETY: as above.
                        unsafe {
                            assert_eq!(*block.as_ptr(), mark);
                            assert_eq!(*block.as_ptr().add(size - 1), mark);
                            assert!(drop_reference(block));
                            free(block);
                        }
                    }
                    if step % 1000 == 999 {
                        trim();
                    }
                }
                for (block, ..) in held {
                    // SAFETY: as above.
                    unsafe { free(block) };
                }
            });
        }
    });
}
