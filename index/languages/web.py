"""HTML and CSS: ids and classes with the places in pages that use them. Computes no cascade.

A style sheet defines its classes (`.card`, a field called `card`), its ids (`#top`), custom properties (`--main`) and
key frames; a page defines its ids. A page's classes and ids point to the style sheets that it links, else to the one
sheet of the tree that defines them. At most 500 symbols a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname, normpath

from tree_sitter import Node, Query, QueryCursor

from index.content import Content
from index.facts import VALUE, Binding, FileFacts, ImportUse, Use
from index.found import Found
from index.grammars import grammar
from index.infer import OUTSIDE, Inference
from index.languages.outline import Outline
from index.languages.rules import NamespaceRules
from index.languages.spec import LanguageSpec
from index.types import SymbolKind
from index.world import Module, World

_STYLES = "css"
"""The namespace that all style sheets share."""
_CSS_QUERY = """
(class_selector (class_name) @class)
(id_selector (id_name) @id)
(declaration (property_name) @property (#match? @property "^--"))
(keyframes_statement (keyframes_name) @frames)
(import_statement [(string_value) (call_expression (arguments (_)))] @import)
(call_expression (function_name) @_var (arguments . (plain_value) @use) (#eq? @_var "var"))
"""
_HTML_QUERY = """
(attribute (attribute_name) @name
  [(quoted_attribute_value (attribute_value) @value) (attribute_value) @value])
"""
_LINKS = frozenset({"href", "src"})
_EXTERNAL = ("http:", "https:", "//", "data:", "mailto:", "javascript:")


class WebRules(NamespaceRules):
    family = "web"

    def find_module(self, world: World, importer: str, level: int, module: str) -> Module | None:
        """A file by its path from the page or from the top of the tree."""
        name = module.partition("?")[0].partition("#")[0]
        if not name or name.startswith(_EXTERNAL):
            return None
        for base in ("",) if name.startswith("/") else (dirname(importer), ""):
            path = normpath("/".join(part for part in (base, name.lstrip("/")) if part))
            if world.has_file(path):
                return Module(path, path)
        return None

    def fall_through(self, infer: Inference, path: str, name: str, depth: int) -> Found | None:
        """What the only style sheet that knows a name means by it; unknown names are no references."""
        if len(infer.world.providers(_STYLES, name)) == 1:
            return self.in_namespace(infer, _STYLES, name, depth, but=path) or OUTSIDE
        return OUTSIDE


class _Page(Outline):
    """One page or style sheet: symbols by name, uses and imports."""

    def __init__(self, repository: str, path: str, content: Content, language: str) -> None:
        super().__init__(repository, path, content, language)
        self.uses: list[Use] = []
        self.imports: list[ImportUse] = []

    def define(self, kind: SymbolKind, name: str, node: Node) -> None:
        """A symbol at the first place that defines a name, bound for others to find."""
        if name and name not in self.scopes.scopes[0].names:
            symbol = self.add(kind, name.replace(".", "_"), node)
            uid = self.scopes.symbols[symbol].uid if symbol >= 0 else ""
            self.scopes.bind(0, name, Binding(VALUE, uid, ""))

    def use(self, name: str, start_byte: int) -> None:
        if name and "." not in name:
            self.uses.append(Use(0, "", name, (start_byte, *self.lines.position(start_byte))))

    def link(self, module: str, node: Node) -> None:
        """Another file, whose names are seen here where it is a style sheet."""
        if module and not module.startswith(_EXTERNAL):
            span = self.lines.span(self.path, node.start_byte, node.end_byte)
            place = (
                span.start_byte, span.end_byte, span.start_line, span.start_column, span.end_line, span.end_column
            )  # fmt: skip
            self.imports.append(ImportUse(0, 0, module, "*", place))
            if module.partition("?")[0].endswith(".css"):
                self.scopes.stars.append(f"0:{module}")

    def text(self, node: Node) -> str:
        return self.lines.text(node.start_byte, node.end_byte)

    def page(self, namespace: str) -> FileFacts:
        self.note_left_out()
        interface = self.scopes.interface()
        interface.namespace = namespace
        body = self.scopes.body(self.uses, self.imports)
        return FileFacts(self.scopes.symbols, interface, body, self.root.has_error)


def read_css(repository: str, path: str, content: Content) -> FileFacts:
    """A style sheet."""
    page = _Page(repository, path, content, "css")
    for kind, node in _captures("css", _CSS_QUERY, page.root):
        text = page.text(node)
        if kind == "class":
            page.define(SymbolKind.FIELD, text, _around(node, "rule_set"))
        elif kind == "id":
            page.define(SymbolKind.FIELD, f"#{text}", _around(node, "rule_set"))
        elif kind == "property" or kind == "frames":
            page.define(SymbolKind.CONSTANT, text, node.parent or node)
        elif kind == "import":
            page.link(text.removeprefix("url(").rstrip(")").strip("\"'"), node)
        elif kind == "use":
            page.use(text, node.start_byte)
    return page.page(_STYLES)


def read_html(repository: str, path: str, content: Content) -> FileFacts:
    """A page."""
    page = _Page(repository, path, content, "html")
    name = ""
    for kind, node in _captures("html", _HTML_QUERY, page.root):
        text = page.text(node)
        if kind == "name":
            name = text.lower()
        elif name == "id":
            page.use(f"#{text}", node.start_byte - 1)
            page.add(
                SymbolKind.FIELD, f"#{text}".replace(".", "_"), _around(node, "start_tag", "self_closing_tag")
            )
        elif name == "class":
            start = node.start_byte
            for word in page.content.data[start : node.end_byte].split():
                at = page.content.data.find(word, start, node.end_byte)
                page.use(word.decode("utf-8", "replace"), at)
                start = at + len(word)
        elif name in _LINKS and not text.startswith("#"):
            page.link(text, node)
    return page.page("")


def _captures(language: str, query: str, root: Node) -> Iterator[tuple[str, Node]]:
    """(capture, node) of a query in order of place."""
    found = QueryCursor(Query(grammar(language), query)).captures(root)
    pairs = [(node.start_byte, kind, node) for kind, nodes in found.items() for node in nodes]
    for _, kind, node in sorted(pairs, key=lambda pair: pair[0]):
        if not kind.startswith("_"):
            yield kind, node


def _around(node: Node, *types: str) -> Node:
    """The nearest node of one of these types around a node, itself where there is none."""
    around: Node | None = node
    while around is not None and around.type not in types:
        around = around.parent
    return around or node


SPECS = (
    LanguageSpec("css", (".css",), rules=WebRules(), read=read_css),
    LanguageSpec("html", (".html", ".htm"), rules=WebRules(), read=read_html),
)
