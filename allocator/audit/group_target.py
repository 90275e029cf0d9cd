"""A target per group checked from the instance alone: it can be reached, and no group can have more of others' places.

Whoever computed it has no part here: an assignment shows that the numbers can be had, and bounds anybody can
count show that raising a group by one must lower a group that is not better off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np

from allocator.audit.judgement import Bools, loads_of, seats_of
from allocator.model.instance import Instance, Ints

Tight = tuple[Sequence[str], Sequence[str], int]


def target_faults(
    instance: Instance,
    group_of: Sequence[str],
    housed: Mapping[str, int],
    tight: Sequence[Tight],
    assigned: Ints,
) -> Iterator[dict[str, object]]:
    """What is wrong with a target; nothing where it is the leximin one.

    ``housed``: number by group. ``tight``: groups, pools, and how many these groups can have together at most:
    the places of the pools and those of the groups who list another pool. ``assigned`` (n,): a witness.
    """
    names = np.asarray(group_of, dtype=np.str_)
    size = {str(name): int((names == name).sum()) for name in np.unique(names)}
    if set(housed) != set(size):
        yield {"reason": "groups"}
        return
    yield from _unreached(instance, names, housed, assigned)
    proved: list[frozenset[str]] = []
    for groups, pools, most in tight:
        bound = _bound(instance, np.isin(names, list(groups)), pools)
        if bound is None or not set(groups) <= set(size):
            yield {"reason": "unknown group or pool"}
        elif not bound == most == sum(housed[name] for name in groups):
            yield {"groups": ", ".join(groups), "bound": bound}
        else:
            proved.append(frozenset(groups))
    for name in sorted(size):
        if housed[name] < size[name] and not any(_settles(name, one, housed, size) for one in proved):
            yield {"group": name, "reason": "may have more"}


def _unreached(
    instance: Instance, names: np.typing.NDArray[np.str_], housed: Mapping[str, int], assigned: Ints
) -> Iterator[dict[str, object]]:
    """The witness must be lawful and house as many of each group as is said."""
    if len(assigned) != instance.num_households or assigned.max(initial=-1) >= instance.num_pools:
        yield {"reason": "assignment"}
        return
    for household in seats_of(instance, assigned).stray.tolist():
        yield {"household": instance.household_ids[household], "reason": "pool not listed"}
    for pool in np.flatnonzero(loads_of(instance, assigned) > instance.capacity).tolist():
        yield {"pool": instance.pool_ids[pool], "reason": "over capacity"}
    for name, count in sorted(housed.items()):
        if int((assigned[names == name] >= 0).sum()) != count:
            yield {"group": name, "reason": "not as many in the assignment"}


def _bound(instance: Instance, members: Bools, pools: Sequence[str]) -> int | None:
    """Places of the pools, and members who list a pool outside them."""
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    if not set(pools) <= set(index):
        return None
    inside = np.zeros(instance.num_pools, dtype=np.bool_)
    inside[[index[name] for name in pools]] = True
    owner = np.repeat(np.arange(instance.num_households), np.diff(instance.start))
    lists_others = np.zeros(instance.num_households, dtype=np.bool_)
    lists_others[owner[~inside[instance.pool]]] = True
    return int(instance.capacity[inside].sum()) + int((members & lists_others).sum())


def _settles(name: str, together: frozenset[str], housed: Mapping[str, int], size: Mapping[str, int]) -> bool:
    """Whether in a bound that is reached the next place of a group comes after everybody's last one."""
    after = (Fraction(housed[name], size[name]), size[name], name)
    last = ((Fraction(housed[one] - 1, size[one]), size[one], one) for one in together if housed[one])
    return name in together and all(one < after for one in last)
