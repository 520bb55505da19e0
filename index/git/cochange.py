"""Weigh commits: which files change together, which changed lately. A pure function of commits and present files.

Co-change of files a and b: Σ decay(age) / (paths of the commit − 1) over the commits that touched both, over
√(t(a)·t(b)), where t(f) = Σ decay(age) over all that touched f; times n / (n + 1) for n common commits. The first
gives each commit one vote, shared among the companions; the division (a cosine, which is at most 1) keeps a file that
every commit touches, like a changelog, from being everybody's companion; the last factor doubts the few. Pairs met
once only are no evidence. Decay is exponential, so time's origin cancels out of every ratio: a new commit changes
the weights of the files it touched and of no others.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations

from index.git.commits import LoggedCommit
from index.store import FileHistory
from index.types import Commit

HALF_LIFE_S = 180 * 86_400
"""Not tuned: a commit half a year older counts half."""
MAX_EVIDENCE_PATHS = 50
"""A commit that changed more (a reformat, a move, a release) counts for recency only."""
MIN_TOGETHER = 2
MIN_WEIGHT = 0.05
PARTNERS = 5
"""The heaviest pairs of each file that are kept; a pair stays if either end keeps it."""
KEPT_COMMITS = 5
_ORIGIN_S = 1_000_000_000
"""Near today, so that powers stay small. Any other gives the same weights."""
_LAST_S = 1 << 33
_WEIGHT_DIGITS, _RECENCY_DIGITS = 3, 6


def file_histories(commits: Sequence[LoggedCommit], files: Collection[str]) -> dict[str, FileHistory]:
    """Histories of the files that have one, from commits, newest first. What is not in `files` is left out."""
    tally = _Tally(files, last_names(commits))
    for logged in commits:
        tally.add(logged)
    return tally.histories()


def last_names(commits: Iterable[LoggedCommit]) -> dict[str, str]:
    """Names that were given up → what became of them in the end."""
    names: dict[str, str] = {}
    for logged in commits:
        for old, new in logged.renames:
            names.setdefault(old, names.get(new, new))
    return names


class _Tally:
    def __init__(self, files: Collection[str], last_names: Mapping[str, str]) -> None:
        self._files = frozenset(files)
        self._last_names = last_names
        self._now: dict[str, str] = {}
        self._newest_s: int | None = None
        """Later dates count as this one: a clock that ran ahead must not outweigh everything else."""
        self._recency: dict[str, float] = defaultdict(float)
        self._total: dict[str, float] = defaultdict(float)
        self._touched: dict[str, list[Commit]] = defaultdict(list)
        self._votes: list[tuple[float, list[str]]] = []

    def add(self, logged: LoggedCommit) -> None:
        names = sorted({self._name(path) for path in logged.paths} & self._files)
        # A path that was moved here is, in everything older, the file that it became.
        self._now.update({old: self._now.get(new, new) for old, new in logged.renames})
        time_s = min(max(logged.commit.time_s, 0), _LAST_S if self._newest_s is None else self._newest_s)
        if self._newest_s is None:
            self._newest_s = time_s
        decayed = 2.0 ** ((time_s - _ORIGIN_S) / HALF_LIFE_S)
        for name in names:
            self._recency[name] += decayed
            if len(self._touched[name]) < KEPT_COMMITS:
                self._touched[name].append(logged.commit)
        if logged.changed > MAX_EVIDENCE_PATHS:
            return
        for name in names:
            self._total[name] += decayed
        if len(names) > 1:
            self._votes.append((decayed / (logged.changed - 1), names))

    def _name(self, path: str) -> str:
        """What a path of the commit being added is called today."""
        name = self._now.get(path, path)
        # On another branch the old name was in use for longer.
        return name if name in self._files else self._last_names.get(path, name)

    def histories(self) -> dict[str, FileHistory]:
        pairs = self._heaviest()
        return {
            name: FileHistory(
                round(math.log2(recency), _RECENCY_DIGITS), tuple(self._touched[name]), pairs.get(name, {})
            )
            for name, recency in self._recency.items()
            if recency > 0
        }

    def _heaviest(self) -> dict[str, dict[str, float]]:
        """Weights of the pairs kept, under the end that comes first."""
        # Most pairs meet once only: they are counted first, quickly, and never weighed.
        counts: Counter[tuple[str, str]] = Counter()
        for _, names in self._votes:
            counts.update(combinations(names, 2))
        sums = {pair: 0.0 for pair, count in counts.items() if count >= MIN_TOGETHER}
        paired = {name for pair in sums for name in pair}
        for vote, names in self._votes:
            for pair in combinations([name for name in names if name in paired], 2):
                if pair in sums:
                    sums[pair] += vote
        of_file: dict[str, list[tuple[float, str, str]]] = defaultdict(list)
        for (one, other), votes in sums.items():
            count = counts[one, other]
            cosine = votes / math.sqrt(self._total[one] * self._total[other])
            weight = round(cosine * count / (count + 1), _WEIGHT_DIGITS)
            if weight >= MIN_WEIGHT:
                of_file[one].append((-weight, one, other))
                of_file[other].append((-weight, one, other))
        pairs: dict[str, dict[str, float]] = defaultdict(dict)
        for found in of_file.values():
            for negative, one, other in sorted(found)[:PARTNERS]:
                pairs[one][other] = -negative
        return pairs
