"""Offers and answers."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.model.facts import conform
from allocator.model.records import OFFERS
from allocator.tenancies.offers import apply_answers, offers_of, waive_unanswered, waivers_after
from allocator.tenancies.rehearsals import accept_all, random_answers

from .worlds import offers_frame

ON = date(2026, 3, 24)


def answers_frame(*rows):
    return pd.DataFrame(
        {
            "receipt_no": [receipt for receipt, _ in rows],
            "answer": [answer for _, answer in rows],
            "reason": [""] * len(rows),
        }
    )


def three_offers():
    return offers_frame(("R1", "D1"), ("R2", "D2"), ("R3", "D3"))


def states(offers):
    return dict(zip(offers["receipt_no"], offers["state"], strict=True))


def test_offers_follow_the_result():
    """Every row of the result is one offer, with its receipt number, in the published order."""
    result = pd.DataFrame({"code": ["b", "a"], "pool": ["q", "p"], "dwelling_id": ["D2", "D1"]})
    roster = pd.DataFrame({"receipt_no": ["R1", "R2", "R3"], "code": ["a", "b", "c"]})
    order = pd.DataFrame({"position": [1, 2, 3], "code": ["c", "a", "b"]})
    offers = offers_of(result, roster, order, month="2026-03", sub_round="public", made_on=ON)
    assert offers[["receipt_no", "code", "pool", "dwelling_id", "position", "state"]].to_numpy().tolist() == [
        ["R1", "a", "p", "D1", 2, "MADE"],
        ["R2", "b", "q", "D2", 3, "MADE"],
    ]
    assert offers.dtypes.astype(str).to_dict() == OFFERS.dtypes


def test_no_result_makes_no_offers():
    """An empty result gives an empty frame of the same columns."""
    assert list(offers_frame().columns) == list(OFFERS.frame_columns)
    assert len(offers_frame()) == 0


def test_a_code_from_elsewhere_is_a_bug():
    """A result that names a code outside the roster never becomes an offer."""
    result = pd.DataFrame({"code": ["z"], "pool": ["p"], "dwelling_id": ["D1"]})
    roster = pd.DataFrame({"receipt_no": ["R1"], "code": ["a"]})
    order = pd.DataFrame({"position": [1], "code": ["a"]})
    with pytest.raises(ValueError, match="not on the roster"):
        offers_of(result, roster, order, month="2026-03", sub_round="public", made_on=ON)


def test_answers_are_applied():
    """An accepted offer is ACCEPTED, a refused one WAIVED with its reason, the rest stays MADE."""
    answers = answers_frame(("R1", "accept"), ("R2", "refuse")).assign(reason=["", "too_far"])
    offers, problems = apply_answers(three_offers(), answers, ON)
    assert problems == []
    assert states(offers) == {"R1": "ACCEPTED", "R2": "WAIVED", "R3": "MADE"}
    assert offers["reason"].fillna("-").tolist() == ["-", "too_far", "-"]
    assert offers["answered_on"].notna().tolist() == [True, True, False]
    assert offers.dtypes.astype(str).to_dict() == OFFERS.dtypes


def test_a_refusal_without_reason_says_so():
    """A refusal without a reason is recorded as not stated."""
    offers, _ = apply_answers(three_offers(), answers_frame(("R1", "refuse")), ON)
    assert offers["reason"].iloc[0] == "not_stated"


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        ([("R9", "accept")], [("answer_unknown_receipt", 2, "R9")]),
        ([("R4", "accept")], [("answer_not_offered", 2, "R4")]),
        ([("R1", "maybe")], [("answer_not_understood", 2, "maybe")]),
        ([("R1", "accept"), ("R1", "accept")], [("answer_twice", 2, "R1"), ("answer_twice", 3, "R1")]),
        (
            [("R1", "accept"), ("R2", "accept"), ("R1", "refuse")],
            [("answer_contradicts", 2, "accept"), ("answer_contradicts", 4, "refuse")],
        ),
    ],
)
def test_every_faulty_row_is_named_and_not_applied(rows, faults):
    """Each fault names its row, all rows of a duplicate are named, and none of them is applied."""
    offers, problems = apply_answers(three_offers(), answers_frame(*rows), ON, known={"R1", "R2", "R3", "R4"})
    assert [(problem.code, problem.row, problem.value) for problem in problems] == faults
    faulty = {rows[row - 2][0] for _, row, _ in faults}
    assert all(states(offers)[receipt] == "MADE" for receipt in faulty & {"R1", "R2", "R3"})


def test_the_rows_of_a_file_are_named():
    """Faults stand at the row the reader saw, in the file it came from."""
    answers = answers_frame(("R9", "accept")).assign(row=[17])
    _, problems = apply_answers(three_offers(), answers, ON, file="答复.csv")
    assert [(problem.file, problem.row) for problem in problems] == [("答复.csv", 17)]


def test_the_same_answers_again_change_nothing():
    """Delivering the same answers twice leaves the offers as they were."""
    answers = answers_frame(("R1", "accept"), ("R2", "refuse"))
    once, _ = apply_answers(three_offers(), answers, ON)
    twice, problems = apply_answers(once, answers, date(2026, 3, 25))
    assert problems == []
    pd.testing.assert_frame_equal(once, twice)


def test_another_answer_later_is_a_fault():
    """An answer once recorded is not turned by a later file."""
    once, _ = apply_answers(three_offers(), answers_frame(("R1", "accept")), ON)
    twice, problems = apply_answers(once, answers_frame(("R1", "refuse")), ON)
    assert [problem.code for problem in problems] == ["answer_already_given"]
    assert states(twice)["R1"] == "ACCEPTED"


def test_an_offer_not_answered_in_time_is_waived():
    """What is unanswered at signing is one waiver, with the reason ``late``; answers stay."""
    offers, _ = apply_answers(three_offers(), answers_frame(("R1", "accept"), ("R2", "refuse")), ON)
    closed = waive_unanswered(offers, date(2026, 3, 26))
    assert states(closed) == {"R1": "ACCEPTED", "R2": "WAIVED", "R3": "WAIVED"}
    assert closed["reason"].fillna("-").tolist() == ["-", "not_stated", "late"]


@pytest.mark.parametrize(
    ("before", "after", "consequence"),
    # at most two waivers (京建法〔2011〕25号 第15条): the third sends back to a new application
    [(0, 1, "waits_on"), (1, 2, "waits_on"), (2, 3, "must_apply_again")],
)
def test_waivers_are_counted_to_a_limit(before, after, consequence):
    """Up to the limit a household waits on; beyond it, it must apply again."""
    offers, _ = apply_answers(three_offers(), answers_frame(("R1", "refuse"), ("R2", "accept")), ON)
    standings = pd.DataFrame({"receipt_no": ["R1", "R5"], "num_waivers": [before, 2]})
    counted = waivers_after(standings, offers, 2).set_index("receipt_no")
    assert counted.loc["R1"].tolist() == [after, consequence]
    assert counted.loc["R2"].tolist() == [0, "waits_on"]
    assert counted.loc["R5"].tolist() == [2, "waits_on"]


def test_accept_all_accepts_all():
    """Every open offer is accepted and nothing is found wrong."""
    offers, problems = apply_answers(three_offers(), accept_all(three_offers()), ON)
    assert problems == []
    assert set(offers["state"]) == {"ACCEPTED"}


def many_offers(number):
    return conform(
        pd.DataFrame(
            {
                "receipt_no": [f"R{place}" for place in range(number)],
                "code": [f"c{place}" for place in range(number)],
                "state": "MADE",
            }
        ),
        OFFERS,
    )


def test_random_answers_refuse_about_fifteen_in_a_hundred():
    """Over 20,000 households the share of refusals is 15 % within four standard errors."""
    answers = random_answers(many_offers(20_000), 7)
    share = (answers["answer"] == "refuse").mean()
    # sqrt(0.15 x 0.85 / 20,000) = 0.0025
    assert abs(share - 0.15) < 0.01
    assert (answers.loc[answers["answer"] == "refuse", "reason"] != "").all()


@given(st.integers(0, 2**40), st.permutations(range(12)))
def test_a_random_answer_hangs_on_seed_and_code_alone(seed, places):
    """One household's answer does not change with the others or with the rows' order."""
    offers = many_offers(12)
    whole = random_answers(offers, seed).set_index("receipt_no")["answer"].to_dict()
    part = random_answers(offers.iloc[places[:5]], seed).set_index("receipt_no")["answer"].to_dict()
    assert part == {receipt: whole[receipt] for receipt in part}


def test_seed_zero_is_a_seed():
    """Seed 0 gives its own answers, the same each time."""
    offers = many_offers(200)
    zero = random_answers(offers, 0)
    pd.testing.assert_frame_equal(zero, random_answers(offers, 0))
    assert zero["answer"].tolist() != random_answers(offers, 1)["answer"].tolist()
