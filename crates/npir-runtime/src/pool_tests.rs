//! The pool: every iteration once, nesting, concurrency, panics, fork.

use super::*;

fn sum_to(n: usize, grain: usize) -> u64 {
    let sum = AtomicU64::new(0);
    parallel_for(n, grain, |range| {
        let part: u64 = range.map(|i| i as u64).sum();
        sum.fetch_add(part, Ordering::Relaxed);
    })
    .unwrap();
    sum.into_inner()
}

fn expected(n: usize) -> u64 {
    n as u64 * (n as u64).saturating_sub(1) / 2
}

#[test]
fn every_iteration_runs_once() {
    set_num_threads(4);
    for n in [0, 1, 2, 3, 4, 5, 100, 1001] {
        for grain in [0, 1, 7, 100, usize::MAX] {
            assert_eq!(sum_to(n, grain), expected(n), "{n} {grain}");
        }
    }
}

#[test]
fn bounds_of_huge_loops_do_not_overflow() {
    unsafe extern "C" fn nothing(_: *mut CallContext, _: *mut c_void, _: i64, _: i64) -> i32 {
        0
    }
    let job = Job {
        body: nothing,
        ctx: ptr::null_mut(),
        env: ptr::null_mut(),
        n: i64::MAX,
        chunks: 255,
    };
    assert_eq!(job.bounds(0).0, 0);
    assert_eq!(job.bounds(254).1, i64::MAX);
    assert!((0..254).all(|i| job.bounds(i).1 == job.bounds(i + 1).0));
}

#[test]
fn nested_loops_run_inline() {
    let total = AtomicU64::new(0);
    parallel_for(20, 1, |outer| {
        for _ in outer {
            total.fetch_add(sum_to(50, 1), Ordering::Relaxed);
        }
    })
    .unwrap();
    assert_eq!(total.into_inner(), 20 * expected(50));
}

#[test]
fn concurrent_callers_all_finish() {
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for i in 0..500 {
                    assert_eq!(sum_to(200 + i, 10), expected(200 + i));
                    if i % 100 == 0 {
                        std::thread::sleep(Duration::from_micros(300));
                    }
                }
            });
        }
    });
}

#[test]
fn a_panic_is_an_error_and_the_pool_survives() {
    let error = parallel_for(100, 1, |range| {
        if range.contains(&57) {
            panic!("at {}", 57);
        }
    })
    .unwrap_err();
    assert_eq!(error.to_string(), "a parallel loop panicked: at 57");
    assert_eq!(sum_to(1000, 1), expected(1000));
}

#[test]
fn the_status_of_a_chunk_comes_back() {
    unsafe extern "C" fn body(_: *mut CallContext, _: *mut c_void, lo: i64, hi: i64) -> i32 {
        if (lo..hi).contains(&30) { 5 } else { 0 }
    }
    let mut ctx = CallContext::new();
    // SAFETY: the body uses no pointer.
    let status = unsafe { npir_rt_parallel_for(&raw mut ctx, body, ptr::null_mut(), 40, 1) };
    assert_eq!(status, 5);
}

#[test]
fn a_forked_child_can_run_loops() {
    assert_eq!(sum_to(100, 1), expected(100));
    // SAFETY: the child only runs a loop on atomics and leaves without running destructors.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0);
        if child == 0 {
            let ok = sum_to(100, 1) == expected(100);
            libc::_exit(if ok { 0 } else { 1 });
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0);
    }
}
