//! Artifacts: compiled programs as files, which load and run without the compiler.
//!
//! Layout, little-endian: magic `NPIRART\0` · u32 format version · u32 zero · u64 length of the
//! manifest · u64 length of the objects · BLAKE3 of everything else (32 bytes) · manifest (JSON) · objects (ELF), of
//! which the manifest tells the lengths and the machines that they are for.
//! The checksum finds damage, not malice: like any executable file, an artifact is to be run only if its
//! origin is trusted. Reading one is safe in any case.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::atomic_file;
use crate::cpu;
use crate::error::RunError;
use crate::loader::{LoadError, LoadedObject};
use crate::program::{EntryFn, Function};
use crate::signature::{Image, Manifest};

/// The first bytes of an artifact.
pub const MAGIC: [u8; 8] = *b"NPIRART\0";

/// The version of the layout and of the call ABI that this crate reads and writes.
pub const FORMAT_VERSION: u32 = 2;

const HEADER: usize = 64;
const CHECKSUM: std::ops::Range<usize> = 32..64;

/// Why an artifact cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Something else than an artifact.
    #[error("not an npir artifact (wrong magic bytes)")]
    Magic,
    /// Made by an older or newer npir.
    #[error(
        "the artifact has format version {found}, this npir reads version {FORMAT_VERSION}; compile it again"
    )]
    FormatVersion {
        /// The version in the file.
        found: u32,
    },
    /// The lengths in the header and the length of the file disagree.
    #[error("the artifact is truncated or damaged: {wanted} bytes expected, {found} found")]
    Length {
        /// Bytes that the header announces (saturated).
        wanted: u64,
        /// Bytes there are.
        found: u64,
    },
    /// The contents changed after they were written.
    #[error("the artifact is damaged (checksum mismatch)")]
    Checksum,
    /// The manifest is not what it should be.
    #[error("invalid manifest: {0}")]
    Manifest(String),
    /// Compiled for another architecture or system.
    #[error("the artifact is for target {}, this machine is {host}", .artifact.join(", "))]
    Target {
        /// The artifact's target triples.
        artifact: Vec<String>,
        /// Architecture and system of this process.
        host: String,
    },
    /// Compiled for processors with more instructions.
    #[error("this processor lacks features that the artifact uses: {}; compile it for this processor", .missing.join(", "))]
    CpuFeatures {
        /// The names of the features that the least demanding object uses.
        missing: Vec<String>,
    },
    /// The object code cannot be loaded.
    #[error("cannot load the object code: {0}")]
    Load(#[from] LoadError),
    /// No function of that name.
    #[error("no function `{name}`; the artifact has {available}")]
    UnknownFunction {
        /// The name asked for.
        name: String,
        /// The names there are.
        available: String,
    },
    /// The object lacks the function that the manifest promises.
    #[error("the object code lacks the entry point `{0}`")]
    MissingEntry(String),
    /// The same, with the name of the file.
    #[error("`{}`: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        error: Box<ArtifactError>,
    },
}

impl ArtifactError {
    fn in_file(self, path: &Path) -> ArtifactError {
        ArtifactError::File {
            path: path.to_owned(),
            error: Box::new(self),
        }
    }

    /// The reason without the name of the file.
    pub fn reason(&self) -> &ArtifactError {
        match self {
            ArtifactError::File { error, .. } => error.reason(),
            other => other,
        }
    }
}

/// A compiled program: manifest and object code, for one or several kinds of machines. The code is loaded when a function
/// is first asked for.
#[derive(Debug)]
pub struct Artifact {
    manifest: Manifest,
    /// As many as the manifest's images.
    objects: Vec<Vec<u8>>,
    loaded: OnceLock<Arc<LoadedObject>>,
}

