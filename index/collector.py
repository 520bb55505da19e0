"""How often Python looks for cycles of dead objects while many live ones are made. Knows nothing of graphs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_COLLECT_AFTER = 200_000


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cycles after so many new objects, not after 700: an update makes few, and takes a tenth less."""
    usual = gc.get_threshold()
    if not 0 < usual[0] < _COLLECT_AFTER:  # it is off, or another update goes on
        yield
        return
    gc.set_threshold(_COLLECT_AFTER, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
