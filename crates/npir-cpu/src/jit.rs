//! Objects in this process: linked by LLVM's ORC, callable until dropped.
//!
//! The JIT links against the symbols it was given and nothing else; in particular not against
//! whatever the process happens to export.
//!
//! Objects live in *spaces* (ORC's dylibs), in each of which a name is unique. An object goes to
//! the first space that has none of its names, so that two objects with equal names coexist; a
//! space cannot be freed, but is used again when its objects are gone.

mod orc;

use crate::error::JitError;
use crate::llvm;
use object::{Architecture, BinaryFormat, Object as _, ObjectKind, ObjectSymbol as _};
use orc::{Session, Space, Tracker};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// A just-in-time linker. Cheap to clone; may be used from any number of threads.
#[derive(Clone, Debug)]
pub struct Jit {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Addresses of the functions objects may call.
    runtime: HashMap<String, usize>,
    spaces: Mutex<Vec<NamedSpace>>,
    // Last: ends the session when everything else is gone.
    session: Session,
}

/// A space and the names that are taken in it.
#[derive(Debug)]
struct NamedSpace {
    space: Space,
    taken: HashSet<String>,
}

impl Jit {
    /// A JIT whose objects may call the functions `symbols`, given by name and address.
    ///
    /// # Safety
    ///
    /// Each address must be that of a function with the signature that compiled code assumes for
    /// the name, and stay valid as long as code from this JIT can run.
    ///
    /// # Errors
    ///
    /// [`JitError::Start`] when LLVM has no JIT for this process; [`JitError::Define`] when a name
    /// has two addresses or contains a NUL byte.
    pub unsafe fn new<'a>(
        symbols: impl IntoIterator<Item = (&'a str, *const ())>,
    ) -> Result<Self, JitError> {
        let mut runtime = HashMap::new();
        for (name, address) in symbols {
            let fail = |what| JitError::Define {
                message: format!("'{}' {what}", name.escape_default()),
            };
            if name.contains('\0') {
                return Err(fail("contains a NUL byte"));
            }
            let old = runtime.insert(name.to_owned(), address.addr());
            if old.is_some_and(|old| old != address.addr()) {
                return Err(fail("has two addresses"));
            }
        }
        llvm::initialize();
        Ok(Self {
            shared: Arc::new(Shared {
                runtime,
                spaces: Mutex::default(),
                session: Session::new()?,
            }),
        })
    }

    /// True when objects may call a function of this name.
    pub fn knows(&self, symbol: &str) -> bool {
        self.shared.runtime.contains_key(symbol)
    }

    /// Links a relocatable object (see [`crate::Object::bytes`]); the bytes are copied.
    ///
    /// # Errors
    ///
    /// [`JitError::BadObject`], [`JitError::UnknownSymbols`], or [`JitError::Link`] with LLVM's
    /// message.
    pub fn add_object(&self, object: &[u8]) -> Result<LoadedObject, JitError> {
        let (names, needed) = inspect(object)?;
        let mut missing: Vec<_> = needed
            .into_iter()
            .filter(|name| !self.knows(name))
            .collect();
        if !missing.is_empty() {
            missing.sort_unstable();
            return Err(JitError::UnknownSymbols { names: missing });
        }
        if let Some(name) = names.iter().find(|name| self.knows(name)) {
            return Err(JitError::BadObject {
                message: format!("it defines the runtime's function '{name}'"),
            });
        }
        let (index, space) = self.reserve(&names)?;
        let mut loaded = LoadedObject {
            shared: Arc::clone(&self.shared),
            space: index,
            tracker: Some(space.tracker()),
            addresses: HashMap::new(),
            names,
        };
        let session = &self.shared.session;
        // From here on, dropping `loaded` undoes everything.
        if let Some(tracker) = &loaded.tracker {
            session.add_object(tracker, object)?;
        }
        loaded.addresses = session.lookup(space, &loaded.names)?;
        Ok(loaded)
    }

    /// Takes `names` in the first space where all of them are free.
    fn reserve(&self, names: &[String]) -> Result<(usize, Space), JitError> {
        let shared = &self.shared;
        let mut spaces = shared.lock_spaces();
        let free = |space: &NamedSpace| names.iter().all(|name| !space.taken.contains(name));
        let index = match spaces.iter().position(free) {
            Some(index) => index,
            None => {
                let index = spaces.len();
                let space = shared.session.new_space(index, &shared.runtime)?;
                spaces.push(NamedSpace {
                    space,
                    taken: HashSet::new(),
                });
                index
            }
        };
        spaces[index].taken.extend(names.iter().cloned());
        Ok((index, spaces[index].space))
    }
}

impl Shared {
    fn lock_spaces(&self) -> std::sync::MutexGuard<'_, Vec<NamedSpace>> {
        // The table is consistent between statements: a panic cannot leave it half changed.
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A linked object. Dropping it frees its code: no function of it may run then or later.
#[derive(Debug)]
pub struct LoadedObject {
    shared: Arc<Shared>,
    space: usize,
    tracker: Option<Tracker>,
    addresses: HashMap<String, usize>,
    names: Vec<String>,
}

impl LoadedObject {
    /// The address of an exported symbol, valid until `self` is dropped.
    ///
    /// # Errors
    ///
    /// [`JitError::MissingSymbol`] when the object exports no such symbol.
    pub fn lookup(&self, name: &str) -> Result<*const (), JitError> {
        self.addresses
            .get(name)
            .map(|&address| std::ptr::with_exposed_provenance(address))
            .ok_or_else(|| JitError::MissingSymbol {
                name: name.to_owned(),
            })
    }

    /// The exported symbols.
    pub fn symbols(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

impl Drop for LoadedObject {
    fn drop(&mut self) {
        // First the code, then the names: another thread may take them at once.
        drop(self.tracker.take());
        let mut spaces = self.shared.lock_spaces();
        let taken = &mut spaces[self.space].taken;
        for name in &self.names {
            taken.remove(name);
        }
    }
}

/// Defined and needed global symbols of an object for this machine.
fn inspect(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), JitError> {
    let bad = |message: String| JitError::BadObject { message };
    let file = object::File::parse(bytes).map_err(|error| bad(error.to_string()))?;
    let machine = if cfg!(target_arch = "x86_64") {
        Architecture::X86_64
    } else {
        Architecture::Aarch64
    };
    if file.format() != BinaryFormat::Elf
        || file.kind() != ObjectKind::Relocatable
        || file.architecture() != machine
    {
        return Err(bad(format!(
            "a relocatable ELF file for {machine:?} is needed, this is {:?} {:?} for {:?}",
            file.format(),
            file.kind(),
            file.architecture()
        )));
    }
    let (mut defined, mut needed) = (Vec::new(), Vec::new());
    for symbol in file.symbols().filter(|symbol| symbol.is_global()) {
        let name = symbol.name().map_err(|error| bad(error.to_string()))?;
        if name.is_empty() {
            continue;
        }
        let list = if symbol.is_undefined() {
            &mut needed
        } else {
            &mut defined
        };
        list.push(name.to_owned());
    }
    Ok((defined, needed))
}
