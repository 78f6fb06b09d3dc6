//! `.npy` and `.npz` files: hand-made bytes, round trips, and files that lie.

use std::fs;

use ndarray::{Array2, s};

use super::*;

fn file(version: [u8; 2], dict: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(version);
    let length = dict.len() as u32;
    let field = if version[0] == 1 { 2 } else { 4 };
    bytes.extend(&length.to_le_bytes()[..field]);
    bytes.extend(dict.as_bytes());
    bytes.extend(data);
    bytes
}

fn dict(descr: &str, fortran: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n")
}

#[test]
fn bytes_made_by_hand() {
    let data: Vec<u8> = [1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    for version in [[1, 0], [2, 0], [3, 0]] {
        let a = read_bytes(&file(version, &dict("<f8", "False", "(2, 3)"), &data)).unwrap();
        assert_eq!(a.to_vec::<f64>().unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert!(a.is_c_contiguous());
    }
    let a = read_bytes(&file([1, 0], &dict("<f8", "True", "(2, 3)"), &data)).unwrap();
    assert_eq!(a.to_vec::<f64>().unwrap(), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
    assert_eq!(a.strides(), [8, 16]);
    let big: Vec<u8> = [258i16, -2].iter().flat_map(|x| x.to_be_bytes()).collect();
    let a = read_bytes(&file([1, 0], &dict(">i2", "False", "(2,)"), &big)).unwrap();
    assert_eq!(a.to_vec::<i16>().unwrap(), [258, -2]);
    let big: Vec<u8> = [1.5f32, -2.5]
        .iter()
        .flat_map(|x| x.to_be_bytes())
        .collect();
    let a = read_bytes(&file([1, 0], &dict(">c8", "False", "()"), &big)).unwrap();
    assert_eq!(
        a.to_vec::<num_complex::Complex32>().unwrap(),
        [num_complex::Complex32::new(1.5, -2.5)]
    );
    let a = read_bytes(&file([1, 0], &dict("|b1", "False", "(3,)"), &[0, 1, 200])).unwrap();
    assert_eq!(a.to_vec::<bool>().unwrap(), [false, true, true]);
    let a = read_bytes(&file([1, 0], &dict("<f4", "False", "(0, 5)"), &[])).unwrap();
    assert_eq!(a.shape(), [0, 5]);
}

#[test]
fn lies_are_refused() {
    let refused = |bytes: &[u8]| read_bytes(bytes).unwrap_err().to_string();
    let huge = file([1, 0], &dict("<f8", "False", "(1000000000000,)"), &[0; 80]);
    assert_eq!(
        refused(&huge),
        "the file is truncated: 8000000000000 bytes of data expected, 80 found"
    );
    assert!(refused(b"PK\x03\x04").contains("wrong magic"));
    assert!(refused(b"").contains("truncated"));
    assert!(refused(&file([9, 7], "{}", &[])).contains("version 9.7"));
    let mut long = file([2, 0], "{}", &[]);
    long[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(refused(&long).contains("more than the 65536 allowed"));
    // The same lie through a pipe, where nobody knows the length.
    assert!(matches!(
        read_npy(&mut &huge[..], None),
        Err(NpyReason::Truncated { found: 80, .. })
    ));
}

#[test]
fn no_truncation_or_flipped_byte_panics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let a = Array::from_vec((0..6i32).collect(), &[2, 3]).unwrap();
    write(&path, &a).unwrap();
    let whole = fs::read(&path).unwrap();
    assert_eq!(whole.len(), 128 + 24);
    for end in 0..whole.len() {
        assert!(matches!(
            read_bytes(&whole[..end]),
            Err(NpyReason::Truncated { .. })
        ));
    }
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            // Some flips are still fine; none may panic or read past the end.
            if let Ok(array) = read_bytes(&bytes) {
                assert!(array.nbytes() <= 24);
            }
        }
    }
    fs::write(&path, &whole[..100]).unwrap();
    let error = read(&path).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("`{}`: the file is truncated", path.display())),
        "{error}"
    );
    let error = read(folder.path().join("none.npy"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("none.npy`: No such file"), "{error}");
    assert!(read(folder.path()).is_err());
}

#[test]
fn round_trips_keep_values_dtype_and_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let x = Array2::from_shape_fn((3, 4), |(i, j)| (4 * i + j) as f64);
    for (view, fortran) in [
        (x.view(), false),
        (x.t(), true),
        (x.slice(s![..;-1, ..;2]), false),
    ] {
        write(&path, &view).unwrap();
        let back = read(&path).unwrap();
        assert_eq!(back.as_ndarray::<f64>().unwrap(), view.into_dyn());
        assert_eq!(back.is_f_contiguous(), fortran);
        // SAFETY: nobody else knows the file.
        let mut mapped = unsafe { map(&path) }.unwrap();
        assert_eq!(
            mapped.to_vec::<f64>().unwrap(),
            back.to_vec::<f64>().unwrap()
        );
        mapped
            .view_mut()
            .unwrap()
            .as_ndarray_mut::<f64>()
            .unwrap()
            .fill(0.0);
        assert_eq!(
            read(&path).unwrap().to_vec::<f64>().unwrap(),
            back.to_vec::<f64>().unwrap()
        );
    }
    for dtype in DType::all() {
        for shape in [&[][..], &[5], &[2, 0, 3]] {
            write(&path, &Array::zeros(dtype, shape).unwrap()).unwrap();
            for back in [
                read(&path).unwrap(),
                // SAFETY: as above.
                unsafe { map(&path) }.unwrap(),
            ] {
                assert_eq!((back.dtype(), back.shape()), (dtype, shape));
            }
        }
    }
    // Larger than one chunk.
    let long = Array::from_vec((0..200_000i64).collect(), &[200_000]).unwrap();
    write(&path, &long).unwrap();
    assert_eq!(
        read(&path).unwrap().to_vec::<i64>().unwrap(),
        long.to_vec::<i64>().unwrap()
    );
}

#[test]
fn archives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npz");
    let a = Array::from_vec(vec![0f32; 100_000], &[100, 1000]).unwrap();
    let b = Array::from_vec(vec![1i8, -1], &[2]).unwrap();
    for compression in [Compression::Stored, Compression::Deflated] {
        write_npz(&path, &[("a", a.view()), ("b/c", b.view())], compression).unwrap();
        let small = fs::metadata(&path).unwrap().len() < 10_000;
        assert_eq!(small, compression == Compression::Deflated);
        let arrays = read_npz(&path).unwrap();
        let names: Vec<_> = arrays.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "b/c"]);
        assert_eq!(arrays[0].1.shape(), [100, 1000]);
        assert_eq!(
            read_npz_array(&path, "b/c")
                .unwrap()
                .to_vec::<i8>()
                .unwrap(),
            [1, -1]
        );
        let error = read_npz_array(&path, "z").unwrap_err().to_string();
        assert!(
            error.ends_with("no array `z` in the archive; it has a, b/c"),
            "{error}"
        );
    }
    // Damage of a small archive: any error, no panic.
    write_npz(&path, &[("b", b.view())], Compression::Deflated).unwrap();
    let whole = fs::read(&path).unwrap();
    for end in 0..whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        assert!(read_npz(&path).is_err());
    }
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x41;
        fs::write(&path, &bytes).unwrap();
        let _ = read_npz(&path);
    }
}
