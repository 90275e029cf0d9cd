"""What a database says when it cannot, in our own faults. No database's text is passed on: it may hold values."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError

from allocator.errors import AllocatorError, MachineRefused, Refused

_SQLITE: Final[dict[int, tuple[type[AllocatorError], str]]] = {
    sqlite3.SQLITE_FULL: (MachineRefused, "store_disk_full"),
    sqlite3.SQLITE_READONLY: (MachineRefused, "store_read_only"),
    sqlite3.SQLITE_BUSY: (MachineRefused, "store_locked"),
    sqlite3.SQLITE_LOCKED: (MachineRefused, "store_locked"),
    sqlite3.SQLITE_CANTOPEN: (MachineRefused, "store_cannot_open"),
    sqlite3.SQLITE_PERM: (MachineRefused, "store_cannot_open"),
    sqlite3.SQLITE_IOERR: (MachineRefused, "store_cannot_open"),
    sqlite3.SQLITE_CORRUPT: (MachineRefused, "store_corrupt"),
    sqlite3.SQLITE_NOTADB: (Refused, "store_not_ours"),
    sqlite3.SQLITE_CONSTRAINT: (Refused, "store_row_refused"),
    sqlite3.SQLITE_TOOBIG: (Refused, "store_row_refused"),
}
# SQLSTATE classes and codes of PostgreSQL (appendix A of its manual); the longer code is looked up first.
_POSTGRES: Final[dict[str, tuple[type[AllocatorError], str]]] = {
    "53100": (MachineRefused, "store_disk_full"),
    "25006": (MachineRefused, "store_read_only"),
    "42501": (MachineRefused, "store_read_only"),
    "55P03": (MachineRefused, "store_locked"),
    "40": (MachineRefused, "store_locked"),
    "08": (MachineRefused, "store_unreachable"),
    "28": (MachineRefused, "store_unreachable"),
    "3D": (MachineRefused, "store_unreachable"),
    "53": (MachineRefused, "store_unreachable"),
    "57P": (MachineRefused, "store_unreachable"),
    "58": (MachineRefused, "store_cannot_open"),
    "XX": (MachineRefused, "store_corrupt"),
    "23": (Refused, "store_row_refused"),
    "22": (Refused, "store_row_refused"),
}


@contextmanager
def translated() -> Iterator[None]:
    """Turn a fault of the database into one of ours; a bug stays a bug, without the row it met."""
    try:
        yield
    except AllocatorError:
        raise
    except Exception as fault:
        found = fault.orig if isinstance(fault, DBAPIError) else fault
        ours = _of_sqlite(found) if isinstance(found, sqlite3.Error) else _of_postgres(found)
        if ours is not None:
            raise ours from None
        if isinstance(fault, DBAPIError | sqlite3.Error) or hasattr(found, "sqlstate"):
            raise RuntimeError(f"the database refused: {type(found).__name__}") from None
        raise


def _of_sqlite(fault: sqlite3.Error) -> AllocatorError | None:
    code = getattr(fault, "sqlite_errorcode", None)
    if code is None:
        return None
    found = _SQLITE.get(code & 0xFF)
    return found[0](found[1]) if found else None


def _of_postgres(fault: BaseException | None) -> AllocatorError | None:
    if not hasattr(fault, "sqlstate"):
        return None
    state: str | None = getattr(fault, "sqlstate", None)
    if state is None:  # psycopg gives no code for a connection it never got
        is_connection = type(fault).__name__ in {
            "OperationalError",
            "ConnectionTimeout",
            InterfaceError.__name__,
        }
        return MachineRefused("store_unreachable") if is_connection else None
    for length in (5, 3, 2):
        found = _POSTGRES.get(state[:length])
        if found:
            return found[0](found[1])
    return None
