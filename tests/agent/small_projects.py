"""Small buggy projects for tests of the whole loop, and the process that repairs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# The environment that runs Graft's own tests holds fat pytest plugins, which small projects do without.
ENVIRONMENT = {**os.environ, "GRAFT_SANDBOX_ENVIRONMENT": '{PYTEST_DISABLE_PLUGIN_AUTOLOAD = "1"}'}

SHOP = {
    "shop/__init__.py": "",
    "shop/prices.py": (
        "TAX = 0.2\n\n\n"
        "def clamp(value, low, high):\n"
        '    """Keep value within low and high."""\n'
        "    if value > low:\n"
        "        return low\n"
        "    if value > high:\n"
        "        return high\n"
        "    return value\n\n\n"
        "def with_tax(net):\n"
        "    return round(net * (1 + TAX), 2)\n"
    ),
    "shop/cart.py": (
        "from shop.prices import clamp, with_tax\n\n\n"
        "def total(items, discount):\n"
        "    net = sum(price * count for price, count in items)\n"
        "    share = clamp(discount, 0, 50) / 100\n"
        "    return with_tax(net * (1 - share))\n"
    ),
    "tests/test_cart.py": (
        "from shop.cart import total\n"
        "from shop.prices import clamp, with_tax\n\n\n"
        "def test_discount_is_taken_off():\n"
        "    assert total([(10.0, 2), (5.0, 1)], 20) == 24.0\n\n\n"
        "def test_discount_is_at_most_half():\n"
        "    assert total([(10.0, 1)], 80) == 6.0\n\n\n"
        "def test_no_discount():\n"
        "    assert total([(10.0, 1)], 0) == 12.0\n\n\n"
        "def test_negative_discount_is_none():\n"
        "    assert clamp(-5, 0, 50) == 0\n\n\n"
        "def test_tax():\n"
        "    assert with_tax(10) == 12.0\n"
    ),
}
SHOP_FAULT = b"    if value > low:\n"
SHOP_FIX = b"    if value < low:\n"


def make_repository(folder: Path, files: dict[str, str | bytes], *, git: bool = True) -> Path:
    """Write the files and commit them. Returns the folder."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    if git:
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
        commit_all(folder)
    return folder


def commit_all(folder: Path) -> None:
    identity = ["-c", "user.name=Graft", "-c", "user.email=graft@example.org"]
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    subprocess.run(["git", *identity, "commit", "-qm", "Work"], cwd=folder, check=True)


def tree_of(folder: Path) -> dict[str, bytes]:
    """Every file but Graft's own, git's index and refs included."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and ".graft" not in path.parts
    }


def graft(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    command = [str(Path(sys.executable).with_name("graft")), *map(str, arguments)]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=240)
