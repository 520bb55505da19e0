"""The order, form and bounds of what the template proposer gives."""

from __future__ import annotations

import ast
import itertools
import re

from template_kit import context_of, drawn, results

from agent.propose.clues import Clues
from agent.propose.ingredients import Ingredients
from agent.propose.operators.tokens import OPERATORS as TOKENS
from agent.propose.scope import ModuleScope
from agent.propose.search import MOST_PENDING, Search, UnreadFile, levels_of
from agent.propose.site import Change, FileView, Operator
from agent.propose.syntax import SourceFile, SyntaxGate
from agent.propose.template import TemplateProposer
from agent.types import Outcome, apply_edits

TREE = b'''class Tree:
    """A sorted tree."""

    def __init__(self, values=()):
        self.root = None
        for value in values:
            self.add(value)

    def add(self, value):
        if self.root is None:
            self.root = [value, None, None]
            return True
        node = self.root
        while node[0] != value:
            side = 1 if value < node[0] else 2
            if node[side] is None:
                node[side] = [value, None, None]  # a leaf
                return True
            node = node[side]
        return False

    def walk(self, node="root"):
        node = self.root if node == "root" else node
        if node:
            yield from self.walk(node[1])
            yield node[0]
            yield from self.walk(node[2])
'''


def test_costs_rise_and_every_text_comes_once(tmp_path):
    context = context_of(tmp_path, {"m.py": TREE}, {"m.py": {}})
    candidates = drawn(context)
    costs = [each.cost for each in candidates]
    texts = results(context, candidates)
    assert len(candidates) > 500
    assert costs == sorted(costs)
    assert len(set(texts)) == len(texts) == len({each.id for each in candidates})
    assert TREE not in texts


def test_same_context_gives_the_same_candidates(tmp_path):
    context = context_of(tmp_path, {"m.py": TREE}, {"m.py": {}})
    assert drawn(context, 1_000) == drawn(context, 1_000)


def test_suspected_line_is_changed_before_all_others(tmp_path):
    context = context_of(tmp_path, {"m.py": TREE}, {"m.py": {14: 0.9, 15: 0.2, 23: 0.2}})
    start = TREE.index(b"        while")
    end = TREE.index(b"\n", start)
    first = drawn(context, 5)
    assert all(start <= edit.start_byte <= end for each in first for edit in each.edits)


def test_every_candidate_compiles_and_keeps_comments(tmp_path):
    context = context_of(tmp_path, {"m.py": TREE}, {"m.py": {}})
    for text in results(context, drawn(context, 1_500)):
        compile(text, "m.py", "exec", dont_inherit=True)
        assert text.startswith(b'class Tree:\n    """A sorted tree."""\n')


def test_line_ends_tabs_and_encoding_survive(tmp_path):
    head = b"# -*- coding: latin-1 -*-\r\n# caf\xe9\r\n"
    source = head + (
        b"def f(items, limit):\r\n\tout = []\r\n\tfor item in items:\r\n\t\tif item < limit:\r\n"
        b"\t\t\tout.append('\xe9' + item)\r\n\treturn out\r\n"
    )
    context = context_of(tmp_path, {"m.py": source}, {"m.py": {}})
    texts = results(context, drawn(context))
    assert any(b"if not items:\r\n\t\treturn" in text for text in texts)
    for text in texts:
        assert text.startswith(head)
        assert not re.search(rb"(?<!\r)\n", text)
        assert not re.search(rb"\n +", text)
        ast.parse(text)


def test_edits_hold_only_what_changes(tmp_path):
    source = b"def f(alpha, alpine):\n    return alpha <= alpine\n"
    context = context_of(tmp_path, {"m.py": source}, {"m.py": {}})
    for each in drawn(context):
        for edit in each.edits:
            old = source[edit.start_byte : edit.end_byte]
            assert old != edit.replacement
            if old and edit.replacement:
                assert old[:1] != edit.replacement[:1]
                assert old[-1:] != edit.replacement[-1:]


def test_test_files_are_never_edited(tmp_path):
    files = {
        "m.py": b"def f(a):\n    return a + 1\n",
        "test_m.py": b"from m import f\n\n\ndef test_f():\n    assert f(1) == 1\n",
    }
    context = context_of(tmp_path, files, {"test_m.py": {5: 1.0}, "m.py": {2: 0.1}})
    assert {path for each in drawn(context) for path in each.paths} == {"m.py"}


def test_broken_file_is_repaired_around_its_fault(tmp_path):
    source = b"def g(:\n    pass\n\n\ndef f(a, b):\n    return a < b\n"
    context = context_of(tmp_path, {"m.py": source}, {"m.py": {6: 1.0}})
    assert source.replace(b"a < b", b"a <= b") in results(context, drawn(context, 50))


