"""Run tests inside the sandbox and say what happened over a private channel. Knows nothing of candidates.

One file, standard library only, Python 3.8 or later: the target's environment has none of our packages.
`main("job")` takes one job and ends; `main("zygote")` loads what no candidate can reach, then forks per job.
A test whose verdict does not arrive has failed, so nothing that a test prints or does can forge a pass.
"""

from __future__ import annotations

import builtins
import gc
import importlib
import importlib.machinery
import io
import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import CodeType, FrameType, ModuleType, TracebackType
    from typing import Any

    Record = dict[str, Any]

PR_SET_DUMPABLE = 4
LOADING = ""
"""The id under which the time before the first test is limited, and lines run outside tests are kept."""
START = "pytest"
"""The culprit where pytest cannot be started before the fork, as when a conftest.py reaches a changed file."""
LINES_INTERVAL_S = 1.0
MAX_MESSAGE_CHARACTERS = 2000
MAX_FRAMES = 60
"""Of a deeper traceback the outer third and the inner two thirds are kept."""
QUICK_ARGUMENTS = (
    "--assert=plain",
    "--tb=native",
    "--capture=sys",
    "-p",
    "no:unraisableexception",
    "-p",
    "no:threadexception",
)
"""For candidates, of which only verdicts are wanted: what a plain run adds to these is tried on finalists."""
FRAMEWORKS = ("_pytest", "pytest", "pluggy", "unittest")
HARMLESS_PLUGINS = frozenset(
    {
        # Hooks around a test that change nothing for a plain function without fixtures or marks.
        "anyio.pytest_plugin",
        "_hypothesis_pytestplugin",
        "langsmith.pytest_plugin",
        "pytest_asyncio.plugin",
        "pytest_benchmark.plugin",
        "pytest_cov.plugin",
        "pytest_mock.plugin",
        "pytest_rerunfailures",
        "pytest_timeout",
        "xdist.plugin",
        "xdist.looponfail",
    }
)
RUNTEST_HOOKS = (
    "pytest_runtest_protocol",
    "pytest_runtest_setup",
    "pytest_runtest_call",
    "pytest_runtest_teardown",
    "pytest_runtest_makereport",
    "pytest_pyfunc_call",
)


# Reporting


class Channel:
    """The private result pipe. Only the process that opened it writes; what tests patch is not used."""

    def __init__(self, descriptor: int, token: str) -> None:
        owner, getpid, write = os.getpid(), os.getpid, os.write
        encode = json.JSONEncoder().encode

        def send(**line: Any) -> None:
            if getpid() != owner:
                return
            data = (encode({"token": token, **line}) + "\n").encode("ascii")
            while data:
                data = data[write(descriptor, data) :]

        self.send: Callable[..., None] = send


class Tree:
    """The repository's root as seen here. Paths inside it travel relative to it, others absolute."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._prefix = root.rstrip("/") + "/"

    def relative(self, path: str) -> str:
        if path == self.root:
            return "."
        return path[len(self._prefix) :] if path.startswith(self._prefix) else path

    def absolute(self, path: str) -> str:
        return self.root if path == "." else os.path.join(self.root, path)

    def holds(self, path: str) -> bool:
        """Whether it is a file of the project itself, not of an environment that lies in its folder."""
        return path.startswith(self._prefix) and "/site-packages/" not in path


def now(clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds by a clock that tests cannot freeze."""
    return clock()


def describe_failure(error: BaseException | None, trace: TracebackType | None, tree: Tree) -> Record:
    """An exception's type, message and frames, innermost last, without those of test frameworks."""
    try:
        message = str(error)
    except BaseException as broken:
        message = f"<unprintable: {type(broken).__name__}>"
    return {
        "error": type(error).__name__,
        "message": message[:MAX_MESSAGE_CHARACTERS],
        "frames": _frames(trace, tree),
    }


def _frames(trace: TracebackType | None, tree: Tree) -> list[list[Any]]:
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if not _is_machinery(trace.tb_frame):
            path = tree.relative(os.path.abspath(code.co_filename))
            frames.append([path, trace.tb_lineno or code.co_firstlineno, code.co_name])
        trace = trace.tb_next
    if len(frames) > MAX_FRAMES:
        outer = MAX_FRAMES // 3
        frames = frames[:outer] + frames[outer - MAX_FRAMES :]
    return frames


def _is_machinery(frame: FrameType) -> bool:
    module = str(frame.f_globals.get("__name__", ""))
    return module.split(".")[0] in FRAMEWORKS or module == __name__ or module.startswith("importlib.")


