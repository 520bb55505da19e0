"""What Java, Kotlin and Scala share: one world of packages, the library's generic types, customs of their tests."""

from __future__ import annotations

from index.infer import Inference
from index.languages.extensions import ExtensionRules
from index.languages.packages import PackageRules
from index.languages.spec import TypeNames
from index.world import Definer

_HOLDERS = frozenset(
    {"Optional", "Supplier", "Provider", "Lazy", "AtomicReference", "ThreadLocal", "WeakReference", "SoftReference",
     "Future", "CompletableFuture", "CompletionStage", "Callable", "Option", "ListIterator", "Some", "Try", "Flux",
     "Mono", "Observable", "ObjectProvider", "Function0"}
)  # fmt: skip
"""Generic types that hand out their one object when asked."""

JVM_TYPES = TypeNames(
    wrappers=frozenset(),
    containers=TypeNames().containers
    | _HOLDERS
    | {"Iterable", "NavigableSet", "SortedSet", "PriorityQueue", "ArrayDeque", "BlockingQueue", "LinkedBlockingQueue",
       "CopyOnWriteArrayList", "EnumSet", "ImmutableList", "ImmutableSet", "Array", "ListBuffer", "ArrayBuffer",
       "IndexedSeq", "Channel", "StateFlow", "Buffer", "BlockingDeque", "ConcurrentLinkedQueue"},
    mappings=TypeNames().mappings
    | {"Entry", "SortedMap", "NavigableMap", "EnumMap", "ConcurrentMap", "ImmutableMap", "WeakHashMap", "TrieMap",
       "IdentityHashMap", "Function", "Either", "Pair"},
    plain=TypeNames().plain
    | {"var", "val", "Boolean", "Long", "Short", "Byte", "Double", "Float", "Character", "CharSequence", "Class",
       "Number", "Nothing", "AnyRef", "AnyVal", "Char"},
    modifiers=(*TypeNames().modifiers, "extends", "super", "suspend", "implicit", "using", "val", "var", "noinline",
               "crossinline"),
)  # fmt: skip

ELEMENT_METHODS = frozenset(
    {"get", "orElse", "orElseThrow", "orElseGet", "join", "getValue", "element", "getFirst", "getLast", "removeFirst",
     "removeLast", "pollFirst", "pollLast", "peekFirst", "peekLast", "getOrDefault", "computeIfAbsent", "putIfAbsent",
     "take", "poll", "peek", "pop", "remove", "next", "previous", "call", "set", "put", "getAndSet", "elementAt",
     "first", "last", "head", "getOrElse", "find", "firstOrNull", "lastOrNull", "getOrNull", "single", "singleOrNull",
     "random", "removeAt", "getOrPut", "await", "receive", "block", "getIfAvailable", "getObject", "firstEntry",
     "lastEntry", "floorEntry", "apply", "invoke", "min", "max", "minBy", "maxBy", "maxByOrNull", "minByOrNull"}
)  # fmt: skip
CONTAINER_METHODS = frozenset(
    {"stream", "parallelStream", "filter", "filterNot", "sorted", "distinct", "limit", "skip", "values", "iterator",
     "listIterator", "subList", "collect", "toList", "toSet", "findFirst", "findAny", "reversed", "sortedBy",
     "sortedWith", "toMutableList", "asSequence", "drop", "takeWhile", "dropWhile", "onEach", "or",
     "entrySet", "headMap", "tailMap", "descendingIterator", "orEmpty", "filterNotNull", "plus", "minus", "tail",
     "init", "reverse", "sortBy", "distinctBy", "toSeq", "toVector", "headOption", "lastOption", "exists", "copyOf",
     "asReversed", "shuffled", "keySet", "asIterable", "entries"}
)  # fmt: skip


class JvmRules(PackageRules):
    family = "jvm"
    prefix = "jvm:"
    constructors: tuple[str, ...] = ("", "constructor", "this")
    makers = frozenset({"this", "Companion", "INSTANCE"})
    methods_apart = True
    calls_give_value = True
    element_methods = ELEMENT_METHODS
    container_methods = CONTAINER_METHODS
    set_up_methods = ("setUp", "setup", "before", "init", "beforeEach")

    def extenders(self, infer: Inference, owner: Definer, member: str) -> list[str]:
        """Java sees no extensions, and a class stands in one file."""
        return []


class JvmExtensionRules(ExtensionRules, JvmRules):
    """What Kotlin and Scala add: functions that extend classes."""

    element_methods = JvmRules.element_methods - {"take"}
    container_methods = JvmRules.container_methods | {"take"}


def package_namespace(path: str, package: str) -> str:
    """The namespace of a package; files without one share the unnamed package."""
    return JvmRules.prefix + "".join(package.split()).replace("`", "")


def split_import(dotted: str) -> tuple[str, str]:
    """(package, class with what is inside it) of an imported name: classes begin with a capital letter."""
    parts = dotted.split(".")
    first = next((n for n, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
    return ".".join(parts[:first]), ".".join(parts[first:])
