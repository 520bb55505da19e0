"""Which of the host's paths a sandbox shows, and never more: system libraries, the interpreter, what was asked for.

Knows nothing of any one mechanism.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.errors import SandboxUnavailable
from agent.sandbox.types import SandboxSpec

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
ETC = (
    "alternatives", "fonts", "ld.so.cache", "localtime", "mime.types", "nsswitch.conf", "pki/tls/certs", "protocols",
    "services", "ssl/certs", "ssl/openssl.cnf", "terminfo",
)  # fmt: skip
PREFIX_PARTS = ("bin", "lib", "lib64", "include", "conda-meta", "etc/fonts", "share/zoneinfo", "ssl")
MOST_LINKS = 40


@dataclass(frozen=True, slots=True)
class Shown:
    """Paths shown read-only at their own places, and links made again, as (place, target)."""

    paths: tuple[str, ...]
    links: tuple[tuple[str, str], ...]


def system_paths() -> Shown:
    """What every program needs: libraries, tools, certificates, time zones; no secrets, no sockets."""
    paths, links = [], []
    for place in map(Path, SYSTEM):
        if place.is_symlink():
            links.append((str(place), str(place.readlink())))
        elif place.is_dir():
            paths.append(str(place))
    paths += [f"/etc/{name}" for name in ETC if Path("/etc", name).exists()]
    return Shown(tuple(paths), tuple(links))


def wanted_paths(spec: SandboxSpec) -> Shown:
    """The interpreter with its libraries, and `spec.readable`. Raises SandboxUnavailable for a home folder."""
    paths: dict[str, None] = {}
    links: dict[str, str] = {}
    for place in _interpreter_places(spec.python):
        if place.is_symlink():
            links.setdefault(str(place), str(place.readlink()))
        for part in _prefix_parts(place):
            _add(part, paths)
    for place in spec.readable:
        _refuse_home(place)
        _add(place, paths)
    covered = sorted(paths, key=lambda path: path.count("/"))
    kept = [path for path in covered if not any(_inside(path, other) for other in (*SYSTEM, *paths))]
    loose = [
        (place, target)
        for place, target in links.items()
        if not any(_inside(place, other) for other in (*SYSTEM, *kept))
    ]
    return Shown(tuple(kept), tuple(loose))


def refuse_repository(repo: Path) -> None:
    """Raise SandboxUnavailable for a repository that would show a whole home folder or the whole machine."""
    _refuse_home(repo)


def _refuse_home(place: Path) -> None:
    resolved = place.resolve()
    home = Path.home().resolve()
    if resolved == home or resolved in home.parents:
        raise SandboxUnavailable(
            f"A sandbox will not show {place}: it holds your home folder. Name a folder inside it."
        )


def _add(place: Path, paths: dict[str, None]) -> None:
    """Add a path under its own name and under its real one."""
    if place.exists():
        paths.setdefault(str(place.absolute()))
        paths.setdefault(str(place.resolve()))


def _inside(path: str, other: str) -> bool:
    return path != other and path.startswith(other + "/")


def _interpreter_places(python: Path) -> Iterator[Path]:
    """The interpreter and every link on the way to it, and those of the interpreter its environment was made from."""
    place = python.absolute()
    for _ in range(MOST_LINKS):
        yield place
        settings = place.parent.parent / "pyvenv.cfg"
        if settings.is_file():
            yield from _base_places(settings, place.name)
        if not place.is_symlink():
            return
        place = place.parent / place.readlink()


def _base_places(settings: Path, name: str) -> Iterator[Path]:
    for line in settings.read_text(errors="replace").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home" and value.strip():
            home = Path(value.strip())
            yield home / (name if (home / name).exists() else "python3")


def _prefix_parts(place: Path) -> Iterator[Path]:
    """What belongs to the interpreter at `place`, which may be installed straight into somebody's home."""
    prefix = place.parent.parent
    if (prefix / "pyvenv.cfg").is_file():
        yield prefix
    elif any((prefix / "lib").glob("python3*/os.py")):
        yield from (prefix / part for part in PREFIX_PARTS)
