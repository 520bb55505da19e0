"""SQL: tables with their columns, views, functions, procedures, triggers, and the queries that use them.

Names are compared without case, quotes and schema, in one namespace for the whole tree. Columns that a query names
are not resolved; nor is text that a program builds.
"""

from __future__ import annotations

from tree_sitter import Node, Query, QueryCursor

from index.content import Content
from index.conventions import is_test_path
from index.facts import CALL, DEFINITION, VALUE, Binding, FileFacts, Use
from index.grammars import grammar
from index.languages.comments import comment_before
from index.languages.names import file_module_name
from index.languages.rules import NamespaceRules
from index.languages.spec import LanguageSpec
from index.parse import Lines, parse
from index.python.scopes import FileScopes
from index.types import SymbolKind

_NAMESPACE = "sql"
_QUERY = """
(create_table (object_reference name: (identifier) @name)) @table
(create_view (object_reference name: (identifier) @name)) @view
(create_materialized_view (object_reference name: (identifier) @name)) @view
(create_function (object_reference name: (identifier) @name)) @function
(create_procedure (object_reference name: (identifier) @name)) @function
(create_trigger . (_) . (_)? . (object_reference name: (identifier) @name)) @trigger
(create_trigger (keyword_trigger) . (object_reference name: (identifier) @name)) @trigger
(column_definition name: (identifier) @name) @column
(cte . (identifier) @cte)
(invocation (object_reference name: (identifier) @call))
(create_trigger [(keyword_function) (keyword_procedure)] . (object_reference name: (identifier) @call))
(relation (object_reference name: (identifier) @use))
(from (object_reference name: (identifier) @use))
(insert (object_reference name: (identifier) @use))
(alter_table (object_reference name: (identifier) @use))
(create_trigger (keyword_on) . (object_reference name: (identifier) @use))
(create_index (object_reference name: (identifier) @use))
(column_definition (object_reference name: (identifier) @use))
(constraint (object_reference name: (identifier) @use))
"""
_KINDS = {
    "table": SymbolKind.CLASS,
    "view": SymbolKind.CLASS,
    "function": SymbolKind.FUNCTION,
    "trigger": SymbolKind.FUNCTION,
}
_MAX_SIGNATURE_CHARS = 200
_BUILTINS = frozenset(
    """count sum min max avg coalesce nullif now lower upper length substr substring trim round abs cast concat date
    datetime extract greatest least ifnull random replace row_number rank string_agg array_agg json_agg jsonb_agg
    to_char to_date unnest nextval currval exists""".split()  # noqa: SIM905 - a list of words
)


class SqlRules(NamespaceRules):
    """Names of tables and functions are seen from everywhere."""


class _Script:
    def __init__(self, repository: str, path: str, content: Content) -> None:
        self.path, self.data = path, content.data
        self.lines = Lines(content.data, content.encoding)
        self.root = parse(content.data, "sql").root_node
        self.scopes = FileScopes(repository, path, "sql", _BUILTINS)
        self.uses: list[Use] = []
        self._open: list[tuple[int, int]] = []
        self._tests = is_test_path(path)
        name = file_module_name(path)
        doc = comment_before(self.root, _SPEC, self.text)
        span = self.lines.span(path, 0, len(self.data))
        self.scopes.add_symbol(SymbolKind.MODULE, name, span, -1, "", doc, self.data)
        self.scopes.open("module", name, 0, -1)

    def read(self) -> FileFacts:
        ctes: set[str] = set()
        for head, node, name in self._found():
            while self._open and self._open[-1][0] <= node.start_byte:
                self._open.pop()
            scope = self._open[-1][1] if self._open else 0
            shown = self.text(name).strip("\"`[]'").replace(".", "_")
            known = shown.lower()
            if head == "cte":
                ctes.add(known)
            elif head in ("use", "call"):
                if known not in ctes:
                    self._use(scope, name, known, called=head == "call")
            elif head == "column":
                self._column(scope, node, shown)
            else:
                self._define(_KINDS[head], node, shown, known)
        interface = self.scopes.interface()
        interface.namespace = _NAMESPACE
        return FileFacts(self.scopes.symbols, interface, self.scopes.body(self.uses, []), self.root.has_error)

    def text(self, node: Node) -> str:
        return self.lines.text(node.start_byte, node.end_byte)

    def _found(self) -> list[tuple[str, Node, Node]]:
        """(what it is, its node, its name) in order of place, outer things first."""
        found: dict[tuple[int, int, str, int], tuple[str, Node, Node]] = {}
        for _, captures in QueryCursor(Query(grammar("sql"), _QUERY)).matches(self.root):
            head = next(name for name in captures if name != "name")
            node = captures[head][0]
            name = captures.get("name", captures[head])[0]
            found.setdefault((node.start_byte, -node.end_byte, head, 0), (head, node, name))
        return [found[key] for key in sorted(found)]

    def _define(self, kind: SymbolKind, node: Node, shown: str, known: str) -> None:
        is_test = self._tests and kind is SymbolKind.FUNCTION and known.startswith("test")
        statement = node.parent if node.parent is not None and node.parent.type == "statement" else node
        symbol = self._symbol(SymbolKind.TEST if is_test else kind, shown, node, 0, statement)
        scope = self.scopes.open("class" if kind is SymbolKind.CLASS else "function", shown, symbol, 0)
        self.scopes.scopes[scope].role = "test" if is_test else ""
        self.scopes.bind(0, known, Binding(DEFINITION, shown, ""))
        self._open.append((node.end_byte, scope))

    def _column(self, scope: int, node: Node, shown: str) -> None:
        around = self.scopes.scopes[scope]
        if around.kind == "class":
            name = f"{around.qualified_name}.{shown}"
            symbol = self._symbol(SymbolKind.FIELD, name, node, around.symbol, node)
            self.scopes.bind(scope, shown, Binding(VALUE, self.scopes.symbols[symbol].uid, ""))

    def _symbol(self, kind: SymbolKind, name: str, node: Node, parent: int, commented: Node) -> int:
        span = self.lines.span(self.path, node.start_byte, node.end_byte)
        head = self.lines.text(
            node.start_byte, min(node.end_byte, node.start_byte + 4 * _MAX_SIGNATURE_CHARS)
        )
        signature = " ".join(head.split("\n", 1)[0].split())[:_MAX_SIGNATURE_CHARS].rstrip("( ")
        doc = comment_before(commented, _SPEC, self.text)
        body = self.data[node.start_byte : node.end_byte]
        return self.scopes.add_symbol(kind, name, span, parent, signature, doc, body)

    def _use(self, scope: int, node: Node, known: str, *, called: bool) -> None:
        start = node.start_byte + (1 if self.data[node.start_byte] in b"\"`['" else 0)
        chain = f"{known}.{CALL}" if called else known
        self.uses.append(Use(scope, "", chain, (start, *self.lines.position(start))))


def read_sql(repository: str, path: str, content: Content) -> FileFacts:
    """One script."""
    return _Script(repository, path, content).read()


_SPEC = LanguageSpec(
    "sql",
    (".sql",),
    rules=SqlRules(),
    read=read_sql,
    comments=frozenset({"comment", "marginalia"}),
    builtins=_BUILTINS,
    test_files=r"(?:^|/)tests?/|_test\.sql$|(?:^|/)test_[^/]*\.sql$",
    test_stem=r"(.+)_test|test_(.+)",
)
SPECS = (_SPEC,)
