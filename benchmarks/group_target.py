"""How long the leximin target over groups takes beside one bare greatest flow of the same size.

Run alone: ``python benchmarks/group_target.py [--households N --pools C --choices K --groups G]``. The bare flow is the
same network with every group open, built and solved once by ``SimpleMaxFlow``.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
from ortools.graph.python import max_flow

from allocator.audit.group_target import target_faults
from allocator.mechanisms.group_target import group_target
from allocator.model.instance import Instance, Ints
from benchmarks.mechanisms import SEED, shortage

REPEATS = 3


def groups_of(instance: Instance, num_groups: int) -> Ints:
    """(n,) groups that want different things: by how sought the household's least sought pool is."""
    asked = np.bincount(instance.pool, minlength=instance.num_pools) / np.maximum(instance.capacity, 1)
    least = np.minimum.reduceat(asked[instance.pool], instance.start[:-1])
    place = np.empty(len(least), np.int64)
    place[np.argsort(least, kind="stable")] = np.arange(len(least))
    return place * num_groups // len(least)


def bare_flow(instance: Instance) -> int:
    """As many as can be housed, without any groups."""
    n, num_pools = instance.num_households, instance.num_pools
    owner = np.repeat(np.arange(n), np.diff(instance.start))
    source, sink = 0, 1 + n + num_pools
    flow = max_flow.SimpleMaxFlow()
    flow.add_arcs_with_capacity(
        np.concatenate((np.zeros(n, np.int64), 1 + owner, 1 + n + np.arange(num_pools))),
        np.concatenate((1 + np.arange(n), 1 + n + instance.pool, np.full(num_pools, sink))),
        np.concatenate((np.ones(n + len(owner), np.int64), instance.capacity)),
    )
    if flow.solve(source, sink) != flow.OPTIMAL:
        raise RuntimeError("the bare flow was not solved")
    return int(flow.optimal_flow())


def main() -> None:
    """Print the medians and the ratio."""
    parser = argparse.ArgumentParser()
    for name, value in (("households", 100_000), ("pools", 500), ("choices", 10), ("groups", 8)):
        parser.add_argument(f"--{name}", type=int, default=value)
    wanted = parser.parse_args()
    instance = shortage(wanted.households, wanted.pools, wanted.choices, 1, SEED)
    names = [f"g{number:02}" for number in groups_of(instance, wanted.groups).tolist()]
    bare, whole, judged = [], [], []
    for _ in range(REPEATS):
        began = time.perf_counter()
        most = bare_flow(instance)
        bare.append(time.perf_counter() - began)
        began = time.perf_counter()
        target = group_target(instance, names)
        whole.append(time.perf_counter() - began)
        began = time.perf_counter()
        tight = [(one.groups, one.pools, one.most) for one in target.tight]
        faults = list(target_faults(instance, names, target.housed, tight, target.assigned))
        judged.append(time.perf_counter() - began)
        if faults:
            raise RuntimeError(f"the target does not hold: {faults[:3]}")
    seconds, one = statistics.median(whole), statistics.median(bare)
    print(f"housed {sum(target.housed.values())} of {most} that can be; {len(target.tight)} tight sets")
    print(f"target {seconds:.2f} s, bare flow {one:.2f} s, ratio {seconds / one:.1f}")
    print(f"check  {statistics.median(judged):.2f} s")


if __name__ == "__main__":
    main()
