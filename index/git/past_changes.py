"""Find the files that past commits changed whose subjects share words with a text. Knows no store and no other stage.

What was mended under similar words before is where to look again (Zhou et al. 2012 for reports of bugs; here the
subjects of commits). A commit scores by BM25 over its subject; a file by the root of its commits' squared scores, so
that a few that fit well outweigh many that hardly do.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from index.git.cochange import last_names
from index.git.commits import LoggedCommit
from index.retrieval.mentions import content_words

MAX_PATHS = 50
"""A commit that changed more (a reformat, a move, a release) says nothing of any one file."""
_K1, _B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class _Subject:
    """One commit: its subject's words, and the files that it changed by today's names."""

    text: str
    length: int
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PastChange:
    score: float
    subject: str
    """That of the commit that counts most."""


class PastChanges:
    """The commits of one history, ready to be searched. Does not change."""

    def __init__(self, commits: Iterable[LoggedCommit]) -> None:
        self._subjects: list[_Subject] = []
        self._holding: dict[str, list[int]] = defaultdict(list)
        newest_first = sorted(commits, key=lambda logged: (-logged.commit.time_s, logged.commit.sha))
        names = last_names(newest_first)
        for logged in newest_first:
            words = content_words(logged.commit.subject)
            if not words or logged.changed > MAX_PATHS:
                continue
            for word in words:
                self._holding[word].append(len(self._subjects))
            paths = dict.fromkeys(names.get(path, path) for path in logged.paths)
            self._subjects.append(_Subject(logged.commit.subject, len(words), tuple(paths)))
        self._mean_length = sum(s.length for s in self._subjects) / max(1, len(self._subjects))

    def files(self, words: Mapping[str, float], counts: Callable[[str], bool]) -> dict[str, PastChange]:
        """Path → what speaks for it. A commit's score is shared among those of its paths that count."""
        sums: dict[str, float] = defaultdict(float)
        best: dict[str, tuple[float, str]] = {}
        for number, score in sorted(self._scores(words).items()):
            subject = self._subjects[number]
            paths = [path for path in subject.paths if counts(path)]
            for path in paths:
                part = score / math.sqrt(len(paths))
                sums[path] += part * part
                if path not in best or part > best[path][0]:
                    best[path] = (part, subject.text)
        return {path: PastChange(math.sqrt(total), best[path][1]) for path, total in sums.items()}

    def _scores(self, words: Mapping[str, float]) -> dict[int, float]:
        scores: dict[int, float] = defaultdict(float)
        for word, weight in words.items():
            holding = self._holding.get(word, ())
            rarity = math.log(1 + (len(self._subjects) - len(holding) + 0.5) / (len(holding) + 0.5))
            for number in holding:
                length = self._subjects[number].length / self._mean_length
                scores[number] += weight * rarity * (_K1 + 1) / (1 + _K1 * (1 - _B + _B * length))
        return scores
