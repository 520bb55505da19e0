"""What a language declares of itself: files, grammar, query, expressions, types, tests, rules. Parses nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from index.content import Content
from index.facts import FileFacts
from index.languages.rules import Rules
from index.python.pieces import Pieces

REST, LAST_LEAF = "*", "-1"


class Step(NamedTuple):
    """How an expression's node continues the chain of the expression inside it (chains: see index.facts).

    `inner` is the field of that expression, empty for the first named child; where the node has no such field, a
    chain begins with its name. `name` is the field of the name that follows, REST for the names among all further
    children, or LAST_LEAF for what the last of them ends with; `mark` is the mark after that.
    """

    inner: str = ""
    name: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class TypeNames:
    """Types that resolution sees through, by their last name."""

    wrappers: frozenset[str] = frozenset(
        {"Promise", "PromiseLike", "Awaited", "Readonly", "Partial", "Required", "NonNullable", "Optional",
         "Option", "Box", "Rc", "Arc", "Ref", "RefMut", "RefCell", "Cell", "Mutex", "RwLock", "Pin", "Cow",
         "unique_ptr", "shared_ptr", "weak_ptr", "optional", "Task", "ValueTask", "Future", "CompletableFuture",
         "CompletionStage", "Nullable", "Lazy", "Supplier", "Provider", "Deferred", "AtomicReference",
         "WeakReference", "ThreadLocal", "Observable", "Some", "Try", "IO", "chan"}
    )  # fmt: skip
    """Generic types that stand for their first argument."""
    containers: frozenset[str] = frozenset(
        {"Array", "ReadonlyArray", "Set", "ReadonlySet", "Iterable", "Iterator", "IterableIterator", "AsyncIterable",
         "List", "ArrayList", "LinkedList", "Collection", "Queue", "Deque", "Stack", "HashSet", "TreeSet",
         "LinkedHashSet", "MutableList", "MutableSet", "Sequence", "Stream", "Flow", "Vec", "VecDeque", "BTreeSet",
         "Iter", "IntoIterator", "vector", "list", "set", "deque", "span", "array", "IEnumerable", "IList",
         "ICollection", "IReadOnlyList", "IReadOnlyCollection", "Seq", "Vector", "IndexedSeq"}
    )  # fmt: skip
    """Generic types that hold objects of their first argument."""
    mappings: frozenset[str] = frozenset(
        {"Map", "ReadonlyMap", "WeakMap", "Record", "HashMap", "TreeMap", "LinkedHashMap", "ConcurrentHashMap",
         "MutableMap", "BTreeMap", "map", "unordered_map", "Dictionary", "IDictionary", "IReadOnlyDictionary",
         "ConcurrentDictionary"}
    )  # fmt: skip
    """Generic types that hold objects of their second argument."""
    plain: frozenset[str] = frozenset(
        {"void", "any", "unknown", "never", "string", "number", "boolean", "bool", "null", "undefined", "int",
         "float", "double", "char", "long", "short", "byte", "object", "String", "Object", "Integer", "Int", "Unit",
         "Any", "str"}
    )  # fmt: skip
    """Types without anything to resolve."""
    modifiers: tuple[str, ...] = (
        "const", "readonly", "final", "mut", "dyn", "impl", "struct", "enum", "class", "volatile", "static", "some",
        "any", "ref", "out", "in", "inout", "chan", "params", "vararg", "typename", "unowned", "weak",
    )  # fmt: skip
    """Words that may stand before a type; so may `&`, `*`, `?`, `...`, lifetimes and annotations."""


class Import(NamedTuple):
    """One imported thing. `name` is empty for a module, `*` for all its names; `bound` is the local name, if any."""

    level: int
    """1 where the target must lie in the repository (a relative path), 0 where it may not."""
    module: str
    name: str
    bound: str
    at: Any
    """The syntax node that an edge points at."""


ImportReader = Callable[[dict[str, Any], Callable[[Any], str], str], list[Import]]
"""(captures of one `@import` match, text of a node, path of the file) → what it imports."""
Reader = Callable[[str, str, Content], FileFacts]
"""(repository, path, content) → facts, for a language that is not read by query."""


@dataclass(frozen=True, slots=True)
class LanguageSpec:
    """One language. README.md explains the captures of `query`."""

    name: str
    suffixes: tuple[str, ...] = ()
    file_names: tuple[str, ...] = ()
    """Exact names of files, which win over suffixes."""
    rules: Rules = field(default_factory=Rules)
    read: Reader | None = None
    """Reads a file where no query does."""
    read_again: Callable[[str, str, Content, Pieces], FileFacts] | None = None
    """The same with what the last reading of the file left, for text that is being edited."""
    grammar: str = ""
    query: str = ""
    absolute: str = ""
    """The mark before a name that is looked up at the top, whatever is around it."""
    own_fields: frozenset[str] = frozenset()
    """Nodes that name a field of the object by a mark before the name: Ruby's `@name`. They are names too."""
    literals: frozenset[str] = frozenset()
    """Nodes of expressions whose members are nothing of the repository."""
    names: frozenset[str] = frozenset({"identifier"})
    """Nodes that are a name in an expression or type."""
    steps: Mapping[str, Step] = field(default_factory=dict)
    """Nodes of expressions and types → how they continue a chain."""
    choices: frozenset[str] = frozenset()
    """Nodes whose value is that of one of their operands."""
    casts: Mapping[str, str] = field(default_factory=dict)
    """Nodes whose value has the type that is written in them → its field, empty for the last named child."""
    outer: frozenset[str] = frozenset()
    """Nodes that wrap a definition: its span and its comment are theirs."""
    comments: frozenset[str] = frozenset({"comment"})
    bodies: frozenset[str] = frozenset()
    """Nodes that are a definition's body where no field says so: its signature ends before them."""
    between: frozenset[str] = frozenset()
    """Nodes that may stand between a definition and its comment, as attributes do."""
    open_modules: bool = False
    """Whether `@definition.module` is a namespace: without objects, and open to other files."""
    receiver: str = ""
    """The name of the object in a method (`this`), unless the query captures one."""
    parent: str = ""
    """The name of the base class's part of the object (`super`)."""
    implicit_parameter: str = ""
    """The name of a lambda's unwritten parameter (`it`): that of every `@parameter` and `@element` without one."""
    builtins: frozenset[str] = frozenset()
    types: TypeNames = field(default_factory=TypeNames)
    doc_types: Callable[[str], Mapping[str, str]] | None = None
    """A doc comment → the types that it states, by name of parameter; the empty name for what is documented."""
    test_files: str = ""
    """Expression that finds test files by path."""
    test_stem: str = ""
    """Expression whose first group is the stem of the file that a test file's stem is named after."""
    test_names: str = ""
    """Expression for names of test functions, looked for in test files."""
    namespace: Callable[[str, str], str] | None = None
    """(path, text of `@package`) → the namespace that the file's names join; None if files stand alone."""
    packages_nest: bool = False
    """Whether a second `@package` of a file stands inside the first."""
    dialect: Callable[[Content], LanguageSpec] | None = None
    """Which language a file really is, by its text alone: a header of C or of C++."""
    masked: Callable[[bytes], bytes] | None = None
    """The text to parse, of the same length: without what the grammar cannot know, such as macros."""
    read_import: ImportReader | None = None
    """What an `@import` match imports; by default the captures are taken literally."""

    @property
    def family(self) -> str:
        """Languages of one family test each other's files."""
        return self.rules.family or self.name

    def is_test_file(self, path: str) -> bool:
        return bool(self.test_files) and _expression(self.test_files).search(path) is not None

    def is_test_name(self, name: str) -> bool:
        return bool(self.test_names) and _expression(self.test_names).search(name) is not None

    def tested_stem(self, stem: str) -> str | None:
        """`user.test` → `user`, by the language's custom."""
        match = _expression(self.test_stem).fullmatch(stem) if self.test_stem else None
        return next((group for group in match.groups() if group), None) if match else None


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
