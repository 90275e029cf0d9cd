"""Hypothesis strategies in layers: pools, lists, households, instances; and how tests run a mechanism."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from allocator import mechanisms
from allocator.model.documents import parse_instance, solution_document

Document = dict[str, Any]


@st.composite
def lists(draw: st.DrawFn, pools: list[str], with_ties: bool = True) -> list[Any]:
    """A preference list over some of the pools, best first, some of them liked equally."""
    chosen = draw(st.lists(st.sampled_from(pools), unique=True, max_size=len(pools)))
    grouped: list[list[str]] = []
    for pool in chosen:
        if grouped and with_ties and draw(st.integers(0, 3)) == 0:
            grouped[-1].append(pool)
        else:
            grouped.append([pool])
    return [group if len(group) > 1 else group[0] for group in grouped]


@st.composite
def markets(draw: st.DrawFn, max_bands: int = 4, with_ties: bool = True) -> Document:
    """An instance of 3 to 6 households, 2 to 4 pools and up to ``max_bands`` bands, short of places."""
    num_households = draw(st.integers(3, 6))
    num_pools = draw(st.integers(2, 4 if num_households < 6 else 3))
    pools = [f"p{number}" for number in range(num_pools)]
    capacities = st.sampled_from([1, 1, 2, 0, 3])
    band, households = 0, []
    for number in range(num_households):
        if number and band + 1 < max_bands and draw(st.integers(0, 2)) == 0:
            band += 1
        households.append(
            {
                "id": f"h{number}",
                "order": number + 1,
                "band": band,
                "preferences": draw(lists(pools, with_ties)),
            }
        )
    return {
        "format": "allocator-instance/1",
        "households": households,
        "pools": [{"id": pool, "capacity": draw(capacities)} for pool in pools],
    }


def solved(document: Document, mechanism: str = "band_optimum", *, housing_first: bool = False) -> Document:
    """The solution document of an instance document."""
    parsed = parse_instance(document)
    assert parsed.problems == []
    assert parsed.instance is not None
    return solution_document(
        parsed.instance, mechanisms.solve(parsed.instance, mechanism, housing_first=housing_first)
    )


def assignment(document: Document, mechanism: str = "band_optimum", *, housing_first: bool = False) -> Any:
    """Pool by household, ``None`` where there is none."""
    return solved(document, mechanism, housing_first=housing_first)["assignment"]


def with_bands(document: Document, bands: list[int]) -> Document:
    """The same households with other bands."""
    households = [{**h, "band": band} for h, band in zip(document["households"], bands, strict=True)]
    return {**document, "households": households}


def renumbered(document: Document, households: list[Document]) -> Document:
    """The households in this order, numbered from 1."""
    return {**document, "households": [{**h, "order": at + 1} for at, h in enumerate(households)]}
