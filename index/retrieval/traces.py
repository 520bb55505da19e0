"""Read the stack frames that a text quotes: tracebacks, panics, sanitizer reports, compiler messages.

Forms of Python and pytest, JavaScript, Java and Kotlin, Go, Rust, C and C++, C#, Ruby, PHP. Knows no repository.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MAX_FRAMES = 200
_PARTS = {
    # A path as traces print it: no blanks, maybe a drive letter.
    "<FILE>": r"(?:[A-Za-z]:)?[\w./\\@+~-]{0,250}[\w+-]",
    "<C>": r"(?:c|cc|cpp|cxx|h|hh|hpp|hxx|m|mm)",
    "<JS>": r"[cm]?[jt]sx?",
    "<JVM>": r"(?:java|kt|scala|groovy)",
    "<ANY>": r"(?:c|cc|cpp|cxx|h|hh|hpp|hxx|m|mm|go|rs|[cm]?[jt]sx?|java|kt|scala|cs|rb|php|swift|lua|pyx)",
    "<SCHEME>": r"(?:file://|webpack:///?|node:)?",
}
"""What the patterns share. Repetitions are bounded, so that any text takes linear time."""


def _pattern(text: str) -> re.Pattern[str]:
    for name, part in _PARTS.items():
        text = text.replace(name, part)
    return re.compile(text, re.MULTILINE)


_LAST_INNERMOST = (
    _pattern(r'File "(?P<path>[^"\n]+)", line (?P<line>\d+)(?:, in (?P<function>[\w.<>]+))?'),
    _pattern(r"^[ \t]*(?:E[ \t]+)?(?P<path>[\w./\\-]+\.pyi?):(?P<line>\d+):(?: in (?P<function>[\w.<>]+))?"),
)
"""Python and pytest: the failing call comes last."""
_FIRST_INNERMOST = (
    # Java, Kotlin, Scala: at org.shop.Cart.total(Cart.java:12), maybe with a module before a slash
    _pattern(r"\bat (?:[\w.@-]+/)?(?P<function>[\w$.<>]{1,200})\((?P<path>[\w$-]+\.<JVM>):(?P<line>\d+)\)"),
    # C#: at Shop.Cart.Total(Int32 n) in C:\src\Cart.cs:line 12
    _pattern(
        r"\bat (?P<function>[\w.`<>]{1,200})\([^()\n]{0,200}\) in "
        r"(?P<path>(?:[A-Za-z]:)?[^\n:]{1,250}\.\w+):line (?P<line>\d+)"
    ),
    # JavaScript: at total (/src/cart.js:12:5), at async Cart.total (file:///…), at /src/cart.js:12:5
    _pattern(
        r"\bat (?:async )?(?:(?P<function>[\w$.<> ]{1,80}?)(?: \[as [\w$.]+\])? )?\(?<SCHEME>"
        r"(?P<path><FILE>\.<JS>):(?P<line>\d+):\d+\)?"
    ),
    # The same as Firefox and Safari print it: total@https://shop.example/cart.js:12:5
    _pattern(
        r"^(?P<function>[\w$.<>/]*)@(?:file://|https?://[^/\s]+)?(?P<path><FILE>\.<JS>):(?P<line>\d+):\d+$"
    ),
    # Go: the function's line, then the place's
    _pattern(
        r"(?:^(?:[\w./-]{0,200}/)?(?P<function>[\w.*()]{1,100}?)\([^()\n]{0,200}\)\n)?"
        r"^\s{1,8}(?P<path><FILE>\.go):(?P<line>\d+) \+0x"
    ),
    # Rust: panicked at src/cart.rs:12:5, and backtraces
    _pattern(r"panicked at (?:'[^\n]{0,300}', )?(?P<path><FILE>\.rs):(?P<line>\d+)(?::\d+)?(?P<function>)"),
    _pattern(
        r"^[ \t]{0,8}\d+:[ \t]+(?:0x[0-9a-f]+ - )?(?P<function>[\w:<>{} &,*]{1,200})\n"
        r"[ \t]+at (?P<path><FILE>\.rs):(?P<line>\d+)"
    ),
    # Sanitizers and debuggers: #1 0x4f in total /src/cart.c:12:3, #1 total (n=1) at cart.c:12
    _pattern(
        r"#\d+\s{1,8}(?:0x[0-9a-f]+ in )?(?P<function>[\w:~<>]{1,200})\b[^\n]{0,200}?\s(?:at )?"
        r"(?P<path><FILE>\.<C>):(?P<line>\d+)"
    ),
    # Valgrind: by 0x4F: total (cart.c:12)
    _pattern(
        r"\b(?:at|by) 0x[0-9A-Fa-f]+: (?P<function>[\w:~<>]{1,200})[^\n]{0,200}"
        r"\((?P<path><FILE>\.<C>):(?P<line>\d+)\)"
    ),
    # Ruby: cart.rb:12:in `total', in 'Cart#total'
    _pattern(
        r"(?P<path><FILE>\.(?:rb|rake|erb)):(?P<line>\d+)"
        r"(?::in [`'](?:[\w ]{1,40} in )?(?P<function>[\w.#:?!<>]+)')?"
    ),
    # PHP: #0 /src/Cart.php(12): Shop\Cart->total(), in /src/Cart.php:12, on line 12
    _pattern(r"#\d+ (?P<path><FILE>\.php)\((?P<line>\d+)\): (?P<function>[\w\\:>-]+)"),
    _pattern(r"\bin (?P<path><FILE>\.php)(?::| on line )(?P<line>\d+)(?P<function>)"),
    # Compilers, assertions, linters: src/cart.c:12:5: error
    _pattern(
        r"(?:^[ \t]*|: )(?P<path><FILE>\.<ANY>):(?P<line>\d+)(?::\d+)?: (?:(?P<function>\w+): Assertion)?"
    ),
)
"""Everybody else: the failing call comes first."""
_CAUSE = re.compile(r"^[ \t]*Caused by:", re.MULTILINE)
_SEPARATORS = re.compile(r"::|->|#|\\|/")
_LAMBDA = re.compile(r"\blambda\$(\w+)\$\d+")
_NOISE = re.compile(
    r"<[^<>]*>|\{\{[^{}]*\}\}|\(\*?|\)|\$\w*|\b(?:new|Object|Module|global|block in|async) ?\.?"
)


@dataclass(frozen=True, slots=True)
class TraceFrame:
    """One frame of a traceback in the text; `number` counts from 1, outermost first."""

    number: int
    path: str
    """With slashes; where only a file name is printed, after the folders that its package names."""
    line: int
    function: str
    """Dotted; empty where none is printed."""


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    path: str
    line: int
    function: str


def read_frames(text: str) -> tuple[TraceFrame, ...]:
    """The distinct frames of a text, the innermost last."""
    ordered = _matches(text, _LAST_INNERMOST)
    causes = [match.start() for match in _CAUSE.finditer(text)]
    runs: dict[int, list[_Found]] = {}
    for frame in _matches(text, _FIRST_INNERMOST):
        runs.setdefault(sum(cause < frame.start for cause in causes), []).append(frame)
    for run in sorted(runs):
        ordered += reversed(runs[run])
    distinct: dict[tuple[str, int], str] = {}
    for frame in ordered:
        key = frame.path, frame.line
        function = frame.function or distinct.pop(key, "")
        distinct.pop(key, None)
        distinct[key] = function
    kept = list(distinct.items())[-_MAX_FRAMES:]
    return tuple(
        TraceFrame(number, path, line, function) for number, ((path, line), function) in enumerate(kept, 1)
    )


def _matches(text: str, patterns: tuple[re.Pattern[str], ...]) -> list[_Found]:
    """Matches in order of place; of two that overlap, the one of the earlier pattern."""
    found: list[_Found] = []
    covered = bytearray(len(text))
    for pattern in patterns:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(covered[start:end]):
                continue
            covered[start:end] = b"\1" * (end - start)
            raw = match["function"] or ""
            path = _path(match["path"], raw)
            found.append(_Found(start, path, int(match["line"]), _function_name(raw)))
    return sorted(found, key=lambda frame: frame.start)


def _path(path: str, function: str) -> str:
    """With slashes, and the folders of a Java package where the trace prints none."""
    path = path.replace("\\", "/")
    if path.endswith((".java", ".kt", ".scala", ".groovy")) and "/" not in path:
        package = [part for part in function.split(".")[:-2] if part.islower()]
        return "/".join([*package, path])
    return path


def _function_name(name: str) -> str:
    """A function's dotted name: `Shop\\Cart->total` and `<shop::Cart>::total` are `Shop.Cart.total`, `total`."""
    if name.startswith("<") and name.endswith(">"):
        return name
    plain = _SEPARATORS.sub(".", _NOISE.sub("", _LAMBDA.sub(r"\1", name))).strip(". ")
    return ".".join(part for part in plain.split(".") if part)
