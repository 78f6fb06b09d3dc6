//! What the processor and the system of this process can run, in LLVM's names.

/// A feature name as LLVM writes it, and whether this processor has it.
type Probe = (&'static str, fn() -> bool);

macro_rules! probes {
    ($detect:ident: $($llvm:literal => $rust:tt),* $(,)?) => {
        const PROBES: &[Probe] = &[$(($llvm, || std::arch::$detect!($rust))),*];
        /// The features that an artifact may require; a compiler lists those of its target that are here.
        pub const KNOWN_FEATURES: &[&str] = &[$($llvm),*];
    };
}

#[cfg(target_arch = "x86_64")]
probes! { is_x86_feature_detected:
    "adx" => "adx",
    "aes" => "aes",
    "avx" => "avx",
    "avx2" => "avx2",
    "avx512bf16" => "avx512bf16",
    "avx512bitalg" => "avx512bitalg",
    "avx512bw" => "avx512bw",
    "avx512cd" => "avx512cd",
    "avx512dq" => "avx512dq",
    "avx512f" => "avx512f",
    "avx512fp16" => "avx512fp16",
    "avx512ifma" => "avx512ifma",
    "avx512vbmi" => "avx512vbmi",
    "avx512vbmi2" => "avx512vbmi2",
    "avx512vl" => "avx512vl",
    "avx512vnni" => "avx512vnni",
    "avx512vpopcntdq" => "avx512vpopcntdq",
    "avxvnni" => "avxvnni",
    "bmi" => "bmi1",
    "bmi2" => "bmi2",
    "cx16" => "cmpxchg16b",
    "f16c" => "f16c",
    "fma" => "fma",
    "gfni" => "gfni",
    "lzcnt" => "lzcnt",
    "movbe" => "movbe",
    "pclmul" => "pclmulqdq",
    "popcnt" => "popcnt",
    "rdrnd" => "rdrand",
    "rdseed" => "rdseed",
    "sha" => "sha",
    "sse" => "sse",
    "sse2" => "sse2",
    "sse3" => "sse3",
    "sse4.1" => "sse4.1",
    "sse4.2" => "sse4.2",
    "ssse3" => "ssse3",
    "vaes" => "vaes",
    "vpclmulqdq" => "vpclmulqdq",
}

#[cfg(target_arch = "aarch64")]
probes! { is_aarch64_feature_detected:
    "aes" => "aes",
    "bf16" => "bf16",
    "crc" => "crc",
    "dotprod" => "dotprod",
    "fp16fml" => "fhm",
    "fullfp16" => "fp16",
    "i8mm" => "i8mm",
    "lse" => "lse",
    "neon" => "neon",
    "rcpc" => "rcpc",
    "rdm" => "rdm",
    "sha2" => "sha2",
    "sve" => "sve",
    "sve2" => "sve2",
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("npir-runtime supports x86-64 and AArch64");

/// The [`KNOWN_FEATURES`] that this processor (and its operating system) has.
pub fn host_features() -> Vec<&'static str> {
    let present = PROBES.iter().filter(|(_, probe)| probe());
    present.map(|(name, _)| *name).collect()
}

/// Those of `required` that this processor lacks or nobody knows; a leading `+` is ignored, and names
/// with a leading `-` require nothing.
pub fn missing_features<'a>(required: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let present = host_features();
    required
        .into_iter()
        .filter(|name| !name.starts_with('-'))
        .map(|name| name.trim_start_matches('+'))
        .filter(|name| !present.contains(name))
        .collect()
}

/// Architecture and system of this process, as the beginning and a later part of a target triple.
pub fn host_target() -> (&'static str, &'static str) {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    (std::env::consts::ARCH, system)
}

/// Whether object code for `triple` can run in this process, features aside.
pub fn target_matches(triple: &str) -> bool {
    let (arch, system) = host_target();
    let mut parts = triple.split('-');
    let same_arch = match parts.next() {
        Some("arm64") => arch == "aarch64",
        Some(part) => part == arch,
        None => false,
    };
    same_arch && parts.any(|part| part.starts_with(system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features() {
        let host = host_features();
        assert!(host.iter().all(|name| KNOWN_FEATURES.contains(name)));
        assert!(missing_features(host.iter().copied()).is_empty());
        assert_eq!(
            missing_features(["+nonsense", "-avx512f", "time-travel"]),
            ["nonsense", "time-travel"]
        );
    }

    #[test]
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    fn triples() {
        assert!(target_matches("x86_64-pc-linux-gnu"));
        assert!(target_matches("x86_64-unknown-linux-gnu"));
        assert!(target_matches("x86_64-linux-gnu"));
        for other in [
            "aarch64-unknown-linux-gnu",
            "x86_64-pc-windows-msvc",
            "",
            "x86_64",
            "linux",
        ] {
            assert!(!target_matches(other), "{other}");
        }
    }
}
