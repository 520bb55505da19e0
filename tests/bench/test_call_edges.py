"""The benchmark of call edges reads sites and definitions off the source, and counts per site."""

from call_edges import judge, score
from call_sites import Place, read_tree

SOURCE = """\
from m import made as other

class Größe:
    def run(self): pass

def work(thing):
    é = "x"; Größe().run()
    other(thing.run(1))
"""


def tree_of(tmp_path):
    (tmp_path / "m.py").write_text(SOURCE, "utf-8")
    return read_tree(tmp_path)


def test_sites_are_callee_names_and_definitions_have_qualified_names(tmp_path):
    tree = tree_of(tmp_path)
    assert {(site.line, site.column): tree.callee[site] for site in tree.sites} == {
        (7, 14): "Größe",
        (7, 22): "Größe().run",
        (8, 5): "other",
        (8, 17): "thing.run",
    }
    assert {
        (place.line, place.column): target.qualified_name for place, target in tree.definitions.items()
    } == {
        (3, 7): "Größe",
        (4, 9): "Größe.run",
        (6, 5): "work",
    }


def test_only_sites_with_one_target_inside_count_and_each_counts_once(tmp_path):
    tree = tree_of(tmp_path)
    made, run, other, unknown = (Place("m.py", *at) for at in ((7, 14), (7, 22), (8, 5), (8, 17)))
    method = Place("m.py", 4, 9)
    answers = {
        made: [Place("m.py", 3, 7)],
        run: [method],
        unknown: [method],
        other: [Place("/lib/b.py", 1, 1)],
    }
    oracle = judge(answers, tree)
    claims = {made: {("m.py", "Größe")}, run: {("m.py", "work")}, other: {("m.py", "work")}}
    found = score({site: frozenset(targets) for site, targets in claims.items()}, oracle)
    assert (found.sites, found.answered, found.right, found.outside_answered) == (3, 2, 1, 1)
    assert (found.precision, round(found.recall, 2), found.f1) == (0.5, 0.33, 0.4)


def test_a_server_that_names_the_enclosing_call_is_not_believed(tmp_path):
    tree = tree_of(tmp_path)
    unknown = Place("m.py", 8, 17)
    oracle = judge({unknown: [Place("m.py", 6, 5)]}, tree)
    assert (oracle.inside, oracle.misnamed) == ({}, 1)
