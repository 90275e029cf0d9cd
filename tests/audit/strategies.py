"""Hypothesis strategies in layers: lists -> markets -> worlds."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.audit.worlds import World

POOLS = ("A", "B", "C")


@st.composite
def lists(draw, pools=POOLS):
    """A list of pools, some of them liked equally; ranks dense from 1."""
    chosen = draw(st.permutations(pools))[: draw(st.integers(0, len(pools)))]
    rank, wishes = 0, []
    for pool in chosen:
        rank += 1 if rank == 0 or draw(st.integers(0, 2)) else 0
        wishes.append((pool, rank))
    return tuple(wishes)


@st.composite
def worlds(draw, most=5):
    """A small world of any rules that both verifiers must accept."""
    size = draw(st.integers(0, most))
    steps = [draw(st.integers(0, 1)) for _ in range(size)]
    bands = tuple(sum(steps[1 : place + 1]) for place in range(size))
    mechanism = draw(st.sampled_from(["band_optimum", "band_optimum", "serial"]))
    return World(
        bands=bands,
        points=tuple(draw(st.integers(-1, 1)) for _ in range(size)),
        lists=tuple(draw(lists()) for _ in range(size)),
        capacity={pool: draw(st.integers(0, 2)) for pool in POOLS},
        mechanism=mechanism,
        housing_first=mechanism == "band_optimum" and draw(st.booleans()),
        dwelling_rule=draw(st.sampled_from(["order", "ticket"])),
        removed=tuple({draw(st.integers(0, size - 1))} if size and draw(st.integers(0, 3)) == 0 else ()),
        rehearsal=draw(st.booleans()),
        public_value=f"{draw(st.integers(0, 99_999_999)):08}",
    )
