"""The draw: seeds, tickets and the published order."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.ranking import draw
from tests.publicity.recomputed import VECTORS, ticket
from tests.publicity.worlds import FEW

PUBLISHED = json.loads(VECTORS.read_text(encoding="utf-8"))
SEED = PUBLISHED["order"]["seed"]

codes = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=12, max_size=12)
rosters = st.lists(
    st.tuples(codes, st.integers(0, 3), st.integers(-5, 200)), unique_by=lambda row: row[0], max_size=40
).map(lambda rows: pd.DataFrame(rows, columns=["code", "band", "points"]).astype({"code": "str"}))


@pytest.mark.parametrize("example", PUBLISHED["seed"], ids=["real", "rehearsal", "no ceremony"])
def test_seed_equals_the_published_vector(example):
    """The seed is SHA-256 of tag, hash of the commitment and value, each on its line."""
    seed = draw.seed_of(
        example["commitment"].encode(), example["public_value"], rehearsal=example["rehearsal"]
    )
    assert example["seed"] == seed


def test_tickets_equal_the_published_vectors():
    """A ticket is SHA-256 of seed, purpose and code, each on its line."""
    for example in PUBLISHED["tickets"]:
        assert [example["ticket"]] == draw.tickets(example["seed"], example["purpose"], [example["code"]])


def test_order_of_the_small_roster_equals_the_published_vector():
    """The published roster of six comes out in the published order."""
    order = draw.order_of(pd.DataFrame(PUBLISHED["order"]["roster"]), SEED)
    assert PUBLISHED["order"]["codes_in_order"] == order["code"].tolist()


@FEW
@given(rosters)
def test_order_is_band_then_points_then_ticket(roster):
    """Sorting by band, points downwards and ticket, one row at a time, gives the same list."""
    expected = sorted(
        roster.itertuples(), key=lambda row: (row.band, -row.points, ticket(SEED, "order", row.code))
    )
    order = draw.order_of(roster, SEED)
    assert [row.code for row in expected] == order["code"].tolist()
    assert list(range(1, len(roster) + 1)) == order["position"].tolist()
    assert [ticket(SEED, "order", row.code) for row in expected] == order["ticket"].tolist()


@FEW
@given(rosters, st.randoms(use_true_random=False))
def test_row_order_of_the_roster_does_not_matter(roster, chance):
    """A shuffled roster gives the same order."""
    rows = list(range(len(roster)))
    chance.shuffle(rows)
    pd.testing.assert_frame_equal(draw.order_of(roster, SEED), draw.order_of(roster.iloc[rows], SEED))


@FEW
@given(rosters.filter(len), st.data())
def test_a_withdrawal_leaves_everyone_elses_ticket_and_sequence_alone(roster, data):
    """Without one household the others keep their tickets and stand in the same sequence."""
    leaver = data.draw(st.sampled_from(roster["code"].tolist()))
    everyone = draw.order_of(roster, SEED)
    others = draw.order_of(roster[roster["code"] != leaver], SEED)
    stayed = everyone[everyone["code"] != leaver]
    assert stayed["code"].tolist() == others["code"].tolist()
    assert stayed["ticket"].tolist() == others["ticket"].tolist()


def test_tickets_that_begin_alike_are_compared_to_the_end():
    """Of two tickets with the same first eight bytes the smaller whole ticket comes first."""
    # The words after the first pull one way each, the earlier the stronger; the last differs in its last byte.
    drawn = [
        "00" * 8 + "ff" * 8 + "00" * 16,
        "00" * 8 + "0a" * 8 + "ff" * 8 + "00" * 8,
        "00" * 8 + "0a" * 8 + "0b" * 8 + "ff" * 8,
        "00" * 8 + "0a" * 8 + "0b" * 8 + "ff" * 7 + "fe",
    ]
    zeros = np.zeros(4, dtype=np.int64)
    assert draw._places(zeros, zeros, drawn).tolist() == [3, 2, 1, 0]


def test_a_code_that_stands_twice_is_refused():
    """Two households of one code would share a ticket."""
    roster = pd.DataFrame({"code": ["A", "A"], "band": [0, 0], "points": [1, 2]})
    with pytest.raises(ValueError, match="twice"):
        draw.order_of(roster, SEED)


def test_first_places_are_spread_evenly_over_households():
    """Over 500 seeds each of 10 equal households is first about 50 times.

    Chi-squared with 9 degrees of freedom; 27.9 is passed by chance once in a thousand, and the seeds are fixed.
    """
    roster = pd.DataFrame({"code": [f"{number:012d}" for number in range(10)], "band": 0, "points": 0})
    firsts = [
        draw.order_of(roster, draw.seed_of(b"{}", str(trial), rehearsal=True))["code"].iloc[0]
        for trial in range(500)
    ]
    counts = np.array([firsts.count(code) for code in roster["code"]])
    assert ((counts - 50) ** 2 / 50).sum() < 27.9


def test_positions_of_consecutive_codes_do_not_hang_together():
    """Neighbours in the list of codes are no neighbours in the order: the correlation of places is near 0."""
    roster = pd.DataFrame({"code": [f"{number:012d}" for number in range(5000)], "band": 0, "points": 0})
    order = draw.order_of(roster, SEED).sort_values("code")["position"].to_numpy()
    # Standard error 1 / sqrt(5000) = 0.014; four of them are 0.057.
    assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 0.057


FORM = "[0-9a-f]{32}"


@pytest.mark.parametrize(
    ("value", "form", "is_fine"),
    [
        ("0" * 32, FORM, True),
        ("0" * 31, FORM, False),
        ("A" * 32, FORM, False),
        ("0" * 32 + "\n", FORM + "$", False),
        ("0" * 32 + "\n", FORM + r"\s?", False),
        (" " + "0" * 32, FORM, False),
        ("٠" * 6, r"\d{6}", False),
        ("０" * 6, ".{6}", False),
        ("01-22-33", r"\d\d-\d\d-\d\d", True),
        ("", "", True),
    ],
)
def test_a_public_value_has_one_spelling(value, form, is_fine):
    """A value passes only where it matches the whole form in printable ASCII."""
    assert is_fine is draw.value_is_well_formed(value, form)


@FEW
@given(rosters)
def test_the_order_is_the_same_twice(roster):
    """The draw has no memory and no chance of its own."""
    pd.testing.assert_frame_equal(draw.order_of(roster, SEED), draw.order_of(roster, SEED))
