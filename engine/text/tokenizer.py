"""One protocol over every tokenizer, and the one class that serves it. Knows no models and no prompts.

Offsets are in code points of the text that was given. A lone surrogate, which no tokenizer can read, counts as
U+FFFD. Texts of control tokens (`<|fim_prefix|>`) are ordinary text for `encode`; `control_id` gives their tokens.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from engine.text.boundaries import Boundaries
from engine.text.pipeline import SPACE_MARK, TokenizerError, read_pipeline

if TYPE_CHECKING:
    from tokenizers import Tokenizer as HuggingFaceTokenizer

_SURROGATE = re.compile("[\ud800-\udfff]")
_BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")


@dataclass(frozen=True, slots=True)
class Encoding:
    """The tokens of a text. `starts`: the code point at which each begins; bytes of one may be several tokens."""

    ids: list[int]
    starts: list[int]

    def byte_starts(self, text: str) -> list[int]:
        """The byte of the text's UTF-8 at which each token's first code point begins."""
        if text.isascii():
            return self.starts
        at = [0]
        for char in text:
            at.append(at[-1] + len(char.encode("utf-8", "surrogatepass")))
        return [at[start] for start in self.starts]


class Tokenizer(Protocol):
    """Turns plain text into tokens and back.

    `size`: one more than the highest id. `opening_ids`: what the model expects before any text. `end_ids`: tokens
    that end a text. `boundaries`: where tokens can be cut apart, or None.
    """

    size: int
    opening_ids: tuple[int, ...]
    end_ids: frozenset[int]
    boundaries: Boundaries | None

    def lead(self, text: str) -> str:
        """What goes before a text that opens a prompt: a space for some, else nothing."""
        ...

    def encode(self, text: str) -> Encoding: ...

    def decode(self, ids: Iterable[int]) -> str:
        """The text of tokens, as it stands in the middle of a text: no space is taken off; bad bytes are U+FFFD."""
        ...

    def token_bytes(self, token: int) -> bytes:
        """What a token spells; nothing for control tokens and for ids without a token."""
        ...

    def control_id(self, text: str) -> int | None:
        """The control token of this text, if the vocabulary has it."""
        ...


class PipelineTokenizer:
    """A `Tokenizer` over the content of a tokenizer.json. Raises TokenizerError."""

    def __init__(
        self, spec: Mapping[str, Any], *, opening: Sequence[str] = (), ends: Sequence[str] = ()
    ) -> None:
        pipeline = read_pipeline(spec)
        self._backend = _backend(pipeline.source)
        self._leads = pipeline.leads
        self._controls = pipeline.controls
        self.boundaries = pipeline.boundaries
        self.opening_ids = tuple(self._required(text) for text in opening)
        self.end_ids = frozenset(self._required(text) for text in ends)
        self._bytes = _bytes_of_tokens(
            self._backend.get_vocab(with_added_tokens=False),
            pipeline.controls,
            pipeline.plain_added,
            pipeline.byte_level,
        )
        self.size = len(self._bytes)

    def lead(self, text: str) -> str:
        if not text or self._leads == "never":
            return ""
        return "" if self._leads != "always" and text[0] in (" ", SPACE_MARK) else " "

    def encode(self, text: str) -> Encoding:
        try:
            found = self._backend.encode(text, add_special_tokens=False)
        except (UnicodeEncodeError, TypeError):
            found = self._backend.encode(_SURROGATE.sub("\ufffd", text), add_special_tokens=False)
        return Encoding(found.ids, [start for start, _ in found.offsets])

    def decode(self, ids: Iterable[int]) -> str:
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", "replace")

    def token_bytes(self, token: int) -> bytes:
        return self._bytes[token] if 0 <= token < self.size else b""

    def control_id(self, text: str) -> int | None:
        return self._controls.get(text)

    def _required(self, text: str) -> int:
        found = self._controls.get(text)
        if found is None:
            found = self._backend.token_to_id(text)
        if found is None:
            raise TokenizerError(
                f"The tokenizer names {text!r} as one of its special tokens but has no such token.\n"
                "Get the checkpoint's tokenizer files again."
            )
        return found


def open_tokenizer(path: Path) -> PipelineTokenizer:
    """Open a tokenizer.json, or that of a checkpoint's folder. Raises TokenizerError."""
    file = path / "tokenizer.json" if path.is_dir() else path
    spec = _read_json(file)
    config_file = file.with_name("tokenizer_config.json")
    config = _read_json(config_file) if config_file.is_file() else {}
    end = _text_of(config.get("eos_token"))
    return PipelineTokenizer(spec, opening=_opening(spec, config), ends=[end] if end else [])


