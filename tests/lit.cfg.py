"""lit configuration of the `.mlir` tests.

`cargo xtask test` sets NPIR_BIN_DIR, LLVM_BIN_DIR and NPIR_PYTHON; `lit tests` from the repository
root works too, with a debug build, LLVM's default prefix and the environment of `cargo xtask setup`.
"""

import os
import pathlib
import shutil

import lit.formats

root = pathlib.Path(__file__).resolve().parent.parent
prefix = pathlib.Path(os.environ.get("LLVM_SYS_221_PREFIX", "/usr/lib/llvm-22"))
npir_bin = pathlib.Path(os.environ.get("NPIR_BIN_DIR", root / "target" / "debug"))
llvm_bin = pathlib.Path(os.environ.get("LLVM_BIN_DIR", prefix / "bin"))
python = pathlib.Path(os.environ.get("NPIR_PYTHON", root / "target" / "venv" / "bin" / "python"))

for path in (llvm_bin / "FileCheck", python):
    if not path.exists():
        lit_config.fatal(f"{path} does not exist; run `cargo xtask setup`")

config.name = "npir"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
# Inputs holds files that tests read, not tests.
config.excludes = ["Inputs", "python"]
config.test_source_root = str(root / "tests")
config.test_exec_root = str(root / "target" / "lit")

# Tests call tools by name: those of this build come first, then those of the LLVM it was built with.
config.environment["PATH"] = os.pathsep.join([str(npir_bin), str(llvm_bin), os.environ["PATH"]])
for name in ("FILECHECK_OPTS", "RUST_BACKTRACE", "NPIR_TEST_LONG"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

# `cargo xtask test` installs it where it can, and says so where it cannot.
if shutil.which("chromium"):
    config.available_features.add("chromium")

config.substitutions += [
    ("%python", str(python)),
    ("%examples", str(root / "examples")),
]
