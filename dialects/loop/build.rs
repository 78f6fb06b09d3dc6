//! Lets examples and tests find LLVM's shared libraries in a development build.

fn main() {
    println!("cargo:rerun-if-env-changed=MLIR_SYS_220_PREFIX");
    println!("cargo:rerun-if-env-changed=MLIR_SYS_LINK_SHARED");
    let shared = std::env::var("MLIR_SYS_LINK_SHARED").is_ok_and(|value| value == "1");
    if let Ok(prefix) = std::env::var("MLIR_SYS_220_PREFIX")
        && shared
    {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{prefix}/lib");
    }
}
