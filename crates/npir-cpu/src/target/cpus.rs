//! The processors that can be named as a target, and what each can do.
//!
//! LLVM only warns on standard error about a processor it does not know, and its C interface lists
//! neither names nor features; hence this table. It holds the features that change the code we emit
//! *and* that the runtime can test, so that an artifact's list of required features is complete. Source: `clang-22 --print-supported-cpus` and the `target-features` that
//! clang derives from each name.

/// Processors with the same features.
pub(super) struct Family {
    /// LLVM feature names, in blocks that build on each other.
    pub(super) features: &'static [&'static [&'static str]],
    /// LLVM processor names.
    pub(super) names: &'static [&'static str],
}

/// LLVM's names of the features of x86 that we use.
pub(super) static X86_FEATURES: &[&str] = &[
    "sse3",
    "ssse3",
    "sse4.1",
    "sse4.2",
    "popcnt",
    "lzcnt",
    "bmi",
    "bmi2",
    "movbe",
    "avx",
    "f16c",
    "fma",
    "avx2",
    "gfni",
    "avxvnni",
    "avxneconvert",
    "avx512f",
    "avx512cd",
    "avx512bw",
    "avx512dq",
    "avx512vl",
    "avx512ifma",
    "avx512vbmi",
    "avx512vbmi2",
    "avx512vnni",
    "avx512bitalg",
    "avx512vpopcntdq",
    "avx512bf16",
    "avx512fp16",
    "avx512vp2intersect",
];

/// LLVM's names of the features of AArch64 that we use, and the runtime's names of vectors that are known to have so many
/// bits at least.
pub(super) static AARCH64_FEATURES: &[&str] = &[
    "neon",
    "lse",
    "rdm",
    "fullfp16",
    "fp16fml",
    "dotprod",
    "bf16",
    "i8mm",
    "complxnum",
    "jsconv",
    "rcpc",
    "sve",
    "sve2",
    "sve-256",
    "sve-512",
];

