"""Run the installed `graft fix` on real bug-fix commits of public projects and judge what comes out.

    python tests/bench/real_commits.py --mirror DIR --work DIR [--split development] [--cases ID,…]
                                       [--budget-s 120] [--variants given,found] [--out FILE] [--record]
    python tests/bench/real_commits.py --mirror DIR --work DIR --verify

`DIR` of `--mirror` holds clones (`owner+name`, `owner/name` or `name`) of the projects in real_commits.json.
Each case is the tree before the fix with the fix's test files uncommitted on top; the issue text is the fix's
commit message. `given` names the failing tests, `found` leaves finding them to `graft fix`. Exit: 0 ran to the
end (whatever was found), 1 a case does not hold here, 2 bad usage.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from real_commits_corpus import (
    MANIFEST,
    Case,
    CorpusError,
    Manifest,
    Project,
    Workplace,
    find_clone,
    git,
    load_manifest,
)
from real_commits_judge import Judgement, Reference, judge, reference_for
from results import machine, record

VARIANTS = ("given", "found")
GRACE_S = 180
"""How far `graft fix` may overrun its budget before it is ended and recorded as `overrun`."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of `graft fix` on one case."""

    case: str
    variant: str
    split: str
    changed_lines: int
    status: str
    """As `graft fix` says; `overrun` or `broken` where it did not get that far."""
    exit_code: int | None
    seconds: float
    confidence: float
    tried: int
    plausible: int
    judgement: Judgement | None
    """Of the patch, where there is one."""
    withheld: tuple[Judgement, ...]
    """Of the first alternatives, where they were asked for by `--alternatives`."""
    patch: str
    note: str


@dataclass(frozen=True, slots=True)
class Options:
    """What a whole bench run shares."""

    graft: Path
    budget_s: int
    alternatives: int


def attempt(workplace: Workplace, project: Project, case: Case, variant: str, options: Options) -> Attempt:
    """Run `graft fix` on the case as laid out, then judge its patch."""
    reference = reference_for(workplace, project, case)
    started = time.monotonic()
    status, exit_code, result, note = run_graft(workplace, project, case, variant, options)
    seconds = time.monotonic() - started
    _keep_runs(workplace, project, f"{case.id}-{variant}")
    patches = [result.get("patch") or ""]
    patches += [str(other["patch"]) for other in result.get("alternatives", [])[: options.alternatives]]
    verdicts = [_judge_or_none(workplace, project, case, reference, patch) for patch in patches]
    counts = result.get("candidates", {})
    return Attempt(
        case=case.id,
        variant=variant,
        split=project.split,
        changed_lines=case.changed_lines,
        status=status,
        exit_code=exit_code,
        seconds=round(seconds, 1),
        confidence=float(result.get("confidence", 0.0)),
        tried=int(counts.get("tried", 0)),
        plausible=int(counts.get("plausible", 0)),
        judgement=verdicts[0],
        withheld=tuple(verdict for verdict in verdicts[1:] if verdict),
        patch=patches[0],
        note=note,
    )


def _judge_or_none(
    workplace: Workplace, project: Project, case: Case, reference: Reference, patch: str
) -> Judgement | None:
    return judge(workplace, project, case, reference, patch) if patch else None


