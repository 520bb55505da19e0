"""`graft fix`: hand the options to the agent, show its progress, print what came of it."""

from __future__ import annotations

from pathlib import Path

import click

DESCRIPTION = """Repair REPO so that its failing tests pass, and prove the patch in a sandbox.

REPO is a git repository [default: the current folder]. Without --test, the failing tests are found by
running the suite. Your work tree and index are not touched unless you say --apply.
"""


@click.command(
    name="fix",
    help=DESCRIPTION,
    short_help="Repair a repository whose tests fail.",
    epilog="Exit: 0 patch found, 1 none passed, abstained or no failing test, 2 bad usage, "
    "3 environment broken or internal error, 130 cancelled (continue with --resume).",
)
@click.argument("repo", default=".", type=click.Path(path_type=Path))
@click.option("--issue", metavar="FILE|-|TEXT", help="What is wrong, in words. [default: none]")
@click.option(
    "--test",
    "tests",
    metavar="NODEID",
    multiple=True,
    help="A failing test, as pytest or unittest names it; may be repeated. [default: every failing test]",
)
@click.option(
    "--test-command",
    metavar="CMD",
    help="Run the tests by this command, which exits 0 when all is well. [default: pytest or unittest]",
)
@click.option("--budget-s", type=float, metavar="N", help="Wall time to spend, in seconds. [default: 300]")
@click.option("--seed", type=int, metavar="N", help="Seed of everything drawn at random. [default: 0]")
@click.option("--apply", "apply_patch", is_flag=True, help="Apply the patch to the work tree.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout, and nothing else.")
@click.option("--resume", metavar="RUN", help="Continue a run that was stopped. See `graft runs list`.")
@click.option(
    "--python",
    metavar="PATH",
    help="Interpreter that runs the tests. [default: the one that has the project's dependencies]",
)
def command(
    repo: Path,
    issue: str | None,
    tests: tuple[str, ...],
    test_command: str | None,
    budget_s: float | None,
    seed: int | None,
    apply_patch: bool,
    as_json: bool,
    resume: str | None,
    python: str | None,
) -> int:
    from agent.config import load_config
    from agent.fix import FixOptions, fix
    from tui.arguments import issue_text, repository
    from tui.console import print_json
    from tui.progress import shown_progress
    from tui.stopping import stoppable

    root = repository(repo)
    config = load_config(
        repo,
        {
            "fix.budget_s": budget_s,
            "fix.seed": seed,
            "tests.command": test_command,
            "tests.python": python,
        },
    )
    options = FixOptions(
        repo=root,
        issue=issue_text(issue) if issue is not None else "",
        tests=tests,
        test_command=test_command,
        budget_s=budget_s,
        seed=seed,
        apply=apply_patch,
        resume=resume,
        python=config.tests.python if python is not None else None,
    )
    with stoppable() as cancelled, shown_progress() as observe:
        result = fix(options, config, observe, cancelled)
    if as_json:
        print_json(result.to_json())
    else:
        from tui.result import show_result

        show_result(result)
    return result.exit_code
