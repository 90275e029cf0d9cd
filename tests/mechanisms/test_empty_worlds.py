"""Markets without people, without homes, or without both: every mechanism answers and every law holds."""

from __future__ import annotations

from typing import Any

import pytest

from allocator.audit import certify
from allocator.mechanisms import NAMES, solve
from allocator.model.documents import parse_instance, solution_document

PEOPLE = [{"id": "A1", "order": 1, "preferences": []}, {"id": "A2", "order": 2, "preferences": []}]
HOMES = [{"id": "p1", "capacity": 1}, {"id": "p2", "capacity": 0}]


@pytest.mark.parametrize("mechanism", NAMES)
@pytest.mark.parametrize(("households", "pools"), [(PEOPLE, []), ([], HOMES), ([], []), (PEOPLE, HOMES)])
def test_nothing_to_give_is_given_lawfully(
    mechanism: str, households: list[dict[str, Any]], pools: list[dict[str, Any]]
) -> None:
    """Nobody is housed, the status is OPTIMAL, and the judge finds no law broken."""
    document = {"format": "allocator-instance/1", "households": households, "pools": pools}
    instance = parse_instance(document).instance
    assert instance is not None
    solution = solution_document(instance, solve(instance, mechanism))
    assert solution["status"] == "OPTIMAL"
    assert all(pool is None for pool in solution["assignment"].values())
    assert [result.law for result in certify(instance, solution) if not result.holds] == []
