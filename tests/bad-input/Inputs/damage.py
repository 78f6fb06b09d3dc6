"""Runs a command on damaged copies of a file: `damage.py FILE COMMAND…`.

Cut off or changed at places spread over the file, it may be refused (exit code 1, with a message) or,
where the change is not to be seen, taken (0). It never ends by a signal or a panic.
"""

import pathlib
import subprocess
import sys

path = pathlib.Path(sys.argv[1])
good = path.read_bytes()
places = sorted({len(good) * i // 24 for i in range(24)})
copy = path.with_suffix(".damaged" + path.suffix)
refused = 0
for kind, damage in [
    ("cut at", lambda at: good[:at]),
    ("changed at", lambda at: good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :]),
]:
    for place in places:
        copy.write_bytes(damage(place))
        done = subprocess.run([*sys.argv[2:], str(copy)], capture_output=True, text=True, errors="replace", timeout=60)
        refused += done.returncode == 1
        if done.returncode not in (0, 1) or "panicked" in done.stderr or (done.returncode and not done.stderr.strip()):
            sys.exit(f"{kind} {place}: exit code {done.returncode}\n{done.stderr}")
        for argument in sys.argv[2:]:
            if argument.endswith((".npir", ".npy")) and "out" in argument:
                pathlib.Path(argument).unlink(missing_ok=True)
if refused < len(places):
    sys.exit(f"only {refused} damaged copies were refused")
