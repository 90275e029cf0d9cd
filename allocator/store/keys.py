"""Where the store's key comes from: the caller, ``ALLOCATOR_KEY``, or the key file beside the SQLite file."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path
from typing import Final

from allocator.errors import MachineRefused, Refused, WrongUsage
from allocator.store.sealing import KEY_BYTES

VARIABLE: Final = "ALLOCATOR_KEY"


def key_file_of(database: Path) -> Path:
    """``allocator.db.key`` beside ``allocator.db``."""
    return database.with_name(database.name + ".key")


def given_key(key: bytes | None) -> bytes | None:
    """The key the caller or the environment gives. Raises ``WrongUsage`` for a malformed one."""
    if key is None and VARIABLE in os.environ:
        key = _from_hex(os.environ[VARIABLE])
        if key is None:
            raise WrongUsage("store_key_malformed", variable=VARIABLE)
    if key is not None and len(key) != KEY_BYTES:
        raise WrongUsage("store_key_malformed", variable=VARIABLE)
    return key


def existing_key(key: bytes | None, database: Path | None) -> bytes:
    """The key of a store that stands. Raises ``Refused`` with the cure where there is none."""
    found = given_key(key)
    if found is not None:
        return found
    if database is None:
        raise Refused("store_key_needed", variable=VARIABLE)
    return _read(key_file_of(database))


def key_for_new(key: bytes | None, database: Path | None) -> tuple[bytes, bool]:
    """The key of a store about to be made, and whether its key file was made now."""
    found = given_key(key)
    if found is not None:
        return found, False
    if database is None:
        raise Refused("store_key_needed", variable=VARIABLE)
    file = key_file_of(database)
    return (_read(file), False) if file.exists() else _make(file)


def _make(file: Path) -> tuple[bytes, bool]:
    """Write the whole file aside first: nobody ever reads half a key, and the first to link it wins."""
    key = secrets.token_bytes(KEY_BYTES)
    aside = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, key.hex().encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.link(aside, file)
    except FileExistsError:
        return _read(file), False
    except OSError as fault:
        is_full = fault.errno in {errno.ENOSPC, errno.EDQUOT}
        raise MachineRefused("store_disk_full" if is_full else "store_cannot_open") from None
    finally:
        aside.unlink(missing_ok=True)
    return key, True


def _read(file: Path) -> bytes:
    try:
        key = _from_hex(file.read_text(encoding="ascii", errors="replace").strip())
    except FileNotFoundError:
        raise Refused("store_key_missing", name=file.name, variable=VARIABLE) from None
    except OSError:
        raise MachineRefused("store_cannot_open") from None
    if key is None or len(key) != KEY_BYTES:
        raise Refused("store_key_wrong", variable=VARIABLE)
    return key


def _from_hex(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
