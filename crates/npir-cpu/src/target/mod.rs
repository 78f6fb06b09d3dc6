//! The processor that code is generated for: its name, its features and the machine facts that
//! follow from them.

mod cpus;

use crate::error::TargetError;
use crate::llvm;
use cpus::Family;
use inkwell::OptimizationLevel;
use inkwell::targets::{CodeModel, RelocMode, Target, TargetMachine, TargetTriple};
use npir_runtime::cpu::host_features;

/// An instruction set that npir generates CPU code for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arch {
    /// 64-bit x86.
    X86_64,
    /// 64-bit Arm.
    AArch64,
}

const ARCHITECTURES: [Arch; 2] = [Arch::X86_64, Arch::AArch64];

impl Arch {
    /// The name used in messages and manifests, as in `std::env::consts::ARCH`.
    pub const fn name(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86_64",
            Arch::AArch64 => "aarch64",
        }
    }

    /// LLVM's triple of this architecture under the system of another triple, `host`.
    fn triple(self, host: &str) -> String {
        let (first, system) = host.split_once('-').unwrap_or((host, "unknown"));
        let is_arm = matches!(first, "aarch64" | "arm64");
        if is_arm == (self == Arch::AArch64) {
            return host.to_owned();
        }
        format!("{}-{system}", self.name())
    }

    /// The processor whose features every machine of this architecture has.
    const fn baseline_cpu(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86-64",
            Arch::AArch64 => "generic",
        }
    }

    /// The name of each feature that we use.
    fn features(self) -> &'static [&'static str] {
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
        let found = host_features();
        let features = select(arch, |feature| found.contains(&feature));
        Ok(Self {
            arch,
            triple,
            cpu,
            features,
        })
    }

    /// The processor that LLVM calls `cpu`, such as `x86-64-v3`, `znver4` or `neoverse-v1`, under this system. It may be of
    /// another architecture than this one.
    ///
    /// # Errors
    ///
    /// [`TargetError::UnknownCpu`] when no processor has that name.
    pub fn named(cpu: &str) -> Result<Self, TargetError> {
        let (_, host) = host_platform()?;
        let found = ARCHITECTURES.into_iter().find_map(|arch| {
            let mut families = arch.families().iter();
            let family = families.find(|family| family.names.contains(&cpu))?;
            Some((arch, family))
        });
        let (arch, family) = found.ok_or_else(|| TargetError::UnknownCpu {
            cpu: cpu.to_owned(),
            nearest: nearest(cpu),
        })?;
        let has = |feature: &str| family.features.iter().any(|block| block.contains(&feature));
        Ok(Self {
            arch,
            triple: arch.triple(&host),
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

    /// The processor names that [`Self::named`] takes, of all architectures, sorted.
    pub fn known_cpus() -> Vec<&'static str> {
        let mut names: Vec<_> = all_names().collect();
        names.sort_unstable();
        names
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

    /// The features beyond the baseline that generated code may use and a machine must have: the manifest's list. The
    /// names are LLVM's and, for the least length of scalable vectors, those of the runtime, which knows them all
    /// ([`npir_runtime::cpu::known_features`]).
    pub fn features(&self) -> &[&'static str] {
        &self.features
    }

    /// True when generated code may use the feature `feature`.
    pub fn has(&self, feature: &str) -> bool {
        self.features.contains(&feature)
    }

    /// Width of the widest useful vector register, in bits.
    pub fn vector_bits(&self) -> u32 {
        if self.has("avx512f") || self.has("sve-512") {
            512
        } else if self.has("avx2") || self.has("sve-256") {
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
        let lengths = |name: &&&str| name.starts_with("sve-");
        let names = self.features.iter().filter(|name| !lengths(name));
        let flags: Vec<_> = names.map(|name| format!("+{name}")).collect();
        flags.join(",")
    }

    /// The value of LLVM's attribute `vscale_range`: scalable vectors have [`Self::vector_bits`] at least, and there is no
    /// upper limit. With it LLVM takes them for vectors of that length; without it 128-bit ones are the widest.
    pub(crate) fn scalable_vectors(&self) -> Option<u64> {
        let blocks = u64::from(self.vector_bits() / 128);
        (self.has("sve") && blocks > 1).then_some(blocks << 32)
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
        .copied()
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

fn all_names() -> impl Iterator<Item = &'static str> {
    let families = ARCHITECTURES.into_iter().flat_map(|a| a.families());
    families.flat_map(|family| family.names.iter().copied())
}

/// The known name with the smallest edit distance to `cpu`, unless more than a third differs.
fn nearest(cpu: &str) -> Option<&'static str> {
    all_names()
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
