//! The processor that code is generated for: its name, its features and the machine facts that
//! follow from them.

mod cpus;

use crate::error::TargetError;
use crate::llvm;
use cpus::Family;
use inkwell::OptimizationLevel;
use inkwell::targets::{CodeModel, RelocMode, Target, TargetMachine, TargetTriple};

/// An instruction set that npir generates CPU code for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arch {
    /// 64-bit x86.
    X86_64,
    /// 64-bit Arm.
    AArch64,
}

impl Arch {
    /// The name used in messages and manifests, as in `std::env::consts::ARCH`.
    pub const fn name(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86_64",
            Arch::AArch64 => "aarch64",
        }
    }

    /// The processor whose features every machine of this architecture has.
    const fn baseline_cpu(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86-64",
            Arch::AArch64 => "generic",
        }
    }

    /// LLVM's and the runtime's name of each feature that we use.
    fn features(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Arch::X86_64 => cpus::X86_FEATURES,
            Arch::AArch64 => cpus::AARCH64_FEATURES,
        }
    }

    fn families(self) -> &'static [Family] {
        match self {
            Arch::X86_64 => cpus::X86_64,
            Arch::AArch64 => cpus::AARCH64,
        }
    }
}

/// The machine that code is generated for.
///
/// The instructions used are exactly those of the architecture's baseline plus [`Self::features`];
/// the processor's name only steers the instruction scheduler. So the list of features tells
/// completely where the code can run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CpuTarget {
    arch: Arch,
    triple: String,
    cpu: String,
    features: Vec<&'static str>,
}

impl CpuTarget {
    /// The processor this process runs on.
    ///
    /// # Errors
    ///
    /// [`TargetError::UnsupportedPlatform`] when it is neither x86-64 nor AArch64.
    pub fn host() -> Result<Self, TargetError> {
        let (arch, triple) = host_platform()?;
        let cpu = TargetMachine::get_host_cpu_name().to_string();
        let found = TargetMachine::get_host_cpu_features().to_string();
        let has = |feature: &str| {
            found
                .split(',')
                .any(|flag| flag.strip_prefix('+') == Some(feature))
        };
        let features = select(arch, has);
        Ok(Self {
            arch,
            triple,
            cpu,
            features,
        })
    }

    /// The processor that LLVM calls `cpu`, such as `x86-64-v3` or `znver4`, on this platform.
    ///
    /// # Errors
    ///
    /// [`TargetError::UnknownCpu`] when no processor of this architecture has that name.
    pub fn named(cpu: &str) -> Result<Self, TargetError> {
        let (arch, triple) = host_platform()?;
        let family = arch
            .families()
            .iter()
            .find(|family| family.names.contains(&cpu))
            .ok_or_else(|| TargetError::UnknownCpu {
                cpu: cpu.to_owned(),
                arch: arch.name(),
                nearest: nearest(cpu, arch),
            })?;
        let has = |feature: &str| family.features.iter().any(|block| block.contains(&feature));
        Ok(Self {
            arch,
            triple,
            cpu: cpu.to_owned(),
            features: select(arch, has),
        })
    }

    /// What every machine of this platform can run: SSE2 on x86-64, Neon on AArch64.
    ///
    /// # Errors
    ///
    /// [`TargetError::UnsupportedPlatform`] when the platform is neither.
    pub fn baseline() -> Result<Self, TargetError> {
        let (arch, _) = host_platform()?;
        Self::named(arch.baseline_cpu())
    }

    /// The processor names that [`Self::named`] takes on this platform, sorted.
    ///
    /// # Errors
    ///
    /// [`TargetError::UnsupportedPlatform`] when the platform has none.
    pub fn known_cpus() -> Result<Vec<&'static str>, TargetError> {
        let (arch, _) = host_platform()?;
        let mut names: Vec<_> = all_names(arch).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// The instruction set.
    pub fn arch(&self) -> Arch {
        self.arch
    }

    /// LLVM's target triple.
    pub fn triple(&self) -> &str {
        &self.triple
    }

    /// LLVM's name of the processor.
    pub fn cpu(&self) -> &str {
        &self.cpu
    }

