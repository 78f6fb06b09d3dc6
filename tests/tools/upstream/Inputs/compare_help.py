"""What `mlir-opt --help` and `--show-dialects` list, `npir-opt` lists too; test passes excepted."""

import re
import subprocess
import sys


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def flags(tool):
    """Flags (two spaces), passes and pipelines (six spaces); options of passes are deeper."""
    return set(re.findall(r"^(?:  |      )(--[\w-]+)", output(tool, "--help"), re.MULTILINE))


def dialects(tool):
    lines = output(tool, "--show-dialects").splitlines()
    return set(re.split(r"[,:\s]+", " ".join(line for line in lines if "Dialects" in line)))


def is_test(name):
    return re.search(r"(^|[-_])test($|[-_])", name.removeprefix("--")) is not None


def main():
    missing = []
    for kind, listed in [("flag or pass", flags), ("dialect", dialects)]:
        upstream = listed("mlir-opt")
        if len(upstream) < 40:
            sys.exit(f"cannot read mlir-opt's list of each {kind}")
        missing += [f"{kind} {name}" for name in sorted(upstream - listed("npir-opt")) if not is_test(name)]
    if missing:
        sys.exit("npir-opt lacks\n  " + "\n  ".join(missing))


main()
