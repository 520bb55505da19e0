"""Index a repository and ask its graph, from a program of your own: `python index_a_repository.py REPO [SYMBOL]`.

The same graph as `graft index` and `graft graph` use: it lies in REPO/.graft/ and follows edits.
"""

from __future__ import annotations

import sys

from index.errors import GraphError
from index.graph import WorkTreeGraph, open_graph
from index.names import find_symbols, similar_names
from index.queries import at_symbols, callees, callers, covering_tests


def tell(what: str, done: int, total: int) -> None:
    print(f"{what} {done}/{total}", file=sys.stderr)


def ask(graph: WorkTreeGraph, text: str) -> int:
    targets = at_symbols(find_symbols(graph.store, text))
    if not targets:
        print(f"No {text}. Near: {', '.join(similar_names(graph.store, text)) or 'nothing'}", file=sys.stderr)
        return 1
    questions = (("callers", callers), ("callees", callees), ("tests", covering_tests))
    for target in targets:
        symbol = target.symbol
        print(f"{symbol.signature or symbol.qualified_name}  {symbol.path}:{symbol.span.start_line}")
        for title, question in questions:
            for answer in question(graph.store, [target]):
                place = f"{answer.span.path}:{answer.span.start_line}"
                print(f"  {title:<8} {answer.symbol.qualified_name}  {place}  {answer.resolution}")
    return 0


def main(repo: str, symbol: str = "") -> int:
    try:
        graph = open_graph(repo)
        try:
            report = graph.update(tell)
            print(f"{report.files_seen} files, {report.symbols} symbols, {report.edges} edges")
            return ask(graph, symbol) if symbol else 0
        finally:
            graph.close()
    except GraphError as error:
        print(error, file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
