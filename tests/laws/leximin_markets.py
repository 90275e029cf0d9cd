"""Small markets with quotas for the leximin lottery, and its definition by linear programmes over households."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from tests.laws.enumeration import groups_of, in_order
from tests.laws.exact_program import Row, greatest
from tests.laws.markets import Document, lists

Table = dict[str, dict[str, Fraction]]


@st.composite
def lottery_markets(draw: st.DrawFn, *, quotas: bool = True, max_households: int = 4) -> Document:
    """2 to 4 households, 2 or 3 pools, lists with groups liked equally, quotas with minima and maxima."""
    pools = [f"p{number}" for number in range(draw(st.integers(2, 3)))]
    document: Document = {
        "format": "allocator-instance/1",
        "households": [
            {
                "id": f"h{number}",
                "order": number + 1,
                "preferences": draw(lists(pools)),
                "groups": draw(st.sampled_from([[], ["a"], ["b"]])),
            }
            for number in range(draw(st.integers(2, max_households)))
        ],
        "pools": [{"id": pool, "capacity": draw(st.sampled_from([0, 1, 1, 2]))} for pool in pools],
    }
    if quotas:
        some_pools = st.one_of(
            st.lists(st.sampled_from(pools), min_size=1, max_size=1), st.just(pools), st.just(pools[:2])
        )
        document["quotas"] = [
            {"id": f"q{number}", "pools": where, **who, **bounds}
            for number, (where, who, bounds) in enumerate(
                draw(
                    st.lists(
                        st.tuples(
                            some_pools,
                            st.sampled_from([{}, {"groups": ["a"]}, {"groups": ["b"]}, {"groups": ["a"]}]),
                            st.sampled_from(
                                [{"max": 0}, {"max": 1}, {"min": 1}, {"min": 1, "max": 1}, {"min": 2}]
                            ),
                        ),
                        max_size=2,
                    )
                )
            )
        ]
    return document


def counted(quota: Document, household: Document, pool: str) -> bool:
    """Whether the quota counts the household in the pool."""
    inside = "groups" not in quota or not {*household["groups"]}.isdisjoint(quota["groups"])
    return pool in quota["pools"] and inside


def leximin_by_programmes(document: Document) -> Table | None:
    """The chances by the definition, household by household; None where the minima cannot be met."""
    return _Programme(document).solved()


class _Programme:
    """A variable per choice, and last one for the level."""

    def __init__(self, document: Document) -> None:
        self.households = in_order(document)
        self.quotas = sorted(document.get("quotas", []), key=lambda quota: quota["id"])
        self.cells = [
            (at, rank, pool)
            for at, one in enumerate(self.households)
            for rank, group in enumerate(groups_of(one))
            for pool in sorted(group)
        ]
        self.level = len(self.cells)
        self.rows: list[Row] = []
        for at in range(len(self.households)):
            self._at_most(self._sum(lambda cell, at=at: cell[0] == at), Fraction(1))
        for pool in document["pools"]:
            self._at_most(
                self._sum(lambda cell, name=pool["id"]: cell[2] == name), Fraction(pool["capacity"])
            )
        for quota in self.quotas:
            inside = self._sum(lambda cell, quota=quota: counted(quota, self.households[cell[0]], cell[2]))
            if "max" in quota:
                self._at_most(inside, Fraction(quota["max"]))
            self._at_least(inside, Fraction(quota.get("min", 0)))

    def _sum(self, wanted: Any) -> dict[int, int]:
        return {number: 1 for number, cell in enumerate(self.cells) if wanted(cell)}

    def _at_most(self, row: dict[int, int], most: Fraction) -> None:
        self.rows.append((row, most))

    def _at_least(self, row: dict[int, int], least: Fraction) -> None:
        self.rows.append(({at: -one for at, one in row.items()}, -least))

    def _fix(self, row: dict[int, int], value: Fraction) -> None:
        self._at_most(row, value)
        self._at_least(row, value)

    def _greatest(self, aim: dict[int, int], more: list[Row] | None = None) -> Fraction | None:
        return greatest(self.level + 1, [*self.rows, *(more or [])], aim)

    def solved(self) -> Table | None:
        if self._greatest({}) is None:
            return None
        self._leximin([self._sum(lambda cell, at=at: cell[0] == at) for at in range(len(self.households))])
        for rank in range(max((cell[1] for cell in self.cells), default=0)):
            self._leximin(
                [
                    self._sum(lambda cell, at=at, rank=rank: cell[0] == at and cell[1] <= rank)
                    for at, one in enumerate(self.households)
                    if len(groups_of(one)) > rank + 1
                ]
            )
        return self._settled()

    def _leximin(self, sums: list[dict[int, int]]) -> None:
        waiting = list(sums)
        while waiting:
            least: list[Row] = [({**dict.fromkeys(row, -1), self.level: 1}, Fraction(0)) for row in waiting]
            level = self._greatest({self.level: 1}, [*least, ({self.level: 1}, Fraction(1))])
            assert level is not None
            floors: list[Row] = [(dict.fromkeys(row, -1), -level) for row in waiting]
            tight = [row for row in waiting if self._greatest(row, floors) == level]
            assert tight
            for row in tight:
                self._fix(row, level)
            waiting = [row for row in waiting if row not in tight]

    def _settled(self) -> Table:
        """Equal rows for equals; then the kinds in order get most of each pool of a rank in turn."""

        def kind(at: int) -> Any:
            one = self.households[at]
            own = [cell for cell in self.cells if cell[0] == at]
            return (
                tuple(tuple(sorted(group)) for group in groups_of(one)),
                tuple(
                    sorted(
                        q
                        for q, quota in enumerate(self.quotas)
                        if any(counted(quota, self.households[c[0]], c[2]) for c in own)
                    )
                ),
            )

        kinds = {at: kind(at) for at in range(len(self.households))}
        ordered = sorted(range(len(self.cells)), key=lambda c: (kinds[self.cells[c][0]], c))
        for one, other in itertools.combinations(ordered, 2):
            (a, rank, pool), (b, other_rank, other_pool) = self.cells[one], self.cells[other]
            if kinds[a] == kinds[b] and (rank, pool) == (other_rank, other_pool):
                self._fix({one: 1, other: -1}, Fraction(0))
        table: Table = {one["id"]: {} for one in self.households}
        for cell in ordered:
            value = self._greatest({cell: 1})
            assert value is not None
            self._fix({cell: 1}, value)
            if value:
                table[self.households[self.cells[cell][0]]["id"]][self.cells[cell][2]] = value
        return table
