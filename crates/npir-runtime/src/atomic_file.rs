//! Output files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;

/// What a writer of a file gets: buffered, and seekable for formats that patch their header.
pub trait Output: Write + Seek {}
impl<T: Write + Seek> Output for T {}

/// Writes `path` through a temporary file in the same folder, which is renamed over it at the end; on
/// an error nothing is left behind and an older file stays as it was. A path that exists and is not
/// a regular file (a pipe, `/dev/null`) is written directly.
///
/// # Errors
/// The system's, and what `fill` returns.
pub fn write<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut dyn Output) -> Result<(), E>,
) -> Result<(), E> {
    let existing = fs::metadata(path).ok();
    if existing
        .as_ref()
        .is_some_and(|m| !m.is_file() && !m.is_dir())
    {
        let mut out = BufWriter::new(File::options().write(true).open(path)?);
        fill(&mut out)?;
        return Ok(out.flush()?);
    }
    // Write through a symbolic link instead of replacing it.
    let target = match &existing {
        Some(_) => fs::canonicalize(path)?,
        None => path.to_path_buf(),
    };
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Said about the folder that was asked for, not about the temporary file.
    fs::metadata(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".npir-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As for any new file; the umask applies.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut out = BufWriter::with_capacity(1 << 18, builder.tempfile_in(folder)?);
    fill(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.persist(&target).map_err(|e| e.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.bin");
        write::<io::Error>(&path, |out| out.write_all(b"first")).unwrap();
        let failed = write::<io::Error>(&path, |out| {
            out.write_all(b"second")?;
            Err(io::Error::other("stop"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write::<io::Error>(&folder.path().join("no/such/file"), |_| Ok(())).is_err());
        assert!(write::<io::Error>(folder.path(), |_| Ok(())).is_err());
        write::<io::Error>(Path::new("/dev/null"), |out| out.write_all(b"x")).unwrap();
    }
}
