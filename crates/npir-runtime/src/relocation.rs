//! ELF relocations of x86-64 and AArch64: which address each kind refers to, and how it is written.
//!
//! Formulas are those of the psABI documents: S the symbol, A the addend, P the place that is patched.

use object::elf;

/// The instruction sets that objects are loaded for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Machine {
    X86_64,
    Aarch64,
}

/// What S stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// The symbol's address, wherever it is.
    Symbol,
    /// The symbol if it is in the object, else a stub near the code that jumps to it.
    Near,
    /// The symbol's entry in the offset table.
    Got,
}

/// Why a place cannot be patched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Failure {
    /// The value does not fit the field.
    Overflow,
    /// The place is not inside its section.
    OutOfBounds,
}

impl Machine {
    pub(crate) const HOST: Machine = if cfg!(target_arch = "aarch64") {
        Machine::Aarch64
    } else {
        Machine::X86_64
    };

    /// What the relocation type refers to; `None` if it is not supported.
    pub(crate) fn target(self, kind: u32) -> Option<Target> {
        match self {
            Machine::X86_64 => match kind {
                elf::R_X86_64_64 | elf::R_X86_64_32 | elf::R_X86_64_32S | elf::R_X86_64_PC64 => {
                    Some(Target::Symbol)
                }
                elf::R_X86_64_PC32 | elf::R_X86_64_PLT32 => Some(Target::Near),
                elf::R_X86_64_GOTPCREL | elf::R_X86_64_GOTPCRELX | elf::R_X86_64_REX_GOTPCRELX => {
                    Some(Target::Got)
                }
                _ => None,
            },
            Machine::Aarch64 => match kind {
                elf::R_AARCH64_ABS64
                | elf::R_AARCH64_ABS32
                | elf::R_AARCH64_PREL64
                | elf::R_AARCH64_ADR_PREL_LO21
                | elf::R_AARCH64_CONDBR19
                | elf::R_AARCH64_TSTBR14 => Some(Target::Symbol),
                elf::R_AARCH64_CALL26
                | elf::R_AARCH64_JUMP26
                | elf::R_AARCH64_PREL32
                | elf::R_AARCH64_ADR_PREL_PG_HI21
                | elf::R_AARCH64_ADD_ABS_LO12_NC
                | elf::R_AARCH64_LDST8_ABS_LO12_NC
                | elf::R_AARCH64_LDST16_ABS_LO12_NC
                | elf::R_AARCH64_LDST32_ABS_LO12_NC
                | elf::R_AARCH64_LDST64_ABS_LO12_NC
                | elf::R_AARCH64_LDST128_ABS_LO12_NC => Some(Target::Near),
                elf::R_AARCH64_ADR_GOT_PAGE | elf::R_AARCH64_LD64_GOT_LO12_NC => Some(Target::Got),
                _ => None,
            },
        }
    }

    /// Patches `image[at..]`, which will run at address `place`, with the relocation `kind` of S + A.
    pub(crate) fn apply(
        self,
        kind: u32,
        image: &mut [u8],
        at: usize,
        place: u64,
        symbol: u64,
        addend: i64,
    ) -> Result<(), Failure> {
        let value = symbol.wrapping_add_signed(addend);
        let relative = value.wrapping_sub(place) as i64;
        let mut field = Field { image, at };
        match self {
            Machine::X86_64 => match kind {
                elf::R_X86_64_64 => field.write(value.to_le_bytes()),
                elf::R_X86_64_PC64 => field.write(relative.to_le_bytes()),
                elf::R_X86_64_32 => field.write(fit::<u32>(value)?.to_le_bytes()),
                elf::R_X86_64_32S => field.write(fit::<i32>(value as i64)?.to_le_bytes()),
                _ => field.write(fit::<i32>(relative)?.to_le_bytes()),
            },
            Machine::Aarch64 => apply_aarch64(kind, &mut field, place, value, relative),
        }
    }

    /// Bytes of a stub; a multiple of 16.
    pub(crate) const STUB: usize = 16;

    /// Writes a stub at `place` that jumps to the address in the offset-table entry `entry`.
    pub(crate) fn write_stub(
        self,
        image: &mut [u8],
        at: usize,
        place: u64,
        entry: u64,
    ) -> Result<(), Failure> {
        let mut stub = Field {
            image: &mut *image,
            at,
        };
        match self {
            Machine::X86_64 => {
                // jmp *entry(%rip), filled up with int3
                let mut code = [0xcc; Machine::STUB];
                code[..2].copy_from_slice(&[0xff, 0x25]);
                stub.write(code)?;
                self.apply(elf::R_X86_64_PC32, image, at + 2, place + 2, entry, -4)
            }
            Machine::Aarch64 => {
                // adrp x16, entry; ldr x16, [x16, :lo12:entry]; br x16; brk #0
                let code: [u32; 4] = [0x9000_0010, 0xf940_0210, 0xd61f_0200, 0xd420_0000];
                for (i, word) in code.into_iter().enumerate() {
                    Field {
                        image: &mut *image,
                        at: at + 4 * i,
                    }
                    .write(word.to_le_bytes())?;
                }
                let page = elf::R_AARCH64_ADR_PREL_PG_HI21;
                self.apply(page, image, at, place, entry, 0)?;
                let low = elf::R_AARCH64_LDST64_ABS_LO12_NC;
                self.apply(low, image, at + 4, place + 4, entry, 0)
            }
        }
    }
}