class Verdicts:
    """Turns begin and end of tests into channel lines, with the lines of code that each one executed."""

    def __init__(self, channel: Channel, tracer: LineTracer | None = None) -> None:
        self._channel = channel
        self._tracer = tracer
        self._test = LOADING
        self._started = 0.0
        self.worst = 0
        channel.send(begin=LOADING)
        if tracer is not None:
            tracer.start()
            self._report_regularly(tracer)

    def _report_regularly(self, tracer: LineTracer) -> None:
        """So that the lines of a test that never ends are known when it is killed."""
        import threading

        def report(sleep: Callable[[float], None] = time.sleep) -> None:
            while True:
                sleep(LINES_INTERVAL_S)
                self._channel.send(lines={self._test: tracer.seen()})

        threading.Thread(target=report, name="lines", daemon=True).start()

    def collected(self, tests: list[str]) -> None:
        self._channel.send(collected=tests)
        self._send_lines(LOADING)

    def collect_error(self, path: str, failure: Record) -> None:
        self.worst = 1
        self._channel.send(collect_error={"path": path, **failure})

    def begin(self, test: str) -> None:
        self._send_lines(LOADING)
        self._test = test
        self._channel.send(begin=test)
        self._started = now()

    def end(self, test: str, outcome: str, failure: Record | None = None) -> None:
        seconds = now() - self._started
        self._send_lines(test)
        self._test = LOADING
        if outcome not in ("passed", "skipped"):
            self.worst = 1
        self._channel.send(test=test, outcome=outcome, seconds=seconds, **(failure or {}))

    def _send_lines(self, test: str) -> None:
        """Lines that ran since the last call; those outside tests, as in imports, go to LOADING."""
        if self._tracer is not None:
            lines = self._tracer.take()
            if lines:
                self._channel.send(lines={test: lines})


# Tracing


class LineTracer:
    """Which lines of the repository's files run: `sys.monitoring` where there is, else `sys.settrace`."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._by_filename: dict[str, set[int] | None] = {}
        self._paths: dict[str, set[int]] = {}
        self._locals: dict[str, Callable[..., Any]] = {}
        self._monitoring = getattr(sys, "monitoring", None)

    def start(self) -> None:
        if self._monitoring is not None:
            self._start_monitoring(self._monitoring)
            return
        import threading

        threading.settrace(self._on_call)
        sys.settrace(self._on_call)

    def take(self) -> dict[str, list[int]]:
        """Lines by path since the last call."""
        taken = self.seen()
        for lines in self._paths.values():
            lines.clear()
        if self._monitoring is not None:
            self._monitoring.restart_events()
        return taken

    def seen(self) -> dict[str, list[int]]:
        """What `take` would return, without taking it. May be called from another thread."""
        return {path: sorted(lines - {0}) for path, lines in self._paths.copy().items() if lines}

    def _lines_of(self, filename: str) -> set[int] | None:
        if filename not in self._by_filename:
            path = os.path.abspath(filename)
            wanted = not filename.startswith("<") and self._tree.holds(path)
            self._by_filename[filename] = (
                self._paths.setdefault(self._tree.relative(path), set()) if wanted else None
            )
        return self._by_filename[filename]

    def _on_call(self, frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        filename = frame.f_code.co_filename
        lines = self._lines_of(filename)
        if lines is None:
            return None
        if filename not in self._locals:
            self._locals[filename] = _line_recorder(lines)
        return self._locals[filename]

    def _start_monitoring(self, monitoring: Any) -> None:
        tool = next(each for each in (1, 3, 4, 5) if monitoring.get_tool(each) is None)
        events, done = monitoring.events, monitoring.DISABLE
        monitoring.use_tool_id(tool, "graft")

        def on_start(code: CodeType, offset: int) -> object:
            if self._lines_of(code.co_filename) is not None:
                monitoring.set_local_events(tool, code, events.LINE)
            return done

        def on_line(code: CodeType, line: int) -> object:
            lines = self._lines_of(code.co_filename)
            if lines is not None:
                lines.add(line)
            return done

        monitoring.register_callback(tool, events.PY_START, on_start)
        monitoring.register_callback(tool, events.LINE, on_line)
        monitoring.set_events(tool, events.PY_START)


def _line_recorder(lines: set[int]) -> Callable[..., Any]:
    add = lines.add

    def record(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        if event == "line":
            add(frame.f_lineno)
        return record

    return record


# Reconnaissance


class ImportRecorder:
    """Who imports whom. An edge goes from every module to what is imported while it is being loaded,
    and from the repository's modules also to what their functions import later."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._loading: list[str] = []
        self._edges: dict[str, set[str]] = {}

    def install(self) -> None:
        plain_import, plain_import_module = builtins.__import__, importlib.import_module

        def recording_import(
            name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
        ) -> Any:
            module = plain_import(name, globals, locals, fromlist, level)
            scope = globals or {}
            absolute = _absolute_name(name, scope, level)
            self._add(scope, [absolute, *(f"{absolute}.{each}" for each in fromlist or ())])
            return module

        def recording_import_module(name: str, package: str | None = None) -> ModuleType:
            module = plain_import_module(name, package)
            self._add(sys._getframe(1).f_globals, [module.__name__])
            return module

        builtins.__import__ = recording_import
        importlib.import_module = recording_import_module
        for loader in (
            importlib.machinery.SourceFileLoader,
            importlib.machinery.SourcelessFileLoader,
            importlib.machinery.ExtensionFileLoader,
        ):
            loader.exec_module = self._recording_exec(loader.exec_module)  # type: ignore[method-assign]

    def _recording_exec(self, plain_exec: Callable[..., None]) -> Callable[..., None]:
        def exec_module(loader: object, module: ModuleType) -> None:
            if self._loading:
                self._edges.setdefault(self._loading[-1], set()).add(module.__name__)
            self._loading.append(module.__name__)
            try:
                plain_exec(loader, module)
            finally:
                self._loading.pop()

        return exec_module

    def _add(self, scope: Record, names: list[str]) -> None:
        found = [each for each in names if each in sys.modules]
        if self._loading:
            self._edges.setdefault(self._loading[-1], set()).update(found)
        if self._tree.holds(str(scope.get("__file__", ""))):
            self._edges.setdefault(str(scope.get("__name__", "")), set()).update(found)

    def report(self) -> Record:
        """`modules`: [name, path] in the order in which loading began; `edges`: name → names."""
        modules = []
        for name, module in list(sys.modules.items()):
            spec = getattr(module, "__spec__", None)
            if spec is not None and spec.name == name and spec.has_location and spec.origin:
                modules.append([name, self._tree.relative(os.path.abspath(spec.origin))])
        return {
            "modules": modules,
            "edges": {name: sorted(targets) for name, targets in self._edges.items()},
            "path": [self._tree.relative(entry) for entry in sys.path],
        }


