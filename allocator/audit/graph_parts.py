"""Strongly connected parts of a graph."""

from __future__ import annotations

import numpy as np

from allocator.model.instance import Ints


def parts_of(num_nodes: int, tail: Ints, head: Ints) -> Ints:
    """(num_nodes,) the strongly connected part of every node, a part numbered after all those it reaches.

    Tarjan (1972), without recursion.
    """
    order = np.argsort(tail, kind="stable")
    heads = head[order].tolist()
    begins = np.searchsorted(tail[order], np.arange(num_nodes + 1)).tolist()
    part = [-1] * num_nodes
    low, seen = [0] * num_nodes, [0] * num_nodes
    stack: list[int] = []
    clock, num_parts = 0, 0
    for root in range(num_nodes):
        calls = [] if seen[root] else [(root, begins[root])]
        while calls:
            node, at = calls.pop()
            if at == begins[node] and not seen[node]:
                clock += 1
                seen[node] = low[node] = clock
                stack.append(node)
            while at < begins[node + 1]:
                other = heads[at]
                if not seen[other]:
                    calls += [(node, at), (other, begins[other])]
                    break
                if part[other] < 0:
                    low[node] = min(low[node], low[other])
                at += 1
            else:
                if low[node] == seen[node]:
                    while part[node] < 0:
                        part[stack.pop()] = num_parts
                    num_parts += 1
    return np.array(part, dtype=np.int64)