/// `value` as a narrower type, if it fits.
fn fit<T: TryFrom<i128>>(value: impl Into<i128>) -> Result<T, Failure> {
    T::try_from(value.into()).map_err(|_| Failure::Overflow)
}

fn apply_aarch64(
    kind: u32,
    field: &mut Field<'_>,
    place: u64,
    value: u64,
    relative: i64,
) -> Result<(), Failure> {
    let pages = ((value & !0xfff).wrapping_sub(place & !0xfff) as i64) >> 12;
    let low = value & 0xfff;
    match kind {
        elf::R_AARCH64_ABS64 => field.write(value.to_le_bytes()),
        elf::R_AARCH64_PREL64 => field.write(relative.to_le_bytes()),
        elf::R_AARCH64_ABS32 => field.write(fit::<u32>(value)?.to_le_bytes()),
        elf::R_AARCH64_PREL32 => field.write(fit::<i32>(relative)?.to_le_bytes()),
        elf::R_AARCH64_CALL26 | elf::R_AARCH64_JUMP26 => {
            field.bits(0, 26, signed_bits(relative, 26, 2)?)
        }
        elf::R_AARCH64_CONDBR19 => field.bits(5, 19, signed_bits(relative, 19, 2)?),
        elf::R_AARCH64_TSTBR14 => field.bits(5, 14, signed_bits(relative, 14, 2)?),
        elf::R_AARCH64_ADR_PREL_LO21 => field.adr(signed_bits(relative, 21, 0)?),
        elf::R_AARCH64_ADR_PREL_PG_HI21 | elf::R_AARCH64_ADR_GOT_PAGE => {
            field.adr(signed_bits(pages, 21, 0)?)
        }
        elf::R_AARCH64_ADD_ABS_LO12_NC | elf::R_AARCH64_LDST8_ABS_LO12_NC => {
            field.bits(10, 12, low as u32)
        }
        elf::R_AARCH64_LDST16_ABS_LO12_NC => field.scaled(low, 1),
        elf::R_AARCH64_LDST32_ABS_LO12_NC => field.scaled(low, 2),
        elf::R_AARCH64_LDST128_ABS_LO12_NC => field.scaled(low, 4),
        // LDST64 and LD64_GOT.
        _ => field.scaled(low, 3),
    }
}

/// The low `width` bits of `value >> shift`, if nothing is lost.
fn signed_bits(value: i64, width: u32, shift: u32) -> Result<u32, Failure> {
    let shifted = value >> shift;
    let limit = 1i64 << (width - 1);
    if shifted << shift != value || !(-limit..limit).contains(&shifted) {
        return Err(Failure::Overflow);
    }
    Ok(shifted as u32 & (((1u64 << width) - 1) as u32))
}

struct Field<'a> {
    image: &'a mut [u8],
    at: usize,
}

