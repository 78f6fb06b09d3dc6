//! Loads an ELF relocatable object into this process, without LLVM and without the system's linker.
//!
//! All allocated sections go into one mapping, so that 32-bit references between them reach:
//! code and stubs (read, execute) | constants and the offset table (read) | data (read, write).
//! Externals come from [`crate::symbols`] only. The object is not trusted to be well formed: every
//! size, index and place is checked, and what is not supported is a [`LoadError`].

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::ptr::{self, NonNull};

use object::read::elf::ElfFile64;
use object::{
    Endianness, Object, ObjectSection, ObjectSymbol, Relocation, RelocationFlags, RelocationTarget,
    SectionFlags, SectionIndex, SymbolIndex, elf,
};

use crate::relocation::{Failure, Machine, Target};
use crate::symbols;

/// No object comes near this; it also keeps every 32-bit reference in reach.
const MAX_IMAGE: usize = 1 << 30;

/// Why an object cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Not a well-formed ELF relocatable object.
    #[error("not a valid object file: {0}")]
    Malformed(String),
    /// For another instruction set.
    #[error("the object code is for another processor architecture")]
    Machine,
    /// A section this loader has no use for but may not ignore.
    #[error("section `{section}`: {why} are not supported")]
    Section {
        /// The section's name.
        section: String,
        /// What it holds.
        why: &'static str,
    },
    /// A relocation type outside the supported list.
    #[error("section `{section}` has a relocation of unsupported type {kind}")]
    Relocation {
        /// The section that is relocated.
        section: String,
        /// The ELF type number.
        kind: u32,
    },
    /// An address that does not fit its field.
    #[error("a reference to `{symbol}` in section `{section}` is out of range")]
    OutOfRange {
        /// The symbol referred to.
        symbol: String,
        /// The section that refers to it.
        section: String,
    },
    /// Functions that the runtime does not provide.
    #[error("unresolved symbols: {}", .0.join(", "))]
    Unresolved(Vec<String>),
    /// Larger than any real object.
    #[error("the object needs {0} bytes of memory, which is too much")]
    TooLarge(usize),
    /// No memory, or executable memory is forbidden.
    #[error("cannot map memory for code: {0}")]
    Memory(#[source] io::Error),
}

fn malformed(error: impl ToString) -> LoadError {
    LoadError::Malformed(error.to_string())
}

/// The three parts of the image, in the order of their addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Code,
    Constants,
    Data,
}

const PARTS: [Part; 3] = [Part::Code, Part::Constants, Part::Data];

/// Where a section lies in the image.
struct Placed {
    offset: usize,
    size: usize,
}

/// An object in memory, ready to run. Unmapped when dropped.
#[derive(Debug)]
pub struct LoadedObject {
    base: NonNull<u8>,
    len: usize,
    /// Addresses of the object's global functions.
    functions: HashMap<String, usize>,
}

// SAFETY: the mapping is only read and executed once it is made; data sections are the program's own.
unsafe impl Send for LoadedObject {}
// SAFETY: the same.
unsafe impl Sync for LoadedObject {}

impl Drop for LoadedObject {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping that `Image::map` made.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
    }
}

impl LoadedObject {
    /// Loads an object for this machine.
    ///
    /// # Errors
    /// A [`LoadError`]; nothing stays mapped then.
    ///
    /// Loading runs none of the code; calling it is as safe as the code is.
    pub fn load(bytes: &[u8]) -> Result<LoadedObject, LoadError> {
        let file = ElfFile64::<Endianness>::parse(bytes).map_err(malformed)?;
        let machine = Machine::HOST;
        let expected = match machine {
            Machine::X86_64 => object::Architecture::X86_64,
            Machine::Aarch64 => object::Architecture::Aarch64,
        };
        if file.architecture() != expected || !file.is_little_endian() {
            return Err(LoadError::Machine);
        }
        if file.kind() != object::ObjectKind::Relocatable {
            return Err(malformed("it is not a relocatable object"));
        }
        Linker::new(&file, machine)?.link()
    }

    /// The address of a global function of the object.
    pub fn function(&self, symbol: &str) -> Option<*const ()> {
        self.functions.get(symbol).map(|&a| a as *const ())
    }

    /// The names of the global functions of the object, in no order.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }
}

type File<'a> = ElfFile64<'a, Endianness>;

struct Linker<'a> {
    file: &'a File<'a>,
    machine: Machine,
    placed: HashMap<SectionIndex, Placed>,
    /// Offset in the image of the stub and of the table entry per symbol.
    stubs: HashMap<SymbolIndex, usize>,
    entries: HashMap<SymbolIndex, usize>,
    /// Addresses of undefined symbols.
    externals: HashMap<SymbolIndex, u64>,
    code_len: usize,
    constants_end: usize,
    len: usize,
}

