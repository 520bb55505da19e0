"""Record the arguments that tests give to functions; call functions with such arguments and describe the results.

Runs inside the sandbox beside runner.py: standard library only, Python 3.8 or later. `main("record")` runs tests
and reports calls; `main("probe")` calls functions of one tree with recorded inputs and mutations of them.
Results are texts that are equal exactly if the behaviour is: types, values, exceptions, changed arguments, prints.
"""

from __future__ import annotations

import ast
import base64
import copy
import importlib
import io
import os
import pickle
import random
import re
import signal
import sys
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import Any

    Record = dict[str, Any]

MAX_INPUTS_PER_FUNCTION = 40
MAX_INPUT_BYTES = 20_000
CALL_LIMIT_S = 0.5
BOLD_AFTER = 8
"""Mutations of one input after which two things are changed at once."""
LETTERS = "aeyzAEMZ019 .,-(["
NUMBER = re.compile(r"[0-9]{1,9}")
EQUAL_SHARE = 0.2
"""How often an argument is made equal to another of its type, as ties are where comparisons differ."""
MAX_TEXT = 2000
MAX_DEPTH = 6
MAX_ITEMS = 200
FLOAT_DIGITS = 12
ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
VARIADIC, KEYWORDS = 0x04, 0x08
"""Code flags of functions that take *args and **kwargs."""


def load_runner() -> Any:
    """The runner that lies beside this file."""
    path = os.path.join(os.path.dirname(__file__), "runner.py")
    module = sys.modules["graft_runner"] = types.ModuleType("graft_runner")
    module.__file__ = path
    with open(path, "rb") as file:
        exec(compile(file.read(), path, "exec"), module.__dict__)
    return module


# Recording


def first_lines(source: bytes, names: set[str]) -> dict[int, str]:
    """First line of each function that these qualified names mean → name of its outermost function.

    What is nested in a function cannot be called from outside, so that function is meant instead.
    """
    found: dict[int, str] = {}

    def visit(node: ast.AST, prefix: str, outer: tuple[int, str] | None) -> None:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                visit(child, prefix, outer)
                continue
            name = prefix + child.name
            line = min([child.lineno, *(each.lineno for each in child.decorator_list)])
            here = outer
            if not isinstance(child, ast.ClassDef):
                here = outer or (line, name)
                if name in names:
                    found[here[0]] = here[1]
            visit(child, name + ".", here)

    visit(ast.parse(source), "", None)
    return found


