"""The graph from outside: write a tree, update, ask."""

from pathlib import Path

from index.graph import open_graph
from index.types import EdgeType


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_call_through_a_reexport_reaches_its_definition(tmp_path):
    write(
        tmp_path,
        {
            "pkg/__init__.py": "from .impl import parse as parse\n",
            "pkg/impl.py": "def parse(text):\n    return text\n",
            "app.py": "import pkg\n\n\ndef main():\n    return pkg.parse('x')\n",
        },
    )
    graph = open_graph(tmp_path)
    graph.update()
    (parse,) = graph.symbols(qualified_name="parse")
    assert [symbol.qualified_name for symbol in graph.callers(parse.uid)] == ["main"]
    (edge,) = graph.edges(target=parse.uid, types=[EdgeType.CALLS])
    assert edge.span is not None
    assert (edge.span.start_line, edge.span.start_column) == (5, 16)
    graph.close()
