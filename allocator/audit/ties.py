"""The tie rule: could anybody have a better live choice at the cost of later households' ties alone?

Moves of later households only ever grow as we walk the order from last to first, so reachability between
pools is kept as a growing closure; a pair of pools matters first at its latest mover, and is asked about
last at its earliest one.
"""

from __future__ import annotations

import numpy as np

from allocator.audit.judgement import Bools
from allocator.model.instance import Ints


def improvable(
    mover: Ints, source: Ints, target: Ints, is_better: Bools, roomy: Bools, unsealed: Bools
) -> list[tuple[int, int]]:
    """Households (index) and better pools they could have, with later households giving the places back.

    ``mover``, ``source``, ``target``, ``is_better`` (m,): the live moves; ``roomy``, ``unsealed`` (C,).
    Of each pair of pools only the earliest household that wishes for it is asked: what holds for it
    decides for all others of the pair.
    """
    num_nodes = len(roomy) + 1
    key = source * num_nodes + target
    pairs, inverse = np.unique(key, return_inverse=True)
    latest = np.full(len(pairs), -1, dtype=np.int64)
    np.maximum.at(latest, inverse, mover)
    never = np.iinfo(np.int64).max
    earliest = np.full(len(pairs), never, dtype=np.int64)
    np.minimum.at(earliest, inverse[is_better], mover[is_better])
    wishes = np.flatnonzero(earliest < never)
    closure = _with_sink(roomy, unsealed)
    arrivals = np.argsort(-latest, kind="stable")
    found = []
    arrived = 0
    for wish in wishes[np.argsort(-earliest[wishes], kind="stable")]:
        while arrived < len(arrivals) and latest[arrivals[arrived]] > earliest[wish]:
            _join(closure, *divmod(int(pairs[arrivals[arrived]]), num_nodes))
            arrived += 1
        held, better = divmod(int(pairs[wish]), num_nodes)
        if closure[better, held]:
            found.append((int(earliest[wish]), better))
    return sorted(found)


def _with_sink(roomy: Bools, unsealed: Bools) -> Bools:
    """Reachability before any move: roomy pools spill into the sink, unsealed pools may give a place up."""
    sink = len(roomy)
    closure = np.eye(sink + 1, dtype=np.bool_)
    closure[sink, :sink] = unsealed
    closure[:sink, sink] = roomy
    closure[np.ix_(roomy, unsealed)] = True
    return closure | np.eye(sink + 1, dtype=np.bool_)


def _join(closure: Bools, tail: int, head: int) -> None:
    """Add an arc: whoever reaches the tail reaches all the head reaches."""
    if not closure[tail, head]:
        closure[closure[:, tail]] |= closure[head]
