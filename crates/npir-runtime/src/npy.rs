//! Reading and writing NumPy's `.npy` and `.npz` files.
//!
//! Files are not trusted: sizes are checked against what the file can hold before anything is
//! allocated, and every refusal is an [`NpyError`] that names the file and the reason. Elements in the
//! other byte order are swapped; Fortran order stays, as strides. Writing is atomic.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::array::{Array, ArrayError, ArrayView};
use crate::atomic_file;
use crate::dtype::{ByteOrder, DType};
use crate::extents::f_strides;
use crate::layout::Layout;
use crate::npy_header::{Header, MAGIC, MAX_HEADER};

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpyReason {
    /// The system could not read or write it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It does not start with NumPy's magic string.
    #[error("not a .npy file (wrong magic bytes)")]
    Magic,
    /// A format version that no NumPy writes.
    #[error("unsupported .npy format version {0}.{1}")]
    Version(u8, u8),
    /// It ends before the data does.
    #[error("the file is truncated: {wanted} bytes of {what} expected, {found} found")]
    Truncated {
        /// What is cut off.
        what: &'static str,
        /// Bytes there should be.
        wanted: u64,
        /// Bytes there are.
        found: u64,
    },
    /// The header is not the dict it has to be.
    #[error("invalid .npy header: {0}")]
    Header(String),
    /// Objects, strings, dates, records.
    #[error("unsupported dtype `{0}`")]
    DType(String),
    /// The extents are absurd.
    #[error("the size of an array of shape {shape} and dtype {dtype} overflows")]
    SizeOverflow {
        /// The shape in the header.
        shape: String,
        /// The dtype in the header.
        dtype: DType,
    },
    /// No memory for the array.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// Not a readable zip archive.
    #[error("invalid .npz archive: {0}")]
    Zip(String),
    /// The archive has no array of that name.
    #[error("no array `{name}` in the archive; it has {available}")]
    Missing {
        /// The name asked for.
        name: String,
        /// The names there are.
        available: String,
    },
}

/// A file that could not be read or written, and why.
#[derive(Debug, thiserror::Error)]
#[error("`{}`: {reason}", .path.display())]
pub struct NpyError {
    /// The file, with `:name` appended for an array in an archive.
    pub path: PathBuf,
    /// What is wrong.
    #[source]
    pub reason: NpyReason,
}

fn naming<T>(path: &Path, result: Result<T, NpyReason>) -> Result<T, NpyError> {
    result.map_err(|reason| NpyError {
        path: path.to_owned(),
        reason,
    })
}

/// Reads a `.npy` file.
///
/// # Errors
/// An [`NpyError`] for anything that is not a complete array of a supported dtype.
pub fn read(path: impl AsRef<Path>) -> Result<Array, NpyError> {
    let path = path.as_ref();
    naming(
        path,
        (|| {
            let mut file = File::open(path)?;
            let metadata = file.metadata()?;
            let available = metadata.is_file().then_some(metadata.len());
            read_npy(&mut file, available)
        })(),
    )
}

/// Reads the bytes of a `.npy` file.
///
/// # Errors
/// As [`read()`].
pub fn read_bytes(bytes: &[u8]) -> Result<Array, NpyReason> {
    read_npy(&mut { bytes }, Some(bytes.len() as u64))
}

/// Maps a `.npy` file into memory, private to this process: pages are read when touched, and writes do
/// not reach the file. Falls back to [`read()`] where elements have to be converted.
///
/// # Errors
/// As [`read()`].
///
/// # Safety
/// No process may shorten or change the file while the array lives.
pub unsafe fn map(path: impl AsRef<Path>) -> Result<Array, NpyError> {
    let path = path.as_ref();
    let mapped = (|| {
        let file = File::open(path)?;
        // SAFETY: the caller's contract.
        let mut bytes = unsafe { memmap2::MmapOptions::new().map_copy(&file)? };
        let mut rest = &bytes[..];
        let header = read_header(&mut rest)?;
        let found = rest.len() as u64;
        let start = bytes.len() - rest.len();
        check_size(&header, Some(found))?;
        if header.order == ByteOrder::Swapped || header.dtype == DType::Bool || header.nbytes == 0 {
            return Ok(None);
        }
        let data = bytes[start..].as_mut_ptr();
        let layout = header_layout(&header, data);
        // SAFETY: the mapping holds all elements and lives in the closure until the array goes; any
        // bytes are valid elements of the other dtypes.
        Ok(Some(unsafe {
            Array::from_foreign(
                data,
                header.dtype,
                &layout.shape,
                &layout.strides,
                Box::new(move || drop(bytes)),
            )
        }))
    })();
    match naming(path, mapped)? {
        Some(array) => Ok(array),
        None => read(path),
    }
}

/// Writes a `.npy` file, atomically. Fortran-contiguous arrays stay in Fortran order.
///
/// # Errors
/// An [`NpyError`] if the file cannot be written; nothing is left behind then.
pub fn write<'a>(path: impl AsRef<Path>, array: impl Into<ArrayView<'a>>) -> Result<(), NpyError> {
    let (path, array) = (path.as_ref(), array.into());
    naming(path, atomic_file::write(path, |out| write_npy(out, &array)))
}

