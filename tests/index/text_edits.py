"""Random edits of real code in any language: text, definitions that its grammar finds, files, branches."""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from index.parse import parse

SUFFIXES = {".py": "python", ".js": "javascript", ".ts": "typescript", ".java": "java", ".go": "go"}
_NAME = re.compile(r"\b[A-Za-z_]\w{2,}\b")
_IMPORT = re.compile(r"^\s*(?:import|from|export .* from|package)\b|require\(", re.MULTILINE)
_DEFINITION = re.compile(r"(?:definition|declaration|declarator|_item|assignment)$")
_IDENTITY = {"GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@example.org", "GIT_COMMITTER_NAME": "Test",
             "GIT_COMMITTER_EMAIL": "test@example.org", "GIT_CONFIG_GLOBAL": os.devnull}  # fmt: skip


class Editor:
    """Edits one tree, and says what it did: the seed and this list give the same tree again."""

    def __init__(self, root: Path, rng: random.Random) -> None:
        self.root, self.rng, self.done = root, rng, list[str]()
        self._git("init", "-q", "-b", "main")
        self._commit("start")
        self._branches = ["main"]

    def edit(self) -> set[str]:
        """Change the tree once. Returns the paths that may differ now."""
        kinds: list[Callable[[Path], set[str]]] = [
            self._swap_names, self._rename_name, self._rename_name, self._change_signature, self._delete_definition,
            self._duplicate_definition, self._change_import, self._delete_import, self._move, self._move_folder,
            self._delete, self._copy, self._cut, self._switch_branch,
        ]  # fmt: skip
        kind, path = self.rng.choice(kinds), self.rng.choice(self._files())
        before = path.relative_to(self.root).as_posix()
        changed = kind(path)
        self.done.append(f"{kind.__name__.strip('_')} {before}")
        return changed

    def _files(self) -> list[Path]:
        return [
            path
            for path in sorted(self.root.rglob("*"))
            if path.suffix in SUFFIXES and ".git" not in path.parts
        ]

    def _write(self, path: Path, text: str) -> set[str]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return {path.relative_to(self.root).as_posix()}

    def write_notes(self) -> set[str]:
        """Write a text that speaks of names of a file, or of those of none."""
        names = _NAME.findall(self.rng.choice(self._files()).read_text()) or ["none"]
        marks = [
            f"`{self.rng.choice(names)}()` and `{'.'.join(self.rng.choices(names, k=2))}`" for _ in range(9)
        ]
        self.done.append("write_notes")
        return self._write(self.root / self.rng.choice(("NOTES.md", "notes.rst")), "\n\n".join(marks))

    # Names

    def _swap_names(self, path: Path) -> set[str]:
        text = path.read_text()
        one, other = (self.rng.choice(_NAME.findall(text) or ["none"]) for _ in range(2))
        swapped = {one: other, other: one}
        return self._write(path, _NAME.sub(lambda match: swapped.get(match[0], match[0]), text))

    def _rename_name(self, path: Path) -> set[str]:
        """Rename a name in this file, and half of the time in all others."""
        name = self.rng.choice(_NAME.findall(path.read_text()) or ["none"])
        new = self.rng.choice(
            (f"{name}_renamed", name.title(), self.rng.choice(_NAME.findall(path.read_text()) or ["x"]))
        )
        changed: set[str] = set()
        for each in self._files() if self.rng.random() < 0.5 else [path]:
            text = each.read_text()
            if name in text:
                changed |= self._write(each, re.sub(rf"\b{name}\b", new, text))
        return changed

    def _change_signature(self, path: Path) -> set[str]:
        text = path.read_text()
        places = [match.end() for match in re.finditer(r"\b\w+\((?=[\w)])", text)]
        if not places:
            return set()
        place = self.rng.choice(places)
        return self._write(path, f"{text[:place]}extra{'' if text[place] == ')' else ', '}{text[place:]}")

    # Definitions

    def _definition(self, path: Path) -> tuple[bytes, int, int] | None:
        data = path.read_bytes()
        stack, found = [parse(data, SUFFIXES[path.suffix]).root_node], []
        while stack:
            node = stack.pop()
            if _DEFINITION.search(node.type) and node.end_byte - node.start_byte > 20:
                found.append((node.start_byte, node.end_byte))
            stack.extend(node.named_children)
        return (data, *self.rng.choice(found)) if found else None

    def _delete_definition(self, path: Path) -> set[str]:
        found = self._definition(path)
        if found is None:
            return set()
        data, start, end = found
        return self._write(path, (data[:start] + data[end:]).decode())

    def _duplicate_definition(self, path: Path) -> set[str]:
        """Into another file: it may now be found there, or hide what was found."""
        found, other = self._definition(path), self.rng.choice(self._files())
        if found is None:
            return set()
        data, start, end = found
        return self._write(other, other.read_text() + "\n" + data[start:end].decode() + "\n")

    # Imports

    def _import_lines(self, path: Path) -> list[int]:
        return [n for n, line in enumerate(path.read_text().split("\n")) if _IMPORT.search(line)]

    def _change_import(self, path: Path) -> set[str]:
        lines, places = path.read_text().split("\n"), self._import_lines(path)
        if not places:
            return set()
        place, stems = self.rng.choice(places), [each.stem for each in self._files()]
        words = _NAME.findall(lines[place])
        if words:
            lines[place] = lines[place].replace(self.rng.choice(words), self.rng.choice(stems))
        return self._write(path, "\n".join(lines))

    def _delete_import(self, path: Path) -> set[str]:
        lines, places = path.read_text().split("\n"), self._import_lines(path)
        if not places:
            return set()
        del lines[self.rng.choice(places)]
        return self._write(path, "\n".join(lines))

    # Files

    def _moved(self, path: Path, target: Path) -> set[str]:
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        return {each.relative_to(self.root).as_posix() for each in (path, target)}

    def _move(self, path: Path) -> set[str]:
        other = self.rng.choice(self._files())
        name = self.rng.choice((f"{path.stem}_moved{path.suffix}", other.name))
        return self._moved(path, other.parent / name)

    def _move_folder(self, path: Path) -> set[str]:
        if path.parent == self.root:
            return self._move(path)
        target = path.parent.with_name(f"{path.parent.name}_moved{len(self.done)}")
        path.parent.rename(target)
        return {each.relative_to(self.root).as_posix() for each in (path.parent, target)}

    def _delete(self, path: Path) -> set[str]:
        if len(self._files()) < 8:
            return self._switch_branch(path)
        path.unlink()
        return {path.relative_to(self.root).as_posix()}

    def _copy(self, path: Path) -> set[str]:
        return self._write(
            self.rng.choice(self._files()).parent / f"{path.stem}_copy{path.suffix}", path.read_text()
        )

    def _cut(self, path: Path) -> set[str]:
        """Leave the file as it is in the middle of an edit."""
        text = path.read_text()
        return self._write(path, text[: self.rng.randrange(len(text) + 1)])

    # Branches

    def _switch_branch(self, path: Path) -> set[str]:
        """Commit, and go to another branch or make one. What changed is for a walk to find out."""
        self._commit("work")
        if len(self._branches) < 4 and self.rng.random() < 0.4:
            self._branches.append(f"branch{len(self._branches)}")
            self._git("switch", "-q", "-c", self._branches[-1])
        else:
            self._git("switch", "-q", self.rng.choice(self._branches))
        return {"."}

    def _commit(self, message: str) -> None:
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "-m", message)

    def _git(self, *arguments: str) -> None:
        subprocess.run(
            ["git", *arguments], cwd=self.root, env=os.environ | _IDENTITY, check=True, capture_output=True
        )