def _absolute_name(name: str, scope: Record, level: int) -> str:
    if level == 0:
        return name
    package = scope.get("__package__") or str(scope.get("__name__", "")).rpartition(".")[0]
    base = package.rsplit(".", level - 1)[0] if level > 1 else package
    return f"{base}.{name}" if name else base


# pytest


def _hook(**options: bool) -> Callable[[Any], Any]:
    """Mark a pytest hook without importing pytest, which zygotes for plain tests do not need."""

    def mark(function: Any) -> Any:
        function.pytest_impl = {"hookwrapper": False, "optionalhook": True, "specname": None, **options}
        return function

    return mark


def _do_nothing(code: int) -> None:
    """Let pytest end as it does."""


class PytestReporter:
    """A pytest plugin: selects and orders tests, reports each, and keeps other plugins from interfering."""

    def __init__(self, verdicts: Verdicts, tree: Tree, job: Record) -> None:
        self._verdicts = verdicts
        self._tree = tree
        self._job = job
        self._base = "."
        self.before_collection: Callable[[], tuple[Verdicts, Record]] | None = None
        """Where a warm process waits for its job."""
        self.at_end: Callable[[int], None] = _do_nothing
        self._failures: dict[str, Record] = {}
        self._reasons: dict[str, str] = {}
        self._phases: dict[str, set[tuple[str, str]]] = {}
        self.screenable: list[Record] = []
        self.obstacle = ""
        self.conftests: list[str] = []
        self.path: list[str] = []
        """`sys.path` while tests run; pytest takes its additions back at the end."""

    @_hook(tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: Any) -> None:
        if hasattr(early_config.known_args_namespace, "cov_source"):
            early_config.known_args_namespace.cov_source = None

    @_hook(tryfirst=True)
    def pytest_configure(self, config: Any) -> None:
        settings = {
            "maxfail": 1 if self._job.get("stop") else 0,
            "usepdb": False,
            "trace": False,
            # Other plugins' ways of spreading, repeating and shuffling tests.
            "dist": "no",
            "tx": [],
            "numprocesses": 0,
            "looponfail": False,
            "randomly_reorganize": False,
            "randomly_seed": self._job.get("seed", 0),
        }
        if self._job.get("collect_only"):
            settings["collectonly"] = True
        if self._job["mode"] != "cold":
            settings["continue_on_collection_errors"] = True
        for name, value in settings.items():
            if hasattr(config.option, name):
                setattr(config.option, name, value)
        self._base = os.path.relpath(str(config.rootdir), self._tree.root)

    @_hook(tryfirst=True)
    def pytest_sessionstart(self, session: Any) -> None:
        manager = session.config.pluginmanager
        for name in ("lfplugin", "nfplugin", "stepwiseplugin"):
            plugin = manager.get_plugin(name)
            if plugin is not None:
                manager.unregister(plugin)

    @_hook(tryfirst=True)
    def pytest_collection(self, session: Any) -> None:
        if self.before_collection is not None:
            self._verdicts, self._job = self.before_collection()
            session.config.args = pytest_files(self._job)
            session.config.option.maxfail = 1 if self._job.get("stop") else 0

    @_hook(trylast=True)
    def pytest_sessionfinish(self, session: Any, exitstatus: int) -> None:
        self.at_end(int(exitstatus))

    @_hook(trylast=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        wanted = self._job.get("tests")
        if wanted and self._job["mode"] != "cold":
            by_id = {self._id(item.nodeid): item for item in items}
            items[:] = [by_id[test] for test in wanted if test in by_id]

    def pytest_collection_finish(self, session: Any) -> None:
        self._verdicts.collected([self._id(item.nodeid) for item in session.items])
        self.path = list(sys.path)
        if self._job.get("recon"):
            self._survey(session)

    def pytest_exception_interact(self, node: Any, call: Any, report: Any) -> None:
        error = call.excinfo.value
        if type(report).__name__ != "CollectReport":
            failure = describe_failure(error, call.excinfo.tb, self._tree)
            self._failures.setdefault(node.nodeid, failure)
            return
        cause = error.__cause__ if type(error).__name__ == "CollectError" else None
        failure = describe_failure(cause or error, (cause or error).__traceback__, self._tree)
        failure["message"] = str(report.longrepr)[-MAX_MESSAGE_CHARACTERS:]
        self._verdicts.collect_error(self._id(node.nodeid), failure)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._phases[nodeid] = set()
        self._verdicts.begin(self._id(nodeid))

    def pytest_runtest_logreport(self, report: Any) -> None:
        self._phases.setdefault(report.nodeid, set()).add((report.when, report.outcome))
        if report.outcome != "passed" and isinstance(report.longrepr, (str, tuple)):
            reason = report.longrepr if isinstance(report.longrepr, str) else report.longrepr[-1]
            self._reasons[report.nodeid] = str(reason)[:MAX_MESSAGE_CHARACTERS]

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        phases = self._phases.pop(nodeid, set())
        if any(outcome == "failed" and when != "call" for when, outcome in phases):
            outcome = "error"
        elif ("call", "failed") in phases:
            outcome = "failed"
        elif ("call", "passed") in phases:
            outcome = "passed"
        else:
            outcome = "skipped"
        reason = {"error": "", "message": self._reasons.pop(nodeid, "")}
        failure = self._failures.pop(nodeid, reason)
        self._verdicts.end(self._id(nodeid), outcome, None if outcome == "passed" else failure)

    def _id(self, nodeid: str) -> str:
        """A node id as the user would type it at the repository's root, wherever pytest's root is."""
        if self._base == ".":
            return nodeid
        path, separator, rest = nodeid.partition("::")
        return os.path.normpath(os.path.join(self._base, path)) + separator + rest

    def _survey(self, session: Any) -> None:
        """Which tests are plain enough to be called without pytest, and which conftests came with them."""
        manager = session.config.pluginmanager
        for name in RUNTEST_HOOKS:
            for implementation in getattr(manager.hook, name).get_hookimpls():
                module = getattr(implementation.function, "__module__", "")
                known = module.startswith("_pytest.") or module in (__name__, *HARMLESS_PLUGINS)
                if not known:
                    self.obstacle = f"{module} takes part in running tests ({name})"
        plugins = [plugin for plugin in manager.get_plugins() if hasattr(plugin, "__file__")]
        self.conftests = [
            plugin.__name__ for plugin in plugins if os.path.basename(plugin.__file__ or "") == "conftest.py"
        ]
        for item in session.items:
            plan = None if self.obstacle else screening_plan(item)
            if plan is not None:
                self.screenable.append({"id": self._id(item.nodeid), **plan})


def screening_plan(item: Any) -> Record | None:
    """How to call a test without pytest: None where fixtures, marks or a coroutine make that untrue."""
    kind = type(item).__name__
    if kind not in ("Function", "TestCaseFunction") or not hasattr(item, "_fixtureinfo"):
        return None
    function = item.obj
    flags = getattr(getattr(function, "__code__", None), "co_flags", None)
    if flags is None or flags & 0x2A0 or hasattr(function, "is_hypothesis_test"):  # generator or coroutine
        return None
    if any(mark.name != "parametrize" for mark in item.iter_markers()):
        return None
    fixtures = set(item._fixtureinfo.names_closure)
    owner = item.cls.__qualname__ if item.cls is not None else ""
    plan = {"module": item.module.__name__, "class": owner, "name": item.originalname or item.name}
    if kind == "TestCaseFunction":
        plain = all(name.lstrip("_").startswith("unittest_") for name in fixtures - {"request"})
        return {**plan, "case": True, "indices": {}} if plain else None
    indices = _parameter_indices(item)
    if indices is None or fixtures != set(indices) or "<locals>" in owner:
        return None
    return {**plan, "case": False, "indices": indices}


def _parameter_indices(item: Any) -> dict[str, int] | None:
    """Argument → place of its value in the `parametrize` mark of the function itself; None if unclear."""
    if not hasattr(item, "callspec"):
        return {}
    indices = dict(item.callspec.indices)
    try:
        values = parameters(item.function, indices)
    except (LookupError, TypeError, ValueError):
        return None
    wanted = item.callspec.params
    same = set(values) == set(wanted) and all(values[name] is wanted[name] for name in wanted)
    return indices if same else None


def parameters(function: Any, indices: dict[str, int]) -> Record:
    """The arguments that `parametrize` marks of a function give at these places. Raises LookupError."""
    values: Record = {}
    for mark in getattr(function, "pytestmark", ()):
        if mark.name != "parametrize" or len(mark.args) != 2 or mark.kwargs.get("indirect"):
            raise LookupError(mark.name)
        names, choices = mark.args
        names = [each.strip() for each in names.split(",")] if isinstance(names, str) else list(names)
        choice = choices[indices[names[0]]]
        if hasattr(choice, "marks") and hasattr(choice, "values"):
            chosen = choice.values
        else:
            chosen = [choice] if len(names) == 1 else choice
        values.update({name: chosen[place] for place, name in enumerate(names)})
    return values


def pytest_arguments(job: Record) -> list[str]:
    """Plain ids in a cold run; else the files of the tests, since the reporter selects and orders."""
    if job["mode"] == "cold":
        return list(job["tests"])
    return [*(QUICK_ARGUMENTS if job.get("quick") else ()), *pytest_files(job)]


def pytest_files(job: Record) -> list[str]:
    """Where to collect; nothing means everywhere."""
    tests = job.get("tests") or job.get("paths") or ()
    return list(dict.fromkeys(test.partition("::")[0] for test in tests))


def run_pytest(job: Record, reporter: PytestReporter) -> int:
    import pytest

    arguments = pytest_arguments(job)
    sys.argv = [os.path.join(os.path.dirname(pytest.__file__), "__main__.py"), *arguments]
    return int(pytest.main(arguments, plugins=[reporter]))


# unittest


def unittest_result(verdicts: Verdicts, tree: Tree, stop: bool, name_of: Callable[[Any], str]) -> Any:
    """A `unittest.TestResult` that reports each test; a class's failed set-up is the class's error."""
    import unittest

    class Result(unittest.TestResult):
        worst: tuple[str, Record | None] = ("passed", None)

        def startTest(self, test: Any) -> None:
            super().startTest(test)
            self.worst = ("passed", None)
            verdicts.begin(name_of(test))

        def stopTest(self, test: Any) -> None:
            verdicts.end(name_of(test), *self.worst)
            super().stopTest(test)

        def addFailure(self, test: Any, err: Any) -> None:
            super().addFailure(test, err)
            self._note(test, "failed", err)

        def addError(self, test: Any, err: Any) -> None:
            super().addError(test, err)
            self._note(test, "error", err)

        def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
            super().addSubTest(test, subtest, err)
            if err is not None:
                self._note(test, "failed" if issubclass(err[0], test.failureException) else "error", err)

        def addSkip(self, test: Any, reason: str) -> None:
            super().addSkip(test, reason)
            if self.worst[0] == "passed":
                self.worst = ("skipped", {"error": "SkipTest", "message": str(reason)})

        def addExpectedFailure(self, test: Any, err: Any) -> None:
            super().addExpectedFailure(test, err)
            self.worst = ("skipped", None)

        def addUnexpectedSuccess(self, test: Any) -> None:
            super().addUnexpectedSuccess(test)
            self.worst = ("failed", {"error": "UnexpectedSuccess", "message": "expected to fail, but passed"})

        def _note(self, test: Any, outcome: str, err: Any) -> None:
            failure = describe_failure(err[1], err[2], tree)
            if hasattr(test, "_testMethodName"):
                self.worst = (outcome, failure)
            else:
                verdicts.collect_error(test.id(), failure)

    result = Result()
    result.failfast = stop
    return result


def _flat(suite: Any) -> Iterator[Any]:
    for test in suite:
        if hasattr(test, "_testMethodName"):
            yield test
        else:
            yield from _flat(test)


def load_unittest(job: Record, verdicts: Verdicts, tree: Tree) -> Any:
    """The wanted tests in the wanted order, or all; modules that cannot be loaded are reported."""
    import unittest

    loader = unittest.TestLoader()
    start = tree.absolute(job.get("start") or ".")
    if start not in sys.path:
        sys.path.insert(0, start)
    tests = job.get("tests")
    if tests:
        found = _flat(loader.loadTestsFromNames(tests))
    else:
        found = _flat(loader.discover(start, top_level_dir=start))
    good = []
    for test in found:
        if type(test).__name__ == "_FailedTest":
            error = getattr(test, "_exception", None)
            verdicts.collect_error(
                test._testMethodName, describe_failure(error, getattr(error, "__traceback__", None), tree)
            )
        else:
            good.append(test)
    verdicts.collected([test.id() for test in good])
    return unittest.TestSuite(good)


def run_unittest(job: Record, verdicts: Verdicts, tree: Tree) -> int:
    result = unittest_result(verdicts, tree, bool(job.get("stop")), lambda test: str(test.id()))
    suite = load_unittest(job, verdicts, tree)
    if not job.get("collect_only"):
        suite.run(result)
    return verdicts.worst


# Screening


def run_screening(job: Record, verdicts: Verdicts, tree: Tree) -> int:
    """Call plain tests without pytest. A failure here is one; a pass is to be confirmed under pytest."""
    sys.path[:] = [tree.absolute(entry) for entry in job["path"]]
    for name in job["conftests"]:
        importlib.import_module(name)
    for plan in job["plans"]:
        if job.get("collect_only"):
            _screened(plan)
            continue
        verdicts.begin(plan["id"])
        if plan["case"]:
            _screen_case(plan, verdicts, tree)
        else:
            _screen_function(plan, verdicts, tree)
        if verdicts.worst and job.get("stop"):
            break
    return verdicts.worst


def _screened(plan: Record) -> Any:
    owner: Any = importlib.import_module(plan["module"])
    for name in plan["class"].split(".") if plan["class"] else ():
        owner = getattr(owner, name)
    return owner


def _screen_function(plan: Record, verdicts: Verdicts, tree: Tree) -> None:
    try:
        owner = _screened(plan)
        function = getattr(owner() if plan["class"] else owner, plan["name"])
        function(**(parameters(function, plan["indices"]) if plan["indices"] else {}))
    except BaseException as error:
        skipped = type(error).__name__ in ("SkipTest", "Skipped", "XFailed")
        outcome = "skipped" if skipped else "failed"
        verdicts.end(plan["id"], outcome, describe_failure(error, error.__traceback__, tree))
    else:
        verdicts.end(plan["id"], "passed")


def _screen_case(plan: Record, verdicts: Verdicts, tree: Tree) -> None:
    import unittest

    try:
        case = _screened(plan)(plan["name"])
    except BaseException as error:
        verdicts.end(plan["id"], "error", describe_failure(error, error.__traceback__, tree))
        return
    unittest.TestSuite([case]).run(unittest_result(verdicts, tree, False, lambda test: str(plan["id"])))


# Jobs


def run_job(job: Record, channel: Channel, tree: Tree) -> int:
    """Do what a job asks and return the exit code. `finished` is the last line of an orderly end."""
    recorder = None
    if job.get("recon"):
        recorder = ImportRecorder(tree)
        recorder.install()
    tracer = LineTracer(tree) if job.get("trace") else None
    verdicts = Verdicts(channel, tracer)
    reporter = None
    try:
        if job["mode"] == "screen":
            code = run_screening(job, verdicts, tree)
        elif job["framework"] == "unittest":
            code = run_unittest(job, verdicts, tree)
        else:
            reporter = PytestReporter(verdicts, tree, job)
            code = run_pytest(job, reporter)
    except BaseException as error:
        verdicts.collect_error("", describe_failure(error, error.__traceback__, tree))
        code = 3
    if recorder is not None:
        record = recorder.report()
        if reporter is not None:
            record.update(
                plans=reporter.screenable,
                obstacle=reporter.obstacle,
                conftests=reporter.conftests,
                path=[tree.relative(entry) for entry in reporter.path],
            )
        channel.send(recon=record)
    finish(channel, code)
    return code


def finish(channel: Channel, code: int) -> None:
    """Say that a job ended in good order."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            continue
    channel.send(finished=code)


class Lines:
    """JSON lines over the socket to the supervisor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = b""

    def read(self) -> Any | None:
        while b"\n" not in self._buffer:
            data = os.read(self._descriptor, 1 << 16)
            if not data:
                return None
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def write(self, line: Record) -> None:
        data = (json.dumps(line) + "\n").encode("ascii")
        while data:
            data = data[os.write(self._descriptor, data) :]

    def close(self) -> None:
        os.close(self._descriptor)


# Warm processes


class CodeCache:
    """Compiled base files, so that a child compiles only what its candidate changes, and trusts no .pyc."""

    def __init__(self) -> None:
        self._codes: dict[str, CodeType] = {}
        self.changed: frozenset[str] = frozenset()

    def compile(self, paths: Iterable[str]) -> None:
        for path in paths:
            try:
                with open(path, "rb") as file:
                    self._codes[path] = compile(file.read(), path, "exec", dont_inherit=True)
            except (OSError, SyntaxError, ValueError):
                continue

    def install(self) -> None:
        loader_class = importlib.machinery.SourceFileLoader
        plain_get_code = loader_class.get_code

        def get_code(loader: importlib.machinery.SourceFileLoader, fullname: str) -> CodeType | None:
            path = str(loader.path)
            if type(loader) is not loader_class:
                return plain_get_code(loader, fullname)
            if path in self.changed:
                code: CodeType = loader.source_to_code(loader.get_data(path), path)
                return code
            return self._codes.get(path) or plain_get_code(loader, fullname)

        loader_class.get_code = get_code  # type: ignore[method-assign,assignment]


class ForbiddenRead(BaseException):
    """Raised when something that is loaded before the fork reads a file that candidates may change."""


class ReadGuard:
    """Refuses, while it is active, to load or open files that candidates may change."""

    def __init__(self, forbidden: Iterable[str]) -> None:
        self._forbidden = {os.path.realpath(path) for path in forbidden}
        self.touched = ""

    def check(self, path: object) -> None:
        if isinstance(path, (str, bytes, os.PathLike)):
            real = os.path.realpath(os.fsdecode(path))
            if real in self._forbidden:
                self.touched = real
                raise ForbiddenRead(real)

    def begin(self) -> None:
        loader_class = importlib.machinery.SourceFileLoader
        self._plain = (builtins.open, io.open, loader_class.get_code)
        plain_open, _, plain_get_code = self._plain

        def guarded_open(file: Any, *arguments: Any, **options: Any) -> Any:
            self.check(file)
            return plain_open(file, *arguments, **options)

        def guarded_get_code(loader: Any, fullname: str) -> Any:
            self.check(loader.path)
            return plain_get_code(loader, fullname)

        builtins.open = io.open = guarded_open
        loader_class.get_code = guarded_get_code  # type: ignore[method-assign,assignment]

    def end(self) -> None:
        self._forbidden.clear()  # a module imported meanwhile may have kept the guarded `open` for good
        builtins.open, io.open, importlib.machinery.SourceFileLoader.get_code = self._plain  # type: ignore[method-assign]


def dumpable_setter() -> Callable[[bool], None]:
    """Sets whether other processes of the same user may read this one's memory; does nothing outside Linux."""
    if sys.platform != "linux":
        return lambda value: None
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    return lambda value: prctl(PR_SET_DUMPABLE, 1 if value else 0, 0, 0, 0)


def live_threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        import threading

        return threading.active_count()


class Zygote:
    """A process that loads what no candidate can reach, then forks for each job.

    With `start` in its payload, pytest itself is brought up to where it would collect tests, and waits there.
    The host must not use a zygote that names a culprit or has more than one thread.
    """

    def __init__(self, lines: Lines, channel_fd: int, tree: Tree) -> None:
        self._lines = lines
        self._channel_fd = channel_fd
        self._tree = tree
        self._warm: Record = lines.read() or {"preload": (), "forbidden": (), "compile": ()}
        self._guard = ReadGuard(tree.absolute(path) for path in self._warm["forbidden"])
        self._cache = CodeCache()
        self._set_dumpable = dumpable_setter()
        self._channel: Channel | None = None

    def run(self) -> None:
        self._guard.begin()
        culprit = self._preload()
        if culprit or not self._warm.get("start"):
            self._serve(culprit)
            return
        reporter = PytestReporter(Verdicts(Channel(self._channel_fd, "")), self._tree, self._warm["start"])
        reporter.before_collection = self._await_job
        reporter.at_end = self._end_child
        try:
            run_pytest(self._warm["start"], reporter)
        except BaseException:
            if self._channel is not None:
                os._exit(3)
        if self._channel is not None:
            self._end_child(3)
        self._serve(START)

    def _preload(self) -> str:
        """Import modules in order. Returns the first that fails or reads a forbidden file, else nothing."""
        initial_path = list(sys.path)
        sys.path[:] = [self._tree.absolute(entry) for entry in self._warm.get("path") or sys.path]
        for name in self._warm["preload"]:
            try:
                importlib.import_module(name)
            except BaseException:
                return str(name)
            if self._guard.touched:
                return str(name)
        sys.path[:] = initial_path
        return ""

    def _await_job(self) -> tuple[Verdicts, Record]:
        """Called inside pytest; returns in a child only."""
        order = self._serve(START if self._guard.touched else "")
        if order is None:
            os._exit(0)
        self._channel = Channel(self._channel_fd, order["token"])
        return Verdicts(self._channel), order["payload"]

    def _end_child(self, code: int) -> None:
        if self._channel is not None:
            finish(self._channel, code)
            os._exit(code)

    def _serve(self, culprit: str) -> Record | None:
        """Fork for each order. In a child inside pytest, return the order; other children end here."""
        self._guard.end()
        self._cache.compile(self._tree.absolute(path) for path in self._warm["compile"])
        self._cache.install()
        os.chdir("/")
        self._set_dumpable(False)
        gc.collect()
        gc.freeze()
        self._lines.write(
            {"ready": {"culprit": culprit, "threads": live_threads(), "modules": len(sys.modules)}}
        )
        while True:
            order: Record | None = self._lines.read()
            if order is None:
                return None
            child = os.fork()
            if child == 0:
                self._enter_child(order)
                if self._warm.get("start"):
                    return order
                os._exit(run_job(order["payload"], Channel(self._channel_fd, order["token"]), self._tree))
            self._lines.write({"pid": child})
            _, status = os.waitpid(child, 0)
            ended = {"signal": os.WTERMSIG(status)} if os.WIFSIGNALED(status) else {"exit": status >> 8}
            self._lines.write(ended)

    def _enter_child(self, order: Record) -> None:
        self._lines.close()
        self._set_dumpable(True)
        os.environ.update(order["environment"])
        os.chdir(order["cwd"])
        for path, finder in list(sys.path_importer_cache.items()):
            if path.startswith(self._tree.root) and isinstance(finder, importlib.machinery.FileFinder):
                finder.invalidate_caches()
        changed = order["payload"].get("changed", ())
        self._cache.changed = frozenset(self._tree.absolute(path) for path in changed)


def _move_editable_installs(tree: Tree, original: str | None) -> None:
    """Where the tree is a copy, let what points to the original (sys.path, editable finders) point to it."""
    if not original or original == tree.root:
        return
    there = Tree(original)

    def moved(path: str) -> str:
        inside = there.relative(path)
        return path if inside == path else tree.absolute(inside)

    sys.path[:] = [moved(entry) for entry in sys.path]
    for name, module in list(sys.modules.items()):
        mapping = getattr(module, "MAPPING", None)
        if name.startswith("__editable__") and isinstance(mapping, dict):
            mapping.update({key: moved(value) for key, value in mapping.items()})


def set_up() -> tuple[Lines, int, Tree]:
    """What the supervisor gave this process: its socket, its channel, the tree. Nothing of it is passed on."""
    lines = Lines(int(os.environ.pop("GRAFT_JOB_FD")))
    channel_fd = int(os.environ.pop("GRAFT_CHANNEL_FD"))
    os.set_inheritable(channel_fd, False)
    tree = Tree(os.getcwd())
    original = os.environ.pop("GRAFT_REPO", None)
    os.environ.pop("GRAFT_TREE", None)
    _move_editable_installs(tree, original)
    sys.path.insert(0, tree.root)
    sys.dont_write_bytecode = True
    return lines, channel_fd, tree


def begin_job() -> tuple[Record | None, int, Tree]:
    """The one job of a fresh process; None where the supervisor has hung up."""
    lines, channel_fd, tree = set_up()
    order = lines.read()
    lines.close()
    return order, channel_fd, tree


def main(mode: str) -> None:
    """`job`: one job, then exit. `zygote`: a warm process. Both are started by the supervisor."""
    if mode == "zygote":
        Zygote(*set_up()).run()
        return
    order, channel_fd, tree = begin_job()
    if order is None:
        return
    code = run_job(order["payload"], Channel(channel_fd, order["token"]), tree)
    if order["payload"]["mode"] == "cold":
        sys.exit(code)
    os._exit(code)
