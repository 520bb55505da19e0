"""`graft index --vectors` as its users run it, and what `graft doctor` says of the model."""

from __future__ import annotations

import json


def test_vectors_are_made_on_request_kept_up_and_deleted(graft, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "mail.py").write_text("def send_invoice(cart):\n    return cart\n")
    (tree / "dates.py").write_text("def parse_day(text):\n    return text\n")

    def index(*flags):
        ran = graft("index", tree, *flags, "--json")
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)["vectors"]

    assert index() is None
    assert index("--vectors") == {"files": 2, "embedded": 4, "kept": 0}
    (tree / "mail.py").write_text("def send_invoice(cart):\n    return cart\n\n\ndef remind(): pass\n")
    assert index() == {"files": 1, "embedded": 2, "kept": 1}
    shown = graft("locate", tree, "customers do not get their bills", "--json")
    first = json.loads(shown.stdout)["files"][0]
    assert first["path"] == "mail.py"
    assert "its outline is near to the text in meaning" in first["reasons"]
    assert index("--no-vectors") is None
    assert index() is None


def test_doctor_tells_of_the_embedding_model(graft, tmp_path):
    ran = graft("doctor", tmp_path, "--json")
    check = next(check for check in json.loads(ran.stdout)["checks"] if check["name"] == "vectors")
    assert (check["status"], check["detail"]) == ("ok", "all-MiniLM-L6-v2; `graft index --vectors` uses it")
