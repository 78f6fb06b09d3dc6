"""Writes .npy and .npz files that are wrong in one way each: `hostile_npy.py FOLDER`."""

import io
import pathlib
import sys
import zipfile

import numpy as np

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


def write(name, content):
    (folder / name).write_bytes(content)


def saved(array, **options):
    out = io.BytesIO()
    np.save(out, array, **options)
    return out.getvalue()


def with_header(text, data=b"", version=(1, 0), length=None):
    """A file whose header is `text`, padded as NumPy pads it."""
    header = text.encode("latin1")
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    size = len(header) if length is None else length
    width = 2 if version[0] == 1 else 4
    return b"\x93NUMPY" + bytes(version) + size.to_bytes(width, "little") + header + data


def described(descr="'<f8'", order="False", shape="(3,)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


good = saved(np.arange(3.0))
data = good[-24:]
write("good.npy", good)
write("empty_file.npy", b"")
write("magic.npy", b"\x93NUMPX" + good[6:])
write("text.npy", b"1.0, 2.0, 3.0\n")
write("only_magic.npy", good[:6])
write("cut_header.npy", good[:40])
write("cut_data.npy", good[:-1])
write("no_data.npy", good[:-24])
write("version.npy", good[:6] + b"\x09\x00" + good[8:])
write("header_length.npy", with_header(described(), data, length=0xFFFF))
write("header_length_v2.npy", with_header(described(), data, version=(2, 0), length=0xFFFFFFFF))
write("overflow.npy", with_header(described(shape="(4611686018427387904, 4)"), data))
write("larger_than_64_bits.npy", with_header(described(shape="(99999999999999999999,)"), data))
write("terabytes.npy", with_header(described(shape="(1000000000000,)"), data))
write("negative.npy", with_header(described(shape="(-3,)"), data))
write("many_axes.npy", with_header(described(shape="(" + "1, " * 500 + ")"), data))
write("no_shape.npy", with_header("{'descr': '<f8', 'fortran_order': False, }", data))
write("not_a_dict.npy", with_header("[1, 2, 3]", data))
write("code.npy", with_header("__import__('os').system('true')", data))
write("nested.npy", with_header("(" * 20000, data, version=(2, 0)))
write("nul.npy", with_header(described(descr="'<f\x008'"), data))
write("unknown_dtype.npy", with_header(described(descr="'<q7'"), data))
write("object.npy", saved(np.array([1, "two"], dtype=object), allow_pickle=True))
write("string.npy", saved(np.array(["a", "b"])))
write("record.npy", saved(np.zeros(3, dtype=[("x", "f8"), ("y", "i4")])))
write("date.npy", saved(np.array(["2020-01-01"], dtype="datetime64[D]")))

np.savez(folder / "good.npz", x=np.arange(3.0))
archive = (folder / "good.npz").read_bytes()
write("cut.npz", archive[: len(archive) // 2])
write("not_a_zip.npz", b"PK" + b"\0" * 100)
write("empty_file.npz", b"")
with zipfile.ZipFile(folder / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as bomb:
    # A kilobyte that says that it is a terabyte, and is a gigabyte of zeros in part.
    bomb.writestr("x.npy", with_header(described(shape="(1000000000000,)")) + bytes(1 << 20))
with zipfile.ZipFile(folder / "member.npz", "w") as bad:
    bad.writestr("x.npy", b"not an array")
flipped = bytearray(archive)
flipped[archive.index(data)] ^= 1
write("checksum.npz", bytes(flipped))