impl Artifact {
    /// Puts a program together from one object for each of the manifest's images; sets their sizes, and
    /// `manifest.format_version` to [`FORMAT_VERSION`]. The objects may be for other machines than this one.
    ///
    /// # Errors
    /// [`ArtifactError::Manifest`] for signatures that contradict themselves, and where the numbers of images and objects differ.
    pub fn new(mut manifest: Manifest, objects: Vec<Vec<u8>>) -> Result<Artifact, ArtifactError> {
        manifest.format_version = FORMAT_VERSION;
        manifest.validate().map_err(ArtifactError::Manifest)?;
        if manifest.images.len() != objects.len() {
            let (images, objects) = (manifest.images.len(), objects.len());
            let message = format!("{objects} objects for {images} images");
            return Err(ArtifactError::Manifest(message));
        }
        for (image, object) in manifest.images.iter_mut().zip(&objects) {
            image.bytes = object.len() as u64;
        }
        Ok(Artifact {
            manifest,
            objects,
            loaded: OnceLock::new(),
        })
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The objects, each with what the manifest says of it, in the order in which a machine tries them.
    pub fn images(&self) -> impl Iterator<Item = (&Image, &[u8])> {
        let objects = self.objects.iter().map(Vec::as_slice);
        self.manifest.images.iter().zip(objects)
    }

    /// The first object that this machine can run.
    ///
    /// # Errors
    /// [`ArtifactError::Target`] where none is for this architecture and system, [`ArtifactError::CpuFeatures`] where
    /// all of these need more than this processor has.
    pub fn object(&self) -> Result<&[u8], ArtifactError> {
        let mut least: Option<Vec<&str>> = None;
        for (image, object) in self.images() {
            if !cpu::target_matches(&image.target_triple) {
                continue;
            }
            let missing = cpu::missing_features(image.features.iter().map(String::as_str));
            if missing.is_empty() {
                return Ok(object);
            }
            if least.as_ref().is_none_or(|l| missing.len() < l.len()) {
                least = Some(missing);
            }
        }
        match least {
            Some(missing) => Err(ArtifactError::CpuFeatures {
                missing: missing.into_iter().map(str::to_owned).collect(),
            }),
            None => {
                let (arch, system) = cpu::host_target();
                let images = self.manifest.images.iter();
                let mut artifact: Vec<_> = images.map(|i| i.target_triple.clone()).collect();
                artifact.dedup();
                Err(ArtifactError::Target {
                    artifact,
                    host: format!("{arch}-{system}"),
                })
            }
        }
    }

    /// The file contents.
    ///
    /// # Errors
    /// [`ArtifactError::Manifest`] if the manifest cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArtifactError> {
        let manifest = serde_json::to_vec(&self.manifest)
            .map_err(|e| ArtifactError::Manifest(e.to_string()))?;
        let objects = self.objects.iter().map(Vec::len).sum::<usize>();
        let mut out = Vec::with_capacity(HEADER + manifest.len() + objects);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&0u32.to_le_bytes());
        out.extend_from_slice(&(manifest.len() as u64).to_le_bytes());
        out.extend_from_slice(&(objects as u64).to_le_bytes());
        out.resize(HEADER, 0);
        out.extend_from_slice(&manifest);
        for object in &self.objects {
            out.extend_from_slice(object);
        }
        let checksum = checksum(&out);
        out[CHECKSUM].copy_from_slice(&checksum);
        Ok(out)
    }

    /// Reads file contents and checks that this machine can run them.
    ///
    /// # Errors
    /// Every [`ArtifactError`] but those about single functions.
    pub fn from_bytes(bytes: &[u8]) -> Result<Artifact, ArtifactError> {
        let artifact = Artifact::read_bytes(bytes)?;
        artifact.object()?;
        Ok(artifact)
    }

    /// Reads file contents, of any machine.
    fn read_bytes(bytes: &[u8]) -> Result<Artifact, ArtifactError> {
        let lengths = Lengths::read(bytes, bytes.len() as u64)?;
        if checksum(bytes) != bytes[CHECKSUM] {
            return Err(ArtifactError::Checksum);
        }
        let (manifest, mut rest) = bytes[HEADER..].split_at(lengths.manifest);
        let manifest: Manifest =
            serde_json::from_slice(manifest).map_err(|e| ArtifactError::Manifest(e.to_string()))?;
        let mut objects = Vec::new();
        for image in &manifest.images {
            let object = usize::try_from(image.bytes).ok();
            let split = object.and_then(|length| rest.split_at_checked(length));
            let (object, after) = split.ok_or_else(lengths_differ)?;
            objects.push(object.to_vec());
            rest = after;
        }
        if rest.is_empty() {
            Artifact::new(manifest, objects)
        } else {
            Err(lengths_differ())
        }
    }

    /// Writes the artifact, atomically.
    ///
    /// # Errors
    /// [`ArtifactError::File`]; nothing is left behind then.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ArtifactError> {
        let path = path.as_ref();
        self.to_bytes()
            .and_then(|bytes| atomic_file::write(path, |out| Ok(out.write_all(&bytes)?)))
            .map_err(|e: ArtifactError| e.in_file(path))
    }

    /// Reads an artifact and checks that this machine can run it. The file's own length bounds the memory that this
    /// takes.
    ///
    /// # Errors
    /// [`ArtifactError::File`] around one of those of [`Artifact::from_bytes`].
    pub fn load(path: impl AsRef<Path>) -> Result<Artifact, ArtifactError> {
        let path = path.as_ref();
        let artifact = Artifact::read(path)?;
        artifact.object().map_err(|e| e.in_file(path))?;
        Ok(artifact)
    }

    /// Reads an artifact for any machine, to look at or to hand on.
    ///
    /// # Errors
    /// [`ArtifactError::File`] around one of those of [`Artifact::from_bytes`], but those about this machine.
    pub fn read(path: impl AsRef<Path>) -> Result<Artifact, ArtifactError> {
        let path = path.as_ref();
        (|| {
            let mut file = File::open(path)?;
            let mut bytes = Vec::new();
            (&mut file).take(HEADER as u64).read_to_end(&mut bytes)?;
            // Do not read gigabytes of something else.
            let lengths = Lengths::read(&bytes, file.metadata()?.len())?;
            let rest = (lengths.manifest + lengths.objects) as u64;
            file.take(rest + 1).read_to_end(&mut bytes)?;
            Artifact::read_bytes(&bytes)
        })()
        .map_err(|e: ArtifactError| e.in_file(path))
    }

    /// Whether a file begins like an artifact.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn is_artifact(path: impl AsRef<Path>) -> io::Result<bool> {
        let mut begin = Vec::new();
        File::open(path)?.take(8).read_to_end(&mut begin)?;
        Ok(begin == MAGIC)
    }

    /// A function of the program, ready to be called; it keeps the code in memory.
    ///
    /// # Errors
    /// An unknown name, no object for this machine, or object code that cannot be loaded.
    pub fn function(&self, name: &str) -> Result<Function, ArtifactError> {
        let signature = self.manifest.function(name).ok_or_else(|| {
            let names: Vec<_> = self
                .manifest
                .functions
                .iter()
                .map(|f| format!("`{}`", f.name))
                .collect();
            ArtifactError::UnknownFunction {
                name: name.to_owned(),
                available: if names.is_empty() {
                    "none".to_owned()
                } else {
                    names.join(", ")
                },
            }
        })?;
        let loaded = self.loaded()?;
        let entry = loaded
            .function(&signature.symbol)
            .ok_or_else(|| ArtifactError::MissingEntry(signature.symbol.clone()))?;
        // SAFETY: the object's code under this symbol is an entry point with this signature: that is
        // what the manifest of a trusted artifact says.
        let function = unsafe {
            let entry: EntryFn = std::mem::transmute::<*const (), EntryFn>(entry);
            Function::new(signature.clone(), entry, loaded)
        };
        function.map_err(|e: RunError| ArtifactError::Manifest(e.to_string()))
    }

    fn loaded(&self) -> Result<Arc<LoadedObject>, ArtifactError> {
        if let Some(loaded) = self.loaded.get() {
            return Ok(Arc::clone(loaded));
        }
        // Two threads may load at once; one of the copies wins.
        let loaded = Arc::new(LoadedObject::load(self.object()?)?);
        Ok(Arc::clone(self.loaded.get_or_init(|| loaded)))
    }
}

