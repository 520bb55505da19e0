"""The page of `graft graph html`, looked at by a real browser."""

import gzip
import json
import re
import shutil
import struct
import subprocess
from base64 import b64decode
from html import unescape

import pytest

from index.graph import open_graph
from index.types import SymbolKind
from tui.graph.html import page
from tui.graph.picture import packed

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--window-size=1200,800"),
    *("--virtual-time-budget=6000", "--dump-dom"),
]
needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on the PATH (apt-get install chromium)"
)

SCRIPT_NAME = "def f():\n    '''</script><script>document.title = 'owned'</script>'''\n"
FILES = {
    "shapes.py": "class Shape:\n"
    "    def area(self, unit='</script><b id=owned>'): return helper()\n\ndef helper(): pass\n",
    "use.py": "from shapes import Shape\n\ndef draw(): return Shape().area()\n\ndef draw_all(): draw()\n",
    "</script><img src=x id=owned>.py": SCRIPT_NAME,
    "tests/test_use.py": "from use import draw\n\ndef test_draw(): draw()\n",
    "README.md": "# Shapes\n\n`draw_all()` does it.\n",
}
HOSTILE = "</script><img src=x id=owned>.py"


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    root = tmp_path_factory.mktemp("page") / "a<b>&"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    opened = open_graph(root)
    opened.update()
    yield opened
    opened.close()


def written(graph, focus=None):
    uid = graph.symbols(name=focus)[0].uid if focus else None
    return page(graph.root.name, packed(graph.store, graph.root.name, uid, lambda *_: None, lambda: False))


@pytest.fixture
def browse(graph, tmp_path):
    """Open the page at an address, do something there, and return the document afterwards."""

    def run(fragment="", doing="", focus=None, text=None):
        text = text or written(graph, focus)
        if doing:
            # The page's own policy lets no other script run, which the test must.
            text = re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', "", text, count=1)
            script = (
                "<script>(async () => { while (!window.page) await new Promise((done) => setTimeout(done, 20));"
                "const key = (name) => document.onkeydown(new KeyboardEvent('keydown', { key: name }));"
                f"const $$ = (id) => document.getElementById(id); {doing} }})()</script></body>"
            )
            text = text.replace("</body>", script)
        target = tmp_path / "page.html"
        target.write_text(text)
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path}/profile", f"{target.as_uri()}#{fragment}"]
        process = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return process.stdout

    return run


def part(document, pattern):
    return unescape(re.sub("<[^>]+>", " ", re.search(pattern, document, re.DOTALL)[1]))


def details(document):
    return part(document, r'<section id="details">(.*?)</section>')


def neighbours(document):
    return part(document, r'<nav id="neighbours".*?>(.*?)</nav>')


def status(document):
    return part(document, r'<span id="status".*?>(.*?)</span>')


def test_the_page_needs_nothing_else_and_names_cannot_leave_their_place(graph):
    text = written(graph)
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//|@import|url\(", text)
    assert "owned" not in text
    assert text.count("<script") == text.count("</script>") == 2
    assert "<title>a&lt;b&gt;&amp; · graph</title>" in text
    assert "default-src 'none'; script-src 'sha256-" in text


def test_the_packed_graph_holds_every_symbol_and_edge(graph):
    data = gzip.decompress(b64decode(packed(graph.store, "t", None, lambda *_: None, lambda: False)))
    [length] = struct.unpack_from("<I", data)
    strings = json.loads(data[4 : 4 + length])
    assert strings["names"] == [*(symbol.qualified_name for symbol in graph.symbols()), "README.md"]
    text = len(strings["names"]) - 1
    edges = edges_of(strings, data[4 + length :])
    assert {(s, strings["names"][t]) for s, t, type_ in edges if type_ == "DOCUMENTS"} == {(text, "draw_all")}
    assert strings["kinds"] == [kind.value for kind in SymbolKind]
    lines = struct.unpack_from(f"<{strings['symbols']}I", data, 4 + length + 4 * strings["symbols"])
    assert list(lines) == [*(symbol.span.start_line for symbol in graph.symbols()), 1]


def edges_of(strings, arrays):
    """(source, target, type) of the edges in a packed graph."""
    symbols, edges = strings["symbols"], strings["edges"]
    ends = struct.unpack_from(f"<{2 * edges}I", arrays, 8 * symbols)
    types = arrays[8 * (symbols + edges) + symbols + -symbols % 4 :][:edges]
    return [(ends[n], ends[edges + n], strings["types"][types[n]]) for n in range(edges)]


@needs_browser
def test_the_page_opens_at_its_symbol_with_the_neighbourhood(browse):
    document = browse(focus="area")
    assert "Shape.area" in details(document)
    assert "method, shapes.py:2" in details(document)
    assert "unit='</script><b id=owned>'" in details(document)
    assert 'id="owned"' not in document
    shown = neighbours(document)
    assert "CALLS → (1)" in shown and "helper" in shown
    assert "← CALLS (1)" in shown and "draw" in shown and "scoped" in shown
    assert "← PARENT_OF (1)" in shown
    assert re.search(r"\d+ symbols, \d+ edges; 4 drawn", status(document)), status(document)


