"""Find names of Java, Kotlin and Scala in each other's files: packages, imports of classes and of their members.

The three share one world. A package may stand in any folder; of namesakes the one in the nearest folder is meant.
Which overload a call means is not worked out: all of one name share the last one's edge.
"""

from __future__ import annotations

from index.infer import Found, Inference
from index.languages.rules import NamespaceRules
from index.languages.spec import TypeNames
from index.modules import shared_folders
from index.world import Module, World

_PACKAGE = "jvm:"
_CLASS = "#"
"""Stands between a package and a class of it in the location of a module whose names are the class's members."""

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


class JvmRules(NamespaceRules):
    family = "jvm"
    constructors: tuple[str, ...] = ("",)
    makers = frozenset({"this", "Companion", "INSTANCE"})
    implicit_receiver = True
    methods_apart = True
    calls_give_value = True
    element_methods = ELEMENT_METHODS
    container_methods = CONTAINER_METHODS
    set_up_methods = ("setUp", "setup", "before", "init", "beforeEach")

    def find_module(self, world: World, importer: str, level: int, module: str) -> Module | None:
        """A package, or a class of one whose members are imported."""
        package, classes = module, ""
        while package:
            if world.providers(_PACKAGE + package, ""):
                if not classes:
                    return Module(_PACKAGE + package, "")
                if world.providers(_PACKAGE + package, classes.partition(".")[0]):
                    return Module(f"{_PACKAGE}{package}{_CLASS}{classes}", "")
            package, _, last = package.rpartition(".")
            classes = f"{last}.{classes}" if classes else last
        return None

    def is_inside(self, world: World, importer: str, module: str) -> bool:
        """Whether a package that holds files, but no mere beginning that strangers share, is the import's own."""
        parts = module.split(".")
        return any(
            world.providers(_PACKAGE + ".".join(parts[:end]), "")
            for end in range(len(parts), min(2, len(parts)), -1)
        )

    def files_of(self, world: World, module: Module) -> list[str]:
        package, _, classes = module.location.partition(_CLASS)
        if module.path or not classes:
            return super().files_of(world, module)
        return world.providers(package, classes.partition(".")[0])[:1]

    def in_namespace(
        self, infer: Inference, namespace: str, name: str, depth: int, *, but: str = ""
    ) -> Found | None:
        package, _, classes = namespace.partition(_CLASS)
        if classes:
            found = infer.imported_name(Module(package, ""), f"{classes}.{name}", depth + 1)
            return found if found.uid or found.entity is not None else None
        providers = infer.world.providers(namespace, name)
        if len(providers) > 1:
            providers = sorted(providers, key=lambda path: -shared_folders(path, infer.path))
        for provider in providers:
            if provider != but:
                found_there = infer.module_name(provider, name, depth + 1)
                if found_there is not None and (found_there.uid or found_there.entity is not None):
                    return found_there
        return None


def package_namespace(path: str, package: str) -> str:
    """The namespace of a package; files without one share the unnamed package."""
    return _PACKAGE + "".join(package.split()).replace("`", "")


def split_import(dotted: str) -> tuple[str, str]:
    """(package, class with what is inside it) of an imported name: classes begin with a capital letter."""
    parts = dotted.split(".")
    first = next((n for n, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
    return ".".join(parts[:first]), ".".join(parts[first:])
