"""`graft index --vectors` as its users run it, and what `graft doctor` says of the model."""

from __future__ import annotations

import functools
import json
import signal
import subprocess
import sys
from pathlib import Path

GRAFT = Path(sys.executable).with_name("graft")


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


def test_watch_makes_vectors_while_nothing_changes(graft, environment, tmp_path):
    (tmp_path / "mail.py").write_text("def send_invoice(cart):\n    return cart\n")
    # A shell's background job, as these tests may be, starts with Ctrl-C ignored, and so would its children.
    heard = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [GRAFT, "index", "--watch", "--vectors", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, preexec_fn=heard, **pipes) as process:
        try:
            assert json.loads(process.stdout.readline())["files_parsed"] == 1
            assert "vectors: 1 files, 2 texts embedded, 0 as before" in process.stderr.readline()
            (tmp_path / "mail.py").write_text("def send_invoice(cart): pass\n\n\ndef remind(): pass\n")
            assert json.loads(process.stdout.readline())["files_parsed"] == 1
            assert "vectors: 1 files, 3 texts embedded, 0 as before" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            assert (process.wait(timeout=60), process.stdout.read()) == (0, "")
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()
    assert json.loads(graft("index", tmp_path, "--json").stdout)["vectors"]["files"] == 0
