"""What the store remembers about itself."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from allocator.store.bulk import table_of


def setting_of(connection: Connection, name: str) -> str | None:
    """The value of a setting, or None."""
    settings = table_of("settings")
    found = connection.execute(select(settings.c.value).where(settings.c.name == name)).scalar()
    return None if found is None else str(found)


def put_setting(connection: Connection, name: str, value: str) -> None:
    """Set or replace a setting."""
    settings = table_of("settings")
    connection.execute(delete(settings).where(settings.c.name == name))
    connection.execute(insert(settings).values(name=name, value=value))
