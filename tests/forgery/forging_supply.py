"""Consistent forgeries of supply, law, draw and of what the store remembers."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

import allocator
from allocator.model.enums import Stage
from allocator.model.records import RoundRecord
from allocator.store import Store
from tests.forgery.forging import (
    Forgery,
    add_household,
    an_eligible,
    first_effective,
    set_cells,
    with_table,
)
from tests.forgery.true_rounds import Inputs

SHIPPED = Path(allocator.__file__).parent / "policy" / "files"


def dwelling(column: str, value: object, **wanted: object) -> Forgery:
    """A cell of a dwelling's row changed, of the first for which it changes anything."""

    def forge(inputs: Inputs, base: Path) -> Inputs:
        homes = inputs.facts.dwellings
        rows = homes[column] != value
        for name, is_value in wanted.items():
            rows &= homes[name] == is_value
        at = homes.index.to_series()
        return first_effective(
            inputs, (set_cells(inputs, "dwellings", at == row, column, value) for row in homes.index[rows])
        )

    return forge


def add_dwelling(inputs: Inputs, base: Path) -> Inputs:
    """A dwelling that does not exist."""
    homes = inputs.facts.dwellings
    flat = homes[homes["kind"] == "flat"].iloc[[0]].assign(dwelling_id="D9999999")
    return with_table(inputs, "dwellings", pd.concat([homes, flat], ignore_index=True))


def drop_dwelling(inputs: Inputs, base: Path) -> Inputs:
    """A dwelling kept back for a friend."""
    homes = inputs.facts.dwellings
    row = homes.index[(homes["kind"] == "flat") & ~homes["accessible"].fillna(value=False)][-1]
    return with_table(inputs, "dwellings", homes.drop(index=row))


def project(column: str, value: object, **wanted: object) -> Forgery:
    """A cell of a project's row changed."""

    def forge(inputs: Inputs, base: Path) -> Inputs:
        frame = inputs.facts.projects
        rows = pd.Series(data=True, index=frame.index)
        for name, is_value in wanted.items():
            rows &= frame[name] == is_value
        return set_cells(inputs, "projects", rows, column, value)

    return forge


def private(inputs: Inputs, base: Path) -> Inputs:
    """The bureau's flats become an employer's own stock."""
    rows = inputs.facts.projects["supply_mode"] == "large_estate"
    moded = set_cells(inputs, "projects", rows, "supply_mode", "enterprise_built")
    return set_cells(moded, "projects", rows, "operator_id", "E002")


def rule(page: str, old: str, new: str) -> Forgery:
    """The law's folder copied with one number changed."""

    def forge(inputs: Inputs, base: Path) -> Inputs:
        own = base / "law"
        shutil.copytree(SHIPPED / inputs.policy, own)
        text = (own / page).read_text(encoding="utf-8")
        assert old in text
        (own / page).write_text(text.replace(old, new, 1), encoding="utf-8")
        return replace(inputs, policy=str(own))

    return forge


def changed(**changes: object) -> Forgery:
    """Another month, day, value, source or moment."""
    return lambda inputs, base: inputs.changed(**changes)


def standing(state: str, num_waivers: int = 0) -> Forgery:
    """A household's standing in the store changed before the round."""

    def forge(inputs: Inputs, base: Path) -> Inputs:
        row = {"receipt_no": [an_eligible(inputs)], "state": [state], "num_waivers": [num_waivers]}
        return replace(inputs, touch=lambda store: store.set_standings(pd.DataFrame(row)))

    return forge


def aside(receipt_nos: list[str]) -> Forgery:
    """Receipts among those set aside."""
    return lambda inputs, base: replace(inputs, touch=lambda store: store.set_aside(receipt_nos))


def slip_in(inputs: Inputs, base: Path) -> Inputs:
    """A household whose rows were set aside as faulty is taken in after all."""
    forged = add_household(inputs, base)
    return replace(forged, touch=lambda store: None)


def earlier_round(inputs: Inputs, base: Path) -> Inputs:
    """Another past: a manifest of a month that nobody published."""

    def touch(store: Store) -> None:
        record = RoundRecord(
            month="2026-02",
            stage=str(Stage.CLOSE),
            policy=inputs.policy,
            policy_fingerprint="sha256:" + "0" * 64,
            rehearsal=True,
            on=date(2026, 2, 1),
            sub_rounds=(),
        )
        store.create_round(record)
        store.put_artefact("2026-02", "public", "manifest", b"{}")

    return replace(inputs, touch=touch)


def in_earnest(inputs: Inputs, base: Path) -> Inputs:
    """A rehearsal passed off as a round in earnest."""
    return replace(inputs, touch=lambda store: store.set_setting("synthetic_ids", "no"))
