//! Several relocatable objects made into one.
//!
//! Code generation works on parts of a large program at once, each of which becomes an object. Sections of one name are
//! joined, symbols that one object defines and another one needs are bound, and what only the parts share becomes
//! local: the result is what one object of the whole program would have been.

use object::write::{
    Object as Output, Relocation, SectionId, Symbol, SymbolId, SymbolSection as Place,
};
use object::{
    BinaryFormat, File, Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget,
    SectionFlags, SectionIndex, SectionKind, SymbolFlags, SymbolIndex, SymbolKind, SymbolScope,
    SymbolSection, elf,
};
use std::collections::HashMap;

/// One object with all that `objects` have. Symbols for which `exported` does not hold are local to it.
///
/// # Errors
///
/// What is wrong with an object: it is no ELF file, has contents that generated code does not have (groups, thread-local or common
/// data), or defines what another one has defined.
pub(crate) fn link(
    objects: &[Vec<u8>],
    exported: impl Fn(&str) -> bool,
) -> Result<Vec<u8>, String> {
    let files = objects
        .iter()
        .map(|bytes| File::parse(bytes.as_slice()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| e.to_string())?;
    let first = files.first().ok_or("there are no objects")?;
    let output = Output::new(BinaryFormat::Elf, first.architecture(), first.endianness());
    let mut linker = Linker {
        output,
        sections: HashMap::new(),
        globals: HashMap::new(),
        exported,
    };
    let mut parts = Vec::new();
    for file in &files {
        parts.push(linker.add(file)?);
    }
    for (file, part) in files.iter().zip(&mut parts) {
        linker.bind(file, part)?;
    }
    for (file, part) in files.iter().zip(&parts) {
        linker.relocate(file, part)?;
    }
    linker.output.write().map_err(|e| e.to_string())
}

struct Linker<'a, E> {
    output: Output<'a>,
    /// The sections so far, by name.
    sections: HashMap<Vec<u8>, SectionId>,
    /// The symbols that objects see of each other, by name.
    globals: HashMap<Vec<u8>, SymbolId>,
    exported: E,
}

/// Where the parts of one object have gone.
#[derive(Default)]
struct Part {
    /// The joined section, and where in it.
    sections: HashMap<SectionIndex, (SectionId, u64)>,
    symbols: HashMap<SymbolIndex, SymbolId>,
}

impl<E: Fn(&str) -> bool> Linker<'_, E> {
    /// Copies the sections that are loaded, and the symbols that are defined in them.
    fn add(&mut self, file: &File<'_>) -> Result<Part, String> {
        let mut part = Part::default();
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags } = section.flags() else {
                return Err("an object is not an ELF file".into());
            };
            if sh_flags & u64::from(elf::SHF_ALLOC) == 0 {
                continue;
            }
            let name = section.name_bytes().map_err(|e| e.to_string())?;
            let kind = match section.kind() {
                kind @ (SectionKind::Text
                | SectionKind::Data
                | SectionKind::UninitializedData
                | SectionKind::ReadOnlyData
                | SectionKind::ReadOnlyDataWithRel) => kind,
                // Joined strings are not merged.
                SectionKind::ReadOnlyString => SectionKind::ReadOnlyData,
                kind => {
                    let name = String::from_utf8_lossy(name);
                    return Err(format!("section `{name}` is of kind {kind:?}"));
                }
            };
            let output = &mut self.output;
            let id = *self
                .sections
                .entry(name.to_vec())
                .or_insert_with(|| output.add_section(Vec::new(), name.to_vec(), kind));
            let align = section.align().max(1);
            let at = if kind == SectionKind::UninitializedData {
                output.append_section_bss(id, section.size(), align)
            } else {
                let data = section.data().map_err(|e| e.to_string())?;
                output.append_section_data(id, data, align)
            };
            part.sections.insert(section.index(), (id, at));
        }
        for symbol in file.symbols() {
            let SymbolSection::Section(section) = symbol.section() else {
                continue;
            };
            let Some(&(id, at)) = part.sections.get(&section) else {
                continue;
            };
            if symbol.kind() == SymbolKind::Section {
                let section = self.output.section_symbol(id);
                part.symbols.insert(symbol.index(), section);
                continue;
            }
            let name = symbol.name_bytes().map_err(|e| e.to_string())?;
            let text = String::from_utf8_lossy(name);
            let scope = if symbol.is_global() && (self.exported)(&text) {
                SymbolScope::Dynamic
            } else {
                SymbolScope::Compilation
            };
            let new = self.output.add_symbol(Symbol {
                name: name.to_vec(),
                value: at + symbol.address(),
                size: symbol.size(),
                kind: match symbol.kind() {
                    SymbolKind::Unknown => SymbolKind::Label,
                    kind => kind,
                },
                scope,
                weak: false,
                section: Place::Section(id),
                flags: SymbolFlags::None,
            });
            part.symbols.insert(symbol.index(), new);
            if symbol.is_global() && self.globals.insert(name.to_vec(), new).is_some() {
                return Err(format!("two parts define `{text}`"));
            }
        }
        Ok(part)
    }

    /// Finds the symbols that an object needs among those of all, or leaves them to the loader.
    fn bind(&mut self, file: &File<'_>, part: &mut Part) -> Result<(), String> {
        for symbol in file.symbols().filter(|s| s.is_undefined()) {
            let name = symbol.name_bytes().map_err(|e| e.to_string())?;
            if name.is_empty() {
                continue;
            }
            let output = &mut self.output;
            let id = *self.globals.entry(name.to_vec()).or_insert_with(|| {
                output.add_symbol(Symbol {
                    name: name.to_vec(),
                    value: 0,
                    size: 0,
                    kind: SymbolKind::Unknown,
                    scope: SymbolScope::Unknown,
                    weak: symbol.is_weak(),
                    section: Place::Undefined,
                    flags: SymbolFlags::None,
                })
            });
            part.symbols.insert(symbol.index(), id);
        }
        Ok(())
    }

    fn relocate(&mut self, file: &File<'_>, part: &Part) -> Result<(), String> {
        for section in file.sections() {
            let Some(&(id, base)) = part.sections.get(&section.index()) else {
                continue;
            };
            for (offset, relocation) in section.relocations() {
                let RelocationTarget::Symbol(index) = relocation.target() else {
                    return Err("a relocation has no symbol".into());
                };
                let symbol = *part
                    .symbols
                    .get(&index)
                    .ok_or("a relocation refers to a symbol that is nowhere")?;
                if relocation.has_implicit_addend() {
                    return Err("a relocation has its addend in the code".into());
                }
                // What refers to a section refers to a place in it, which has moved.
                let target = file.symbol_by_index(index).map_err(|e| e.to_string())?;
                let moved = match (target.kind(), target.section_index()) {
                    (SymbolKind::Section, Some(section)) => {
                        part.sections.get(&section).map_or(0, |(_, at)| *at)
                    }
                    _ => 0,
                };
                let added = self.output.add_relocation(
                    id,
                    Relocation {
                        offset: base + offset,
                        symbol,
                        addend: relocation.addend() + moved as i64,
                        flags: relocation.flags(),
                    },
                );
                added.map_err(|e| e.to_string())?;
            }
        }
        Ok(())
    }
}
