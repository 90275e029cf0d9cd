"""Leases from accepted offers."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.errors import Refused
from allocator.model.records import LEASES
from allocator.tenancies.leases import lease_grounds, leases_of
from allocator.tenancies.offers import apply_answers
from allocator.tenancies.rehearsals import accept_all

from .worlds import MODES, ON, TENANCY, offers_frame, three_families_three_dwellings

DAY = pd.Timestamp


def accepted(*rows):
    offers = offers_frame(*rows)
    return apply_answers(offers, accept_all(offers), ON)[0]


def grounds_of(*rows, facts=None, tenancy=TENANCY, on=ON):
    return lease_grounds(accepted(*rows), facts or three_families_three_dwellings(), tenancy, MODES, on)


ALL = (("R3", "D3"), ("R1", "D1"), ("R2", "D2"))


def test_three_leases():
    """Each accepted offer is one lease, numbered in the order of receipt numbers, with rent and subsidy."""
    leases = leases_of(grounds_of(*ALL), month="2026-03", signed_on=ON)
    # D1: 50 m² x 40 = 2,000 yuan; R1: 36,000 a year, 3 persons: 1,000 a head and month -> 70 % = 1,400
    # D2: 40 m² x 30 = 1,200 yuan; R2: 3,000 a head and month, above 2,400 -> 0
    # D3: a bed at 200 yuan in employer-built stock, which pays no subsidy
    assert leases[
        ["lease_no", "receipt_no", "dwelling_id", "rent_fen", "subsidy_fen"]
    ].to_numpy().tolist() == [
        ["ZL202603000001", "R1", "D1", 200_000, 140_000],
        ["ZL202603000002", "R2", "D2", 120_000, 0],
        ["ZL202603000003", "R3", "D3", 20_000, 0],
    ]
    assert leases.dtypes.astype(str).to_dict() == LEASES.dtypes


def test_terms_end_with_the_head_lease():
    """A lease runs its months less a day, and never longer than the head lease its mode ends with."""
    grounds = grounds_of(*ALL)
    assert grounds["starts_on"].tolist() == [DAY("2026-03-26")] * 3
    # 36 months from 26 March 2026; the head lease of D2 ends on 31 December 2027
    assert grounds["ends_on"].tolist() == [DAY("2029-03-25"), DAY("2027-12-31"), DAY("2029-03-25")]


def test_reasons_are_kept_beside_the_amounts():
    """For each lease it is known why the subsidy is what it is and who pays it."""
    grounds = grounds_of(*ALL)
    assert grounds["reason"].tolist() == ["paid", "income_above", "not_by_this_mode"]
    assert grounds["paid_by"].tolist() == ["treasury", "treasury", "none"]


def test_a_lease_begins_when_the_dwelling_can_be_let():
    """A dwelling free only later is let from that day, and the term is counted from it."""
    facts = three_families_three_dwellings()
    facts.dwellings.loc[0, "available_on"] = DAY("2026-05-31")
    grounds = grounds_of(("R1", "D1"), facts=facts)
    assert grounds["starts_on"].tolist() == [DAY("2026-05-31")]
    assert grounds["ends_on"].tolist() == [DAY("2029-05-30")]


@pytest.mark.parametrize(
    ("head_lease_ends", "code"), [(DAY("2026-03-25"), "head_lease_over"), (pd.NaT, "head_lease_unknown")]
)
def test_no_lease_on_a_head_lease_that_is_over_or_unknown(head_lease_ends, code):
    """Signing is refused where the head lease ends before the lease begins, or its end is not known."""
    facts = three_families_three_dwellings()
    facts.projects.loc[1, "head_lease_ends"] = head_lease_ends
    with pytest.raises(Refused) as fault:
        grounds_of(*ALL, facts=facts)
    assert fault.value.code == code
    assert fault.value.params["dwellings"] == "D2"


def test_a_head_lease_that_ends_on_the_first_day_gives_one_day():
    """The last day of the head lease can still be let."""
    facts = three_families_three_dwellings()
    facts.projects.loc[1, "head_lease_ends"] = DAY(ON)
    grounds = grounds_of(("R2", "D2"), facts=facts)
    assert grounds["ends_on"].tolist() == [DAY(ON)]


def test_a_mode_without_a_rule_is_refused():
    """A supply mode the policy says nothing of gives no lease."""
    modes = {mode: rule for mode, rule in MODES.items() if str(mode) != "leased"}
    with pytest.raises(Refused) as fault:
        lease_grounds(accepted(*ALL), three_families_three_dwellings(), TENANCY, modes, ON)
    assert fault.value.code == "mode_without_rule"


def test_numbers_go_on_after_those_given():
    """Leases signed later in the month are numbered after the earlier ones."""
    leases = leases_of(grounds_of(*ALL), month="2026-03", signed_on=ON, num_before=7)
    assert leases["lease_no"].tolist() == ["ZL202603000008", "ZL202603000009", "ZL202603000010"]


def test_nothing_accepted_gives_no_leases():
    """Without an accepted offer there is an empty frame of the same columns."""
    facts = three_families_three_dwellings()
    grounds = lease_grounds(offers_frame(("R1", "D1")), facts, TENANCY, MODES, ON)
    leases = leases_of(grounds, month="2026-03", signed_on=ON)
    assert len(leases) == 0
    assert leases.dtypes.astype(str).to_dict() == LEASES.dtypes


def test_without_a_subsidy_rule_nothing_is_paid():
    """A policy without subsidy rules makes leases without subsidy."""
    grounds = grounds_of(*ALL, tenancy=TENANCY.model_copy(update={"subsidy": None}))
    assert grounds["subsidy_fen"].tolist() == [0, 0, 0]
    assert set(grounds["reason"]) == {"no_rule"}


@settings(max_examples=12, deadline=None)
@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(1, 60), st.permutations(ALL))
def test_a_lease_never_ends_before_it_begins_nor_hangs_on_row_order(on, months, rows):
    """End is never before start, never after the head lease, and rows may stand in any order."""
    tenancy = TENANCY.model_copy(update={"lease_months": months})
    grounds = grounds_of(*rows, tenancy=tenancy, on=on)
    assert (grounds["ends_on"] >= grounds["starts_on"]).all()
    assert grounds.loc[1, "ends_on"] <= DAY("2027-12-31")
    pd.testing.assert_frame_equal(grounds, grounds_of(*ALL, tenancy=tenancy, on=on))


def test_sums_equal_their_parts():
    """The month's rent and subsidy are the sums of the leases, fen by fen."""
    leases = leases_of(grounds_of(*ALL), month="2026-03", signed_on=ON)
    # 2,000 + 1,200 + 200 yuan; 1,400 yuan
    assert (int(leases["rent_fen"].sum()), int(leases["subsidy_fen"].sum())) == (340_000, 140_000)