def _opening(spec: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    """The special tokens that the last stage puts before a single text."""
    begin = _text_of(config.get("bos_token"))
    if "add_bos_token" in config and begin:
        return [begin] if config["add_bos_token"] else []
    last = spec.get("post_processor") or {}
    for step in last.get("processors", [last]):
        if step.get("type") == "TemplateProcessing":
            names = [next(iter(piece.items())) for piece in step["single"]]
            where = [kind for kind, _ in names].index("Sequence")
            return [part["id"] for _, part in names[:where]]
    return []


def _text_of(token: Any) -> str | None:
    found = token["content"] if isinstance(token, Mapping) else token
    return found if isinstance(found, str) else None


def _read_json(file: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise TokenizerError(
            f"Cannot read the tokenizer {file} ({error.strerror}).\nName a folder that holds a tokenizer.json."
        ) from error
    except ValueError as error:
        raise TokenizerError(
            f"{file}: not valid JSON ({error}).\nGet the checkpoint's tokenizer files again."
        ) from error
    if not isinstance(found, dict):
        raise TokenizerError(f"{file}: holds no object.\nGet the checkpoint's tokenizer files again.")
    return found


def _backend(source: str) -> HuggingFaceTokenizer:
    try:
        from tokenizers import Tokenizer as HuggingFaceTokenizer
    except ImportError as error:
        raise TokenizerError(
            "The local engine needs the package tokenizers, which is not installed.\n"
            "Install it: pip install 'graft-agent[engine]'."
        ) from error
    try:
        return HuggingFaceTokenizer.from_str(source)
    except Exception as error:  # the library raises nothing narrower
        raise TokenizerError(
            f"The tokenizer is not understood ({error}).\nGet the checkpoint's tokenizer.json again."
        ) from error


def _bytes_of_tokens(
    vocabulary: Mapping[str, int], controls: Mapping[str, int], plain: Mapping[str, int], byte_level: bool
) -> list[bytes]:
    size = 1 + max([*vocabulary.values(), *controls.values(), *plain.values()], default=-1)
    found = [b""] * size
    for piece, token in vocabulary.items():
        found[token] = _bytes_of_letters(piece) if byte_level else _bytes_of_piece(piece)
    for text, token in plain.items():
        found[token] = text.encode() if byte_level else text.replace(SPACE_MARK, " ").encode()
    for token in controls.values():
        found[token] = b""
    return found


def _bytes_of_piece(piece: str) -> bytes:
    byte = _BYTE_PIECE.fullmatch(piece)
    return bytes([int(byte[1], 16)]) if byte else piece.replace(SPACE_MARK, " ").encode()


def _bytes_of_letters(piece: str) -> bytes:
    try:
        return bytes(_BYTE_OF_LETTER[letter] for letter in piece)
    except KeyError:
        return piece.encode()


def _letters_of_bytes() -> dict[str, int]:
    """GPT-2's alphabet: bytes that print stand for themselves, the others follow from U+0100 on, in order."""
    printing = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printing]
    return {chr(byte): byte for byte in printing} | {chr(256 + n): byte for n, byte in enumerate(others)}


_BYTE_OF_LETTER = _letters_of_bytes()
