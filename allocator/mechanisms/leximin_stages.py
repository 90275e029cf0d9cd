"""The stages of the leximin lottery: each makes the smallest chance as great as can be, then the next smallest.

What a stage settles is fixed before the next one is looked at. The greatest common level of a part is found by
Newton's steps over cuts (Megiddo 1974; Radzik 1998), each cut an exact fraction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from allocator.mechanisms.leximin_flow import Cut, Network, moving_parts, push_most, raise_floors
from allocator.mechanisms.leximin_guide import Guide
from allocator.mechanisms.leximin_limits import Programme

_WORTH_GUESSING: Final = 200  # arcs; a smaller part is tried exactly at once


def meet_minima(programme: Programme) -> Cut | None:
    """Find some flow within all bounds; the cut where there is none."""
    network = programme.network
    floors = {arc: low for arc, low in enumerate(network.low) if low}
    return raise_floors(network, range(len(network.tail)), floors)


def settle(programme: Programme) -> None:
    """All stages and the ties: every arc of the network ends with the one flow the definition leaves.

    The minima can be met: ``leximin_advice`` was asked.
    """
    network, kinds = programme.network, programme.kinds
    if meet_minima(programme) is not None:
        raise ValueError("the minima cannot be met")
    parts = moving_parts(network, range(len(network.tail)))
    weight = {arc: kinds[at].size for at, arc in programme.row.items()}
    parts = _leximin(network, parts, weight)
    for at, arcs in programme.prefix.items():
        for arc in arcs:
            if not network.is_fixed(arc):
                network.high[arc] = network.flow[programme.row[at]]
    for stage in range(max((len(arcs) for arcs in programme.prefix.values()), default=0)):
        weight = {arcs[stage]: kinds[at].size for at, arcs in programme.prefix.items() if stage < len(arcs)}
        parts = _leximin(network, parts, weight)
    _settle_ties(programme, parts)


def _leximin(network: Network, parts: Sequence[list[int]], weight: Mapping[int, int]) -> list[list[int]]:
    """Settle the arcs of ``weight`` (households behind each); gives what can still move after that."""
    waiting, done = list(parts), []
    while waiting:
        part = waiting.pop()
        wanted = {arc: weight[arc] for arc in part if arc in weight}
        if not wanted:
            done.append(part)
            continue
        level = _raised(network, part, wanted)
        for arc, size in wanted.items():
            network.low[arc] = size * level
        waiting += moving_parts(network, part)
    return done


def _raised(network: Network, part: Sequence[int], wanted: Mapping[int, int]) -> Fraction:
    """The greatest chance all of ``wanted`` can have at once; the flow gives it to them."""
    level = min(_ceiling(network, arc) / size for arc, size in wanted.items())
    if len(part) > _WORTH_GUESSING:
        level = _guessed(network, part, wanted, level)
    while True:
        cut = raise_floors(network, part, _floors(network, wanted, level))
        if cut is None:
            return level
        bound = _bound(network, cut, wanted)
        assert bound is not None, "a violated cut is entered by somebody who wants more"
        level = bound


def _guessed(network: Network, part: Sequence[int], wanted: Mapping[int, int], level: Fraction) -> Fraction:
    """A level that is not below the greatest one, mostly the very one."""
    guide = Guide(network, part)
    while True:
        cut = guide.cut(_floors(network, wanted, level))
        bound = None if cut is None else _bound(network, cut, wanted)
        if bound is None or bound >= level:
            return level
        level = bound


def _floors(network: Network, wanted: Mapping[int, int], level: Fraction) -> dict[int, Fraction]:
    return {arc: max(network.low[arc], size * level) for arc, size in wanted.items()}


def _bound(network: Network, cut: Cut, wanted: Mapping[int, int]) -> Fraction | None:
    """No more than this can all of ``wanted`` have, by any cut; None where it says nothing of them."""
    sizes = sum(wanted.get(arc, 0) for arc in cut.entering)
    if not sizes or any(network.high[arc] is None for arc in cut.leaving):
        return None
    room = sum((_ceiling(network, arc) - network.flow[arc] for arc in cut.leaving), Fraction(0))
    for arc in cut.entering:
        room += network.flow[arc] - (0 if arc in wanted else network.low[arc])
    return room / sizes


def _ceiling(network: Network, arc: int) -> Fraction:
    ceiling = network.high[arc]
    assert ceiling is not None, "nothing without a ceiling crosses a cut"
    return ceiling


def _settle_ties(programme: Programme, parts: Sequence[list[int]]) -> None:
    """Of pools liked equally: the first kind gets most of its first, then of its next, then the next kind."""
    order = {arc: place for place, arc in enumerate(programme.cell.values())}
    waiting = list(parts)
    while waiting:
        part = waiting.pop()
        cells = [arc for arc in part if arc in order]
        if not cells:
            continue
        first = min(cells, key=order.__getitem__)
        push_most(programme.network, part, first)
        programme.network.fix(first)
        waiting += moving_parts(programme.network, part)
