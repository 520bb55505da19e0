"""The server that `make neo4j` starts for a user."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from neo4j_server import assembled

from index.errors import StoreUnavailable
from index.neo4j.address import PASSWORD_VARIABLE
from index.neo4j.server import free_port, server_jars
from index.store import open_store


def test_machine_without_java_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(StoreUnavailable, match="java is not installed"):
        server_jars()


def test_maven_that_reaches_nothing_is_quoted(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name, body in (("mvn", "echo 'Unknown host repo.example.org'; exit 1"), ("java", "exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(StoreUnavailable, match=r"\(Unknown host repo.example.org\). Is Maven Central"):
        server_jars()
    assert [each.name for each in (tmp_path / "cache" / "graft" / "neo4j-5.26").iterdir()] == ["lock"]


@pytest.mark.slow
@pytest.mark.timeout(900)  # a server starts
def test_server_for_a_user_asks_for_a_password_that_is_told_once_and_kept_to_him(tmp_path, monkeypatch):
    assembled()
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "index.neo4j.server", "--port", str(port)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
    )  # fmt: skip
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(4)]
    kept = Path(tmp_path, "graft", "neo4j", "password")
    password = kept.read_text().strip()
    assert f"neo4j://127.0.0.1:{port}, user neo4j" in said[0]
    assert said[1] == f"Password (told this once): {password}\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    monkeypatch.setenv(PASSWORD_VARIABLE, password)
    open_store(f"neo4j://127.0.0.1:{port}", "repo").close()
    monkeypatch.setenv(PASSWORD_VARIABLE, "neo4j")
    with pytest.raises(StoreUnavailable, match="refuses"):
        open_store(f"neo4j://127.0.0.1:{port}", "repo")
    process.send_signal(signal.SIGINT)
    assert process.communicate()[0].strip() == "Stopped."
    assert process.returncode == 0
