from agent.ledger import Ledger, Trial
from agent.runs import RunFolder
from agent.types import Candidate, FileEdit, Frame, Outcome, Verdict


def candidate(text: bytes, cost: float = 1.0) -> Candidate:
    return Candidate((FileEdit("pkg/m.py", 3, 5, text),), "template", "comparison", "`<` → `<=`", cost)


def verdict(test: str, outcome: Outcome) -> Verdict:
    return Verdict(test, outcome, 0.25, "ValueError", "no\nway", (Frame("pkg/m.py", 3, "f"),))


def test_everything_written_is_found_again_by_a_new_process(tmp_path):
    folder = RunFolder.create(tmp_path)
    ledger = Ledger(folder, "tree")
    binary, plain = candidate(b"\xff\r\n"), candidate(b"<=")
    ledger.add_candidates([binary, plain], 1)
    trial = Trial(plain.id, "target", (verdict("t.py::a", Outcome.PASSED),), ok=True)
    ledger.add_trial(trial)

    again = Ledger(RunFolder(folder.path), "tree")
    assert again.drawn(1) == [binary, plain]
    assert again.trial(plain.id, "target") == trial
    assert again.trial(binary.id, "target") is None
    assert again.passed("target") == [plain]
    assert again.tried() == 1


def test_verdicts_of_another_tree_do_not_count(tmp_path):
    folder = RunFolder.create(tmp_path)
    ledger = Ledger(folder, "tree")
    ledger.add_candidates([candidate(b"a")], 1)
    assert Ledger(folder, "edited tree").drawn() == []


def test_candidate_drawn_twice_is_kept_once_in_its_first_round(tmp_path):
    ledger = Ledger(RunFolder.create(tmp_path), "tree")
    ledger.add_candidates([candidate(b"a"), candidate(b"a")], 1)
    ledger.add_candidates([candidate(b"a"), candidate(b"b")], 2)
    assert [len(ledger.drawn(number)) for number in (1, 2)] == [1, 1]


def test_same_edits_have_the_same_id_whatever_is_said_of_them():
    one = candidate(b"a", cost=1.0)
    other = Candidate(one.edits, "chat", "rewrite", "else", 9.0)
    assert one.id == other.id != candidate(b"b").id
