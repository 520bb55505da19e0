"""Keep what the benchmarks measured, with the machine, in RESULTS.md: one section for each benchmark."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")


def machine() -> str:
    """The machine in one line, with its load, since a busy one makes every wall time longer."""
    cpu = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        names = re.findall(r"model name\s*:\s*(.+)", info.read_text("utf-8"))
        cpu = names[0] if names else cpu
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    load = f"load {os.getloadavg()[0]:.1f} at the end"
    return f"{cpu}, {os.cpu_count()} cores, {system}, Python {platform.python_version()}, {load}"


def record(title: str, text: str) -> None:
    """Replace the section of that title, or add it. What follows its `Notes:` line was written by hand and stays."""
    known = RESULTS.read_text("utf-8") if RESULTS.exists() else "# Results\n"
    head, *sections = re.split(r"^(?=## )", known, flags=re.MULTILINE)
    place = next((n for n, each in enumerate(sections) if each.startswith(f"## {title}\n")), len(sections))
    old = sections[place] if place < len(sections) else ""
    notes = old[old.index("\nNotes:") :].strip() if "\nNotes:" in old else ""
    day = datetime.now(UTC).date().isoformat()
    parts = [f"## {title}", f"{day}; {machine()}", text.strip(), notes]
    sections[place : place + 1] = ["\n\n".join(filter(None, parts))]
    RESULTS.write_text("\n\n".join(each.strip("\n") for each in (head, *sections)) + "\n", "utf-8")