/// The checked lengths in a header.
struct Lengths {
    manifest: usize,
    objects: usize,
}

impl Lengths {
    /// Reads the header at the start of `bytes`, of a file with `found` bytes in all.
    fn read(bytes: &[u8], found: u64) -> Result<Lengths, ArtifactError> {
        let start = &bytes[..bytes.len().min(MAGIC.len())];
        if start != &MAGIC[..start.len()] || bytes.is_empty() {
            return Err(ArtifactError::Magic);
        }
        let header = bytes.first_chunk::<HEADER>().ok_or(ArtifactError::Length {
            wanted: HEADER as u64,
            found,
        })?;
        let word = |at: usize| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        let version = word(8);
        if version != FORMAT_VERSION {
            return Err(ArtifactError::FormatVersion { found: version });
        }
        let (manifest, objects) = (long(16), long(24));
        let wanted = manifest
            .saturating_add(objects)
            .saturating_add(HEADER as u64);
        if wanted != found {
            return Err(ArtifactError::Length { wanted, found });
        }
        // Both are below the length of a file that exists.
        Ok(Lengths {
            manifest: manifest as usize,
            objects: objects as usize,
        })
    }
}

fn lengths_differ() -> ArtifactError {
    ArtifactError::Manifest("the lengths of the objects are not those in the file".into())
}

/// BLAKE3 of the file without the checksum itself.
fn checksum(bytes: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&bytes[..CHECKSUM.start]);
    hasher.update(&bytes[CHECKSUM.end..]);
    *hasher.finalize().as_bytes()
}