def test_file_of_syntax_that_is_gone_gives_no_error(tmp_path):
    source = b"\xff\xfe\x00print 'x'\n\n)))\n"
    context = context_of(tmp_path, {"m.py": source}, {"m.py": {}})
    for text in results(context, drawn(context)):
        assert text != source


def test_line_of_a_loop_comes_first_where_the_test_hangs(tmp_path):
    source = (
        b"def f(n):\n    total = 0\n    while n > 0:\n        total += n\n        n += 1\n    return total\n"
    )
    context = context_of(tmp_path, {"m.py": source}, {"m.py": {}}, error="", outcome=Outcome.TIMEOUT)
    start, end = source.index(b"    while"), source.index(b"    return")
    assert all(start <= edit.start_byte < end for each in drawn(context, 8) for edit in each.edits)


def test_gate_refuses_what_only_a_compiler_sees():
    source = SourceFile("m.py", b"class A:\n    def f(self):\n        return 1\n\n    x = 2\n")
    gate = SyntaxGate(source)
    at = source.data.index(b"x = 2")
    assert gate.edited_unit([(at, at + 5, b"return 2")]) is None
    assert gate.edited_unit([(at, at + 5, b"x = 3")]) is not None
    at = source.data.index(b"return 1")
    assert gate.edited_unit([(at, at + 8, b"break")]) is None
    assert gate.edited_unit([(at, at + 8, b"return (")]) is None


def test_first_candidate_does_not_wait_for_all_statements(tmp_path):
    opened = []

    def note(site):
        opened.append(site.text)
        yield Change(((site.node.start_byte, site.node.end_byte, b"0"),), "nought")

    data = b"".join(b"def f%d(a):\n    return a + %d\n" % (n, n + 7) for n in range(2_000))
    source = SourceFile("m.py", data)
    module = ModuleScope(source)
    view = FileView(
        source, module, Clues(frozenset(), "", ""), Ingredients(context_of(tmp_path, {}, {}).graph, module)
    )
    operator = Operator("noting", 1.0, frozenset({"integer"}), note)
    search = Search(
        "x",
        levels_of([operator], {"noting": 1.0}),
        [UnreadFile("m.py", 1.0, dict.fromkeys(range(1, 4_001), 1.0))],
    )
    next(search.candidates(lambda path: view))
    assert len(opened) < 5


def test_queue_stays_bounded_on_a_file_of_suspicious_lines(tmp_path):
    data = b"".join(b"def f%d(a, b):\n    return [a + %d, b * %d, a < b]\n" % (n, n, n) for n in range(1_500))
    source = SourceFile("m.py", data)
    module = ModuleScope(source)
    view = FileView(
        source, module, Clues(frozenset(), "", ""), Ingredients(context_of(tmp_path, {}, {}).graph, module)
    )
    levels = levels_of(TOKENS, {each.name: each.cost for each in TOKENS})
    search = Search("x", levels, [UnreadFile("m.py", 1.0, dict.fromkeys(range(1, 3_001), 1.0))])
    for _ in zip(range(500), search.candidates(lambda path: view), strict=False):
        assert search.pending <= MOST_PENDING


def test_pairs_join_changes_of_one_function_and_progress_comes_first(tmp_path):
    source = b"def f(a, b):\n    x = a - b\n    return x < a\n\n\ndef g(a, b):\n    return a - b\n"
    context = context_of(tmp_path, {"m.py": source}, {"m.py": {}})
    singles = drawn(context, 60)
    proposer = TemplateProposer()
    moved = singles[30]
    pairs = list(proposer.propose_pairs(context, singles, {moved.id: 1.0}))
    costs = [pair.cost for pair in pairs]
    assert costs == sorted(costs)
    assert set(moved.edits) <= set(pairs[0].edits)
    wanted = source.replace(b"x = a - b", b"x = a + b").replace(b"x < a", b"x <= a")
    assert wanted in results(context, pairs)
    for pair in pairs:
        compile(apply_edits(source, pair.edits), "m.py", "exec", dont_inherit=True)
    assert not {pair.id for pair in pairs} & {single.id for single in singles}


def test_pairs_never_touch_each_other(tmp_path):
    context = context_of(tmp_path, {"m.py": TREE}, {"m.py": {}})
    singles = drawn(context, 40)
    for pair in TemplateProposer().propose_pairs(context, singles, {}):
        ends = [(edit.start_byte, edit.end_byte) for edit in pair.edits]
        assert all(one[1] < two[0] for one, two in itertools.pairwise(ends))
