//! The one table of functions that compiled code may call, by C symbol.
//!
//! The loader of artifacts and the JIT both resolve through it, so that a program runs the same either
//! way and can reach nothing else of the process. Functions of libc and libm are linked at build time.

use std::ffi::CString;
use std::sync::OnceLock;

use crate::context::{npir_rt_alloc, npir_rt_raise, npir_rt_release, npir_rt_retain};
use crate::half_float as hf;
use crate::library;
use crate::pool::npir_rt_parallel_for;
use crate::sanitizer;

/// One row of the table.
#[derive(Clone, Copy)]
struct Symbol {
    name: &'static str,
    address: usize,
}

macro_rules! system_functions {
    ($($name:ident)*) => {
        mod system {
            // Only the addresses are taken; the signatures do not matter here.
            #[allow(clashing_extern_declarations)]
            unsafe extern "C" {
                $(pub(super) fn $name();)*
            }
        }

        const SYSTEM: &[(&str, unsafe extern "C" fn())] = &[$((stringify!($name), system::$name)),*];
    };
}

system_functions! {
    memcpy memmove memset memcmp strlen wcslen
    acos acosf acosh acoshf asin asinf asinh asinhf atan atanf atan2 atan2f atanh atanhf
    cacos cacosh casin casinh catan catanh ccos ccosh cexp clog cpow csin csinh csqrt ctan ctanh
    cbrt cbrtf ceil ceilf copysign copysignf cos cosf cosh coshf
    erf erff erfc erfcf exp expf exp2 exp2f expm1 expm1f
    fabs fabsf fdim fdimf floor floorf fma fmaf fmax fmaxf fmin fminf fmod fmodf frexp frexpf
    hypot hypotf ilogb ilogbf ldexp ldexpf lgamma lgammaf llrint llrintf llround llroundf
    log logf log10 log10f log1p log1pf log2 log2f logb logbf lrint lrintf lround lroundf
    modf modff nearbyint nearbyintf nextafter nextafterf pow powf
    remainder remainderf rint rintf round roundf scalbn scalbnf
    sin sinf sinh sinhf sqrt sqrtf tan tanf tanh tanhf tgamma tgammaf trunc truncf
}

/// What only some C libraries have (LLVM forms calls to them on those systems).
const OPTIONAL: &[&str] = &[
    "bcmp",
    "exp10",
    "exp10f",
    "roundeven",
    "roundevenf",
    "sincos",
    "sincosf",
];

fn table() -> &'static [Symbol] {
    static TABLE: OnceLock<Vec<Symbol>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table: Vec<Symbol> = SYSTEM
            .iter()
            .map(|&(name, function)| Symbol {
                name,
                address: function as usize,
            })
            .collect();
        macro_rules! ours {
            ($($name:literal => $function:expr),* $(,)?) => {
                $(table.push(Symbol { name: $name, address: $function as *const () as usize });)*
            };
        }
        ours! {
            "npir_rt_alloc" => npir_rt_alloc,
            "npir_rt_retain" => npir_rt_retain,
            "npir_rt_release" => npir_rt_release,
            "npir_rt_raise" => npir_rt_raise,
            "npir_rt_parallel_for" => npir_rt_parallel_for,
            "__truncdfhf2" => hf::truncdfhf2,
            "__truncsfhf2" => hf::truncsfhf2,
            "__extendhfsf2" => hf::extendhfsf2,
            "__extendhfdf2" => hf::extendhfdf2,
            "__truncdfbf2" => hf::truncdfbf2,
            "__truncsfbf2" => hf::truncsfbf2,
            "__extendbfsf2" => hf::extendbfsf2,
            "__gnu_f2h_ieee" => hf::gnu_f2h_ieee,
            "__gnu_h2f_ieee" => hf::gnu_h2f_ieee,
            "__powidf2" => hf::powidf2,
            "__powisf2" => hf::powisf2,
        }
        for (name, entry) in library::table() {
            let address = entry as *const () as usize;
            table.push(Symbol { name, address });
        }
        for &name in OPTIONAL {
            if let Some(address) = look_up(name) {
                table.push(Symbol { name, address });
            }
        }
        table.sort_unstable_by_key(|symbol| symbol.name);
        table
    })
}

/// The address of `name` in the process.
fn look_up(name: &str) -> Option<usize> {
    let name = CString::new(name).ok()?;
    // SAFETY: a valid C string.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!address.is_null()).then_some(address as usize)
}

/// The address of the function that compiled code means by `name`; `None` if it may not be called or
/// this system lacks it.
pub fn resolve(name: &str) -> Option<*const ()> {
    let table = table();
    let address = match table.binary_search_by_key(&name, |symbol| symbol.name) {
        Ok(i) => table[i].address,
        Err(_) if name.starts_with("__asan_") => {
            return sanitizer::symbols()
                .find(|(known, _)| *known == name)
                .map(|(_, p)| p);
        }
        Err(_) => return None,
    };
    Some(address as *const ())
}

/// Every entry of the table, sorted by name.
pub fn all() -> impl Iterator<Item = (&'static str, *const ())> {
    table()
        .iter()
        .map(|symbol| (symbol.name, symbol.address as *const ()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_complete() {
        let names: Vec<_> = all().map(|(name, _)| name).collect();
        assert!(names.windows(2).all(|w| w[0] < w[1]));
        assert!(all().all(|(name, p)| !p.is_null() && resolve(name) == Some(p)));
        for name in [
            "npir_rt_alloc",
            "exp",
            "expf",
            "memcpy",
            "__truncdfhf2",
            "sincos",
        ] {
            assert!(resolve(name).is_some(), "{name}");
        }
        for name in ["system", "", "dlopen", "npir_rt_", "exp\0"] {
            assert!(resolve(name).is_none(), "{name}");
        }
    }

    #[test]
    fn an_entry_is_the_function_it_names() {
        let exp = resolve("exp").unwrap();
        // SAFETY: libm's exp has this type.
        let exp: extern "C" fn(f64) -> f64 = unsafe { std::mem::transmute(exp) };
        assert_eq!(exp(0.0), 1.0);
    }
}
