"""Writes artifacts that are wrong in one way each, beside a good one: `hostile_artifacts.py FILE`."""

import pathlib
import sys

path = pathlib.Path(sys.argv[1])
good = path.read_bytes()
HEADER = 64
manifest_length = int.from_bytes(good[16:24], "little")


def write(name, content):
    (path.parent / f"{name}.npir").write_bytes(content)


def patched(at, new):
    return good[:at] + new + good[at + len(new) :]


def flipped(at):
    return patched(at, bytes([good[at] ^ 1]))


write("empty", b"")
write("magic", b"NPIRBRT\0" + good[8:])
write("text", b"func.func private @f()\n")
write("only_magic", good[:8])
write("cut_header", good[:40])
write("cut_manifest", good[: HEADER + manifest_length // 2])
write("cut_code", good[:-1])
write("longer", good + b"\0")
write("huge", patched(24, (1 << 40).to_bytes(8, "little")))
write("overflow", patched(16, (2**64 - 1).to_bytes(8, "little") * 2))
write("version", patched(8, (999).to_bytes(4, "little")))
write("manifest", flipped(HEADER + manifest_length // 2))
write("code", flipped(HEADER + manifest_length + 200))
