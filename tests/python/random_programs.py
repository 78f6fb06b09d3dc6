"""Random NumPy programs: loops, slices, masks, mutation, views and mixed types, as source text."""

import random

#: Element types of arguments.
DTYPES = ["float64"] * 6 + ["float32"] * 2 + ["int64"] * 2 + ["int32", "uint8", "bool", "complex128"]


class Program:
    """The source of a function ``program(a, b, n)`` of two arrays of shape (r, c) and an integer."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.arrays = ["a", "b"]
        self.numbers = ["n"]
        self.lines: list[str] = []
        self.fresh = 0
        self.block(1, self.random.randint(3, 9))
        results = self.random.sample(self.arrays, min(2, len(self.arrays))) + self.numbers[-2:]
        self.lines.append(f"    return {', '.join(results)},")
        self.source = "import numpy as np\n\n\ndef program(a, b, n):\n" + "\n".join(self.lines) + "\n"

    def pick(self, items):
        return self.random.choice(items)

    def new(self, letter: str) -> str:
        self.fresh += 1
        return f"{letter}{self.fresh}"

    def constant(self) -> str:
        return self.pick(["0", "1", "2", "3", "-1", "0.5", "2.0", "-1.5", "7", "True"])

    def number(self, depth: int = 0) -> str:
        if depth > 1 or self.random.random() < 0.5:
            return self.pick([*self.numbers, self.constant()])
        a, b = self.number(depth + 1), self.number(depth + 1)
        return self.pick(
            [
                f"({a} + {b})",
                f"({a} - {b})",
                f"({a} * {b})",
                f"({a} // 3)",
                f"abs({a})",
                f"min({a}, {b})",
                f"({a} if {a} > {b} else {b})",
                f"float({a})",
                # What is zero but for rounding is not to be true.
                f"np.round({self.pick(self.arrays)}.sum(), 6)",
                f"{self.pick(self.arrays)}[0, {self.pick(['0', '-1', '1'])}]",
                f"np.max({self.pick(self.arrays)})",
                f"len({self.pick(self.arrays)})",
            ]
        )

    def array(self, depth: int = 0) -> str:
        if depth > 2 or self.random.random() < 0.3:
            return self.pick(self.arrays)
        x, y = self.array(depth + 1), self.array(depth + 1)
        return self.pick(
            [
                f"({x} + {y})",
                f"({x} - {y})",
                f"({x} * {self.number(1)})",
                # What grows without end ends in comparisons of noise.
                f"np.clip({x} * {y}, -9, 9)",
                f"np.maximum({x}, {y})",
                f"np.where({x} > {y}, {x}, {y})",
                f"np.abs({x})",
                f"np.sqrt(np.abs({x}))",
                f"{x}[::-1]",
                f"{x}[:, ::-1]",
                f"({x} - {x}.mean(axis=0))",
                f"({x} / ({y}.max(axis=1, keepdims=True) + 10))",
                f"np.cumsum({x}, axis=0)",
                f"np.roll({x}, 1, axis=1)",
                f"np.clip({x}, 0, 3)",
                f"{x}.astype(np.float64)",
                f"np.clip({x} @ {y}.T @ {x}, -9, 9)",
                f"np.sort({x}, axis=1)",
            ]
        )

    def condition(self) -> str:
        return self.pick(
            [
                f"{self.number()} > {self.number()}",
                f"{self.pick(self.arrays)}.sum() > {self.constant()} + 0.37",
                f"{self.pick(self.arrays)}[0, 0] < {self.constant()} + 0.37",
                f"np.any({self.pick(self.arrays)} > 2)",
                f"not {self.pick(self.arrays)}.all()",
                f"n > 2 and {self.number()} < 5",
                f"0 < {self.number()} <= 4",
            ]
        )

    def put(self, level: int, text: str) -> None:
        self.lines.append("    " * level + text)

    def block(self, level: int, count: int, loop: str | None = None) -> None:
        for _ in range(count):
            self.statement(level, loop)

    def statement(self, level: int, loop: str | None) -> None:
        kind = self.random.random()
        array = self.pick(self.arrays)
        if kind < 0.2:
            name = self.new("x") if level == 1 else self.pick(self.arrays)
            self.put(level, f"{name} = {self.array()}")
            if level == 1:
                self.arrays.append(name)
        elif kind < 0.32:
            name = self.new("s") if level == 1 else self.pick([n for n in self.numbers if n != "n"] or ["s0"])
            self.put(level, f"{name} = {self.number()}")
            if level == 1:
                self.numbers.append(name)
        elif kind < 0.42:
            rows = self.pick(["1:", ":-1", "::2", "0", "-1", ":", "1:3"])
            self.put(level, f"{array}[{rows}] {self.pick(['=', '+=', '*='])} {self.number()}")
        elif kind < 0.5:
            self.put(level, f"{array}[{array} > {self.constant()}] {self.pick(['=', '+='])} {self.number(1)}")
        elif kind < 0.57:
            self.put(level, f"{array} {self.pick(['+=', '-=', '*='])} {self.array(1)}")
        elif kind < 0.62 and level == 1:
            view = self.new("v")
            self.put(level, f"{view} = {array}[{self.pick(['::2', '1:', ':, ::-1', ':, 1:'])}]")
            self.put(level, f"{view} += {self.number(1)}")
        elif kind < 0.68 and loop:
            self.put(level, f"{array}[{loop} % len({array}), 0] {self.pick(['=', '+='])} {self.number()}")
        elif kind < 0.74 and loop:
            self.put(level, f"if {self.condition()}:")
            self.put(level + 1, self.pick(["break", "continue"]))
        elif kind < 0.84 and level < 3:
            self.put(level, f"if {self.condition()}:")
            self.block(level + 1, self.random.randint(1, 2), loop)
            if self.random.random() < 0.5:
                self.put(level, "else:")
                self.block(level + 1, self.random.randint(1, 2), loop)
        elif level < 3:
            name = self.new("i")
            over = self.pick(["range(3)", "range(n)", f"range(len({array}))", f"range({array}.shape[1] - 1, 0, -1)"])
            self.put(level, f"for {name} in {over}:")
            self.numbers.append(name)
            self.block(level + 1, self.random.randint(1, 3), name)
            self.numbers.remove(name)
        else:
            self.put(level, f"{array}[0] = {self.number(1)}")
