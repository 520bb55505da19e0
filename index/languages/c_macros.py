"""Hide from the grammars of C and C++ the macros that stand where they expect none. Knows no symbols.

A macro can be anything, so these are told by custom: capital letters with an underscore, in places where code has no
name. What is hidden becomes spaces, so that every position stays true.
"""

from __future__ import annotations

import re

_WORD = rb"[A-Z][A-Z0-9]*_[A-Z0-9_]+"
_PATTERNS = (
    # class API_EXPORT Name
    re.compile(rb"\b(?:class|struct)[ \t]+([A-Z][A-Z0-9_]{2,}(?:\([^()\n]*\))?)[ \t]+(?=[A-Za-z_])"),
    # API_EXPORT Type name
    re.compile(
        rb"^[ \t]*(?:static[ \t]+|extern[ \t]+)?"
        rb"(\w*(?:EXPORT|API|EXTERN|DECL|INLINE|CONSTEXPR|VISIBLE|PUBLIC|NODISCARD|UNUSED|NORETURN|DEPRECATED)\w*"
        rb"(?:\([^()\n]*\))?)[ \t]+(?=[A-Za-z_])",
        re.MULTILINE,
    ),
    # int count GUARDED_BY(mutex);
    re.compile(
        rb"(?<=[\w)\]])(?<!return)(?<!else)(?<!case)(?<!throw)(?<!new)(?<!goto)[ \t]*[ \t\n]"
        rb"[ \t]*(" + _WORD + rb"\([^()\n]*\))(?=[ \t]*(?:[;{=:]|\n[ \t]*[;{:]))"
    ),
    # BEGIN_NAMESPACE on a line of its own
    re.compile(rb"(?<=[;}{\n>])[ \t]*\n[ \t]*(" + _WORD + rb")(?=[ \t]*\n)"),
)


def masked(source: bytes) -> bytes:
    """The text with such macros blanked out."""
    for pattern in _PATTERNS:
        source = pattern.sub(_blanked, source)
    return source


def _blanked(match: re.Match[bytes]) -> bytes:
    start, end = match.start(1) - match.start(), match.end(1) - match.start()
    return match[0][:start] + b" " * (end - start) + match[0][end:]
