"""Turn one file's uses into edges, and what stays unknown into references. Knows no store.

Edges by names, scopes and imports are `exact`; those that needed an inferred type are `scoped`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from index.conventions import is_test_path
from index.facts import (
    CALL,
    CONTAINER,
    ELEMENT,
    LITERAL_ROOT,
    MARKS,
    UNKNOWN_ROOT,
    Body,
    DocMention,
    ImportUse,
    Interface,
    Use,
)
from index.infer import NOTHING, Found, Inference
from index.languages.overloads import UNKNOWN, fitting
from index.modules import stem_key
from index.store import ResolvedFile
from index.types import Edge, EdgeType, Reference, Resolution, Span
from index.world import Definer, Entity, HelperEdges, Instance, Module, World, key_hash

_EXACT_CONFIDENCE, _RECEIVER_CONFIDENCE, _TYPED_CONFIDENCE = 1.0, 0.95, 0.85
_NAMESAKE_CONFIDENCE = 0.5
_OVERLOAD_CONFIDENCE = 0.8
"""Of the one overload that takes so many arguments; the types of the arguments may still say another one."""
_LINK_WEIGHTS = {EdgeType.IMPORTS: 1.0, EdgeType.INHERITS: 2.0, EdgeType.TESTS: 1.0}
_NAMELESS = MARKS | {UNKNOWN_ROOT}
_CALL_LINK_WEIGHT, _MAX_LINK_WEIGHT = 0.5, 6.0


def resolve_file(world: World, path: str, body: Body) -> ResolvedFile:
    """Resolve one file against the world."""
    world.begin(path)
    resolver = _Resolver(world, path, body)
    resolver.run()
    if is_test_path(path) or any(d.role == "test" for d in world.interface(path).definitions.values()):
        resolver.link_tests()
    edges = resolver.distinct_edges()
    return ResolvedFile(
        edges,
        [*resolver.references, *map(resolver.mention, body.mentions)],
        resolver.links(edges),
        {key_hash(*entry) for entry in world.finish()},
    )


class _Resolver:
    def __init__(self, world: World, path: str, body: Body) -> None:
        self.world, self.path, self.body = world, path, body
        self.scopes = body.scopes
        self.infer = Inference(world, path, body)
        self.references: list[Reference] = []
        self.edges: list[Edge] = []
        self.places: dict[str, str] = {}
        self.support: set[str] = set()
        self._names: dict[str, list[str]] = {}
        self._set_ups: dict[str, list[str]] = {}

    def run(self) -> None:
        for import_use in self.body.imports:
            self._import(import_use)
        for use in self.body.uses:
            if use.role == "fixture":
                self._emit(use, 0, EdgeType.CALLS, self.infer.fixture(use.chain, use.scope), typed=True)
            else:
                self._use(use)
        self._overrides()

    def distinct_edges(self) -> list[Edge]:
        unique = {
            (edge.source, edge.target, edge.type, edge.span and edge.span.start_byte): edge
            for edge in self.edges
        }
        return list(unique.values())

    def links(self, edges: list[Edge]) -> dict[str, float]:
        """How strongly this file depends on others, by its distinct edges."""
        weights: dict[str, float] = defaultdict(float)
        for edge in edges:
            place = self.places.get(edge.target, edge.target)
            if place != self.path:
                weights[place] += _LINK_WEIGHTS.get(edge.type, _CALL_LINK_WEIGHT) * edge.confidence
        return {place: min(weight, _MAX_LINK_WEIGHT) for place, weight in weights.items()}

    def by_source(self) -> dict[str, list[Edge]]:
        grouped: dict[str, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            grouped[edge.source].append(edge)
        return grouped

    # Imports

    def _import(self, use: ImportUse) -> None:
        rules = self.infer.rules
        module = (
            rules.find_module(self.world, self.path, use.level, use.module)
            if use.module or use.level
            else None
        )
        span = Span(self.path, *use.span)
        if module is None:
            if use.level or rules.is_inside(self.world, self.path, use.module):
                name = use.module if use.module.startswith(".") else f"{'.' * use.level}{use.module}"
                self.references.append(Reference(self.scopes[0].uid, name, EdgeType.IMPORTS, span))
            return
        if use.name in ("", "*"):
            self._import_file(module, span)
            return
        found = self.infer.imported_name(module, use.name)
        if isinstance(found.entity, Module) and not found.uid:
            self._import_file(found.entity, span)
            if found.entity.location.rpartition("/")[0] != module.location:
                self._import_file(module, span)
            return
        if module.path or found.path:
            self._import_file(module if module.path else Module(module.location, found.path), span)
        if found.uid:
            self.places[found.uid] = found.path
            if found.path != self.path:
                self.edges.append(Edge(self.path, found.uid, EdgeType.IMPORTS, span=span))
        elif found.entity is None:
            self.references.append(Reference(self.scopes[0].uid, use.name, EdgeType.IMPORTS, span))

    def _import_file(self, module: Module, span: Span) -> None:
        for path in self.infer.rules.files_of(self.world, module):
            if path != self.path:
                self.edges.append(Edge(self.path, path, EdgeType.IMPORTS, span=span))

    # Uses

    def _use(self, use: Use) -> None:
        root, *parts = use.chain.split(".")
        inherits, position = use.role == "inherits", 0
        scope = self.scopes[use.scope].parent if inherits else use.scope
        known, typed, counts = True, False, use.arguments
        if root in (UNKNOWN_ROOT, LITERAL_ROOT):
            found, known = NOTHING, self.infer.rules.extensions
            position = -1
        elif root == "super" and parts[:1] == [CALL]:
            found, parts, counts = self.infer.parent_of(scope), parts[1:], counts[1:]
            if self.infer.rules.super_calls_namesake:
                found = self.infer.attribute(found.entity, self._method_name(scope))
                self._emit(use, 0, EdgeType.CALLS, found, typed=True)
            elif parts[:1] == [CALL]:
                self._emit(use, 0, EdgeType.CALLS, self._constructor(found.entity), True, _first(counts))
        else:
            local = self.infer.local(root, scope, called=parts[:1] == [CALL])
            found = (local or NOTHING).chosen(parts[:1])
            if local is None:
                self._unresolved(use, 0, root, parts[:1] == [CALL])
            elif found.uid and (parts[:1] == [CALL] or not self._is_receiver(root, scope)):
                typed = self._is_receiver(root, scope)
                count = _first(counts) if parts[:1] == [CALL] else UNKNOWN
                self._emit(use, 0, self._type(use, found, parts, 0), found, typed, count)
        typed = found.typed
        for index, part in enumerate(parts):
            if part in MARKS:
                counts = counts[1:] if part == CALL else counts
                found = self.infer.step(found, part) if known else NOTHING
                typed = typed or part in (CALL, ELEMENT, CONTAINER)
                continue
            position += 1
            found = self.infer.step(found, part).chosen(parts[index + 1 :]) if known else NOTHING
            called = parts[index + 1 : index + 2] == [CALL]
            if found.uid:
                type_, count = self._type(use, found, parts, index + 1), _first(counts) if called else UNKNOWN
                self._emit(use, position, type_, found, typed or found.typed, count)
            elif found.entity is None:
                self._unresolved(use, position, part, called)
            known = found.entity is not None or self.infer.rules.extensions

    def _method_name(self, scope: int) -> str:
        """The name of the function around a scope."""
        while scope > 0 and self.scopes[scope].kind != "function":
            scope = self.scopes[scope].parent
        return self.scopes[scope].qualified_name.rpartition(".")[2]

    def _is_receiver(self, name: str, scope: int) -> bool:
        return name == self.scopes[scope].receiver

    def _type(self, use: Use, found: Found, parts: list[str], following: int) -> EdgeType:
        """The kind of edge for a named part, by what follows it in the chain."""
        last = following == len(parts)
        if last and use.role == "inherits":
            return EdgeType.INHERITS
        is_function = isinstance(found.entity, Definer) and not found.entity.is_class
        if is_function and self.infer.rules.names_call and use.role != "inherits":
            return EdgeType.CALLS
        if parts[following : following + 1] == [CALL] or (last and use.role == "decorates"):
            is_class = isinstance(found.entity, Definer) and found.entity.is_class
            return EdgeType.INSTANTIATES if is_class else EdgeType.CALLS
        return EdgeType.REFERENCES

    def _emit(
        self, use: Use, position: int, type_: EdgeType, found: Found, typed: bool, arguments: int = UNKNOWN
    ) -> None:
        """Add the edge of a use; `arguments` is how many a call has, where overloads are told apart by that."""
        if not found.uid:
            return
        found, among = self._implementation(found, arguments)
        source, span = self.scopes[use.scope].uid, self._span(use, position)
        resolution = Resolution.SCOPED if typed else Resolution.EXACT
        confidence = _EXACT_CONFIDENCE
        if typed:
            receiver = use.chain.partition(".")[0] in ("super", self.scopes[use.scope].receiver)
            confidence = _RECEIVER_CONFIDENCE if receiver else _TYPED_CONFIDENCE
        self._add(_less_sure(Edge(source, found.uid, type_, resolution, confidence, span), among), found.path)
        if type_ is EdgeType.INSTANTIATES and isinstance(found.entity, Definer):
            constructor = self._constructor(Instance(found.entity))
            if constructor.uid:
                constructor, among = self._implementation(constructor, arguments)
                edge = Edge(source, constructor.uid, EdgeType.CALLS, resolution, confidence, span)
                self._add(_less_sure(edge, among), constructor.path)

    def _implementation(self, found: Found, arguments: int) -> tuple[Found, int]:
        """(the definition of what was found, among how many overloads it was chosen: 0 where there are none)."""
        rules, entity = self.infer.rules, found.entity
        chosen = rules.implementation(self.infer, found)
        if arguments < 0 or not rules.overloads or not isinstance(entity, Definer) or entity.is_class:
            return chosen, 0
        definitions = self.world.overloads(chosen.path, entity.qualified_name)
        apart = chosen.path != entity.path
        declared = self.world.overloads(entity.path, entity.qualified_name) if apart else []
        fits = [each.uid for each in fitting(definitions, declared, arguments, chosen.uid)]
        if not fits:
            return chosen, 0
        return (chosen if chosen.uid in fits else chosen._replace(uid=fits[0])), len(fits)

    def _constructor(self, entity: Entity) -> Found:
        """The method that runs when an object is made."""
        for name in self.infer.rules.constructors:
            found = self.infer.attribute(entity, name)
            if found.uid:
                return found
        return NOTHING

    def _add(self, edge: Edge, place: str) -> None:
        if edge.source != edge.target or edge.type is EdgeType.CALLS:
            self.places[edge.target] = place
            self.edges.append(edge)

    def _unresolved(self, use: Use, position: int, name: str, called: bool) -> None:
        if name.isdigit():  # a part of a tuple
            return
        rules = self.infer.rules
        called = called or use.role == "decorates" or (rules.names_call and not rules.reaches_out(name))
        type_ = EdgeType.CALLS if called else EdgeType.REFERENCES
        if use.role == "inherits":
            type_ = EdgeType.INHERITS
        source = self.scopes[use.scope].uid
        self.references.append(Reference(source, name, type_, self._span(use, position)))

    def _span(self, use: Use, position: int) -> Span:
        byte, line, column = use.positions[3 * position : 3 * position + 3]
        names = self._names.get(use.chain)
        if names is None:
            names = self._names[use.chain] = [n for n in use.chain.split(".") if n not in _NAMELESS]
        name = names[position]
        return Span(
            self.path, byte, byte + len(name.encode()), line, column, line, column + len(name)
        )  # fmt: skip

    def _overrides(self) -> None:
        for qualified_name, definition in self.world.interface(self.path).definitions.items():
            if definition.kind != "class" or not definition.bases:
                continue
            owner = Definer(self.path, qualified_name, True)
            for name, bindings in definition.members.items():
                own = self.infer.binding(self.path, bindings)
                if not isinstance(own.entity, Definer) or own.entity.is_class:
                    continue
                if not self.infer.rules.overrides(name):
                    continue
                for base in self.infer.bases(owner):
                    found = self.infer.attribute(base, name)
                    if found.uid and found.uid != own.uid and isinstance(found.entity, Definer):
                        self._add(Edge(own.uid, found.uid, EdgeType.OVERRIDES), found.path)
                        break

    # Docstrings

    def mention(self, found: DocMention) -> Reference:
        """What a docstring says, whatever it means: index.documented asks that."""
        uid, name, byte, length, line, column = found
        span = Span(self.path, byte, byte + length, line, column, line, column + length)
        return Reference(uid, name, EdgeType.DOCUMENTS, span)

    # Tests

    def link_tests(self) -> None:
        """Add TESTS edges: what tests use directly or through one helper, and the file they are named after."""
        by_source = self.by_source()
        interface = self.world.interface(self.path)
        self.support = self._test_support(interface)
        for qualified_name, definition in interface.definitions.items():
            if definition.role != "test":
                continue
            direct = by_source[definition.uid]
            helpers = [edge.target for edge in direct if edge.type is not EdgeType.TESTS]
            helpers += self._set_up(qualified_name)
            reached = [
                *direct,
                *(edge for helper in dict.fromkeys(helpers) for edge in self._through(helper, by_source)),
            ]
            for edge in reached:
                self._test_edge(definition.uid, edge)
        stem = stem_key(self.path) if is_test_path(self.path) else None
        for target in self.world.namesakes(self.path, stem) if stem else ():
            self.edges.append(
                Edge(self.path, target, EdgeType.TESTS, Resolution.NAME_ONLY, _NAMESAKE_CONFIDENCE)
            )

    def _test_support(self, interface: Interface) -> set[str]:
        """The definitions beside tests in a namespace of a file that is otherwise none of tests."""
        definitions = interface.definitions
        around = {name.rpartition(".")[0] for name, found in definitions.items() if found.role == "test"}
        spaces = {name for name in around if name in definitions and definitions[name].role == "namespace"}
        return {found.uid for name, found in definitions.items() if name.rpartition(".")[0] in spaces}

    def _test_edge(self, test: str, edge: Edge) -> None:
        place = self.places.get(edge.target, "")
        if place and not is_test_path(place) and edge.target not in self.support:
            self.edges.append(Edge(test, edge.target, EdgeType.TESTS, edge.resolution, edge.confidence))

    def _set_up(self, test: str) -> list[str]:
        class_name = test.rpartition(".")[0]
        if not class_name:
            return []
        known = self._set_ups.get(class_name)
        if known is None:
            owner = Definer(self.path, class_name, True)
            found = [self.infer.attribute(owner, name) for name in self.infer.rules.set_up_methods]
            self.places.update((hit.uid, hit.path) for hit in found if hit.uid)
            known = self._set_ups[class_name] = [hit.uid for hit in found if hit.uid]
        return known

    def _through(self, helper: str, by_source: dict[str, list[Edge]]) -> list[Edge]:
        """Edges of a helper of the tests, in this file or in another test file."""
        place = self.places.get(helper, "")
        if place == self.path:
            return by_source[helper] if is_test_path(place) or helper in self.support else []
        if not place or not is_test_path(place):
            return []
        known = _helper_edges(self.world, place)
        found = known.by_source.get(helper, [])
        for edge in found:
            if edge.target in known.places:
                self.places[edge.target] = known.places[edge.target]
        return found


def _first(counts: tuple[int, ...]) -> int:
    return counts[0] if counts else UNKNOWN


def _less_sure(edge: Edge, among: int) -> Edge:
    """An edge to one of so many overloads that a call may mean by the number of its arguments."""
    if not among:
        return edge
    confidence = round(min(edge.confidence, _OVERLOAD_CONFIDENCE) / among, 3)
    return replace(edge, resolution=Resolution.SCOPED, confidence=confidence)


def _helper_edges(world: World, path: str) -> HelperEdges:
    """Edges of another test file, resolved on the spot; its look-ups count as the reader's own."""
    world.read_body(path)
    recording = world.suspend()

    def edges() -> HelperEdges:
        world.begin(path)
        resolver = _Resolver(world, path, world.body(path))
        resolver.run()
        return HelperEdges(resolver.by_source(), resolver.places, world.finish())

    known = world.helpers(path, edges)
    world.restore(recording, known.keys)
    return known
