"""Each operator undoes the kind of fault that it is for, on a whole small file."""

from __future__ import annotations

import pytest
from template_kit import context_of, drawn, reaches, results

FAULTS = {
    "a comparison that misses its bound": ("<", "<=", "def f(a, b):\n    return a {} b\n"),
    "and for or": ("and", "or", "def f(a, b):\n    return a {} b\n"),
    "a number one too small": ("1", "2", "def f(a):\n    return a[{}]\n"),
    "a wrong operator in an update": ("-=", "//=", "def f(a, b):\n    a {} b\n    return a\n"),
    "a wrong name": ("width", "height", "def f(width, height):\n    return width * {}\n"),
    "a wrong attribute": (
        "self.rows",
        "self.cols",
        "class A:\n    def __init__(self, rows, cols):\n        self.rows = rows\n        self.cols = cols\n\n"
        "    def last(self):\n        return {} - 1\n",
    ),
    "a wrong method of one family": ("append", "extend", "def f(a, b):\n    a.{}(b)\n    return a\n"),
    "operands the wrong way round": ("b - a", "a - b", "def f(a, b):\n    return {}\n"),
    "arguments the wrong way round": (
        "b, a",
        "a, b",
        "def g(a, b):\n    return a\n\n\ndef f(a, b):\n    return g({})\n",
    ),
    "an argument that is not passed on": (
        "a",
        "a, deep",
        "def g(a, deep=False):\n    return a\n\n\ndef f(a, deep=False):\n    return g({})\n",
    ),
    "keyword arguments that are not passed on": (
        "*args",
        "*args, **kwargs",
        "def f(function, *args, **kwargs):\n    return function({})\n",
    ),
    "a missing conversion": ("a - b", "abs(a - b)", "def f(a, b):\n    return {}\n"),
    "a negated condition": ("not a", "a", "def f(a):\n    if {}:\n        return 1\n    return 2\n"),
    "a missing not": ("a", "not a", "def f(a):\n    if {}:\n        return 1\n    return 2\n"),
    "an operand too much": ("a + 1", "a", "def f(a):\n    return {}\n"),
    "a term too little": ("b", "a + b", "def f(a, b):\n    return {}\n"),
    "a slice with the wrong end": (":n", "n:", "def f(a, n):\n    return a[{}]\n"),
    "a range that stops early": ("n", "n + 1", "def f(n):\n    return sum(range({}))\n"),
    "a missing guard against the end": (
        "a[i + 1] == b",
        "i + 1 < len(a) and a[i + 1] == b",
        "def f(a, b, i):\n    if {}:\n        return True\n    return False\n",
    ),
    "a missing base case": (
        "",
        "if not items:\n        return 0\n    ",
        "def f(items):\n    {}return sum(items) / len(items)\n",
    ),
    "a return that is forgotten": (
        "",
        "\n    return found",
        "def f(items):\n    found = []\n    for item in items:\n        found.append(item)\n    found.sort(){}\n",
    ),
    "a step that is forgotten": (
        "",
        "\n            seen.add(item)",
        "def f(items):\n    seen = set()\n    out = []\n    for item in items:\n        if item not in seen:\n"
        "            out.append(item){}\n    return out\n",
    ),
    "a loop that never steps": (
        "",
        "\n        i += 1",
        "def f(n):\n    i = 0\n    while i < n:\n        print(i){}\n",
    ),
    "a return inside the loop": (
        "        return total",
        "    return total",
        "def f(items):\n    total = 0\n    for item in items:\n        total += item\n{}\n",
    ),
    "a shared default": (
        "=[]):\n",
        "=None):\n    if into is None:\n        into = []\n",
        "def f(item, into{}    into.append(item)\n    return into\n",
    ),
    "the wrong exception caught": (
        "ValueError",
        "(ValueError, TypeError)",
        "def f(a):\n    try:\n        return int(a)\n    except {}:\n        return 0\n",
    ),
    "a coroutine that is not awaited": (
        "g()",
        "await g()",
        "async def g():\n    return 1\n\n\nasync def f():\n    x = {}\n    return x\n",
    ),
    "a lost self": (
        "size",
        "self.size",
        "class A:\n    size = 3\n\n    def f(self):\n        return {}\n",
    ),
    "a missing key": ("d[k]", "d.get(k, 0)", "def f(d, k):\n    return {}\n"),
    "a generator that nests": ("yield", "yield from", "def f(a):\n    {} list(a)\n"),
    "break for continue": (
        "break",
        "continue",
        "def f(a):\n    for x in a:\n        if x:\n            {}\n        print(x)\n",
    ),
    "a misspelt word of the message": ("Jupyter", "Jupiter", 'def f():\n    return ["Mars", "{}"]\n'),
    "the last truth values the wrong way round": (
        "return True\n    return False",
        "return False\n    return True",
        "def f(a):\n    if a:\n        {}\n",
    ),
    "the same slip twice": ('"-".join(a) + "-"', '"".join(a) + ""', "def f(a):\n    return {}\n"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_undoes(fault, tmp_path):
    wrong, right, frame = FAULTS[fault]
    base, fixed = frame.format(wrong).encode(), frame.format(right).encode()
    message = "assert 'Mars' in ['Jupiter']" if "Jupyter" in wrong else ""
    context = context_of(tmp_path, {"m.py": base}, {"m.py": {}}, message=message)
    assert reaches(context, fixed)


@pytest.mark.parametrize(
    ("error", "message", "operator", "source"),
    [
        ("KeyError", "KeyError: 'a'", "default value", b"def f(d, k):\n    return d[k] + 1\n"),
        (
            "AttributeError",
            "'NoneType' object has no attribute 'x'",
            "early return",
            b"def f(a):\n    return a.x\n",
        ),
        ("IndexError", "list index out of range", "early return", b"def f(items):\n    return items[0]\n"),
    ],
)
def test_kind_of_failure_brings_its_operator_forward(error, message, operator, source, tmp_path):
    def place(kind, text, folder):
        context = context_of(folder, {"m.py": source}, {"m.py": {}}, error=kind, message=text)
        return [each.operator for each in drawn(context)].index(operator)

    assert place(error, message, tmp_path / "told") < place("AssertionError", "", tmp_path / "untold")


def test_name_that_python_suggests_comes_first(tmp_path):
    source = b"def f(values):\n    return len(valeus) + 1\n"
    message = "NameError: name 'valeus' is not defined. Did you mean: 'values'?"
    told = message.replace("is not defined", "is not defined")
    context = context_of(tmp_path, {"m.py": source}, {"m.py": {}}, error="NameError", message=told)
    first = drawn(context, 3)
    assert b"def f(values):\n    return len(values) + 1\n" in results(context, first)


def test_forgotten_parameter_is_tried_before_used_names(tmp_path):
    source = b"def f(first, second, third):\n    total = first + second\n    return total + first\n"
    context = context_of(tmp_path, {"m.py": source}, {"m.py": {3: 0.9}})
    swaps = [
        text
        for each, text in zip(drawn(context), results(context, drawn(context)), strict=True)
        if each.operator == "name"
    ]
    assert swaps[0].endswith((b"return total + third\n", b"return third + first\n"))


def test_argument_is_found_in_the_signature_of_another_file(tmp_path):
    files = {
        "lib.py": b"def area(width, height, scale=1):\n    return width * height * scale\n",
        "app.py": b"from lib import area\n\n\ndef total(width, height, scale):\n    return area(width, height)\n",
    }
    context = context_of(tmp_path, files, {"app.py": {}})
    assert any(
        text.endswith(b"return area(width, height, scale)\n") for text in results(context, drawn(context))
    )


UNITS = b"def to_miles(x):\n    return x\n\n\ndef to_metres(x):\n    return x\n"
FAR = b"import units\n\n\ndef far(x):\n    return units.to_miles(x)\n"
BASE = b"class Base:\n    def __init__(self):\n        self.width = 1\n        self.height = 2\n"
BOX = b"from base import Base\n\n\nclass Box(Base):\n    def tall(self):\n        return self.width\n"


@pytest.mark.parametrize(
    ("files", "wrong", "right"),
    [
        ({"units.py": UNITS, "app.py": FAR}, b"to_miles", b"to_metres"),
        ({"base.py": BASE, "app.py": BOX}, b"self.width", b"self.height"),
    ],
    ids=["name of the module that it is read from", "attribute of a base class"],
)
def test_ingredient_is_found_in_another_file(tmp_path, files, wrong, right):
    context = context_of(tmp_path, files, {"app.py": {}})
    assert reaches(context, files["app.py"].replace(wrong, right), 100)


def test_constant_that_suspected_code_reads_is_suspected(tmp_path):
    source = b"LIMIT = 9\n\n\ndef f(a):\n    return a < LIMIT\n"
    context = context_of(tmp_path, {"m.py": source}, {"m.py": {5: 0.8}})
    assert reaches(context, source.replace(b"9", b"10"))
