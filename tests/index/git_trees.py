"""Make real git repositories for the tests of history: fixed times, a fixed author, no configuration."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from graph_trees import write_files

from index.graph import WorkTreeGraph, open_graph

START_S, DAY_S = 1_700_000_000, 86_400
ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


class GitRepository:
    """A repository whose commits are a day apart."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.day = 0
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, check: bool = True, feed: bytes | None = None) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        date = f"{START_S + self.day * DAY_S} +0000"
        names = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", "Graft"), ("EMAIL", "graft@example.org"), ("DATE", date))
        }
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env=kept | ALONE | names, input=feed, capture_output=True, check=check
        )  # fmt: skip
        return done.stdout.decode("utf-8", "replace").strip()

    def commit(self, files: Mapping[str, str | bytes | None], subject: str = "Change") -> str:
        """Write these files (None deletes one), commit everything a day later; the commit's sha."""
        self.day += 1
        write_files(self.root, {name: content for name, content in files.items() if content is not None})
        for name, content in files.items():
            if content is None:
                (self.root / name).unlink()
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")

    def fast_import(self, commits: int, files: int) -> None:
        """Many commits at once, a day apart; number n changes file n and the next, of so many."""
        stream: list[str] = []
        for number in range(commits):
            self.day += 1
            subject, time_s = f"Change {number}", START_S + self.day * DAY_S // 4
            stream.append(
                f"commit refs/heads/main\ncommitter Graft <graft@example.org> {time_s} +0000\n"
                f"data {len(subject)}\n{subject}\n"
            )
            if number == 0 and self.git("rev-parse", "-q", "--verify", "HEAD", check=False):
                stream.append("from refs/heads/main^0\n")
            for name in (f"m{number % files}.py", f"m{(number + 1) % files}.py"):
                content = f"value = {number}\n"
                stream.append(f"M 100644 inline {name}\ndata {len(content)}\n{content}\n")
        self.git("fast-import", "--quiet", feed="".join(stream).encode())
        self.git("reset", "-q", "--hard")


def histories(graph: WorkTreeGraph) -> dict[str, object]:
    """Everything that a store answers about histories."""
    paths = [record.path for record in graph.files()]
    return {
        "changed with": graph.store.changed_with(paths),
        "touched by": {path: graph.store.touched_by(path) for path in paths},
        "recency": graph.store.recency(),
        "edges": [edge for edge in graph.edges() if edge.type == "CHANGED_WITH"],
        "state": graph.store.history_state(),
    }


def weights(graph: WorkTreeGraph, path: str) -> dict[str, float]:
    """Files that change together with this one."""
    return {other: weight for _, other, weight in graph.store.changed_with([path])}


def read_all(graph: WorkTreeGraph) -> None:
    """Update until every commit is read: on a busy machine one update's time may not do."""
    while True:
        graph.update()
        if graph.store.history_state().complete:
            return


def clean_histories(root: Path, store: Path) -> dict[str, object]:
    """The same from a store that is built anew."""
    store.unlink(missing_ok=True)
    graph = open_graph(root, f"sqlite:{store}")
    read_all(graph)
    found = histories(graph)
    graph.close()
    return found
