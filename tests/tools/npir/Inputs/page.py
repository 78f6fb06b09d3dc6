"""Checks a page of `npir explain --html assign.mlir`: `page.py FILE`."""

import re
import sys
import xml.etree.ElementTree as ElementTree

HTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"


def texts(elements):
    return ["".join(element.itertext()) for element in elements]


page = ElementTree.parse(sys.argv[1]).getroot()
assert page.tag == f"{HTML}html", page.tag

# What the program is called, and what it looks like at each level.
headings = texts(page.iter(f"{HTML}h2"))
assert headings == ["assign", "The program at each level"], headings
levels = {section[0].text: section[1].text for section in page.iter(f"{HTML}section")}
assert list(levels) == ["as it came", "optimized", "tensor", "loop", "device", "llvm"], list(levels)
assert all("assign" in text for text in levels.values())
for level, part in [
    ("as it came", "%d = numpy.subtract %a, %c"),
    ("optimized", 'numpy.einsum "ac,bc->ab"'),
    ("tensor", "linalg."),
    ("loop", "loop."),
    ("llvm", "llvm.func"),
]:
    assert part in levels[level], (level, part)

# The kernels: boxes that do not overlap, and an edge for each value that one takes.
boxes = [rect for rect in page.iter(f"{SVG}rect")]
kernels = [rect for rect in boxes if rect.get("class") == "kernel"]
assert (len(kernels), len(boxes)) == (3, 6), (len(kernels), len(boxes))
places = [[float(box.get(name)) for name in ("x", "y", "width", "height")] for box in boxes]
for i, (x, y, width, height) in enumerate(places):
    for x2, y2, width2, height2 in places[:i]:
        assert x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y
drawing = next(page.iter(f"{SVG}svg"))
width, height = float(drawing.get("width")), float(drawing.get("height"))
assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in places)
assert len(list(page.iter(f"{SVG}path"))) == 6
lines = texts(page.iter(f"{SVG}text"))
assert {"numpy.argmin axis 1 : i64", "argument 0", "argument 1"} <= set(lines), lines

# What plans cost: a bar for each, as long as its time says.
bars = [div for div in page.iter(f"{HTML}div") if div.get("class") == "bar"]
widths = [float(re.fullmatch(r"width: ([\d.]+)%", bar.get("style")).group(1)) for bar in bars]
labels = [span for span in texts(page.iter(f"{HTML}span")) if span.endswith("µs")]
times = [float(re.search(r"([\d.]+) µs$", label).group(1)) for label in labels]
assert [label.split(",")[0] for label in labels] == ["as it came", "chosen", "best rejected"], labels
assert all(abs(width - 100 * time / max(times)) < 0.2 for width, time in zip(widths, times, strict=True))
# The kernels take what the plan costs.
of_kernels = [float(match.group(1)) for line in lines if (match := re.match(r"([\d.]+) µs \(", line))]
assert abs(sum(of_kernels) - times[1]) < 0.2, (of_kernels, times)

# The rules, those that the plan has and others.
rules = texts(page.iter(f"{HTML}li"))
assert any(rule.startswith("squared-distances (relaxed): Σ (a - b)²") for rule in rules), rules

# Nothing is loaded from elsewhere.
for element in page.iter():
    assert not {"src", "href", "data"} & set(element.keys()), element.attrib
assert "url(" not in "".join(page.itertext()) and "@import" not in "".join(page.itertext())
