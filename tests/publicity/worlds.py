"""Small named worlds of the publicity tests, and strategies for larger ones."""

import numpy as np
import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

from allocator.model.columns import MEMBERS
from allocator.model.facts import Facts, conform
from allocator.publicity import commitment as commitments

# Frames are built anew in every example, on machines that may be busy: few examples, no clock.
FEW = settings(max_examples=25, deadline=None)
CODES = ["0A1B2C3D4E5F", "3HJ5NPRS6Y8G", "7ZKQX9M2VT4W"]
RULES = {"mechanism": "band_optimum", "housing_first": False, "dwelling_rule": "order"}
CEREMONY = commitments.Ceremony(
    ceremony=True,
    source="beacon",
    moment="2026-03-15T10:00:00+08:00",
    fallbacks=("notary",),
    form="[0-9a-f]{32}",
)


def text_frame(**columns):
    """A frame whose text columns have the house's text dtype."""
    frame = pd.DataFrame(columns)
    return frame.astype({name: "str" for name in frame.columns if frame[name].dtype == object})


def three_families_two_flats():
    """Roster, preferences, pools, dwellings and receipts; rows of every frame in no particular order."""
    roster = text_frame(
        code=[CODES[2], CODES[0], CODES[1]],
        band=[1, 0, 0],
        points=[5, 30, 20],
        salt=["c" * 32, "a" * 32, "b" * 32],
    )
    preferences = text_frame(
        code=[CODES[1], CODES[0], CODES[0], CODES[0]], rank=[1, 1, 2, 2], pool=["P2", "P1", "P3", "P2"]
    )
    pools = text_frame(
        pool=["P2", "P1", "P3"],
        project_id=["X", "X", "Y"],
        dwelling_type=["studio", "one_room", "bed"],
        sex=["", "", "F"],
        rent_per_m2_fen=[1200, 1100, 30000],
        capacity=[1, 1, 0],
    )
    dwellings = text_frame(pool=["P2", "P1"], place=[1, 1], dwelling_id=["X-02", "X-01"])
    receipts = text_frame(
        receipt_no=["SL2", "SL1", "SL3", "SL4"],
        **{"class": ["roster", "roster", "roster", "ineligible"]},
        salt=["2" * 32, "1" * 32, "3" * 32, "4" * 32],
    )
    return {
        "roster": roster,
        "preferences": preferences,
        "pools": pools,
        "dwellings": dwellings,
        "receipts": receipts,
    }


def committed(world, **changes):
    """The commitment of a world."""
    said = {
        "month": "2026-03",
        "sub_round": "public",
        "rehearsal": True,
        "policy_fingerprint": "sha256:" + "0" * 64,
        "rules": RULES,
        "previous_manifest": "",
        "ceremony": CEREMONY,
        **world,
        **changes,
    }
    said["receipts"] = commitments.receipts_counted(said["receipts"])
    return commitments.commitment_bytes(**said)


def facts_with(*members):
    """Facts of which only the members matter: ``(receipt_no, name, id_number, relation)``."""
    rows = pd.DataFrame(members, columns=["receipt_no", "name", "id_number", "relation"])
    empty = Facts.empty()
    return Facts(
        empty.employers,
        empty.projects,
        empty.dwellings,
        empty.households,
        conform(rows, MEMBERS),
        empty.preferences,
    )


def shuffled(frame, chance):
    """The same rows in another order."""
    rows = list(range(len(frame)))
    chance.shuffle(rows)
    return frame.iloc[rows].reset_index(drop=True)


cells = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters=',"\n\r'), max_size=8)
tables = st.lists(st.tuples(cells, st.integers(-9, 10**12), cells), max_size=30).map(
    lambda rows: pd.DataFrame(
        {
            "first": pd.Series([row[0] for row in rows], dtype="str"),
            "number": np.array([row[1] for row in rows], dtype=np.int64),
            "last": pd.Series([row[2] for row in rows], dtype="str"),
        }
    )
)
