"""A sandbox's session from outside: what a job sees, how it ends, and what becomes of it when the host goes away."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sandbox_world import MODES, git, hostile_programs, make_repository, python_for

from agent.errors import SandboxDied, SandboxUnavailable
from agent.sandbox.bubblewrap import Bubblewrap
from agent.sandbox.landlock import PREFIX, Landlock, sweep
from agent.sandbox.open import choose_sandbox, describe
from agent.sandbox.session import Session
from agent.sandbox.types import Job, JobEnd, Limits, Line, SandboxSpec

TESTS = Path(__file__).parent
Open = Callable[..., Session]


@pytest.fixture(params=list(MODES))
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "re po ünï")


@pytest.fixture
def start(mode: str) -> Iterator[Open]:
    """Open sandboxes of the mode; all are closed at the end."""
    sessions: list[Session] = []

    def start(repo: Path, **settings: object) -> Session:
        spec = SandboxSpec(
            repo=repo,
            python=python_for(mode),
            readable=(hostile_programs(),),
            environment={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
            **settings,  # type: ignore[arg-type]
        )
        session: Session = MODES[mode]().open(spec)  # type: ignore[assignment]
        sessions.append(session)
        return session

    yield start
    for session in sessions:
        session.close()


def shell(session: Session, script: str, **settings: object) -> JobEnd:
    return session.run(Job(argv=["/bin/sh", "-c", script], **settings))  # type: ignore[arg-type]


def small_zygote(session: Session, mode: str, **payload: object) -> Line:
    return session.start_zygote(
        "small", [str(python_for(mode)), str(hostile_programs() / "zygote.py")], payload, limit_s=20
    )


def warm(session: Session, code: str, **settings: object) -> tuple[JobEnd, list[Line]]:
    lines: list[Line] = []
    job = Job(zygote="small", payload={"program": "-", "code": code}, **settings)  # type: ignore[arg-type]
    return session.run(job, lines.append), lines


def test_job_sees_the_tree_with_the_candidate_and_the_next_job_the_base(start: Open, repo: Path):
    session = start(repo)
    files = {"module.py": b"VALUE = 2\n", "new/deep/file.txt": b"new", "package/data.txt": None}
    changed = shell(session, "cat module.py new/deep/file.txt; ls package", files=files)
    assert changed.output == b"VALUE = 2\nnew__init__.py\n"
    base = shell(session, "cat module.py uncommitted.txt; ls -d new; ls package")
    assert base.output.startswith(b"VALUE = 1\nnot yet\n")
    assert b"new\n" not in base.output
    assert base.output.endswith(b"__init__.py\ndata.txt\n")


def test_job_gets_only_the_environment_it_was_given(start: Open, repo: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRAFT_TEST_CANARY", "secret")
    session = start(repo)
    end = shell(session, "env", environment={"GIVEN": "1"})
    names = {line.split(b"=")[0] for line in end.output.splitlines()}
    added = {b"GRAFT_TREE", b"GRAFT_REPO", b"TMPDIR"}
    assert names - added == {b"PATH", b"LANG", b"PYTHONDONTWRITEBYTECODE", b"GIVEN", b"PWD"}


def test_exit_code_signal_and_unknown_program_are_told_apart(start: Open, repo: Path):
    session = start(repo)
    assert shell(session, "exit 7").exit_code == 7
    assert shell(session, "kill -9 $$").signal == signal.SIGKILL
    missing = session.run(Job(argv=["no-such-program"]))
    assert missing.exit_code == 127
    assert b"no-such-program" in missing.output
    assert shell(session, "pwd", cwd="package").output.rstrip().endswith(b"/package")


def test_hidden_paths_do_not_exist_inside(start: Open, repo: Path):
    (repo / "keys").mkdir()
    (repo / "keys/private.pem").write_text("secret")
    (repo / "keys/public.pem").write_text("public")
    session = start(repo, hidden=(".graft", "keys/private.pem"))
    end = shell(session, "cat keys/public.pem; cat keys/private.pem .graft/secret; ls -a . keys")
    assert end.output.startswith(b"public")
    assert b"secret" not in end.output.replace(b".graft/secret", b"")
    assert b"\n.graft\n" not in end.output
    assert b"\nprivate.pem\n" not in end.output


def test_hidden_path_that_appears_later_stays_hidden(start: Open, repo: Path):
    session = start(repo, hidden=("later",))
    (repo / "later").write_text("secret")
    assert b"secret" not in shell(session, "cat later").output


def test_unreadable_files_of_the_user_are_readable_inside(start: Open, repo: Path):
    (repo / "locked").mkdir()
    (repo / "locked/file.txt").write_text("inside")
    (repo / "locked").chmod(0o700)
    session = start(repo)
    assert shell(session, "cat private.txt locked/file.txt").output == b"mine\ninside"
    (repo / "locked").chmod(0o755)


def test_submodules_links_and_pipes_in_the_tree_are_no_obstacle(start: Open, repo: Path, tmp_path: Path):
    other = make_repository(tmp_path / "other")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "sub")
    (repo / "loop").symlink_to("loop")
    (repo / "dangling").symlink_to("nowhere")
    os.mkfifo(repo / "pipe")
    (repo / os.fsdecode(b"not-utf8-\xff.txt")).write_text("odd")
    session = start(repo)
    assert shell(session, "cat sub/module.py; cat not-utf8*").output == b"VALUE = 1\nodd"


def test_repository_named_by_a_link_is_found_under_that_name(repo: Path, tmp_path: Path):
    link = tmp_path / "link"
    link.symlink_to(repo)
    spec = SandboxSpec(repo=link, python=Path(sys.executable), environment={"PATH": "/usr/bin:/bin"})
    with Bubblewrap().open(spec) as session:
        assert shell(session, f"cat {link}/module.py").output == b"VALUE = 1\n"


def test_repository_outside_tmp_is_shown_at_its_own_path(tmp_path_factory: pytest.TempPathFactory):
    home = Path.home() / ".cache" / "graft-tests" / str(os.getpid())
    repo = make_repository(home / "repo")
    try:
        spec = SandboxSpec(repo=repo, python=Path(sys.executable), environment={"PATH": "/usr/bin:/bin"})
        with Bubblewrap().open(spec) as session:
            end = shell(session, f"pwd; ls {Path.home()} {home}")
            assert end.output.decode().startswith(f"{repo}\n")
            assert ".bashrc" not in end.output.decode()
    finally:
        subprocess.run(["rm", "-r", str(home)], check=True)


def test_home_folder_is_never_shown(tmp_path: Path):
    with pytest.raises(SandboxUnavailable, match="home folder"):
        Bubblewrap().open(SandboxSpec(repo=Path.home(), python=Path(sys.executable)))
    repo = make_repository(tmp_path / "repo")
    with pytest.raises(SandboxUnavailable, match="home folder"):
        Bubblewrap().open(SandboxSpec(repo=repo, python=Path(sys.executable), readable=(Path("/"),)))


def test_broken_interpreter_is_named(tmp_path: Path):
    repo = make_repository(tmp_path / "repo")
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho this is no python >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(SandboxUnavailable, match="this is no python"):
        Bubblewrap().open(SandboxSpec(repo=repo, python=broken, readable=(broken,)))


def test_time_limit_ends_a_job_and_all_it_started(start: Open, repo: Path):
    session = start(repo)
    end = shell(session, "sleep 1000 & sleep 1000", limit_s=0.3)
    assert (end.exit_code, end.signal, end.killed) == (None, 9, "time")
    assert shell(session, "true").ok


def test_limit_of_one_test_runs_from_its_begin_line(mode: str, start: Open, repo: Path):
    session = start(repo)
    small_zygote(session, mode)
    hanging = "say(begin='a'); say(test='a'); say(begin='b'); import time; time.sleep(100)"
    end, lines = warm(session, hanging, limit_s=60, test_limits_s={"*": 50.0, "b": 0.2})
    assert end.killed == "time"
    assert lines == [{"begin": "a"}, {"test": "a"}, {"begin": "b"}]
    assert session.generation == 0, "the warm process outlives the job that was killed"


def test_processor_time_of_a_test_is_bounded_apart_from_its_clock(mode: str, start: Open, repo: Path):
    session = start(repo)
    small_zygote(session, mode)
    limits = {"limit_s": 60, "test_limits_s": {"*": 50.0}, "test_cpu_s": {"a": 0.2}}
    end, _ = warm(session, "say(begin='a')\nwhile True: pass", **limits)
    assert end.killed == "time"
    end, lines = warm(session, "import time; say(begin='a'); time.sleep(0.6); say(test='a')", **limits)
    assert (end.killed, lines) == (None, [{"begin": "a"}, {"test": "a"}])


def test_no_begin_line_extends_the_limit_of_the_job(mode: str, start: Open, repo: Path):
    session = start(repo)
    small_zygote(session, mode)
    code = "import time\nwhile True:\n    say(begin='x')\n    time.sleep(0.02)"
    end, _ = warm(session, code, limit_s=0.5, test_limits_s={"*": 30.0})
    assert end.killed == "time"


def test_fresh_process_with_payload_reads_its_line_and_writes_to_the_channel(
    mode: str, start: Open, repo: Path
):
    session = start(repo)
    program = (
        "import json, os, socket\n"
        "job = json.loads(socket.socket(fileno=int(os.environ['GRAFT_JOB_FD'])).makefile().readline())\n"
        "channel = int(os.environ['GRAFT_CHANNEL_FD'])\n"
        "for token in ('forged', job['token']):\n"
        "    line = {'token': token, 'got': job['payload'], 'cwd': job['cwd'] == os.getcwd()}\n"
        "    os.write(channel, json.dumps(line).encode() + b'\\n')\n"
        "os.write(channel, b'no json\\n[1]\\n')\n"
    )
    lines: list[Line] = []
    argv = [str(python_for(mode)), "-c", program]
    end = session.run(Job(argv=argv, payload={"ids": ["a", "b"]}), lines.append)
    assert end.ok, end
    assert lines == [{"got": {"ids": ["a", "b"]}, "cwd": True}]


def test_every_line_arrives_however_many_and_large(mode: str, start: Open, repo: Path):
    session = start(repo)
    small_zygote(session, mode)
    code = "for n in range(3000): say(n=n, fill='x' * 2000)"
    slow: list[int] = []

    def listen(line: Line) -> None:
        slow.append(line["n"])

    end = session.run(Job(zygote="small", payload={"program": "-", "code": code}), listen)
    assert end.ok
    assert slow == list(range(3000))


def test_output_keeps_its_end(start: Open, repo: Path):
    session = start(repo, limits=Limits(output_bytes=1000))
    end = shell(session, "yes 2>/dev/null | head -c 5000000; echo the end")
    assert len(end.output) == 1000
    assert end.output.endswith(b"y\nthe end\n")


def test_what_a_listener_raises_ends_the_job_and_the_session_goes_on(mode: str, start: Open, repo: Path):
    session = start(repo)
    small_zygote(session, mode)

    def listen(line: Line) -> None:
        raise KeyboardInterrupt

    job = Job(zygote="small", payload={"program": "-", "code": "say(n=1); import time; time.sleep(100)"})
    with pytest.raises(KeyboardInterrupt):
        session.run(job, listen)
    assert shell(session, "echo on").output == b"on\n"


def test_cancel_ends_the_job_in_progress_only(start: Open, repo: Path):
    session = start(repo)
    session.cancel()
    started = threading.Event()
    timer = threading.Thread(target=lambda: (started.wait(), session.cancel()))
    timer.start()
    job = Job(argv=["/bin/sh", "-c", "sleep 100"], limit_s=30)
    threading.Timer(0.3, started.set).start()
    end = session.run(job)
    timer.join()
    assert end.killed == "cancelled"
    assert shell(session, "echo on").output == b"on\n"


def test_close_from_another_thread_ends_the_job_and_the_session(start: Open, repo: Path):
    session = start(repo)
    threading.Timer(0.3, session.close).start()
    end = shell(session, "sleep 100", limit_s=30)
    assert end.killed == "cancelled"
    with pytest.raises(SandboxDied, match="closed"):
        shell(session, "true")


def test_zygote_that_fails_says_why(mode: str, start: Open, repo: Path):
    session = start(repo)
    with pytest.raises(SandboxDied, match="threads"):
        small_zygote(session, mode, fail="threads")
    with pytest.raises(SandboxDied, match="it ended"):
        session.start_zygote("bad", ["/bin/sh", "-c", "echo oh no; exit 1"], {}, limit_s=10)
    with pytest.raises(SandboxDied, match="not ready within"):
        session.start_zygote("slow", ["/bin/sleep", "100"], {}, limit_s=0.3)
    assert shell(session, "echo on").output == b"on\n"


def test_zygote_that_was_killed_is_started_again_and_counted(mode: str, start: Open, repo: Path):
    session = start(repo)
    small_zygote(session, mode)
    before = session.generation
    end, _ = warm(session, "import os; os.kill(os.getppid(), 9); import time; time.sleep(100)")
    assert end.killed == "died"
    assert session.generation == before + 1
    end, lines = warm(session, "say(n=1)")
    assert (end.ok, lines) == (True, [{"n": 1}])


def test_session_starts_anew_after_the_supervisor_was_killed(start: Open, repo: Path):
    session = start(repo)
    before = session.generation
    threading.Timer(0.3, lambda: os.kill(outermost(session), signal.SIGKILL)).start()
    end = shell(session, "sleep 100", limit_s=30)
    assert end == JobEnd(None, None, "died", end.seconds, b"")
    assert session.generation == before + 1
    assert shell(session, "cat module.py").output == b"VALUE = 1\n"


def outermost(session: Session) -> int:
    assert session._keeper is not None
    return session._keeper.pid


def _pythons() -> list[Path]:
    """Every interpreter from 3.8 on that is installed here."""
    versions = (Path.home() / ".pyenv/versions").glob("3.*")
    managed = [place / "bin/python3" for place in versions if int(place.name.split(".")[1]) >= 8]
    return [place for place in (*sorted(managed), Path("/usr/bin/python3")) if place.exists()]


@pytest.mark.parametrize("python", _pythons(), ids=str)
def test_supervisor_runs_under_old_and_new_pythons(python: Path, repo: Path):
    spec = SandboxSpec(repo, python, readable=(hostile_programs(),), environment={"PATH": "/usr/bin:/bin"})
    with Bubblewrap().open(spec) as session:
        session.start_zygote("small", [str(python), str(hostile_programs() / "zygote.py")], {}, limit_s=20)
        code = "import module, sys; say(value=module.VALUE, prefix=sys.base_prefix)"
        for value in (3, 4):
            end, lines = warm(session, code, files={"module.py": b"VALUE = %d\n" % value, "new.py": b""})
            assert end.ok, end
            assert lines[0]["value"] == value
        assert session.generation == 0


def test_two_sessions_at_once_do_not_see_each_other(start: Open, repo: Path):
    first, second = start(repo), start(repo)
    ends: list[JobEnd] = []
    long = threading.Thread(
        target=lambda: ends.append(shell(first, "echo 1 >module.py; sleep 0.5; cat module.py"))
    )
    long.start()
    assert shell(second, "cat module.py; echo 2 >module.py; cat module.py").output == b"VALUE = 1\n2\n"
    long.join()
    assert ends[0].output == b"1\n"


def test_killed_host_leaves_no_process_and_the_next_one_sweeps(mode: str, repo: Path):
    temporary = Path(tempfile.mkdtemp())
    temporary.chmod(0o755)
    script = (
        "import sys, threading; from pathlib import Path\n"
        "from sandbox_world import MODES, python_for\n"
        "from agent.sandbox.types import Job, SandboxSpec\n"
        "spec = SandboxSpec(Path(sys.argv[2]), python_for(sys.argv[1]), environment={'PATH': '/usr/bin:/bin'})\n"
        "session = MODES[sys.argv[1]]().open(spec)\n"
        "program = 'trap \"\" TERM HUP; setsid sleep 4242.4242 & echo started; sleep 4242.4242'\n"
        "print('open', flush=True)\n"
        "session.run(Job(argv=['/bin/sh', '-c', program], limit_s=100))\n"
    )
    path = f"{TESTS}:{TESTS.parents[1]}:{os.environ.get('PYTHONPATH', '')}"
    environment = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(temporary)}
    command = [sys.executable, "-c", script, mode, str(repo)]
    host = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    assert host.stdout is not None
    assert host.stdout.readline() == b"open\n"
    _until(lambda: len(_sleepers()) == 2)
    host.kill()
    host.wait()
    _until(lambda: not _sleepers())
    assert len(list(temporary.glob(f"{PREFIX}*"))) == (mode == "landlock")

    def swept() -> bool:
        sweep(temporary)
        return not any(temporary.iterdir())

    _until(swept)
    temporary.rmdir()


def _sleepers() -> list[str]:
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"4242.4242" in place.read_bytes() and b"sleep\0" in place.read_bytes():
                found.append(place.parent.name)
        except OSError:
            continue
    return found


def _until(condition: Callable[[], bool], patience_s: float = 20.0) -> None:
    deadline_s = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline_s, "it did not happen"
        time.sleep(0.02)


def test_stale_bytecode_is_never_used_for_a_candidate_of_the_same_size(mode: str, start: Open, repo: Path):
    compile_all = [str(python_for(mode)), "-m", "compileall", "-q", "."]
    subprocess.run(compile_all, cwd=repo, check=True)
    session = start(repo)
    seen = []
    for value in range(2, 6):
        files = {"module.py": b"VALUE = %d\n" % value}
        argv = [str(python_for(mode)), "-c", "import module; print(module.VALUE)"]
        end = session.run(Job(argv=argv, files=files, environment={"PYTHONDONTWRITEBYTECODE": ""}))
        seen.append(int(end.output))
    assert seen == [2, 3, 4, 5]


def test_a_hundred_warm_jobs_each_see_their_own_candidate(mode: str, start: Open, repo: Path):
    session = start(repo)
    small_zygote(session, mode)
    code = "import module; say(value=module.VALUE); open('left', 'w'); open('/dev/null')"
    for value in range(100 if mode == "overlay" else 10):
        _, lines = warm(session, code, files={"module.py": b"VALUE = %d\n" % value})
        assert lines == [{"value": value}]


def test_peak_memory_is_told(mode: str, start: Open, repo: Path):
    session = start(repo)
    argv = [str(python_for(mode)), "-c", "x = b'1' * (100 << 20); import time; time.sleep(0.5)"]
    end = session.run(Job(argv=argv))
    assert end.peak_bytes is not None
    assert end.peak_bytes > 100 << 20


def test_auto_chooses_what_works_and_unknown_names_are_refused():
    assert choose_sandbox().name == next(name for name, reason in describe() if reason is None)
    assert choose_sandbox("landlock").name == Landlock.name
    with pytest.raises(SandboxUnavailable, match="'cupboard' is not a known sandbox"):
        choose_sandbox("cupboard")
    assert json.dumps(describe())