impl Field<'_> {
    fn write<const N: usize>(&mut self, bytes: [u8; N]) -> Result<(), Failure> {
        let place = (self.image.get_mut(self.at..)).and_then(|rest| rest.get_mut(..N));
        place.ok_or(Failure::OutOfBounds)?.copy_from_slice(&bytes);
        Ok(())
    }

    /// Replaces `width` bits from bit `low` of the instruction.
    fn bits(&mut self, low: u32, width: u32, value: u32) -> Result<(), Failure> {
        let place = (self.image.get(self.at..)).and_then(|rest| rest.first_chunk::<4>());
        let word = u32::from_le_bytes(*place.ok_or(Failure::OutOfBounds)?);
        let mask = (((1u64 << width) - 1) as u32) << low;
        self.write(((word & !mask) | ((value << low) & mask)).to_le_bytes())
    }

    /// The split immediate of ADR and ADRP.
    fn adr(&mut self, value: u32) -> Result<(), Failure> {
        self.bits(29, 2, value & 3)?;
        self.bits(5, 19, value >> 2)
    }

    /// The scaled 12-bit offset of a load or store of 2^shift bytes.
    fn scaled(&mut self, low: u64, shift: u32) -> Result<(), Failure> {
        if low & ((1 << shift) - 1) != 0 {
            return Err(Failure::Overflow);
        }
        self.bits(10, 12, (low >> shift) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(
        machine: Machine,
        kind: u32,
        code: &[u8],
        place: u64,
        s: u64,
        a: i64,
    ) -> Result<Vec<u8>, Failure> {
        let mut image = code.to_vec();
        machine.apply(kind, &mut image, 0, place, s, a)?;
        Ok(image)
    }

    fn arm(kind: u32, word: u32, place: u64, s: u64, a: i64) -> Result<u32, Failure> {
        let out = patched(Machine::Aarch64, kind, &word.to_le_bytes(), place, s, a)?;
        Ok(u32::from_le_bytes(out.try_into().unwrap()))
    }

    #[test]
    fn x86_fields() {
        let m = Machine::X86_64;
        let near = patched(m, elf::R_X86_64_PLT32, &[0; 4], 0x1000, 0x2000, -4).unwrap();
        assert_eq!(near, 0xffc_i32.to_le_bytes());
        assert_eq!(
            patched(m, elf::R_X86_64_PC32, &[0; 4], 0, 1 << 31, 0),
            Err(Failure::Overflow)
        );
        assert!(patched(m, elf::R_X86_64_32, &[0; 4], 0, 1 << 31, 0).is_ok());
        assert!(patched(m, elf::R_X86_64_32S, &[0; 4], 0, 1 << 31, 0).is_err());
        assert_eq!(
            patched(m, elf::R_X86_64_64, &[0; 7], 0, 0, 0),
            Err(Failure::OutOfBounds)
        );
        assert_eq!(m.target(elf::R_X86_64_TPOFF32), None);
    }

    /// Encodings as `llvm-mc` prints them.
    #[test]
    fn aarch64_fields() {
        // bl +0x1000 / bl -4
        assert_eq!(
            arm(elf::R_AARCH64_CALL26, 0x9400_0000, 0x1000, 0x2000, 0),
            Ok(0x9400_0400)
        );
        assert_eq!(
            arm(elf::R_AARCH64_CALL26, 0x9400_0000, 0x1004, 0x1000, 0),
            Ok(0x97ff_ffff)
        );
        assert_eq!(
            arm(elf::R_AARCH64_JUMP26, 0x1400_0000, 0, 1 << 27, 0),
            Err(Failure::Overflow)
        );
        assert_eq!(
            arm(elf::R_AARCH64_JUMP26, 0x1400_0000, 0, 2, 0),
            Err(Failure::Overflow)
        );
        // adrp x0, +5 pages; adrp x0, -1 page
        assert_eq!(
            arm(
                elf::R_AARCH64_ADR_PREL_PG_HI21,
                0x9000_0000,
                0x1ffc,
                0x6010,
                0
            ),
            Ok(0xb000_0020)
        );
        assert_eq!(
            arm(
                elf::R_AARCH64_ADR_PREL_PG_HI21,
                0x9000_0000,
                0x2000,
                0x1fff,
                0
            ),
            Ok(0xf0ff_ffe0)
        );
        // add x0, x0, #0x123; ldr x0, [x0, #0x128]; ldr q0, [x0, #0x120]
        assert_eq!(
            arm(elf::R_AARCH64_ADD_ABS_LO12_NC, 0x9100_0000, 0, 0x5123, 0),
            Ok(0x9104_8c00)
        );
        assert_eq!(
            arm(elf::R_AARCH64_LDST64_ABS_LO12_NC, 0xf940_0000, 0, 0x5128, 0),
            Ok(0xf940_9400)
        );
        assert_eq!(
            arm(
                elf::R_AARCH64_LDST128_ABS_LO12_NC,
                0x3dc0_0000,
                0,
                0x5120,
                0
            ),
            Ok(0x3dc0_4800)
        );
        assert_eq!(
            arm(elf::R_AARCH64_LDST64_ABS_LO12_NC, 0xf940_0000, 0, 0x5124, 0),
            Err(Failure::Overflow)
        );
        // b.eq +8; tbz x0, #0, +8
        assert_eq!(
            arm(elf::R_AARCH64_CONDBR19, 0x5400_0000, 0, 8, 0),
            Ok(0x5400_0040)
        );
        assert_eq!(
            arm(elf::R_AARCH64_TSTBR14, 0x3600_0000, 0, 8, 0),
            Ok(0x3600_0040)
        );
    }

    #[test]
    fn stubs_refer_to_their_entry() {
        let mut image = vec![0; 32];
        Machine::X86_64
            .write_stub(&mut image, 16, 0x1010, 0x2000)
            .unwrap();
        assert_eq!(image[16..22], [0xff, 0x25, 0xea, 0x0f, 0, 0]);
        Machine::Aarch64
            .write_stub(&mut image, 0, 0x1000, 0x2008)
            .unwrap();
        let words: Vec<u32> = image[..16]
            .chunks(4)
            .map(|c| u32::from_le_bytes(c.try_into().unwrap()))
            .collect();
        assert_eq!(words, [0xb000_0010, 0xf940_0610, 0xd61f_0200, 0xd420_0000]);
        assert!(Machine::X86_64.write_stub(&mut image, 20, 0, 0).is_err());
    }
}