const V2: &[&str] = &["sse3", "ssse3", "sse4.1", "sse4.2", "popcnt"];
const V3: &[&str] = &[
    "lzcnt", "bmi", "bmi2", "movbe", "avx", "f16c", "fma", "avx2",
];
const V4: &[&str] = &["avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"];
const ICELAKE: &[&str] = &[
    "gfni",
    "avx512ifma",
    "avx512vbmi",
    "avx512vbmi2",
    "avx512vnni",
    "avx512bitalg",
    "avx512vpopcntdq",
];
const V8_1: &[&str] = &["lse", "rdm"];
const V8_2: &[&str] = &["fullfp16", "dotprod"];
const V8_3: &[&str] = &["complxnum", "jsconv", "rcpc"];
const V8_6: &[&str] = &["fp16fml", "bf16", "i8mm"];
const NEON: &[&str] = &["neon"];
const SVE: &[&str] = &["sve"];
const SVE2: &[&str] = &["sve", "sve2"];
/// The 64-bit x86 processors of LLVM 22.
pub(super) static X86_64: &[Family] = &[
    Family {
        features: &[],
        names: &["athlon-fx", "athlon64", "k8", "opteron", "x86-64"],
    },
    Family {
        features: &[&["sse3"]],
        names: &["athlon64-sse3", "k8-sse3", "nocona", "opteron-sse3"],
    },
    Family {
        features: &[&["sse3", "ssse3"]],
        names: &["core2"],
    },
    Family {
        features: &[&["sse3", "popcnt", "lzcnt"]],
        names: &["amdfam10", "barcelona"],
    },
    Family {
        features: &[&["sse3", "ssse3", "movbe"]],
        names: &["atom", "bonnell"],
    },
    Family {
        features: &[&["sse3", "ssse3", "sse4.1"]],
        names: &["penryn"],
    },
    Family {
        features: &[&["sse3", "ssse3", "popcnt", "lzcnt"]],
        names: &["btver1"],
    },
    Family {
        features: &[V2],
        names: &["corei7", "nehalem", "westmere", "x86-64-v2"],
    },
    Family {
        features: &[V2, &["avx"]],
        names: &["corei7-avx", "sandybridge"],
    },
    Family {
        features: &[V2, &["movbe"]],
        names: &["goldmont", "goldmont-plus", "silvermont", "slm"],
    },
    Family {
        features: &[V2, &["avx", "f16c"]],
        names: &["core-avx-i", "ivybridge"],
    },
    Family {
        features: &[V2, &["lzcnt", "avx"]],
        names: &["bdver1"],
    },
    Family {
        features: &[V2, &["movbe", "gfni"]],
        names: &["tremont"],
    },
    Family {
        features: &[V2, &["lzcnt", "bmi", "avx", "f16c", "fma"]],
        names: &["bdver2", "bdver3"],
    },
    Family {
        features: &[V2, &["lzcnt", "bmi", "movbe", "avx", "f16c"]],
        names: &["btver2"],
    },
    Family {
        features: &[V2, V3],
        names: &[
            "bdver4",
            "broadwell",
            "core-avx2",
            "haswell",
            "skylake",
            "x86-64-v3",
            "znver1",
            "znver2",
            "znver3",
        ],
    },
    Family {
        features: &[V2, V3, &["avx512f", "avx512cd"]],
        names: &["knl"],
    },
    Family {
        features: &[V2, V3, &["gfni", "avxvnni"]],
        names: &["alderlake", "gracemont", "meteorlake", "raptorlake"],
    },
    Family {
        features: &[V2, V3, &["avx512f", "avx512cd", "avx512vpopcntdq"]],
        names: &["knm"],
    },
    Family {
        features: &[V2, V3, &["gfni", "avxvnni", "avxneconvert"]],
        names: &[
            "arrowlake",
            "arrowlake-s",
            "clearwaterforest",
            "grandridge",
            "lunarlake",
            "pantherlake",
            "sierraforest",
            "wildcatlake",
        ],
    },
    Family {
        features: &[V2, V3, V4],
        names: &["skx", "skylake-avx512", "x86-64-v4"],
    },
    Family {
        features: &[V2, V3, V4, &["avx512vnni"]],
        names: &["cascadelake"],
    },
    Family {
        features: &[V2, V3, V4, &["avx512ifma", "avx512vbmi"]],
        names: &["cannonlake"],
    },
    Family {
        features: &[V2, V3, V4, &["avx512vnni", "avx512bf16"]],
        names: &["cooperlake"],
    },
    Family {
        features: &[V2, V3, V4, ICELAKE],
        names: &["icelake-client", "icelake-server", "rocketlake"],
    },
    Family {
        features: &[V2, V3, V4, ICELAKE, &["avx512bf16"]],
        names: &["znver4"],
    },
    Family {
        features: &[V2, V3, V4, ICELAKE, &["avx512vp2intersect"]],
        names: &["tigerlake"],
    },
    Family {
        features: &[
            V2,
            V3,
            V4,
            ICELAKE,
            &["avxvnni", "avx512bf16", "avx512fp16"],
        ],
        names: &[
            "emeraldrapids",
            "graniterapids",
            "graniterapids-d",
            "sapphirerapids",
        ],
    },
    Family {
        features: &[
            V2,
            V3,
            V4,
            ICELAKE,
            &["avxvnni", "avx512bf16", "avx512vp2intersect"],
        ],
        names: &["znver5"],
    },
    Family {
        features: &[
            V2,
            V3,
            V4,
            ICELAKE,
            &["avxvnni", "avxneconvert", "avx512bf16", "avx512fp16"],
        ],
        names: &["diamondrapids", "novalake"],
    },
];
/// The 64-bit Arm processors of LLVM 22.
pub(super) static AARCH64: &[Family] = &[
    Family {
        features: &[NEON],
        names: &[
            "apple-a7",
            "apple-a8",
            "apple-a9",
            "cortex-a34",
            "cortex-a35",
            "cortex-a53",
            "cortex-a57",
            "cortex-a72",
            "cortex-a73",
            "cyclone",
            "exynos-m3",
            "generic",
            "kryo",
            "thunderx",
            "thunderxt81",
            "thunderxt83",
            "thunderxt88",
        ],
    },
    Family {
        features: &[NEON, &["rdm"]],
        names: &["apple-a10", "falkor"],
    },
    Family {
        features: &[NEON, V8_1],
        names: &["thunderx2t99"],
    },
    Family {
        features: &[NEON, V8_1, &["fullfp16"]],
        names: &["apple-a11", "carmel"],
    },
    Family {
        features: &[
            NEON,
            V8_1,
            &["fullfp16", "complxnum"],
            SVE,
            &["sve-256", "sve-512"],
        ],
        names: &["a64fx"],
    },
    Family {
        features: &[NEON, V8_1, V8_2],
        names: &["exynos-m4", "exynos-m5"],
    },
    Family {
        features: &[NEON, V8_1, V8_3],
        names: &["thunderx3t110"],
    },
    Family {
        features: &[NEON, V8_1, V8_2, &["rcpc"]],
        names: &[
            "cortex-a55",
            "cortex-a65",
            "cortex-a65ae",
            "cortex-a75",
            "cortex-a76",
            "cortex-a76ae",
            "cortex-a77",
            "cortex-a78",
            "cortex-a78ae",
            "cortex-a78c",
            "cortex-x1",
            "cortex-x1c",
            "neoverse-e1",
            "neoverse-n1",
        ],
    },
    Family {
        features: &[NEON, V8_1, V8_3, &["dotprod"]],
        names: &["saphira"],
    },
    Family {
        features: &[NEON, V8_1, V8_3, &["fullfp16"]],
        names: &["apple-a12", "apple-s4", "apple-s5"],
    },
    Family {
        features: &[NEON, V8_1, V8_2, &["fp16fml", "complxnum", "jsconv"]],
        names: &["tsv110"],
    },
    Family {
        features: &[NEON, V8_1, V8_3, &["dotprod", "bf16", "i8mm"]],
        names: &["oryon-1"],
    },
    Family {
        features: &[NEON, V8_1, V8_2, V8_3, &["fp16fml"]],
        names: &[
            "apple-a13",
            "apple-a14",
            "apple-m1",
            "apple-s6",
            "apple-s7",
            "apple-s8",
            "cortex-r82",
            "cortex-r82ae",
        ],
    },
    Family {
        features: &[NEON, V8_1, V8_2, V8_3, V8_6],
        names: &[
            "ampere1",
            "ampere1a",
            "ampere1b",
            "apple-a15",
            "apple-a16",
            "apple-a17",
            "apple-a18",
            "apple-a19",
            "apple-m2",
            "apple-m3",
            "apple-m4",
            "apple-m5",
            "apple-s10",
            "apple-s9",
        ],
    },
    Family {
        features: &[NEON, V8_1, V8_2, V8_3, V8_6, SVE],
        names: &["neoverse-512tvb"],
    },
    Family {
        features: &[NEON, V8_1, V8_2, V8_3, V8_6, SVE, &["sve-256"]],
        names: &["neoverse-v1"],
    },
    Family {
        features: &[NEON, V8_1, V8_2, V8_3, V8_6, SVE2],
        names: &[
            "ampere1c",
            "c1-nano",
            "c1-premium",
            "c1-pro",
            "c1-ultra",
            "cobalt-100",
            "cortex-a320",
            "cortex-a510",
            "cortex-a520",
            "cortex-a520ae",
            "cortex-a710",
            "cortex-a715",
            "cortex-a720",
            "cortex-a720ae",
            "cortex-a725",
            "cortex-x2",
            "cortex-x3",
            "cortex-x4",
            "cortex-x925",
            "fujitsu-monaka",
            "gb10",
            "grace",
            "neoverse-n2",
            "neoverse-n3",
            "neoverse-v2",
            "neoverse-v3",
            "neoverse-v3ae",
            "olympus",
        ],
    },
];
