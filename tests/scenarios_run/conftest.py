"""The gate, as the tests of the commands meet it."""

from __future__ import annotations

from tests.commands.conftest import run

__all__ = ["run"]