impl<'a> Linker<'a> {
    /// Decides where everything goes and resolves the externals.
    fn new(file: &'a File<'a>, machine: Machine) -> Result<Linker<'a>, LoadError> {
        let mut linker = Linker {
            file,
            machine,
            placed: HashMap::new(),
            stubs: HashMap::new(),
            entries: HashMap::new(),
            externals: HashMap::new(),
            code_len: 0,
            constants_end: 0,
            len: 0,
        };
        let mut sections = Vec::new();
        for section in file.sections() {
            if let Some(part) = classify(&section)? {
                sections.push((part, section));
            }
        }
        let (near, got) = linker.references(sections.iter().map(|(_, section)| section))?;
        let page = page_size();
        let mut at = 0usize;
        for part in PARTS {
            for (_, section) in sections.iter().filter(|(p, _)| *p == part) {
                let align = usize::try_from(section.align().max(1)).map_err(malformed)?;
                if !align.is_power_of_two() || align > page {
                    return Err(malformed(format!("a section is aligned to {align} bytes")));
                }
                let size = usize::try_from(section.size()).map_err(malformed)?;
                at = at.next_multiple_of(align);
                linker
                    .placed
                    .insert(section.index(), Placed { offset: at, size });
                at = at
                    .checked_add(size)
                    .filter(|&end| end <= MAX_IMAGE)
                    .ok_or(LoadError::TooLarge(at.saturating_add(size)))?;
            }
            // The numbers of stubs and entries are bounded by the relocations in the file.
            if part == Part::Code {
                at = at.next_multiple_of(Machine::STUB);
                for &symbol in &near {
                    linker.stubs.insert(SymbolIndex(symbol), at);
                    at += Machine::STUB;
                }
                linker.code_len = at;
            }
            if part == Part::Constants {
                at = at.next_multiple_of(8);
                for &symbol in &got {
                    linker.entries.insert(SymbolIndex(symbol), at);
                    at += 8;
                }
                linker.constants_end = at;
            }
            at = at.next_multiple_of(page);
        }
        if at > MAX_IMAGE {
            return Err(LoadError::TooLarge(at));
        }
        linker.len = at.max(page);
        Ok(linker)
    }

    /// The symbols that need a stub, and those that need an entry in the offset table. Resolves
    /// undefined symbols on the way.
    fn references<'s>(
        &mut self,
        sections: impl Iterator<Item = &'s object::read::elf::ElfSection64<'a, 'a, Endianness>>,
    ) -> Result<(BTreeSet<usize>, BTreeSet<usize>), LoadError>
    where
        'a: 's,
    {
        let (mut near, mut got) = (BTreeSet::new(), BTreeSet::new());
        let mut unresolved = BTreeSet::new();
        for section in sections {
            for (_, relocation) in section.relocations() {
                let Some((_, target)) = self.kind(section, &relocation)? else {
                    continue;
                };
                let RelocationTarget::Symbol(index) = relocation.target() else {
                    continue;
                };
                let symbol = self.file.symbol_by_index(index).map_err(malformed)?;
                if symbol.is_undefined() {
                    let name = symbol.name().map_err(malformed)?;
                    match symbols::resolve(name) {
                        Some(address) => {
                            self.externals.insert(index, address as u64);
                        }
                        None if symbol.is_weak() => {
                            self.externals.insert(index, 0);
                        }
                        None => {
                            unresolved.insert(name.to_owned());
                        }
                    }
                    if target == Target::Near {
                        near.insert(index.0);
                        got.insert(index.0);
                    }
                }
                if target == Target::Got {
                    got.insert(index.0);
                }
            }
        }
        if unresolved.is_empty() {
            Ok((near, got))
        } else {
            Err(LoadError::Unresolved(unresolved.into_iter().collect()))
        }
    }

    /// Type number and target of a relocation; `None` for those that do nothing.
    fn kind<'s>(
        &self,
        section: &impl ObjectSection<'s>,
        relocation: &Relocation,
    ) -> Result<Option<(u32, Target)>, LoadError> {
        let RelocationFlags::Elf { r_type } = relocation.flags() else {
            return Err(malformed("a relocation is not of an ELF type"));
        };
        // R_X86_64_NONE and R_AARCH64_NONE.
        if r_type == 0 {
            return Ok(None);
        }
        match self.machine.target(r_type) {
            Some(target) if !relocation.has_implicit_addend() => Ok(Some((r_type, target))),
            _ => Err(LoadError::Relocation {
                section: section_name(section),
                kind: r_type,
            }),
        }
    }

    fn link(self) -> Result<LoadedObject, LoadError> {
        let image = Image::map(self.len)?;
        // SAFETY: a fresh private mapping of this length, which only this function uses.
        let bytes = unsafe { std::slice::from_raw_parts_mut(image.base.as_ptr(), self.len) };
        let base = image.base.as_ptr() as u64;
        for (&index, placed) in &self.placed {
            let section = self.file.section_by_index(index).map_err(malformed)?;
            let data = section.data().map_err(malformed)?;
            // Zero-initialised sections have no data in the file.
            let room = &mut bytes[placed.offset..placed.offset + placed.size];
            if data.len() > room.len() {
                return Err(malformed("a section is larger than its size"));
            }
            room[..data.len()].copy_from_slice(data);
        }
        for (&symbol, &entry) in &self.entries {
            let address = self.address(symbol, base)?;
            bytes[entry..entry + 8].copy_from_slice(&address.to_le_bytes());
        }
        for (symbol, &stub) in &self.stubs {
            let entry = base + self.entries[symbol] as u64;
            self.machine
                .write_stub(bytes, stub, base + stub as u64, entry)
                .map_err(|_| malformed("a stub cannot reach its entry"))?;
        }
        for (&index, placed) in &self.placed {
            self.relocate(index, placed, bytes, base)?;
        }
        let functions = self.functions(base)?;
        image.protect(self.code_len, self.constants_end)?;
        Ok(image.into_object(functions))
    }

    fn relocate(
        &self,
        index: SectionIndex,
        placed: &Placed,
        bytes: &mut [u8],
        base: u64,
    ) -> Result<(), LoadError> {
        let section = self.file.section_by_index(index).map_err(malformed)?;
        for (offset, relocation) in section.relocations() {
            let Some((kind, target)) = self.kind(&section, &relocation)? else {
                continue;
            };
            let RelocationTarget::Symbol(symbol) = relocation.target() else {
                return Err(malformed("a relocation without a symbol"));
            };
            let value = match (target, self.stubs.get(&symbol), self.entries.get(&symbol)) {
                (Target::Near, Some(&stub), _) => base + stub as u64,
                (Target::Got, _, Some(&entry)) => base + entry as u64,
                _ => self.address(symbol, base)?,
            };
            let at = usize::try_from(offset).map_err(malformed)?;
            let place = base + placed.offset as u64 + offset.min(placed.size as u64);
            let room = &mut bytes[placed.offset..placed.offset + placed.size];
            self.machine
                .apply(kind, room, at, place, value, relocation.addend())
                .map_err(|failure| match failure {
                    Failure::OutOfBounds => malformed("a relocation lies outside its section"),
                    Failure::Overflow => LoadError::OutOfRange {
                        symbol: self.symbol_name(symbol),
                        section: section_name(&section),
                    },
                })?;
        }
        Ok(())
    }

    fn symbol_name(&self, index: SymbolIndex) -> String {
        let symbol = self.file.symbol_by_index(index).ok();
        let name = symbol.and_then(|s| s.name().ok()).unwrap_or("?");
        name.to_owned()
    }

    /// The address of a symbol in memory.
    fn address(&self, index: SymbolIndex, base: u64) -> Result<u64, LoadError> {
        if let Some(&address) = self.externals.get(&index) {
            return Ok(address);
        }
        let symbol = self.file.symbol_by_index(index).map_err(malformed)?;
        match symbol.section() {
            object::SymbolSection::Absolute => Ok(symbol.address()),
            // What has no bytes may be anywhere: constants without elements.
            object::SymbolSection::Section(section)
                if symbol.address() == 0
                    && (self.file.section_by_index(section)).is_ok_and(|s| s.size() == 0) =>
            {
                Ok(base)
            }
            object::SymbolSection::Section(section) => {
                let placed = self
                    .placed
                    .get(&section)
                    .filter(|p| symbol.address() <= p.size as u64);
                let placed = placed.ok_or_else(|| {
                    malformed(format!(
                        "symbol `{}` is not in a loaded section",
                        self.symbol_name(index)
                    ))
                })?;
                Ok(base + placed.offset as u64 + symbol.address())
            }
            _ => Err(malformed(format!(
                "symbol `{}` has no address",
                self.symbol_name(index)
            ))),
        }
    }

    /// The global symbols inside the code part.
    fn functions(&self, base: u64) -> Result<HashMap<String, usize>, LoadError> {
        let mut functions = HashMap::new();
        for symbol in self.file.symbols() {
            if !symbol.is_global() || symbol.is_undefined() || symbol.section_index().is_none() {
                continue;
            }
            let address = self.address(symbol.index(), base)?;
            if address - base < self.code_len as u64 {
                let name = symbol.name().map_err(malformed)?;
                functions.insert(name.to_owned(), address as usize);
            }
        }
        Ok(functions)
    }
}

