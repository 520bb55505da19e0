"""Hostile programs, run for real in every mode of the sandbox: none escapes, survives or leaves anything behind."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sandbox_world import MODES, Host, World, hostile_programs

SHORT_S = 1.5
LONG_S = 60.0


@dataclass(frozen=True)
class Ends:
    """How a hostile program must end: `killed` one of these, and `exit_code` if it must be a certain one."""

    killed: tuple[str | None, ...] = (None,)
    exit_code: int | None = 0
    limit_s: float = LONG_S
    says: str = "TRIED"


PROGRAMS = {
    "become_root": Ends(),
    "binary_output": Ends(),
    "chmod_tree": Ends(),
    "close_all": Ends(),
    "core_dump": Ends(exit_code=None),
    "deep_folders": Ends(),
    "delete_repo": Ends(exit_code=None),
    "device_nodes": Ends(),
    "disk_shm": Ends(killed=(None, "disk"), exit_code=None),
    "disk_tmp": Ends(killed=(None, "disk"), exit_code=None),
    "disk_tree": Ends(killed=(None, "disk"), exit_code=None),
    "edit_in_place": Ends(),
    "environments": Ends(),
    "exit_early": Ends(),
    "forge": Ends(),
    "fork_bomb": Ends(killed=("processes", "memory"), exit_code=None),
    "hang_on": Ends(killed=("time",), exit_code=None, limit_s=SHORT_S),
    "hard_links": Ends(),
    "internet": Ends(),
    "kernel_calls": Ends(),
    "kill_all": Ends(killed=(None, "died"), exit_code=None),
    "leave_daemon": Ends(),
    "many_files": Ends(killed=(None, "disk"), exit_code=None),
    "memory_many": Ends(killed=("memory",), exit_code=None),
    "memory_one": Ends(killed=(None, "memory"), exit_code=None),
    "mounts": Ends(),
    "namespaces": Ends(),
    "opaque_folder": Ends(),
    "other_processes": Ends(),
    "output_flood": Ends(says="flood ended"),
    "raise_limits": Ends(),
    "read_secrets": Ends(),
    "rename_repo": Ends(),
    "set_clock": Ends(),
    "stale_bytecode": Ends(),
    "subreaper": Ends(killed=(None, "time", "died"), exit_code=None, limit_s=SHORT_S),
    "symlinks": Ends(exit_code=None),
    "sysctl": Ends(),
    "terminal": Ends(),
    "unix_sockets": Ends(),
    "write_git": Ends(),
    "write_outside": Ends(),
}
TREE_PROGRAMS = (
    "chmod_tree", "deep_folders", "delete_repo", "edit_in_place", "hard_links", "opaque_folder", "rename_repo",
    "symlinks", "write_git", "disk_tree",
)  # fmt: skip
WHOLE = ("overlay", "landlock")
"""The other modes differ from these only in how the tree is shown."""


WARM = (
    "chmod_tree", "close_all", "core_dump", "delete_repo", "edit_in_place", "environments", "exit_early", "forge",
    "fork_bomb", "hang_on", "kill_all", "leave_daemon", "memory_many", "memory_one", "namespaces", "other_processes",
    "rename_repo", "stale_bytecode", "subreaper",
)  # fmt: skip
"""What might harm the warm process that it was forked from, or the jobs forked after it."""
CASES = [
    pytest.param(mode, program, warm, id=f"{mode}-{program}-{'zygote' if warm else 'fresh'}")
    for mode in MODES
    for warm in (False, True)
    for program in (PROGRAMS if mode in WHOLE else TREE_PROGRAMS)
    if not warm or program in WARM
]


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    host = Host(tmp_path_factory.mktemp("host"))
    world = World(request.param, host)
    yield world
    world.close()
    host.close()


def test_every_hostile_program_is_listed():
    kit = {"kit", "report", "zygote"}
    assert {path.stem for path in hostile_programs().glob("*.py")} - kit == set(PROGRAMS)
    assert len(PROGRAMS) >= 25


@pytest.mark.parametrize(("world", "program", "warm"), CASES, indirect=["world"], scope="module")
def test_hostile_program_neither_escapes_nor_leaves_a_trace(world: World, program: str, warm: bool):
    expected = PROGRAMS[program]
    end, lines = world.hostile(program, zygote=warm, limit_s=expected.limit_s)
    said = end.output.decode(errors="replace")
    assert "ESCAPED" not in said, said
    assert end.killed in expected.killed, end
    assert expected.exit_code is None or end.exit_code == expected.exit_code, end
    assert expected.says in said or end.killed, said
    assert lines == [] or program == "forge", lines
    world.check_as_new()
