//! What the processor and the system of this process can run, in LLVM's names.

/// A feature name as LLVM writes it, and whether this processor has it.
type Probe = (&'static str, fn() -> bool);

/// The names for any host, the probes for hosts of that architecture.
macro_rules! features {
    ($names:ident, $arch:literal: $($name:literal => $probe:expr),* $(,)?) => {
        const $names: &[&str] = &[$($name),*];

        #[cfg(target_arch = $arch)]
        const PROBES: &[Probe] = &[$(($name, || $probe)),*];
    };
}

features! { X86_64, "x86_64":
    "adx" => std::arch::is_x86_feature_detected!("adx"),
    "aes" => std::arch::is_x86_feature_detected!("aes"),
    "avx" => std::arch::is_x86_feature_detected!("avx"),
    "avx2" => std::arch::is_x86_feature_detected!("avx2"),
    "avx512bf16" => std::arch::is_x86_feature_detected!("avx512bf16"),
    "avx512bitalg" => std::arch::is_x86_feature_detected!("avx512bitalg"),
    "avx512bw" => std::arch::is_x86_feature_detected!("avx512bw"),
    "avx512cd" => std::arch::is_x86_feature_detected!("avx512cd"),
    "avx512dq" => std::arch::is_x86_feature_detected!("avx512dq"),
    "avx512f" => std::arch::is_x86_feature_detected!("avx512f"),
    "avx512fp16" => std::arch::is_x86_feature_detected!("avx512fp16"),
    "avx512ifma" => std::arch::is_x86_feature_detected!("avx512ifma"),
    "avx512vbmi" => std::arch::is_x86_feature_detected!("avx512vbmi"),
    "avx512vbmi2" => std::arch::is_x86_feature_detected!("avx512vbmi2"),
    "avx512vl" => std::arch::is_x86_feature_detected!("avx512vl"),
    "avx512vnni" => std::arch::is_x86_feature_detected!("avx512vnni"),
    "avx512vp2intersect" => std::arch::is_x86_feature_detected!("avx512vp2intersect"),
    "avx512vpopcntdq" => std::arch::is_x86_feature_detected!("avx512vpopcntdq"),
    "avxneconvert" => std::arch::is_x86_feature_detected!("avxneconvert"),
    "avxvnni" => std::arch::is_x86_feature_detected!("avxvnni"),
    "bmi" => std::arch::is_x86_feature_detected!("bmi1"),
    "bmi2" => std::arch::is_x86_feature_detected!("bmi2"),
    "cx16" => std::arch::is_x86_feature_detected!("cmpxchg16b"),
    "f16c" => std::arch::is_x86_feature_detected!("f16c"),
    "fma" => std::arch::is_x86_feature_detected!("fma"),
    "gfni" => std::arch::is_x86_feature_detected!("gfni"),
    "lzcnt" => std::arch::is_x86_feature_detected!("lzcnt"),
    "movbe" => std::arch::is_x86_feature_detected!("movbe"),
    "pclmul" => std::arch::is_x86_feature_detected!("pclmulqdq"),
    "popcnt" => std::arch::is_x86_feature_detected!("popcnt"),
    "rdrnd" => std::arch::is_x86_feature_detected!("rdrand"),
    "rdseed" => std::arch::is_x86_feature_detected!("rdseed"),
    "sha" => std::arch::is_x86_feature_detected!("sha"),
    "sse" => std::arch::is_x86_feature_detected!("sse"),
    "sse2" => std::arch::is_x86_feature_detected!("sse2"),
    "sse3" => std::arch::is_x86_feature_detected!("sse3"),
    "sse4.1" => std::arch::is_x86_feature_detected!("sse4.1"),
    "sse4.2" => std::arch::is_x86_feature_detected!("sse4.2"),
    "ssse3" => std::arch::is_x86_feature_detected!("ssse3"),
    "vaes" => std::arch::is_x86_feature_detected!("vaes"),
    "vpclmulqdq" => std::arch::is_x86_feature_detected!("vpclmulqdq"),
}

features! { AARCH64, "aarch64":
    "aes" => std::arch::is_aarch64_feature_detected!("aes"),
    "bf16" => std::arch::is_aarch64_feature_detected!("bf16"),
    "complxnum" => std::arch::is_aarch64_feature_detected!("fcma"),
    "crc" => std::arch::is_aarch64_feature_detected!("crc"),
    "dotprod" => std::arch::is_aarch64_feature_detected!("dotprod"),
    "fp16fml" => std::arch::is_aarch64_feature_detected!("fhm"),
    "fullfp16" => std::arch::is_aarch64_feature_detected!("fp16"),
    "i8mm" => std::arch::is_aarch64_feature_detected!("i8mm"),
    "jsconv" => std::arch::is_aarch64_feature_detected!("jsconv"),
    "lse" => std::arch::is_aarch64_feature_detected!("lse"),
    "neon" => std::arch::is_aarch64_feature_detected!("neon"),
    "rcpc" => std::arch::is_aarch64_feature_detected!("rcpc"),
    "rdm" => std::arch::is_aarch64_feature_detected!("rdm"),
    "sha2" => std::arch::is_aarch64_feature_detected!("sha2"),
    "sve" => std::arch::is_aarch64_feature_detected!("sve"),
    "sve2" => std::arch::is_aarch64_feature_detected!("sve2"),
    // Not LLVM's: code for vectors of a length known to be at least that many bits.
    "sve-256" => sve_bits() >= 256,
    "sve-512" => sve_bits() >= 512,
}

/// The features that an artifact for `arch` (a name of [`std::env::consts::ARCH`]) may require; a compiler lists those
/// of its target, which must be among them. None for architectures that have no code generation.
pub fn known_features(arch: &str) -> &'static [&'static str] {
    match arch {
        "x86_64" => X86_64,
        "aarch64" => AARCH64,
        _ => &[],
    }
}

/// The length of this thread's scalable vectors; 0 for processors without.
#[cfg(target_arch = "aarch64")]
fn sve_bits() -> u32 {
    #[cfg(target_os = "linux")]
    if std::arch::is_aarch64_feature_detected!("sve") {
        // Of linux/prctl.h; the low half of the answer is the length in bytes.
        const PR_SVE_GET_VL: libc::c_int = 51;
        // SAFETY: asks for a number.
        let answer = unsafe { libc::prctl(PR_SVE_GET_VL) };
        return u32::try_from(answer).map_or(0, |answer| 8 * (answer & 0xffff));
    }
    0
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("npir-runtime supports x86-64 and AArch64");

/// The [`known_features`] that this processor (and its operating system) has.
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
        assert!(
            host.iter()
                .all(|name| known_features(std::env::consts::ARCH).contains(name))
        );
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