fn section_name<'s>(section: &impl ObjectSection<'s>) -> String {
    section.name().unwrap_or("?").to_owned()
}

/// The part a section belongs to; `None` if it is not needed at run time.
fn classify<'s>(section: &impl ObjectSection<'s>) -> Result<Option<Part>, LoadError> {
    let SectionFlags::Elf { sh_flags } = section.flags() else {
        return Err(malformed("a section is not of an ELF type"));
    };
    if sh_flags & u64::from(elf::SHF_ALLOC) == 0 || section.size() == 0 {
        return Ok(None);
    }
    let name = section.name().map_err(malformed)?;
    // Unwind tables: compiled code neither throws nor is unwound through.
    if name.starts_with(".eh_frame") || name.starts_with(".note") {
        return Ok(None);
    }
    let unsupported = |why| {
        Err(LoadError::Section {
            section: name.to_owned(),
            why,
        })
    };
    if sh_flags & u64::from(elf::SHF_TLS) != 0 {
        return unsupported("thread-local variables");
    }
    let starts = [
        ".init_array",
        ".fini_array",
        ".preinit_array",
        ".ctors",
        ".dtors",
    ];
    if starts.iter().any(|start| name.starts_with(start)) {
        return unsupported("static constructors and destructors");
    }
    Ok(Some(if sh_flags & u64::from(elf::SHF_EXECINSTR) != 0 {
        Part::Code
    } else if sh_flags & u64::from(elf::SHF_WRITE) != 0 {
        Part::Data
    } else {
        Part::Constants
    }))
}

