import pytest

from agent.select import Finalist, choose, evidence_factor, normal_form
from agent.types import Candidate, FileEdit


def finalist(text: str, cost: float, *behaviour: str) -> Finalist:
    return Finalist(
        Candidate((FileEdit("m.py", 0, 1, text.encode()),), "template", "x", text, cost), behaviour
    )


def test_patches_that_behave_alike_stand_together_and_outvote_a_loner():
    pair = [finalist("a", 1.2, "1", "2"), finalist("b", 1.25, "1", "2"), finalist("c", 1.3, "1", "2")]
    choice = choose([finalist("loner", 1.2, "9", "9"), *pair], ["1", "0"])
    assert choice.best is pair[0]
    assert [len(cluster.members) for cluster in choice.clusters] == [3, 1]


def test_of_equal_support_the_one_that_changes_least_wins():
    quiet, loud = finalist("quiet", 1.0, "1", "2", "3"), finalist("loud", 1.0, "7", "8", "9")
    choice = choose([loud, quiet], ["1", "2", "0"])
    assert choice.best is quiet
    assert choice.clusters[1].differs_on == 3


def test_much_cheaper_edit_wins_over_a_dear_one():
    assert (
        choose([finalist("dear", 4.0, "1"), finalist("cheap", 1.0, "2")], ["0"]).best.candidate.note
        == "cheap"
    )


def test_disagreement_lowers_confidence_and_agreement_is_sure():
    assert choose([finalist("a", 1.0, "1"), finalist("b", 1.0, "2")], ["0"]).confidence == pytest.approx(0.5)
    assert choose([finalist("a", 1.0, "1"), finalist("b", 1.0, "1")], ["0"]).confidence == 1.0


def test_near_agreement_supports_and_failing_inputs_say_little():
    base = ["0"] * 9 + ["raises TypeError"]
    one = finalist("a", 1.0, *["1"] * 9, "raises TypeError")
    other = finalist("b", 1.0, *["1"] * 9, "2")
    stranger = finalist("c", 1.0, *["3"] * 9, "raises TypeError")
    assert choose([one, other], base).confidence > 0.85
    assert choose([one, stranger], base).confidence < 0.6


def test_unobserved_patches_are_not_taken_for_alike():
    choice = choose([finalist("a", 1.0), finalist("b", 1.0)], [])
    assert len(choice.clusters) == 2
    assert choice.confidence == pytest.approx(0.5)


def test_more_evidence_never_lowers_belief():
    assert (
        0 < evidence_factor(0, 0) < evidence_factor(1, 0) < evidence_factor(1, 1) < evidence_factor(9, 9) <= 1
    )


def test_layout_and_comments_do_not_make_a_patch_new():
    assert normal_form(b"x = (1 +\n 2)  # sum\n") == normal_form(b"x = 1 + 2\n")
    assert normal_form(b"x = 1 + 2\n") != normal_form(b"x = 1 - 2\n")
    assert normal_form(b"def broken(:\n") == "def broken(:\n"
