"""A fixed family of misreports: what one household could have said instead of its list.

Exploitable share (mechanisms under one published order): the share of sampled households for which some report of
the family gives something they truly like better, everybody else's list and the order the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from allocator.model.instance import Instance, Ints


class Report(NamedTuple):
    """A list as filed: (k,) pools and (k,) dense ranks from 1."""

    pools: Ints
    ranks: Ints


def own_list(instance: Instance, household: int) -> Report:
    """What the household filed."""
    own = slice(int(instance.start[household]), int(instance.start[household + 1]))
    return Report(instance.pool[own], instance.rank[own])


def family(truth: Report) -> Iterator[Report]:
    """Truncations (after each rank), single promotions (one pool alone to the top), single drops; never the truth."""
    pools, ranks = truth
    for last in range(1, int(ranks.max(initial=1))):
        kept = ranks <= last
        yield Report(pools[kept], ranks[kept])
    for place in range(len(pools)):
        rest = np.delete(np.arange(len(pools)), place)
        if ranks[place] > 1 or (ranks == ranks[place]).sum() > 1:
            yield Report(
                np.concatenate((pools[place : place + 1], pools[rest])),
                np.concatenate(([1], 1 + _dense(ranks[rest]))),
            )
        # Dropping the last rank is a truncation already.
        if ranks[place] < ranks[-1] or (ranks == ranks[place]).sum() > 1:
            yield Report(pools[rest], _dense(ranks[rest]))


def _dense(ranks: Ints) -> Ints:
    return np.unique(ranks, return_inverse=True)[1].reshape(-1).astype(np.int64) + 1


def with_report(instance: Instance, household: int, report: Report) -> Instance:
    """The instance with this one list changed; all others, the order and the fields stand."""
    first, last = int(instance.start[household]), int(instance.start[household + 1])
    start = instance.start.copy()
    start[household + 1 :] += len(report.pools) - (last - first)
    return replace(
        instance,
        start=start,
        pool=np.concatenate((instance.pool[:first], report.pools, instance.pool[last:])),
        rank=np.concatenate((instance.rank[:first], report.ranks, instance.rank[last:])),
    )


def true_rank(truth: Report, pool: int) -> int:
    """The rank truly given to what a report brought; behind the list for no place."""
    found = truth.ranks[truth.pools == pool]
    return int(found[0]) if len(found) else int(truth.ranks.max(initial=0)) + 1