    /// LLVM's names of the features beyond the baseline that generated code may use.
    pub fn features(&self) -> &[&'static str] {
        &self.features
    }

    /// True when generated code may use LLVM's feature `feature`.
    pub fn has(&self, feature: &str) -> bool {
        self.features.contains(&feature)
    }

    /// The features that a machine must have to run the code, under the names that
    /// `is_x86_feature_detected!` and `is_aarch64_feature_detected!` take: the manifest's list.
    pub fn required_features(&self) -> Vec<&'static str> {
        self.arch
            .features()
            .iter()
            .filter(|(name, _)| self.has(name))
            .map(|&(_, runtime_name)| runtime_name)
            .collect()
    }

    /// Width of the widest useful vector register, in bits.
    pub fn vector_bits(&self) -> u32 {
        if self.has("avx512f") {
            512
        } else if self.has("avx2") {
            256
        } else {
            128
        }
    }

    /// Number of architectural vector registers of that width.
    pub fn vector_registers(&self) -> u32 {
        if self.has("avx512f") || self.arch == Arch::AArch64 {
            32
        } else {
            16
        }
    }

    /// The value of LLVM's `target-cpu` attribute: what may be used without a feature flag.
    pub(crate) fn baseline_cpu(&self) -> &'static str {
        self.arch.baseline_cpu()
    }

    /// The value of LLVM's `target-features` attribute.
    pub(crate) fn feature_string(&self) -> String {
        let flags: Vec<_> = self
            .features
            .iter()
            .map(|name| format!("+{name}"))
            .collect();
        flags.join(",")
    }

    /// LLVM's code generator for this target: position-independent, small code model.
    pub(crate) fn machine(&self, level: OptimizationLevel) -> Result<TargetMachine, TargetError> {
        llvm::initialize();
        let fail = |message: String| TargetError::Machine {
            triple: self.triple.clone(),
            message,
        };
        let triple = TargetTriple::create(&self.triple);
        Target::from_triple(&triple)
            .map_err(|error| fail(error.to_string()))?
            .create_target_machine(
                &triple,
                self.baseline_cpu(),
                &self.feature_string(),
                level,
                RelocMode::PIC,
                CodeModel::Small,
            )
            .ok_or_else(|| fail("no target machine".to_owned()))
    }
}

/// The features of `arch` for which `has` holds, in table order. AVX-512 code is selected for whole
/// vectors of every element type, so it is used only where byte/word, doubleword and
/// vector-length extensions come with it (all but the first generation of Xeon Phi).
fn select(arch: Arch, has: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let full_avx512 = ["avx512f", "avx512bw", "avx512dq", "avx512vl"]
        .iter()
        .all(|name| has(name));
    arch.features()
        .iter()
        .map(|&(name, _)| name)
        .filter(|name| has(name) && (full_avx512 || !name.starts_with("avx512")))
        .collect()
}

fn host_platform() -> Result<(Arch, String), TargetError> {
    llvm::initialize();
    let triple = TargetMachine::get_default_triple()
        .as_str()
        .to_string_lossy()
        .into_owned();
    let arch = match triple.split('-').next() {
        Some("x86_64") => Arch::X86_64,
        Some("aarch64" | "arm64") => Arch::AArch64,
        _ => return Err(TargetError::UnsupportedPlatform { triple }),
    };
    Ok((arch, triple))
}

fn all_names(arch: Arch) -> impl Iterator<Item = &'static str> {
    arch.families()
        .iter()
        .flat_map(|family| family.names.iter().copied())
}

/// The known name with the smallest edit distance to `cpu`, unless more than a third differs.
fn nearest(cpu: &str, arch: Arch) -> Option<&'static str> {
    all_names(arch)
        .map(|name| (edit_distance(cpu, name), name))
        .min()
        .filter(|&(distance, name)| distance * 3 <= name.len())
        .map(|(_, name)| name)
}

/// Levenshtein's distance, by the rows of its dynamic program.
fn edit_distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(a != b))
                .min(above + 1)
                .min(row[j] + 1);
            diagonal = above;
        }
    }
    row[right.len()]
}
