"""Tenants who move: who asks, whose move falls through, which lease ends, and in which order it is done."""

from __future__ import annotations

import pandas as pd

from allocator.model.facts import conform
from allocator.model.records import LEASES
from allocator.tenancies.transfers import asks_anew, ended, fallen_through, moves_of


def lists(*rows: tuple[str, int, str]) -> pd.DataFrame:
    """Wishes for one-room flats: receipt, rank, project."""
    frame = pd.DataFrame(rows, columns=["receipt_no", "rank", "project_id"])
    return frame.assign(dwelling_type="one_room")


def offers(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Receipt, dwelling offered, state."""
    return pd.DataFrame(rows, columns=["receipt_no", "dwelling_id", "state"]).astype("str")


def homes(**by_receipt: str) -> pd.DataFrame:
    """Who lives where."""
    return pd.DataFrame({"receipt_no": list(by_receipt), "dwelling_id": list(by_receipt.values())}).astype(
        "str"
    )


def test_only_another_list_asks() -> None:
    """The same wishes in another order of rows ask for nothing; another rank, one wish more or the first list at all do."""
    then = lists(
        ("same", 1, "P1"), ("same", 2, "P2"), ("turned", 1, "P1"), ("turned", 2, "P2"), ("more", 1, "P1")
    )
    now = lists(
        ("same", 2, "P2"),
        ("same", 1, "P1"),
        ("turned", 1, "P2"),
        ("turned", 2, "P1"),
        ("more", 1, "P1"),
        ("more", 2, "P3"),
        ("first", 1, "P3"),
        ("stranger", 1, "P3"),
    )
    receipts = pd.Series(["same", "turned", "more", "first", "silent"], dtype="str")
    assert asks_anew(receipts, now, then) == ["first", "more", "turned"]


def test_a_refusal_stops_the_chain_behind_it() -> None:
    """C refuses, so B cannot enter C's home and stays; A cannot enter B's; D, who enters an empty home, can."""
    made = offers(
        ("A", "home-b", "ACCEPTED"),
        ("B", "home-c", "ACCEPTED"),
        ("C", "empty-1", "WAIVED"),
        ("D", "empty-2", "ACCEPTED"),
    )
    assert fallen_through(made, homes(B="home-b", C="home-c")).tolist() == [True, True, False, False]


def test_a_circle_moves_whole_or_not_at_all() -> None:
    """Three who exchange all move when all accept; when one refuses nobody does."""
    live = homes(A="a", B="b", C="c")
    made = [("A", "b", "ACCEPTED"), ("B", "c", "ACCEPTED"), ("C", "a", "ACCEPTED")]
    assert fallen_through(offers(*made), live).tolist() == [False, False, False]
    made[1] = ("B", "c", "WAIVED")
    assert fallen_through(offers(*made), live).tolist() == [True, False, True]


def test_who_was_offered_nothing_leaves_nothing() -> None:
    """A home whose tenant has no offer of its own is not entered."""
    assert fallen_through(offers(("A", "b", "ACCEPTED")), homes(B="b")).tolist() == [True]


def test_moves_come_in_an_order_in_which_they_can_be_carried_out() -> None:
    """B leaves for an empty home, then A enters B's from outside; C and D exchange by way of a buffer; E waits for nobody."""
    made = offers(
        ("A", "b", "ACCEPTED"),
        ("B", "empty", "ACCEPTED"),
        ("C", "d", "ACCEPTED"),
        ("D", "c", "ACCEPTED"),
        ("E", "other", "ACCEPTED"),
    )
    plan = moves_of(made, homes(B="b", C="c", D="d"))
    told = list(
        plan[["act", "receipt_no", "from_dwelling", "to_dwelling"]].itertuples(index=False, name=None)
    )
    assert told == [
        ("move", "B", "b", "empty"),
        ("move", "A", "", "b"),
        ("to_buffer", "C", "c", ""),
        ("move", "D", "d", "c"),
        ("from_buffer", "C", "", "d"),
    ]
    assert plan["step"].tolist() == [1, 2, 3, 4, 5]
    assert plan["kind"].tolist() == ["chain", "chain", "cycle", "cycle", "cycle"]


def test_the_old_lease_ends_the_day_before_the_new_one_begins() -> None:
    """Signed for the 24th: the old one ends on the 23rd, never before it began, and never later than it would have."""
    days = pd.to_datetime(["2026-03-24", "2026-04-24", "2026-03-24"]).as_unit("s")
    until = pd.to_datetime(["2029-03-23", "2029-04-23", "2026-04-10"]).as_unit("s")
    rows = {
        "lease_no": ["ZL1", "ZL2", "ZL3"],
        "month": "2026-03",
        "receipt_no": ["A", "B", "C"],
        "dwelling_id": ["a", "b", "c"],
        "project_id": "P1",
        "starts_on": days,
        "ends_on": until,
        "rent_fen": 1,
        "subsidy_fen": 0,
        "area_cm2": 1,
        "rent_per_m2_fen": 1,
        "signed_on": days,
        "state": "IN_FORCE",
    }
    leases = conform(pd.DataFrame(rows), LEASES)
    begins = pd.Series(pd.to_datetime(["2026-04-24"] * 3).as_unit("s"))
    new = pd.DataFrame({"receipt_no": ["A", "B", "C"], "starts_on": begins})
    old = ended(leases, new)
    assert old["ends_on"].dt.strftime("%m-%d").tolist() == ["04-23", "04-24", "04-10"]
    assert set(old["state"]) == {"CANCELLED"}
    assert ended(leases, new.iloc[:0]).empty