class CallRecorder:
    """Notes the arguments of calls as they are made, each distinct input once."""

    def __init__(self, tree: Any, functions: list[list[str]], send: Callable[..., None]) -> None:
        self._send = send
        self._counts: dict[tuple[str, str], int] = {}
        self._seen: set[bytes] = set()
        self._tree = tree
        self._targets: dict[str, dict[int, str]] = {}
        self._names: dict[str, set[str]] = {}
        for path, name in functions:
            self._names.setdefault(tree.absolute(path), set()).add(name)

    def on_call(self, frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if code.co_filename not in self._targets:
            self._targets[code.co_filename] = self._targets_of(code.co_filename)
        name = self._targets[code.co_filename].get(code.co_firstlineno)
        if name is not None and name.rpartition(".")[2] == code.co_name:
            self._note(frame, self._tree.relative(os.path.abspath(code.co_filename)), name)

    def _targets_of(self, filename: str) -> dict[int, str]:
        path = os.path.abspath(filename)
        if path not in self._names:
            return {}
        try:
            with open(path, "rb") as file:
                return first_lines(file.read(), self._names[path])
        except (OSError, SyntaxError, ValueError):
            return {}

    def _note(self, frame: FrameType, path: str, name: str) -> None:
        key = (path, name)
        if self._counts.get(key, 0) >= MAX_INPUTS_PER_FUNCTION:
            return
        sys.settrace(None)
        try:
            data = pickle.dumps((path, name, *_arguments(frame)), protocol=4)
            if len(data) <= MAX_INPUT_BYTES and data not in self._seen:
                self._seen.add(data)
                if not self._counts:
                    self._send(path=[self._tree.relative(entry) for entry in sys.path])
                self._counts[key] = self._counts.get(key, 0) + 1
                module = str(frame.f_globals.get("__name__", ""))
                encoded = base64.b64encode(data).decode("ascii")
                self._send(call={"path": path, "name": name, "module": module, "input": encoded})
        except Exception:
            return
        finally:
            sys.settrace(self.on_call)


def _arguments(frame: FrameType) -> tuple[list[Any], Record]:
    """A call's positional and keyword arguments, from the frame that it has just entered."""
    code, values = frame.f_code, frame.f_locals
    names = list(code.co_varnames)
    positional = [values[name] for name in names[: code.co_argcount]]
    keyword_names = names[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    keywords = {name: values[name] for name in keyword_names}
    place = code.co_argcount + code.co_kwonlyargcount
    if code.co_flags & VARIADIC:
        positional += values[names[place]]
        place += 1
    if code.co_flags & KEYWORDS:
        keywords.update(values[names[place]])
    return positional, keywords


def record(order: Record, channel_fd: int, tree: Any, runner: Any) -> int:
    """Run tests as the runner does, reporting calls of the functions asked for."""
    import threading

    job = order["payload"]
    channel = runner.Channel(channel_fd, order["token"])
    recorder = CallRecorder(tree, job["functions"], channel.send)
    threading.settrace(recorder.on_call)
    sys.settrace(recorder.on_call)
    code = int(runner.run_job(job, channel, tree))
    sys.settrace(None)
    return code


# Mutation


def mutations(value: Any, source: random.Random) -> Any:
    """A value near this one, of the same type; other kinds of object are kept. Never changes `value` itself."""
    if isinstance(value, bool):
        return not value
    if value is None:
        return source.choice([0, "", None])
    mutate = MUTATORS.get(type(value))
    return value if mutate is None else mutate(value, source)


def _near_int(value: int, source: random.Random) -> int:
    return source.choice(
        [value + 1, value - 1, 0, 1, -value, value * 2, value + 10, value // 2, abs(value) % 7]
    )


def _near_float(value: float, source: random.Random) -> float:
    return source.choice([value + 1.0, value - 0.5, 0.0, -value, value * 2, value / 3, round(value)])


def _near_text(value: Any, source: random.Random) -> Any:
    empty = value[:0]
    if not value:
        return b" a" if isinstance(value, bytes) else source.choice([" ", "a", "1"])
    place = source.randrange(len(value))
    piece = value[place : place + 1]
    other = source.choice(LETTERS)
    numbers = [] if isinstance(value, bytes) else list(NUMBER.finditer(value))
    if numbers and source.random() < 0.5:
        number = source.choice(numbers)
        near = str(abs(_near_int(int(number[0]), source))).zfill(len(number[0]))
        return value[: number.start()] + near + value[number.end() :]
    return source.choice(
        [
            empty,
            value[:place] + (other.encode() if isinstance(value, bytes) else other) + value[place + 1 :],
            value[:place] + value[place + 1 :],
            value[:place] + piece + value[place:],
            value[::-1],
            value.swapcase(),
            value + value[: place + 1],
            value[place:],
            value + (b" " if isinstance(value, bytes) else " "),
        ]
    )


def _near_sequence(value: Any, source: random.Random) -> Any:
    items = list(value)
    if not items:
        return type(value)([source.choice([0, 1, "a"])])
    place = source.randrange(len(items))
    other = source.randrange(len(items))
    changes = ["element", "element", "element", "drop", "double", "swap", "reverse", "empty"]
    change = source.choice(changes)
    if change == "element":
        items[place] = mutations(items[place], source)
    elif change == "drop":
        del items[place]
    elif change == "double":
        items.insert(other, items[place])
    elif change == "swap":
        items[place], items[other] = items[other], items[place]
    elif change == "reverse":
        items.reverse()
    else:
        items.clear()
    return type(value)(items)


def _near_mapping(value: Record, source: random.Random) -> Record:
    items = dict(value)
    if items:
        key = source.choice(list(items))
        if source.random() < 0.3:
            del items[key]
        else:
            items[key] = mutations(items[key], source)
    return items


def _near_set(value: Any, source: random.Random) -> Any:
    return type(value)(_near_sequence(sorted(value, key=repr), source))


MUTATORS: dict[type, Callable[[Any, random.Random], Any]] = {
    int: _near_int,
    float: _near_float,
    str: _near_text,
    bytes: _near_text,
    list: _near_sequence,
    tuple: _near_sequence,
    dict: _near_mapping,
    set: _near_set,
    frozenset: _near_set,
}


def mutated(arguments: list[Any], keywords: Record, source: random.Random) -> tuple[list[Any], Record]:
    """The arguments with one of them changed."""
    places: list[Any] = [
        place
        for place, value in [*enumerate(arguments), *keywords.items()]
        if value is None or type(value) in MUTATORS or isinstance(value, bool)
    ]
    arguments, keywords = list(arguments), dict(keywords)
    if places:
        place = source.choice(places)
        target: Any = keywords if isinstance(place, str) else arguments
        value = target[place]
        alike = [other for other in [*arguments, *keywords.values()] if type(other) is type(value)]
        if len(alike) > 1 and source.random() < EQUAL_SHARE:
            target[place] = copy.deepcopy(source.choice(alike))
        else:
            target[place] = mutations(value, source)
    return arguments, keywords


# Probing


class CallTooLong(BaseException):
    """Raised in a call that takes longer than CALL_LIMIT_S."""


def describe(value: Any, depth: int = 0, seen: tuple[int, ...] = ()) -> str:
    """A text that is the same for equal behaviour: no addresses, 2.0 as 2, floats to 12 digits, sets sorted."""
    if value is None or isinstance(value, (bool, int, str, bytes)):
        return f"{type(value).__name__}:{value!r}"[:MAX_TEXT]
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15
        return f"int:{int(value)}" if whole else f"float:{value:.{FLOAT_DIGITS}g}"
    if depth > MAX_DEPTH or id(value) in seen:
        return type(value).__name__
    inner = (*seen, id(value))
    name = type(value).__name__
    if isinstance(value, dict):
        items = [
            f"{describe(key, depth + 1, inner)}={describe(each, depth + 1, inner)}"
            for key, each in list(value.items())[:MAX_ITEMS]
        ]
        return f"{name}{{{', '.join(items)}}}"[:MAX_TEXT]
    if isinstance(value, (list, tuple, set, frozenset)):
        texts = [describe(each, depth + 1, inner) for each in list(value)[:MAX_ITEMS]]
        texts = sorted(texts) if isinstance(value, (set, frozenset)) else texts
        return f"{name}[{len(value)}: {', '.join(texts)}]"[:MAX_TEXT]
    if isinstance(value, type) or callable(value):
        return f"{name}:{getattr(value, '__qualname__', '')}"
    if hasattr(value, "__next__"):
        return _describe_iterator(value, depth, inner)
    return _describe_object(value, depth, inner)


def _describe_iterator(value: Any, depth: int, seen: tuple[int, ...]) -> str:
    texts = []
    for count, each in enumerate(value):
        if count >= MAX_ITEMS:
            break
        texts.append(describe(each, depth + 1, seen))
    return f"{type(value).__name__}[{', '.join(texts)}]"[:MAX_TEXT]


def _describe_object(value: Any, depth: int, seen: tuple[int, ...]) -> str:
    name = type(value).__name__
    shown: Any = type(value).__repr__
    if shown is not object.__repr__:
        return f"{name}:{ADDRESS.sub('0x', repr(value))}"[:MAX_TEXT]
    state = getattr(value, "__dict__", None)
    return f"{name}:{describe(state, depth + 1, seen)}" if state else name


def call(function: Callable[..., Any], arguments: list[Any], keywords: Record) -> str:
    """One call's result, exception, printed text and changed arguments, as text."""
    before = [describe(value) for value in [*arguments, *keywords.values()]]
    printed = io.StringIO()
    outputs = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = printed
    signal.setitimer(signal.ITIMER_REAL, CALL_LIMIT_S)
    try:
        text = describe(function(*arguments, **keywords))
        after = [describe(value) for value in [*arguments, *keywords.values()]]
    except CallTooLong:
        return "takes too long"
    except BaseException as error:
        text, after = f"raises {type(error).__name__}", before
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout, sys.stderr = outputs
    changed = [f"argument {place} becomes {now}" for place, now in enumerate(after) if now != before[place]]
    said = printed.getvalue()
    return "; ".join([text, *changed, *([f"prints {said[:MAX_TEXT]!r}"] if said else [])])


def find(module: str, name: str) -> Callable[..., Any]:
    """The function as it was recorded, with `self` or `cls` among its arguments. Raises what importing raises."""
    owner: Any = importlib.import_module(module)
    *classes, last = name.split(".")
    for each in classes:
        owner = getattr(owner, each)
    found = vars(owner)[last] if isinstance(owner, type) else getattr(owner, last)
    if isinstance(found, property):
        found = found.fget
    function: Callable[..., Any] = getattr(found, "__func__", found)
    return function


def _inputs(job: Record) -> Iterator[tuple[int, Record, int]]:
    """(place, recorded call, which mutation) of every probe; mutation 0 is the input itself."""
    total = 0
    for variant in range(1 + job["mutations"]):
        for place, recorded in enumerate(job["calls"]):
            if total >= job["probes"]:
                return
            total += 1
            yield place, recorded, variant


def probe(order: Record, channel_fd: int, tree: Any, runner: Any) -> int:
    """Call functions with recorded inputs, then with mutations of them; a text for each."""
    job = order["payload"]
    send = runner.Channel(channel_fd, order["token"]).send
    sys.path[:] = [tree.absolute(entry) for entry in job["path"]]

    def too_long(number: int, frame: FrameType | None) -> None:
        raise CallTooLong

    signal.signal(signal.SIGALRM, too_long)
    for place, recorded, variant in _inputs(job):
        try:
            data = pickle.loads(base64.b64decode(recorded["input"]))
            _, _, arguments, keywords = data
            function = find(recorded["module"], recorded["name"])
            if variant:
                source = random.Random(f"{job['seed']} {place} {variant}")
                for _ in range(1 + (variant > BOLD_AFTER)):
                    arguments, keywords = mutated(arguments, keywords, source)
        except BaseException as error:
            send(result=f"cannot be called: {type(error).__name__}")
            continue
        send(result=call(function, arguments, keywords))
    return 0


def main(mode: str) -> None:
    """`record` or `probe`, started by the supervisor like the runner."""
    runner = load_runner()
    order, channel_fd, tree = runner.begin_job()
    if order is not None:
        os._exit((record if mode == "record" else probe)(order, channel_fd, tree, runner))