@needs_browser
def test_an_address_opens_a_symbol_and_hostile_names_stay_text(browse):
    document = browse("symbol=use.py%3A%3Adraw")
    assert "function, use.py:3" in details(document)
    document = browse(doing="page.go(page.graph.names.indexOf('f'));")
    assert HOSTILE in details(document)
    assert 'id="owned"' not in document
    assert "<title>a&lt;b&gt;&amp; · graph</title>" in document
    assert "most connected" in details(browse("symbol=nowhere%3A%3Anothing"))


@needs_browser
def test_the_keyboard_searches_chooses_and_comes_back(browse):
    search = "key('/'); const typed = document.activeElement; typed.value = 'draw'; typed.oninput();"
    listed = part(browse(doing=search), r'<ol id="results">(.*?)</ol>')
    assert re.findall(r"(\w+) +\S+\.py:\d", listed)[:2] == ["draw", "draw_all"]
    document = browse(doing=search + "key('ArrowDown'); key('Enter');")
    assert "draw_all" in details(document)
    assert '<ol id="results" hidden' in document
    document = browse(doing=search + "key('Escape'); key('t'); key('+');")
    assert '<ol id="results" hidden' in document
    assert re.search(r'<html[^>]* data-theme="(?:dark|light)"', document)
    assert "most connected" in details(browse(focus="area", doing="key('h');"))
    nothing = "key('/'); $$('search').value = 'no such'; $$('search').oninput(); key('Enter');"
    assert "Nothing of that name" in browse(doing=nothing)


@needs_browser
def test_edges_and_symbols_can_be_left_out(browse):
    document = browse(
        focus="draw",
        doing="for (const name of ['CALLS', 'test']) document.getElementsByName(name)[0].click();",
    )
    shown = neighbours(document)
    assert "CALLS" not in shown
    assert "test_draw" not in shown
    assert "INSTANTIATES → (1)" in shown
    assert "PARENT_OF" in shown


@needs_browser
def test_pointer_shows_details_drags_and_goes(browse):
    at = """const at = page.picture.at.get(page.graph.names.indexOf('helper')), view = { ...page.picture.view };
        const x = at.x * view.scale + view.x, y = at.y * view.scale + view.y, canvas = $$('canvas');
        const event = (name, dx = 0) => canvas[name]({ offsetX: x + dx, offsetY: y, clientX: x, clientY: y,
            buttons: 1, movementX: dx, movementY: 0 });"""
    document = browse(focus="area", doing=at + "event('onpointermove');")
    assert "function, shapes.py:4" in part(document, r'<div id="tip"(.*?)</body>')
    document = browse(focus="area", doing=at + "event('onpointerdown'); event('onpointerup');")
    assert "helper" in details(document)
    moved = "event('onpointerdown'); event('onpointermove', 50); event('onpointerup', 50);"
    document = browse(
        focus="area", doing=f"{at} {moved} document.title = Math.round(page.picture.view.x - view.x);"
    )
    assert ("<title>50</title>" in document, "Shape.area" in details(document)) == (True, True)


@needs_browser
def test_fifty_thousand_symbols_are_searched_and_drawn(browse, tmp_path):
    (tmp_path / "big").mkdir()
    document = browse("symbol=p0.py%3A%3An0", text=page("big", big_graph(50_000)))
    assert status(document).startswith("50,000 symbols, 199,")
    assert "more in the list" in status(document)
    assert "CALLS → " in neighbours(document)


class _Big:
    """A reader of a large made-up graph, which would take minutes to index."""

    def __init__(self, size):
        from index.types import Edge, EdgeType, Span, Symbol

        def symbol(n):
            span = Span(f"p{n // 50}.py", 0, 1, 1, 1, 1, 2)
            return Symbol(
                f"{n:016x}", span.path, SymbolKind.FUNCTION, f"n{n}", f"n{n}", span, "python", f"def n{n}()"
            )

        self._symbols = [symbol(n) for n in range(size)]
        self._edges = {}
        for n in range(size):
            for other in {n * 7 % size, n * 31 % size, n // 2, n % 100} | ({n + 1} if n < 3 else set()):
                edge = Edge(f"{n:016x}", f"{other:016x}", EdgeType.CALLS)
                self._edges.setdefault(f"p{n // 50}.py", []).append(edge)

    def symbols(self):
        return self._symbols

    def resolution(self, path):
        from index.store import ResolvedFile

        return ResolvedFile(self._edges[path])

    def references(self, **_):
        return []

    def edges(self, **_):
        return []


def big_graph(size):
    return packed(_Big(size), "big", None, lambda *_: None, lambda: False)