fn page_size() -> usize {
    // SAFETY: no preconditions.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}

/// A mapping that is being filled.
struct Image {
    base: NonNull<u8>,
    len: usize,
}

impl Drop for Image {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping that `map` made.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
    }
}

impl Image {
    fn map(len: usize) -> Result<Image, LoadError> {
        // SAFETY: a fresh anonymous mapping.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        match NonNull::new(base.cast::<u8>()) {
            Some(start) if base != libc::MAP_FAILED => Ok(Image { base: start, len }),
            _ => Err(LoadError::Memory(io::Error::last_os_error())),
        }
    }

    /// Makes the code executable and the constants read-only.
    fn protect(&self, code_len: usize, constants_end: usize) -> Result<(), LoadError> {
        let page = page_size();
        let code_end = code_len.next_multiple_of(page);
        let constants_end = constants_end.next_multiple_of(page).max(code_end);
        flush_instructions(self.base.as_ptr(), code_len);
        for (from, to, protection) in [
            (0, code_end, libc::PROT_READ | libc::PROT_EXEC),
            (code_end, constants_end, libc::PROT_READ),
        ] {
            // SAFETY: whole pages inside the mapping.
            let failed = from < to
                && unsafe {
                    let start = self.base.as_ptr().add(from).cast();
                    libc::mprotect(start, to - from, protection) != 0
                };
            if failed {
                return Err(LoadError::Memory(io::Error::last_os_error()));
            }
        }
        Ok(())
    }

    fn into_object(self, functions: HashMap<String, usize>) -> LoadedObject {
        let image = std::mem::ManuallyDrop::new(self);
        LoadedObject {
            base: image.base,
            len: image.len,
            functions,
        }
    }
}

/// Makes freshly written code visible to instruction fetch; x86-64 does this by itself.
#[cfg(target_arch = "x86_64")]
fn flush_instructions(_start: *const u8, _len: usize) {}

/// Makes freshly written code visible to instruction fetch: clean the data cache to the point of
/// unification, invalidate the instruction cache, per line.
#[cfg(target_arch = "aarch64")]
fn flush_instructions(start: *const u8, len: usize) {
    use std::arch::asm;
    let ctr: u64;
    // SAFETY: the register is readable from user code on every supported system.
    unsafe { asm!("mrs {}, ctr_el0", out(reg) ctr) };
    let data_line = 4usize << ((ctr >> 16) & 15);
    let code_line = 4usize << (ctr & 15);
    let (start, end) = (start as usize, start as usize + len);
    // SAFETY: cache maintenance by address, inside memory we own.
    unsafe {
        for line in (start & !(data_line - 1)..end).step_by(data_line) {
            asm!("dc cvau, {}", in(reg) line);
        }
        asm!("dsb ish");
        for line in (start & !(code_line - 1)..end).step_by(code_line) {
            asm!("ic ivau, {}", in(reg) line);
        }
        asm!("dsb ish", "isb");
    }
}
