"""Shortest distances in both judges: what a forged market cannot do to them."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from allocator.audit import distances
from tests.audit import judges

NUM_NODES = st.integers(2, 7)


@st.composite
def _graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int, int]]]:
    num_nodes = draw(NUM_NODES)
    nodes = st.integers(0, num_nodes - 1)
    return num_nodes, draw(st.lists(st.tuples(nodes, nodes, st.integers(-3, 5)), max_size=14))


def _by_definition(num_nodes: int, arcs: list[tuple[int, int, int]]) -> list[int] | None:
    """Floyd and Warshall: the least length of a walk that ends at each node; None on a negative circle."""
    length = [[0 if one == other else 10**6 for other in range(num_nodes)] for one in range(num_nodes)]
    for tail, head, weight in arcs:
        length[tail][head] = min(length[tail][head], weight)
    for middle in range(num_nodes):
        for one in range(num_nodes):
            for other in range(num_nodes):
                length[one][other] = min(length[one][other], length[one][middle] + length[middle][other])
    if any(length[node][node] < 0 for node in range(num_nodes)):
        return None
    return [min(length[one][other] for one in range(num_nodes)) for other in range(num_nodes)]


def _by_the_engine(num_nodes: int, arcs: list[tuple[int, int, int]]) -> list[int] | None:
    columns = np.array(arcs, dtype=np.int64).reshape(-1, 3).T
    none = distances.sorted_arcs(*np.zeros((3, 0), dtype=np.int64))
    found = distances.prices(num_nodes, num_nodes, distances.sorted_arcs(*columns), none)
    return None if found is None else found.tolist()


def _by_the_citizen(num_nodes: int, arcs: list[tuple[int, int, int]]) -> list[int] | None:
    leaving: list[list[tuple[int, int]]] = [[] for _ in range(num_nodes)]
    for tail, head, weight in arcs:
        leaving[tail].append((head, weight))
    found: list[int] | None = judges.VERIFIER.least_distances(leaving, num_nodes)
    return found


@given(_graphs())
def test_distances_are_those_of_the_definition(graph: tuple[int, list[tuple[int, int, int]]]) -> None:
    """Both judges give the least length of any walk to each node, or none where a circle goes on lowering it."""
    wanted = _by_definition(*graph)
    assert _by_the_engine(*graph) == wanted
    assert _by_the_citizen(*graph) == wanted


def test_a_forged_circle_is_refused_before_it_is_gone_round_often() -> None:
    """A circle of 4,000 pools that gains one rank a round is refused within seconds, not after millions of steps."""
    size = 4_000
    arcs = [(node, (node + step) % size, 900) for node in range(size) for step in range(3, 61, 2)]
    arcs += [(node, (node + 1) % size, (-900 if node % 2 else 900) - (node == 1)) for node in range(size)]
    begun = time.process_time()
    assert _by_the_engine(size, arcs) is None
    assert _by_the_citizen(size, arcs) is None
    assert time.process_time() - begun < 10
