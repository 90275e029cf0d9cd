"""Progress of long work on stderr, only on a terminal; silent otherwise."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(title: str, *, shown: bool) -> Iterator[None]:
    """Show a spinner with ``title`` while the body runs, if ``shown`` and stderr is a terminal."""
    if not (shown and sys.stderr.isatty()):
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(title):
        yield