/// How the arrays of an archive are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compression {
    /// As they are (`numpy.savez`).
    Stored,
    /// Compressed (`numpy.savez_compressed`).
    Deflated,
}

/// Reads all arrays of a `.npz` archive, in its order, named without `.npy`.
///
/// # Errors
/// As [`read()`], and for a damaged archive.
pub fn read_npz(path: impl AsRef<Path>) -> Result<Vec<(String, Array)>, NpyError> {
    let path = path.as_ref();
    let mut archive = naming(path, Archive::open(path))?;
    (0..archive.names.len())
        .map(|i| {
            let name = archive.names[i].clone();
            let array = naming(&inside(path, &name), archive.read(i))?;
            Ok((name, array))
        })
        .collect()
}

/// Reads one array of a `.npz` archive.
///
/// # Errors
/// As [`read_npz`], and if there is no array of that name.
pub fn read_npz_array(path: impl AsRef<Path>, name: &str) -> Result<Array, NpyError> {
    let path = path.as_ref();
    let mut archive = naming(path, Archive::open(path))?;
    let Some(index) = archive.names.iter().position(|n| n == name) else {
        let available = archive.names.join(", ");
        return naming(
            path,
            Err(NpyReason::Missing {
                name: name.to_owned(),
                available: if available.is_empty() {
                    "none".to_owned()
                } else {
                    available
                },
            }),
        );
    };
    naming(&inside(path, name), archive.read(index))
}

