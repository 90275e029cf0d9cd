"""Opening a store: find it or make it, check its version, find its key."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine

from allocator.errors import Refused
from allocator.store import keys, migrations
from allocator.store.engine import check_place, engine_of, file_of, parsed, reading, writing
from allocator.store.faults import translated
from allocator.store.sealing import Sealer
from allocator.store.settings import put_setting, setting_of

KEY_SETTING: Final = "key_check"


def opened(url: str, *, create: bool, key: bytes | None, wait_seconds: float) -> tuple[Engine, Sealer]:
    """The engine and the sealer of the store at the URL."""
    place = parsed(url)
    file = file_of(place)
    if file is not None:
        check_place(file)
        if not file.exists() and not create:
            raise Refused("store_not_found", name=file.name)
    keys.given_key(key)
    version = _version(place, file, wait_seconds)
    if version is None and not create:
        raise Refused("store_not_found", name=file.name if file else str(place.database))
    if version is None:
        return _made(place, file, key, wait_seconds)
    migrations.check_not_newer(version)
    sealer = Sealer(keys.existing_key(key, file))
    engine = engine_of(place, wait_seconds)
    try:
        with reading(engine) as connection:
            _check_key(connection, sealer)
        if version < migrations.version_known():
            with writing(engine) as connection:
                migrations.migrate(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine, sealer


def _version(place: URL, file: Path | None, wait_seconds: float) -> int | None:
    """The version of what stands there, or None; looking makes no file."""
    if file is not None and (not file.exists() or file.stat().st_size == 0):
        return None
    engine = engine_of(place, wait_seconds)
    try:
        with reading(engine) as connection:
            return migrations.version_found(connection)
    finally:
        engine.dispose()


def _made(place: URL, file: Path | None, key: bytes | None, wait_seconds: float) -> tuple[Engine, Sealer]:
    """A new store and, where nobody gave a key, its key file. Nothing of either is left when it fails."""
    found, is_new_key = keys.key_for_new(key, file)
    was_there = file is not None and file.exists()
    sealer = Sealer(found)
    engine = engine_of(place, wait_seconds)
    try:
        _make_tables(engine, sealer, is_file=file is not None)
    except BaseException:
        engine.dispose()
        if file is not None and is_new_key:
            keys.key_file_of(file).unlink(missing_ok=True)
            if not was_there:
                file.unlink(missing_ok=True)
        raise
    return engine, sealer


def _make_tables(engine: Engine, sealer: Sealer, *, is_file: bool) -> None:
    if is_file:
        with translated():
            driver = engine.raw_connection()
            try:
                driver.cursor().execute("PRAGMA journal_mode = WAL")
            finally:
                driver.close()
    with writing(engine) as connection:
        if migrations.version_found(connection) is None:
            migrations.make(connection)
            put_setting(connection, KEY_SETTING, sealer.key_check)
        else:
            _check_key(connection, sealer)


def _check_key(connection: Connection, sealer: Sealer) -> None:
    if setting_of(connection, KEY_SETTING) != sealer.key_check:
        raise Refused("store_key_wrong", variable=keys.VARIABLE)
