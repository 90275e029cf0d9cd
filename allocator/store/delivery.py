"""The six delivered tables into the store and out of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy import Connection, delete

from allocator.model.columns import TABLES
from allocator.model.facts import Facts
from allocator.store.bulk import Counts, delete_keys, news, put, read_frame, table_of, write_frame
from allocator.store.lists import packed, row_counts, unpacked
from allocator.store.mapping import SHAPES, Rows, rows_of
from allocator.store.sealing import Sealer
from allocator.store.standings import set_aside_receipts

_LISTS = SHAPES["preferences"]


def write(connection: Connection, facts: Facts, sealer: Sealer) -> dict[str, Counts]:
    """Upsert by key, parents before children; rows that are absent stay.

    A household's list of preferences is replaced whole where the delivery holds one for it. A household
    that comes sound is no longer set aside.
    """
    counts = {
        table.name: write_frame(connection, SHAPES[table.name], getattr(facts, table.name), sealer)
        for table in TABLES
        if table.name != _LISTS.name
    }
    counts[_LISTS.name] = _write_lists(connection, facts.preferences, sealer)
    waiting = set(set_aside_receipts(connection))
    if waiting:
        sound = facts.households["receipt_no"]
        delete_keys(connection, "set_aside", sorted(waiting.intersection(sound)))
    return counts


def remove_members(connection: Connection, people: pd.DataFrame, sealer: Sealer) -> int:
    """Take the people (``receipt_no, id_number``) out of their households; how many there were."""
    table = table_of("members")
    persons = sealer.persons(people["id_number"].tolist())
    removed = 0
    for receipt_no, person in zip(people["receipt_no"].tolist(), persons, strict=True):
        is_row = (table.c.receipt_no == receipt_no) & (table.c.person == person)
        removed += connection.execute(delete(table).where(is_row)).rowcount
    return removed


def read(connection: Connection, sealer: Sealer) -> Facts:
    """All six tables, sorted by key."""
    frames = {
        table.name: read_frame(connection, SHAPES[table.name], sealer)
        for table in TABLES
        if table.name != _LISTS.name
    }
    return Facts(**frames, preferences=unpacked(read_frame(connection, _LISTS, sealer)))


def _write_lists(connection: Connection, preferences: pd.DataFrame, sealer: Sealer) -> Counts:
    lists = packed(preferences)
    rows = rows_of(_LISTS, lists, sealer)
    found = news(connection, rows)
    sizes = _sizes(lists)
    counts = _list_counts(connection, rows, lists, found.changed, sealer)
    put(connection, rows, found, sealer)
    num_new = int(sizes[found.new].sum())
    same = np.ones(len(lists), dtype=bool)
    same[found.new + found.changed] = False
    return Counts(
        inserted=counts["inserted"] + num_new,
        updated=counts["updated"],
        unchanged=counts["unchanged"] + int(sizes[same].sum()),
        removed=counts["removed"],
    )


def _list_counts(
    connection: Connection, rows: Rows, lists: pd.DataFrame, changed: list[int], sealer: Sealer
) -> dict[str, int]:
    """Row by row what happens to the lists that differ, before they are replaced."""
    if not changed:
        return dict.fromkeys(("inserted", "updated", "unchanged", "removed"), 0)
    stored = read_frame(connection, _LISTS, sealer)
    keys = {rows.keys[at] for at in changed}
    old = stored[stored["receipt_no"].isin(keys)].reset_index(drop=True)
    return row_counts(old, lists.take(changed).reset_index(drop=True))


def _sizes(lists: pd.DataFrame) -> np.ndarray:
    return (lists["list"].str.count("\n").to_numpy(dtype=np.int64)) + 1
