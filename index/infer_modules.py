"""What a name means at the top of a file: its own bindings, imports, star imports. Knows no scopes inside.

Look-ups are bounded in depth, and none waits for itself. An answer that neither bound cut short is the same
whoever asks, so it is kept; where a language's rules are such, for other files too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from index.answers import Answers
from index.facts import DEFINITION, IMPORT, VALUE, Binding, Body
from index.found import NOTHING, OUTSIDE, Found
from index.languages.registry import spec_of
from index.languages.rules import Rules
from index.world import Definer, External, Instance, Module, World

if TYPE_CHECKING:
    from index.infer import Inference

_MAX_DEPTH = 24
_MARGIN = 2
"""Steps that a kept answer may be short of its true height, where rules look deeper than they say."""
Receiver = Instance | Definer | None
Answer = TypeVar("Answer")
_PENDING = -1


class Cut(NamedTuple):
    """What is being looked up, with what it is taken for meanwhile; or what was cut short, asked at some depth."""

    answer: object
    depth: int


class ModuleNames(ABC):
    """Names of modules, as one file sees them."""

    def __init__(self, world: World, path: str, body: Body) -> None:
        self.world = world
        self.path = path
        self.scopes = body.scopes
        spec = spec_of(path)
        self.rules = spec.rules if spec else Rules()
        self._builtins = spec.builtins if spec else frozenset()
        self.memo: dict[tuple[str, ...], object] = {}
        """What the rules worked out for this file; goes with it, as its look-ups do."""
        self._answers = world.answers if self.rules.answers_travel else Answers()
        self._cut: dict[Hashable, Cut] = {}
        self._cuts = self._deepest = 0

    @abstractmethod
    def foreign(self, path: str, chain: str, receiver: Receiver, owner: Definer | None, depth: int) -> Found:
        """What a chain gives at the top of another file; the root `self` is the receiver."""

    @abstractmethod
    def whole(self) -> Inference:
        """This object, as rules are to see it."""

    @abstractmethod
    def follow(self, found: Found, parts: list[str], depth: int) -> Found:
        """What the parts of a chain give, from what stands before them."""

    def visible_name(self, path: str, name: str, depth: int = 0) -> Found | None:
        """What a bare name means at the top of a file: a name of its own, or one that its namespaces hold."""
        found = self.module_name(path, name, depth)
        if found is None and not self._too_deep(depth):
            found = self.rules.fall_through(self.whole(), path, name, depth)
        return found

    def module_name(self, path: str, name: str, depth: int = 0) -> Found | None:
        """What a module offers under a name, its own or a star import's. None if nothing."""
        return self._once(
            ("name", self.rules, path, name),
            depth,
            lambda: self._module_name(path, name, depth),
            None,
        )

    def _module_name(self, path: str, name: str, depth: int) -> Found | None:
        bindings = self.world.names(path, name)
        if bindings:
            return self.binding(path, bindings, depth)
        if self._too_deep(depth):
            return None
        for star in self.world.stars(path)[1]:
            module = self._imported_module(path, star)
            if module is None or not module.path or module.path == path:
                continue
            exported = self.world.stars(module.path)[0]
            if name in exported if exported is not None else self.rules.offers(name):
                found = self.module_name(module.path, name, depth + 1)
                if found is not None:
                    return found
        return None

    def binding(
        self, path: str, bindings: list[Binding], depth: int = 0, owner: Definer | None = None,
        receiver: Receiver = None,
    ) -> Found:  # fmt: skip
        """What a name of another scope stands for; the last definition wins, then the first import that is found."""
        for binding in reversed(bindings):
            if binding.kind == DEFINITION:
                definition = self.world.definition(path, binding.target)
                if definition is not None:
                    entity = Definer(path, binding.target, definition.kind == "class", receiver)
                    values = [other for other in bindings if other.kind == VALUE]
                    apart = self.rules.methods_apart and values and not entity.is_class
                    held = self.binding(path, values, depth, owner, receiver) if apart else None
                    return Found(entity, definition.uid, path, held=held)
        outside = NOTHING
        for binding in bindings:
            if binding.kind == IMPORT:
                found = self.imported(path, binding, depth)
                if found.entity is not None and not isinstance(found.entity, External):
                    return found
                outside = found if found.entity is not None else outside
        uid = next((binding.target for binding in bindings if binding.kind not in (DEFINITION, IMPORT)), "")
        if outside.entity is not None and not uid:
            return outside
        for binding in bindings:
            if binding.kind not in (DEFINITION, IMPORT) and binding.chain and not self._too_deep(depth + 1):
                value = self.foreign(path, binding.chain, receiver, owner, depth + 1).entity
                if value is not None:
                    return Found(value, uid, path if uid else "", typed=True)
        return Found(None, uid, path if uid else "")

    def imported(self, path: str, binding: Binding, depth: int = 0) -> Found:
        """What an import statement of a file binds."""
        level = binding.target.partition(":")[0]
        module = self._imported_module(path, binding.target)
        if module is None:
            return OUTSIDE if level == "0" else NOTHING
        if not binding.chain:
            return Found(module)
        return self.imported_name(module, binding.chain, depth + 1)

    def imported_name(self, module: Module, dotted: str, depth: int = 0) -> Found:
        """What an import finds in a module under a name, or under a path of names through classes."""
        name, *inner = dotted.split(".")
        return self.follow(self._module_member(module, name, depth), inner, depth)

    def _imported_module(self, path: str, target: str) -> Module | None:
        level, _, dotted = target.partition(":")
        return self.rules.find_module(self.world, path, int(level), dotted)

    def _module_member(self, module: Module, name: str, depth: int) -> Found:
        if module.path and not self._too_deep(depth):
            found = self.module_name(module.path, name, depth)
            if found is not None:
                return found
        return self.rules.module_member(self.whole(), module, name, depth) or NOTHING

    # Answers

    def _too_deep(self, depth: int) -> bool:
        """Whether a look-up ends here, so many steps from where it began."""
        if depth > self._deepest:
            self._deepest = depth
        if depth <= _MAX_DEPTH:
            return False
        self._cuts += 1
        return True

    def _once(self, asked: Hashable, depth: int, work: Callable[[], Answer], meanwhile: Answer) -> Answer:
        """As `_kept`, and `meanwhile` to whoever asks on the way to the answer."""
        cut = self._cut.get(asked)
        if cut is not None and cut.depth <= depth:
            self._cuts += 1
            return cast(Answer, cut.answer)
        cuts = self._cuts
        self._cut[asked] = Cut(meanwhile, _PENDING)
        answer = self._kept(asked, depth, work)
        if cuts == self._cuts:
            del self._cut[asked]
        else:
            self._cut[asked] = Cut(answer, depth)
        return answer

    def _kept(self, asked: Hashable, depth: int, work: Callable[[], Answer]) -> Answer:
        """What some work gives, or gave before; what was cut short is worked out again."""
        kept = self._answers.get(asked)
        if kept is not None and depth + kept.height + _MARGIN <= _MAX_DEPTH:
            self.world.read_again(kept.read)
            self._deepest = max(self._deepest, depth + kept.height)
            return cast(Answer, kept.value)
        outer, cuts = self._deepest, self._cuts
        self._deepest = depth
        answer, read = self.world.recorded(work)
        if cuts == self._cuts:
            self._answers.put(asked, answer, read, self._deepest - depth)
        self._deepest = max(self._deepest, outer)
        return answer