def run_graft(
    workplace: Workplace, project: Project, case: Case, variant: str, options: Options
) -> tuple[str, int | None, dict[str, Any], str]:
    """Status, exit code, the printed object, and what a human should know if it went wrong."""
    repo = workplace.lay_out(project, case.parent, case.fix, case.test_files)
    issue = repo.parent / "issue.txt"
    clone = find_clone(workplace.mirror, project.repository)
    issue.write_text(git(clone, "show", "-s", "--format=%B", case.fix), encoding="utf-8")
    command = [str(options.graft), "fix", str(repo), "--issue", str(issue), "--json"]
    command += ["--budget-s", str(options.budget_s), "--python", str(workplace.python(project))]
    if variant == "given":
        command += [part for test in case.failing_tests for part in ("--test", test)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=options.budget_s + GRACE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return "overrun", None, {}, f"still running {GRACE_S} s after its budget"
    try:
        result = json.loads(done.stdout)
    except ValueError:
        return "broken", done.returncode, {}, f"{done.stdout[-300:]}\n{done.stderr[-700:]}".strip()
    return str(result["status"]), done.returncode, result, done.stderr.strip()[-700:]


def _keep_runs(workplace: Workplace, project: Project, name: str) -> None:
    """Keep reports and trajectories beside the checkout, which is laid out anew for judging."""
    runs = workplace.checkout(project) / ".graft" / "runs"
    kept = workplace.folder / project.name / "runs" / name
    shutil.rmtree(kept, ignore_errors=True)
    if runs.exists():
        shutil.copytree(runs, kept)


def choose(manifest: Manifest, split: str, wanted: str, limit: int | None) -> list[tuple[Project, Case]]:
    """The cases that the caller asked for. Raises CorpusError on a name that is none."""
    names = [name for name in wanted.split(",") if name]
    known = {case.id for case in manifest.cases} | {project.name for project in manifest.projects}
    for name in names:
        if name not in known:
            raise CorpusError(f"{name} is neither a case nor a project of {MANIFEST.name}.")
    pairs = [(manifest.project(case.project), case) for case in manifest.cases]
    chosen = [
        (project, case)
        for project, case in pairs
        if split in ("all", project.split) and (not names or case.id in names or case.project in names)
    ]
    return chosen[:limit]


def verify(workplace: Workplace, chosen: Sequence[tuple[Project, Case]]) -> bool:
    """Prove anew that each case holds on this machine; one line per case."""
    sound = True
    for project, case in chosen:
        try:
            workplace.prepare(project)
            reference = reference_for(workplace, project, case)
        except CorpusError as error:
            sound = False
            print(f"BROKEN {case.id}: {error}", flush=True)
            continue
        places = ", ".join(sorted(name for _, name in reference.places))
        print(f"holds  {case.id}: {len(case.failing_tests)} failing, fix in {places}", flush=True)
    return sound


def tables(attempts: Sequence[Attempt]) -> str:
    """One row an attempt, then counts by split, variant and size of the real fix."""
    lines = [
        "| case | tests | lines | status | tried | plausible | s | judged |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for item in attempts:
        lines.append(
            f"| {item.case} | {item.variant} | {item.changed_lines} | {item.status} | {item.tried} | "
            f"{item.plausible} | {item.seconds:.0f} | {_words(item.judgement)} |"
        )
    lines += [
        "",
        "| split | tests | lines | cases | patched | plausible | correct |",
        "|---|---|---|---|---|---|---|",
    ]
    for split in sorted({item.split for item in attempts}):
        for variant in VARIANTS:
            for size, small in (("≤ 3", True), ("> 3", False)):
                group = [
                    item
                    for item in attempts
                    if (item.split, item.variant, item.changed_lines <= 3) == (split, variant, small)
                ]
                if group:
                    lines.append(f"| {split} | {variant} | {size} | {_counts(group)} |")
    return "\n".join(lines)


def _counts(group: Sequence[Attempt]) -> str:
    judged = [item.judgement for item in group if item.judgement]
    plausible = sum(judgement.plausible for judgement in judged)
    correct = sum(judgement.correct for judgement in judged)
    return f"{len(group)} | {len(judged)} | {plausible} | {correct}"


def _words(judgement: Judgement | None) -> str:
    if judgement is None:
        return "-"
    if not judgement.applies:
        return "patch does not apply"
    words = ["correct" if judgement.correct else "plausible" if judgement.plausible else "wrong"]
    place = (
        "same function" if judgement.same_function else "same file" if judgement.same_file else "elsewhere"
    )
    words += [place, *(["identical"] if judgement.identical else [])]
    if judgement.regressed:
        words.append(f"{len(judgement.regressed)} regressed")
    return ", ".join(words)


def save(out: Path, options: Options, attempts: Sequence[Attempt], about: str) -> None:
    data = {"schema": 1, "machine": about, "budget_s": options.budget_s}
    data["attempts"] = [asdict(item) for item in attempts]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def arguments_of(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--mirror", type=Path, required=True, help="Folder with clones of the projects.")
    add(
        "--work",
        type=Path,
        required=True,
        help="Folder for checkouts and environments; kept for the next run.",
    )
    add(
        "--base-python",
        type=Path,
        default=Path(sys.executable),
        help="Makes the environments. [default: this]",
    )
    add(
        "--graft",
        type=Path,
        default=Path(sys.executable).with_name("graft"),
        help="[default: beside this Python]",
    )
    add("--split", choices=("development", "test", "all"), default="all", help="[default: all]")
    add("--cases", default="", help="Cases or projects, comma-separated. [default: all of the split]")
    add("--limit", type=int, help="Only the first N of them.")
    add("--variants", default="given,found", help="[default: given,found]")
    add("--budget-s", type=int, default=120, help="[default: 120]")
    add("--alternatives", type=int, default=0, help="Judge the first N alternatives, too. [default: 0]")
    add("--out", type=Path, help="Write results as JSON, after every attempt. [default: WORK/results.json]")
    add("--record", action="store_true", help="Write the figures to RESULTS.md.")
    add("--verify", action="store_true", help="Only prove that the cases hold here.")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = arguments_of(argv)
    workplace = Workplace(arguments.work, arguments.mirror, arguments.base_python)
    options = Options(arguments.graft, arguments.budget_s, arguments.alternatives)
    try:
        chosen = choose(load_manifest(), arguments.split, arguments.cases, arguments.limit)
    except CorpusError as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.verify:
        return 0 if verify(workplace, chosen) else 1
    about, attempts, sound = machine(), list[Attempt](), True
    for project, case in chosen:
        for variant in arguments.variants.split(","):
            try:
                workplace.prepare(project)
                attempts.append(attempt(workplace, project, case, variant, options))
            except CorpusError as error:
                sound = False
                print(f"BROKEN {case.id}: {error}", file=sys.stderr, flush=True)
                continue
            last = attempts[-1]
            print(f"{last.case} {variant}: {last.status}, {_words(last.judgement)}", flush=True)
            save(arguments.out or arguments.work / "results.json", options, attempts, about)
    text = f"Budget {options.budget_s} s each.\n\n{tables(attempts)}"
    print(f"\n{text}")
    if arguments.record:
        record("Real bug-fix commits", text)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
