"""Run the real Neo4j Community server on this machine, for a user (`make neo4j`) and for the tests.

Maven brings the server once into the user's cache folder; Java 17 or later runs it. Knows nothing of graphs.
Run: python -m index.neo4j.server [--port N]
"""

from __future__ import annotations

import argparse
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import neo4j
import platformdirs
from neo4j.exceptions import AuthError, DriverError, Neo4jError

from index.errors import StoreUnavailable

USER = "neo4j"
_SERIES = "5.26"
"""Long-term support, and the last that runs on Java 17."""
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>graft</groupId><artifactId>server</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>[{_SERIES},5.27)</version></dependency>
  </dependencies>
</project>
"""
_OPENS = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
# The server ends when its starter does, even if that was killed: the shell's input ends then.
_WATCHED = 'exec 3<&0; "$@" & server=$!; { cat <&3 >/dev/null; kill $server; } & wait $server'
_ASSEMBLE_TIMEOUT_S, _START_TIMEOUT_S, _STOP_TIMEOUT_S = 1_800, 120, 30
_LOG_LINES = 15
_LASTING = (
    "-Xms512m",
    "-Xmx2g",
    "-XX:+UseParallelGC",
    "-XX:Tier4InvocationThreshold=30000",
    "-XX:Tier4MinInvocationThreshold=10000",
    "-XX:Tier4CompileThreshold=60000",
    "-XX:Tier4BackEdgeThreshold=250000",
)
"""Tuned on a first index of Django (2 cores, November 2026): with 512 MB a third of its time went into collecting
garbage, and half of the rest into compiling to the utmost what runs a few seconds."""
_BRIEF = ("-Xms512m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


def missing_program() -> str | None:
    """The program without which no server can be had here, or None."""
    return next((name for name in ("java", "mvn") if shutil.which(name) is None), None)


def server_jars() -> Path:
    """The folder of the server's jars, brought by Maven where it is not there yet. Raises StoreUnavailable.

    Safe while another process does the same.
    """
    folder = platformdirs.user_cache_path("graft", appauthor=False) / f"neo4j-{_SERIES}"
    if (folder / "jars").is_dir():
        return folder / "jars"
    if (missing := missing_program()) is not None:
        raise StoreUnavailable(
            f"Cannot bring Neo4j: {missing} is not installed. Install Java 17 or later and Maven "
            "(apt install openjdk-17-jre-headless maven), or run Neo4j's container image.",
            str(folder),
        )
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "jars").is_dir():
            _bring(folder)
    return folder / "jars"


def _bring(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as work:
        Path(work, "pom.xml").write_text(_POM)
        arguments = ["dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=jars"]
        ended = subprocess.run(
            ["mvn", "-q", "-B", *arguments],
            cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=_ASSEMBLE_TIMEOUT_S,
        )  # fmt: skip
        if ended.returncode != 0:
            said = (ended.stdout + ended.stderr).strip().splitlines()[:3]
            raise StoreUnavailable(
                f"Maven could not bring Neo4j {_SERIES} ({' '.join(said)}). Is Maven Central, or a mirror "
                "named in ~/.m2/settings.xml, in reach?",
                str(folder),
            )
        Path(work, "jars").rename(folder / "jars")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server of our own on 127.0.0.1, its data in `home`. Without a password it asks for none.

    A brief one starts sooner, and never gets as fast.
    """

    def __init__(self, home: Path, port: int, *, password: str = "", is_brief: bool = False) -> None:
        self.home, self.port = home, port
        self.uri = f"bolt://127.0.0.1:{port}"
        self._password, self._is_brief = password, is_brief
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers. Raises StoreUnavailable."""
        jars = server_jars()
        (self.home / "conf").mkdir(parents=True, exist_ok=True)
        (self.home / "conf" / "neo4j.conf").write_text("\n".join(self._settings()) + "\n")
        command = [
            "java",
            *(_BRIEF if self._is_brief else _LASTING),
            "-cp",
            f"{jars}/*",
        ]
        command += [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENS]
        command += ["org.neo4j.server.CommunityEntryPoint", f"--home-dir={self.home}"]
        command += [f"--config-dir={self.home}/conf"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", _WATCHED, "neo4j", *command],
                stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=self.home, start_new_session=True,
            )  # fmt: skip
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it in order, so that its data are whole; by force if that takes too long."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_TIMEOUT_S)
        self.kill()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def processor_s(self) -> float:
        """Processor time that it used so far, in seconds; 0 where the system does not tell."""
        ticks = 0
        for file in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                values = file.read_text().rpartition(")")[2].split()
                if self._process is not None and int(values[2]) == self._process.pid:
                    ticks += int(values[11]) + int(values[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    @property
    def _log(self) -> Path:
        return self.home / "console.log"

    def _settings(self) -> list[str]:
        settings = {
            "server.bolt.listen_address": f"127.0.0.1:{self.port}",
            "server.bolt.advertised_address": f"127.0.0.1:{self.port}",
            "server.http.enabled": "false",
            "server.https.enabled": "false",
            "server.memory.pagecache.size": "128m",
            "dbms.usage_report.enabled": "false",
            "dbms.security.auth_enabled": "true" if self._password else "false",
        }
        if self._is_brief:  # else a quarter of a gigabyte is written twice before the first answer
            settings |= {"db.tx_log.preallocate": "false", "db.tx_log.rotation.size": "16m"}
        return [f"{key}={value}" for key, value in settings.items()]

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while True:
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                last = self._log.read_text(errors="replace").strip().splitlines()[-_LOG_LINES:]
                raise StoreUnavailable(
                    "Neo4j did not start. Its last words:\n  " + "\n  ".join(last), f"{self._log}"
                )
            try:
                self._connect(self._password)
                return
            except AuthError:
                if self._password != USER:
                    self._set_first_password()
            except (Neo4jError, DriverError, OSError):
                time.sleep(0.2)

    def _connect(self, password: str, database: str = "neo4j", statement: str = "RETURN 1") -> None:
        auth = (USER, password) if password else None
        with (
            neo4j.GraphDatabase.driver(self.uri, auth=auth) as driver,
            driver.session(database=database) as session,
        ):
            session.run(statement, new=self._password).consume()

    def _set_first_password(self) -> None:
        """A new server knows the user `neo4j` with the password `neo4j`, good for nothing but a change of it."""
        statement = f"ALTER CURRENT USER SET PASSWORD FROM '{USER}' TO $new"
        try:
            self._connect(USER, "system", statement)
        except AuthError as error:
            raise StoreUnavailable(
                f"Neo4j in {self.home} has another password than the one kept beside it. "
                "Put the right one there, or delete that folder: the graph is built again from the repositories.",
                str(self.home),
            ) from error


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Start a server, and stop it at the end."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _kept_password(folder: Path) -> tuple[str, bool]:
    """The password of the user's own server, and whether it was made just now. Only the user may read its file."""
    file = folder / "password"
    with suppress(FileNotFoundError):
        return file.read_text().strip(), False
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    password = secrets.token_urlsafe(18)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as written:  # noqa: PTH123
        written.write(password + "\n")
    return password, True


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Run Neo4j here until Ctrl-C; its data are kept between starts."
    )
    parser.add_argument("--port", type=int, default=7687, help="Port on 127.0.0.1. [default: 7687]")
    port = parser.parse_args().port
    folder = platformdirs.user_state_path("graft", appauthor=False) / "neo4j"
    say = sys.stdout.write
    for number in (signal.SIGINT, signal.SIGTERM):  # the first is ignored in a shell's background job
        signal.signal(number, signal.default_int_handler)
    try:
        if not (
            platformdirs.user_cache_path("graft", appauthor=False) / f"neo4j-{_SERIES}" / "jars"
        ).is_dir():
            say("Bringing Neo4j with Maven: 123 MB, once ...\n")
        password, is_new = _kept_password(folder)
        with running(Server(folder / "home", port, password=password)):
            say(f"Neo4j listens at neo4j://127.0.0.1:{port}, user {USER}, its data in {folder / 'home'}\n")
            say(f"Password{' (told this once)' if is_new else ''}: ")
            say(f"{password}\n" if is_new else f"kept in {folder / 'password'}\n")
            say(f'Use it: export GRAFT_NEO4J_PASSWORD="$(cat {folder / "password"})"\nStop it: Ctrl-C\n')
            sys.stdout.flush()
            signal.pause()
    except StoreUnavailable as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        say("\nStopped.\n")


if __name__ == "__main__":
    main()