/// Writes a `.npz` archive, atomically.
///
/// # Errors
/// As [`write()`].
pub fn write_npz(
    path: impl AsRef<Path>,
    arrays: &[(&str, ArrayView<'_>)],
    compression: Compression,
) -> Result<(), NpyError> {
    let path = path.as_ref();
    let written = atomic_file::write(path, |out| {
        let mut zip = zip::ZipWriter::new(out);
        for (name, array) in arrays {
            let options = zip::write::SimpleFileOptions::default()
                .compression_method(match compression {
                    Compression::Stored => zip::CompressionMethod::Stored,
                    Compression::Deflated => zip::CompressionMethod::Deflated,
                })
                // Sizes of 4 GiB and more need the longer format from the start.
                .large_file(array.nbytes() > (1 << 31));
            zip.start_file(format!("{name}.npy"), options)
                .map_err(zip_reason)?;
            write_npy(&mut zip, array)?;
        }
        zip.finish().map_err(zip_reason)?;
        Ok(())
    });
    naming(path, written)
}

fn inside(path: &Path, name: &str) -> PathBuf {
    PathBuf::from(format!("{}:{name}", path.display()))
}

fn zip_reason(error: zip::result::ZipError) -> NpyReason {
    match error {
        zip::result::ZipError::Io(error) => NpyReason::Io(error),
        other => NpyReason::Zip(other.to_string()),
    }
}

/// An open `.npz` file.
struct Archive {
    zip: zip::ZipArchive<io::BufReader<File>>,
    names: Vec<String>,
    entries: Vec<usize>,
    file_len: u64,
}

impl Archive {
    fn open(path: &Path) -> Result<Archive, NpyReason> {
        let file = File::open(path)?;
        let file_len = file.metadata()?.len();
        let zip = zip::ZipArchive::new(io::BufReader::new(file)).map_err(zip_reason)?;
        let (mut names, mut entries) = (Vec::new(), Vec::new());
        for i in 0..zip.len() {
            if let Some(name) = zip.name_for_index(i).and_then(|n| n.strip_suffix(".npy")) {
                names.push(name.to_owned());
                entries.push(i);
            }
        }
        Ok(Archive {
            zip,
            names,
            entries,
            file_len,
        })
    }

    fn read(&mut self, index: usize) -> Result<Array, NpyReason> {
        let mut entry = self.zip.by_index(self.entries[index]).map_err(zip_reason)?;
        // Deflate expands at most 1032 times, so the file's own length bounds what can come out.
        let bound = match entry.compression() {
            zip::CompressionMethod::Stored => self.file_len,
            _ => self.file_len.saturating_mul(1032),
        };
        let available = entry.size().min(bound);
        let array = read_npy(&mut entry, Some(available))?;
        // The checksum is only compared at the end of the entry.
        let _ = entry.read(&mut [0])?;
        Ok(array)
    }
}

/// Reads exactly `buffer`, or says what is cut off.
fn fill(input: &mut dyn Read, buffer: &mut [u8], what: &'static str) -> Result<(), NpyReason> {
    let mut found = 0;
    while found < buffer.len() {
        match input.read(&mut buffer[found..]) {
            Ok(0) => {
                return Err(NpyReason::Truncated {
                    what,
                    wanted: buffer.len() as u64,
                    found: found as u64,
                });
            }
            Ok(n) => found += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}

/// Reads everything in front of the data.
fn read_header(input: &mut dyn Read) -> Result<Header, NpyReason> {
    let mut magic = [0; 6];
    match fill(input, &mut magic, "magic bytes") {
        // A short file that begins differently is not a truncated one.
        Err(NpyReason::Truncated { found, .. })
            if magic[..found as usize] != MAGIC[..found as usize] =>
        {
            return Err(NpyReason::Magic);
        }
        other => other?,
    }
    if &magic != MAGIC {
        return Err(NpyReason::Magic);
    }
    let mut version = [0; 2];
    fill(input, &mut version, "header")?;
    let length = match version {
        [1, 0] => {
            let mut length = [0; 2];
            fill(input, &mut length, "header")?;
            usize::from(u16::from_le_bytes(length))
        }
        [2 | 3, 0] => {
            let mut length = [0; 4];
            fill(input, &mut length, "header")?;
            u32::from_le_bytes(length) as usize
        }
        [major, minor] => return Err(NpyReason::Version(major, minor)),
    };
    if length > MAX_HEADER {
        return Err(NpyReason::Header(format!(
            "{length} bytes, more than the {MAX_HEADER} allowed"
        )));
    }
    let mut text = vec![0; length];
    fill(input, &mut text, "header")?;
    Header::parse(&text)
}

fn check_size(header: &Header, found: Option<u64>) -> Result<(), NpyReason> {
    match found {
        Some(found) if header.nbytes as u64 > found => Err(NpyReason::Truncated {
            what: "data",
            wanted: header.nbytes as u64,
            found,
        }),
        _ => Ok(()),
    }
}

fn header_layout(header: &Header, data: *mut u8) -> Layout {
    let mut layout = Layout::contiguous(data, header.dtype, &header.shape);
    if header.fortran {
        layout.strides = f_strides(&header.shape, header.dtype.size());
    }
    layout
}

/// Reads an array; `available` is the length of the input where it is known.
fn read_npy(input: &mut dyn Read, available: Option<u64>) -> Result<Array, NpyReason> {
    struct Counting<'a>(&'a mut dyn Read, u64);
    impl Read for Counting<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.0.read(buffer)?;
            self.1 += n as u64;
            Ok(n)
        }
    }
    let mut input = Counting(input, 0);
    let header = read_header(&mut input)?;
    let found = available.map(|len| len.saturating_sub(input.1));
    check_size(&header, found)?;
    if found.is_none() {
        return read_unsized(&mut input, &header);
    }
    let array = Array::uninit(header.dtype, &header.shape)?;
    let layout = header_layout(&header, array.layout.data);
    let mut chunk = vec![0u8; header.nbytes.clamp(1, 1 << 18)];
    let mut done = 0;
    while done < header.nbytes {
        let part = (header.nbytes - done).min(chunk.len());
        let bytes = &mut chunk[..part];
        fill(&mut input, bytes, "data").map_err(|e| cut_off(e, done, header.nbytes))?;
        convert(bytes, &header);
        // SAFETY: `done + part` is at most the size of the block; the chunk is separate.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), layout.data.add(done), part) };
        done += part;
    }
    // SAFETY: the same block, all of it written now; only the strides may differ.
    Ok(unsafe { array.with_layout(layout) })
}

/// Reads from a pipe, whose length nobody knows: memory grows with what really comes.
fn read_unsized(input: &mut dyn Read, header: &Header) -> Result<Array, NpyReason> {
    let mut data = Vec::new();
    input.take(header.nbytes as u64).read_to_end(&mut data)?;
    check_size(header, Some(data.len() as u64))?;
    convert(&mut data, header);
    let source = header_layout(header, data.as_mut_ptr());
    // SAFETY: the vector holds all elements; the copy ends before it goes.
    let view =
        unsafe { ArrayView::from_raw(source.data, source.dtype, &source.shape, &source.strides) };
    Ok(view.to_array()?)
}

/// States a truncation in terms of all data instead of one chunk.
fn cut_off(error: NpyReason, done: usize, nbytes: usize) -> NpyReason {
    match error {
        NpyReason::Truncated { what, found, .. } => NpyReason::Truncated {
            what,
            wanted: nbytes as u64,
            found: done as u64 + found,
        },
        other => other,
    }
}

/// Makes elements of this machine out of those of the file; `bytes` holds whole elements.
fn convert(bytes: &mut [u8], header: &Header) {
    if header.dtype == DType::Bool {
        for byte in bytes.iter_mut() {
            *byte = u8::from(*byte != 0);
        }
    }
    if header.order == ByteOrder::Swapped {
        for unit in bytes.chunks_exact_mut(header.dtype.unit_size()) {
            unit.reverse();
        }
    }
}

fn write_npy<W: Write + ?Sized>(out: &mut W, array: &ArrayView<'_>) -> Result<(), NpyReason> {
    let fortran = array.is_f_contiguous() && !array.is_c_contiguous();
    out.write_all(&Header::bytes(array.dtype(), fortran, array.shape()))?;
    let contiguous;
    let data = if fortran || array.is_c_contiguous() {
        array.as_ptr()
    } else {
        contiguous = array.to_array()?;
        contiguous.as_ptr()
    };
    if !array.is_empty() {
        // SAFETY: contiguous in one of the orders, so these bytes are the elements.
        out.write_all(unsafe { std::slice::from_raw_parts(data, array.nbytes()) })?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "npy_tests.rs"]
mod tests;
