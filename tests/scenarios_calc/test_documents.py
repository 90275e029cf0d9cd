"""Bad input: all faults at once, each with its key, and numbers never rounded on the way in."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.messages import LANGUAGES, text_of
from scenarios import rent_to_own
from scenarios.calc import MODELS, calc
from scenarios.documents import Reading, Spelled, loaded, written

RENT = {
    "months": 2,
    "monthly_rate": 0,
    "monthly_exit_hazard": "1/2",
    "monthly_appreciation": "0",
    "rent_fen": 100,
    "value_fen": 1000,
    "premium_share": 0.1,
    "refund_share": 1,
}
TIERS = {
    "households": [{"income_fen": 100, "rent_fen": 40}],
    "tiers_fen": [0, 20],
    "budget_fen": 40,
    "threshold": 0.3,
    "aim": "count",
}
MODE = {
    "name": "build",
    "capex_fen": [10, 10],
    "opex_fen": 1,
    "lead": 1,
    "units": 2,
    "land": "1/3",
    "max_starts": [1, 1],
}
MIX = {"modes": [MODE], "land": 1, "budget_fen": [20, 20], "demand": [1, 2]}
SOUND = {"rent_to_own": RENT, "subsidy_tiers": TIERS, "supply_mix": MIX}


def faults(model: str, document: object) -> list[tuple[str, str]]:
    """Key and code of every fault; JSON text may be given as it is."""
    text = document if isinstance(document, str) else json.dumps(document)
    answer = calc(MODELS[model], text.encode())
    assert (answer.document is None) == bool(answer.problems)
    for problem in answer.problems:
        for language in LANGUAGES:
            assert text_of(problem.code, language, **{"value": problem.value, **problem.params})
    return [(problem.column, problem.code) for problem in answer.problems]


@pytest.mark.parametrize("model", MODELS)
def test_sound_documents_are_answered(model: str) -> None:
    """The documents these tests spoil are sound themselves."""
    assert faults(model, SOUND[model]) == []


@pytest.mark.parametrize(("model", "key"), [(model, key) for model, sound in SOUND.items() for key in sound])
def test_a_missing_key_is_named(model: str, key: str) -> None:
    """Each key that is left out is the one fault found."""
    assert faults(model, {k: v for k, v in SOUND[model].items() if k != key}) == [
        (key, "document_key_missing")
    ]


@pytest.mark.parametrize("key", MODE)
def test_a_missing_key_of_a_mode_is_named(key: str) -> None:
    """The same inside a mode, with its number."""
    spoilt = {**MIX, "modes": [{k: v for k, v in MODE.items() if k != key}]}
    assert faults("supply_mix", spoilt) == [(f"modes[0].{key}", "document_key_missing")]


@pytest.mark.parametrize("model", MODELS)
def test_an_unknown_key_is_named(model: str) -> None:
    """A key the model does not know is a fault, never ignored."""
    assert faults(model, {**SOUND[model], "rents": 1}) == [("rents", "document_key_unknown")]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("document", [[], None, 3, "x", True])
def test_what_is_no_object_is_refused(model: str, document: Any) -> None:
    """A document that is no object has one fault."""
    assert [code for _, code in faults(model, json.dumps(document))] == ["document_object_wrong"]


@pytest.mark.parametrize(
    "word", ["NaN", "Infinity", "-Infinity", "1e400", "1e-400", "9" * 5000, "0." + "3" * 60]
)
@pytest.mark.parametrize("key", RENT)
def test_numbers_that_are_none_are_located(word: str, key: str) -> None:
    """NaN, infinities and numbers beyond any bound are faults at their own key."""
    text = json.dumps({**RENT, key: "@"}).replace('"@"', word)
    assert [column for column, _ in faults("rent_to_own", text)] == [key]


@pytest.mark.parametrize(
    "value",
    [
        "3/0",
        "a/b",
        "3/",
        "/3",
        " 1/2",
        "1 /2",
        "1/2/3",
        "",
        "½",
        "٣/10",
        "30%",
        "1e-1",
        "1_0/20",
        "0x1",
        "+1/2",
        None,
        True,
        [],
        {},
        ["1/2"],
        "11/10",
        1.01,
        2,
        -1,
        "-1/10",
        -0.1,
        "1/" + "1" * 60,
    ],
)
@pytest.mark.parametrize("key", ["monthly_exit_hazard", "premium_share", "refund_share"])
def test_a_share_is_from_zero_to_one(key: str, value: Any) -> None:
    """What is no exact number, or is no share, is a fault."""
    assert faults("rent_to_own", {**RENT, key: value}) == [(key, "calc_number_wrong")]


@pytest.mark.parametrize("value", [-1, "-1", -2, 1.1, "x", None])
@pytest.mark.parametrize("key", ["monthly_rate", "monthly_appreciation"])
def test_a_rate_is_above_minus_one(key: str, value: Any) -> None:
    """At -1 all money is gone in a month: refused."""
    assert faults("rent_to_own", {**RENT, key: value}) == [(key, "calc_rate_wrong")]


@pytest.mark.parametrize("value", [-1, 1201, 10**30, 1.5, 12.0, "12", None, True, "1/2"])
def test_months_are_bounded(value: Any) -> None:
    """A negative, huge or broken horizon is refused."""
    assert faults("rent_to_own", {**RENT, "months": value}) == [("months", "calc_whole_wrong")]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"households": {}}, [("households", "document_list_wrong")]),
        ({"households": [3]}, [("households[0]", "document_object_wrong")]),
        (
            {"households": [{"income_fen": -1, "rent_fen": 0.5, "name": "x"}]},
            [
                ("households[0].income_fen", "calc_whole_wrong"),
                ("households[0].name", "document_key_unknown"),
                ("households[0].rent_fen", "calc_whole_wrong"),
            ],
        ),
        ({"tiers_fen": []}, [("tiers_fen", "calc_list_length")]),
        (
            {"tiers_fen": [0, -5, "5"]},
            [("tiers_fen[1]", "calc_whole_wrong"), ("tiers_fen[2]", "calc_whole_wrong")],
        ),
        ({"budget_fen": -1}, [("budget_fen", "calc_whole_wrong")]),
        ({"threshold": "4/3"}, [("threshold", "calc_number_wrong")]),
        ({"aim": "most"}, [("aim", "calc_aim_unknown")]),
        ({"aim": ["count"]}, [("aim", "calc_aim_unknown")]),
        ({"households": [{"income_fen": 1, "rent_fen": 10**12}] * 1200}, [("households", "calc_sum_beyond")]),
        ({"aim": "excess", "threshold": "0.33333333333333"}, [("threshold", "calc_threshold_fine")]),
    ],
)
def test_faults_of_tiers(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Each fault of a subsidy question stands with its key."""
    assert faults("subsidy_tiers", {**TIERS, **changes}) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"modes": []}, [("modes", "calc_list_length")]),
        ({"modes": [MODE, MODE]}, [("modes[1].name", "calc_name_twice")]),
        ({"modes": [{**MODE, "name": 1.5}]}, [("modes[0].name", "document_text_wrong")]),
        ({"modes": [{**MODE, "lead": -1}]}, [("modes[0].lead", "calc_whole_wrong")]),
        ({"modes": [{**MODE, "land": "-1/3"}]}, [("modes[0].land", "calc_number_wrong")]),
        ({"modes": [{**MODE, "capex_fen": 10}]}, [("modes[0].capex_fen", "document_list_wrong")]),
        ({"modes": [{**MODE, "capex_fen": [10]}]}, [("modes[0].capex_fen", "calc_list_length")]),
        ({"modes": [{**MODE, "max_starts": [1, 1, 1]}]}, [("modes[0].max_starts", "calc_list_length")]),
        ({"modes": [{**MODE, "max_starts": [1, 0.5]}]}, [("modes[0].max_starts[1]", "calc_whole_wrong")]),
        ({"budget_fen": [20]}, [("budget_fen", "calc_list_length")]),
        ({"budget_fen": [20, -1]}, [("budget_fen[1]", "calc_whole_wrong")]),
        ({"demand": []}, [("demand", "calc_list_length")]),
        ({"demand": [1, None]}, [("demand[1]", "calc_whole_wrong")]),
        (
            {
                "modes": [
                    {
                        **MODE,
                        "units": 10**9,
                        "max_starts": [10**9, 0],
                        "capex_fen": [0, 0],
                        "opex_fen": 0,
                        "land": 0,
                    }
                ]
            },
            [("modes", "calc_sum_beyond")],
        ),
    ],
)
def test_faults_of_the_mix(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Each fault of a supply plan stands with its key."""
    assert faults("supply_mix", {**MIX, **changes}) == expected


def test_all_faults_at_once() -> None:
    """Four spoilt keys, one missing and one unknown are six faults."""
    spoilt = {**RENT, "months": -1, "refund_share": 2, "rent_fen": "100", "monthly_rate": None, "rent": 1}
    del spoilt["value_fen"]
    assert sorted(column for column, _ in faults("rent_to_own", spoilt)) == [
        "monthly_rate",
        "months",
        "refund_share",
        "rent",
        "rent_fen",
        "value_fen",
    ]


@given(st.decimals(0, 1, places=12))
def test_decimals_are_read_exactly(value: Any) -> None:
    """A decimal in JSON is the fraction it spells, whether as number or as text, not the nearest double."""
    for spelled in (f"{value:f}", f'"{value:f}"'):
        document, problems = loaded(f'{{"share": {spelled}}}'.encode(), "")
        assert problems == []
        assert isinstance(document, dict)
        assert Reading("").fraction(document["share"], "share") == Fraction(value)


def test_the_three_spellings_are_one_number() -> None:
    """0.3, "0.3", 3e-1 and "3/10" are the same."""
    read = [
        rent_to_own.read({**RENT, "premium_share": spelled}, Reading(""))
        for spelled in (Spelled("0.3"), "0.3", Spelled("3e-1"), "3/10", "30/100")
    ]
    assert read[0] is not None
    assert read[0].premium_share == Fraction(3, 10)
    assert read == [read[0]] * 5


def test_decimals_go_out_as_numbers_with_all_digits() -> None:
    """A figure of 20 digits stands in the file whole, as a JSON number."""
    answer = calc(MODELS["rent_to_own"], json.dumps({**RENT, "monthly_rate": "1/3"}).encode())
    assert answer.document is not None
    # pv_rent: 100 × (3/4 + 1/2 × 9/16) = 103.125; two premiums of a tenth: 10.3125.
    text = written(answer.document)
    assert '"pv_rent_fen": 103.125,' in text
    assert '"pv_premium_fen": 10.3125,' in text
    # Refund: 1/2 × 10 × 3/4 + 1/4 × 20 × 9/16 = 6.5625; 1000 − (10.3125 − 6.5625) ÷ (1/4 × 9/16) = 973.33…
    assert '"neutral_price_fen": 973.33333333333333333\n' in text
    assert json.loads(text)["survival"] == 0.25
