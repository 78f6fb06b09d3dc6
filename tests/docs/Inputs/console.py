"""Runs what Markdown pages show: `console.py FOLDER EXAMPLES PAGE_OR_FOLDER…`.

A fenced block after `<!-- file: NAME -->` is a file. In a `console` block, lines that start with `$ ` are
commands and the lines below each are what it prints: `...` on a line of its own stands for any lines,
`[..]` for any text. Each page runs in an empty folder with the examples in `examples`; commands of cargo
are left out, for they build.
"""

import difflib
import os
import pathlib
import re
import subprocess
import sys

BLOCK = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n+)?^```(?P<kind>\w*)[^\n]*\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(body):
    """(command, printed) pairs of a console block."""
    found = []
    lines = iter(body.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command = command[:-1] + next(lines).strip()
            found.append((command, []))
        elif found:
            found[-1][1].append(line)
    return [(command, "\n".join(printed).strip()) for command, printed in found]


def pattern(printed):
    parts = []
    for line in printed.splitlines():
        if line == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*?".join(re.escape(part) for part in line.rstrip().split("[..]")) + r"\n")
    return re.compile("".join(parts))


def check(page, folder, examples):
    wrong = []
    folder.mkdir()
    (folder / "examples").symlink_to(examples)
    environment = dict(os.environ, PATH=os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]]))
    for block in BLOCK.finditer(page.read_text()):
        if block["file"]:
            (folder / block["file"]).write_text(block["body"])
        if block["kind"] != "console":
            continue
        for command, printed in commands(block["body"]):
            if command.startswith("cargo "):
                continue
            done = subprocess.run(
                command, shell=True, cwd=folder, env=environment, text=True, timeout=120,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
            got = "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())
            if not pattern(printed).fullmatch(got + "\n" if got else ""):
                diff = difflib.unified_diff(printed.splitlines(), got.splitlines(), "in the page", "printed", lineterm="", n=99)
                wrong.append(f"{page}: $ {command}\n" + "\n".join(diff))
    return wrong


def main():
    folder, examples, *pages = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    files = [file for page in pages for file in (sorted(page.rglob("*.md")) if page.is_dir() else [page])]
    wrong = [message for i, file in enumerate(files) for message in check(file, folder / str(i), examples)]
    if wrong:
        sys.exit("\n\n".join(wrong))


main()
