"""The laws of a solution alone."""

from __future__ import annotations

import json

import pytest

from allocator import audit
from allocator.model import documents
from tests.audit import markets
from tests.audit.test_definition import instance_of

INSTANCE = {
    "format": "allocator-instance/1",
    "households": [
        {"id": "A1", "order": 1, "band": 0, "preferences": ["p1", "p2"]},
        {"id": "A2", "order": 2, "band": 0, "preferences": ["p1", ["p2", "p3"]]},
        {"id": "A3", "order": 3, "band": 1, "preferences": ["p1"]},
        {"id": "A4", "order": 4, "band": 1, "preferences": [["p2", "p3"], "p1"]},
    ],
    "pools": [{"id": "p1", "capacity": 1}, {"id": "p2", "capacity": 1}, {"id": "p3", "capacity": 1}],
}
# A1 has p1; A2 then takes p2 or p3 alike, the earlier in its list; A3 finds p1 gone; A4 takes p3.
BEST = {"A1": "p1", "A2": "p2", "A3": None, "A4": "p3"}


def market() -> markets.Market:
    lists = (
        (("p1", 1), ("p2", 2)),
        (("p1", 1), ("p2", 2), ("p3", 2)),
        (("p1", 1),),
        (("p2", 1), ("p3", 1), ("p1", 2)),
    )
    return markets.Market((0, 0, 1, 1), lists, {"p1": 1, "p2": 1, "p3": 1})


def instance():
    return documents.parse_instance(INSTANCE).instance


def solution(mechanism="band_optimum", **changes):
    assignment = tuple(BEST.values())
    if mechanism == "serial":
        certificate = markets.serial_certificate(market(), assignment)
    else:
        certificate = markets.band_certificate(market(), assignment, False)
    document = {
        "format": "allocator-solution/1",
        "mechanism": mechanism,
        "status": "OPTIMAL",
        "instance_fingerprint": instance().fingerprint,
        "assignment": dict(BEST),
        "options": {"housing_first": False, "housed": None},
        "certificate": certificate,
        "report": {},
    }
    return {**document, **changes}


def broken(document) -> set[str]:
    return {result.law for result in audit.certify(instance(), document) if not result.holds}


def test_the_arrays_of_both_readings_agree():
    """The instance as parsed is the market of the tests."""
    parsed, expected = instance(), instance_of(market())
    assert parsed.pool.tolist() == expected.pool.tolist()
    assert parsed.rank.tolist() == expected.rank.tolist()


@pytest.mark.parametrize("mechanism", ["serial", "band_optimum"])
def test_a_lawful_solution_breaks_no_law(mechanism):
    """The optimum with its certificate is without a breach, and the mechanism's own laws were asked."""
    results = audit.certify(instance(), solution(mechanism))
    assert [result for result in results if not result.holds] == []
    assert {"certificate", *audit.certifying.OWN_LAWS[mechanism]} <= {result.law for result in results}


@pytest.mark.parametrize(
    ("changes", "law"),
    [
        ({"format": "x"}, "format"),
        ({"more": 1}, "format"),
        ({"status": "REFUSED"}, "status"),
        ({"instance_fingerprint": "sha256:" + "0" * 64}, "fingerprint"),
        ({"assignment": None}, "assignment"),
        ({"assignment": {**BEST, "A9": "p1"}}, "assignment"),
        ({"assignment": {**BEST, "A4": "p9"}}, "assignment"),
        ({"assignment": {**BEST, "A4": ["p3"]}}, "assignment"),
        ({"assignment": {"A1": "p1"}}, "assignment"),
        ({"assignment": {**BEST, "A1": "p3", "A4": None}}, "individually_rational"),
        ({"assignment": {**BEST, "A3": "p1"}}, "capacity"),
        ({"assignment": {**BEST, "A4": None}}, "non_wasteful"),
        ({"assignment": {**BEST, "A2": "p3", "A4": "p2"}}, "tie_rule"),
        ({"assignment": {**BEST, "A1": "p2", "A2": "p1"}}, "tie_rule"),
        ({"assignment": {"A1": "p2", "A2": None, "A3": "p1", "A4": "p3"}}, "housing"),
        ({"certificate": {}}, "certificate"),
        ({"certificate": None}, "certificate"),
        ({"mechanism": "best_friends"}, "certificate"),
        ({"certificate": solution("serial")["certificate"]}, "certificate"),
        ({"options": {"housing_first": True}}, "certificate"),
    ],
)
def test_a_broken_law_is_named(changes, law):
    """Each change breaks the law it is meant to break."""
    if law in {"tie_rule", "housing"}:
        changes = {**changes, "certificate": solution()["certificate"]}
    assert law in broken(solution(**changes))


def test_a_better_total_of_ranks_is_found():
    """Two households in each other's first choice break the rank law of their band."""
    small = markets.Market((0, 0), ((("p", 1), ("q", 2)), (("q", 1), ("p", 2))), {"p": 1, "q": 1})
    document = solution(assignment={"H0": "q", "H1": "p"}, instance_fingerprint="")
    laws = {result.law: result for result in audit.certify(instance_of(small), document)}
    assert not laws["rank_optimality"].holds
    assert laws["rank_optimality"].witnesses == ({"band": 0},)


def test_every_figure_of_a_certificate_is_bound():
    """Any whole number of a certificate shifted by one breaks the law of the certificate."""
    for mechanism in ("serial", "band_optimum"):
        text = json.dumps(solution(mechanism)["certificate"])
        places = [at for at, sign in enumerate(text) if sign.isdigit() and text[at - 1] in " -"]
        assert places
        for at in places:
            forged = json.loads(text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :])
            assert "certificate" in broken(solution(mechanism, certificate=forged)), text[at - 20 : at + 1]


def test_a_field_the_laws_do_not_cover_is_not_waved_through():
    """An instance with priority at a pool is not certified under band_optimum as if it had none."""
    ranked = {**INSTANCE, "pools": [{**one, "priority": [["A1"]]} for one in INSTANCE["pools"]]}
    parsed = documents.parse_instance(ranked)
    document = solution(instance_fingerprint=parsed.instance.fingerprint)
    laws = {result.law: result.holds for result in audit.certify(parsed.instance, document)}
    assert laws["fields_honoured"] is False


@pytest.mark.parametrize("document", [None, [], "x", 1, {}, {"assignment": []}, {"assignment": {"A1": 1.5}}])
def test_a_hostile_solution_is_a_fault(document):
    """Whatever JSON stands there, a law is broken and nothing is raised."""
    assert broken(document)
