"""Tenants who ask to move (``current.csv``): there or not as the law says, committed to, and their homes in the result.

A bundle tells a tenant's pool and never its home, so of the homes that were left it can be checked that they are
tenants' homes of the pool, in their order, each given once (``docs/reference/bundle.md``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from allocator.audit.contents import Contents
from allocator.audit.promises import same, strictly_sorted
from allocator.audit.reading import CURRENT, CURRENT_KEY, IN_FORCE
from allocator.audit.results import Fault
from allocator.model.canonical import sha256_hex
from allocator.model.instance import Ints

_LEAST_CELL: Final = 10
_FORMS: Final = {"integrated": "public", "sub_round": "transfer"}


def is_due(allocation: Mapping[str, Any], sub_round: object) -> bool:
    """Whether tenants take part in this sub-round by the law in force."""
    transfers = allocation.get("transfers")
    return isinstance(transfers, dict) and _FORMS.get(transfers.get("form", "")) == sub_round


def check_tenants(bundle: Contents) -> None:
    """The file stands where it is due, as committed to; every tenant's list ends with its own pool."""
    sub_round = bundle.commitment["sub_round"]
    due = is_due(bundle.documents[IN_FORCE]["allocation"], sub_round)
    recomputed = sha256_hex(bundle.files[CURRENT]) if CURRENT in bundle.files else None
    same(f"commitment.json: {CURRENT_KEY}", bundle.commitment.get(CURRENT_KEY), recomputed)
    if due != (CURRENT in bundle.files):
        raise Fault(CURRENT, "audit_missing_file" if due else "audit_unlisted_file")
    if due:
        strictly_sorted(CURRENT, "code", bundle.tables[CURRENT]["code"])
        _check_lists(bundle)
        _check_cells(bundle, least=_LEAST_CELL if sub_round == "public" else 1)


def _check_lists(bundle: Contents) -> None:
    rows, homes = bundle.tenant_rows, bundle.tenant_pools
    if bundle.removed[rows].any():
        place = int(np.argmax(bundle.removed[rows]))
        raise Fault("removals.csv", "audit_tenant_left", household=bundle.codes[rows[place]].as_py())
    size = np.bincount(bundle.preference_rows, minlength=len(bundle.codes))
    end = np.cumsum(size)[rows] - 1
    rank = np.append(bundle.tables["preferences.csv"]["rank"], 0)
    pool = np.append(bundle.preference_pools, -1)
    is_last = (size[rows] > 0) & (pool[end] == homes) & ((size[rows] == 1) | (rank[end - 1] < rank[end]))
    if not is_last.all():
        place = int(np.argmin(is_last))
        names = {"household": bundle.codes[rows[place]].as_py(), "pool": bundle.pools[homes[place]].as_py()}
        raise Fault(f"{CURRENT}:{place + 2}", "audit_tenant_list", **names)


def _check_cells(bundle: Contents, *, least: int) -> None:
    """No pool with one to nine tenants where everybody may read it, none with more tenants than places."""
    tenants = np.bincount(bundle.tenant_pools, minlength=len(bundle.pools))
    cases = (
        ((tenants > 0) & (tenants < least), "audit_tenants_few"),
        (tenants > bundle.tables["pools.csv"]["capacity"], "audit_tenants_many"),
    )
    for wrong, code in cases:
        if wrong.any():
            raise Fault(CURRENT, code, pool=bundle.pools[int(np.argmax(wrong))].as_py())


def check_homes(bundle: Contents, turn: Ints) -> None:
    """Who stays has a row without a dwelling; the others take the empty dwellings in turn, then homes that were left.

    ``turn``: of each row of the result.
    """
    result = bundle.tables["result.csv"]
    rows = bundle.known("result.csv", "code", bundle.codes)
    pools = bundle.known("result.csv", "pool", bundle.pools)
    home = np.full(len(bundle.codes), -1, dtype=np.int64)
    home[bundle.tenant_rows] = bundle.tenant_pools
    stays = home[rows] == pools
    given = result["dwelling_id"].to_pylist()
    for place in np.flatnonzero(stays).tolist():
        same(f"result.csv:{place + 2}", given[place], "")
    capacity = bundle.tables["pools.csv"]["capacity"]
    begins = np.cumsum(capacity) - capacity
    empty = capacity - np.bincount(bundle.tenant_pools, minlength=len(capacity))
    where = _places(bundle)
    taken = np.zeros(len(capacity), dtype=np.int64)
    last = begins + empty - 1
    entering = np.flatnonzero(~stays)
    for place in entering[np.lexsort((turn[entering], pools[entering]))].tolist():
        pool = int(pools[place])
        if taken[pool] < empty[pool]:
            due = bundle.tables["dwellings.csv"]["dwelling_id"][int(begins[pool] + taken[pool])].as_py()
            same(f"result.csv:{place + 2}", given[place], due)
        else:
            number = where.get(given[place], -1)
            if not last[pool] < number < begins[pool] + capacity[pool]:
                household = result["code"][place].as_py()
                raise Fault(
                    f"result.csv:{place + 2}", "audit_home_rule", household=household, published=given[place]
                )
            last[pool] = number
        taken[pool] += 1


def _places(bundle: Contents) -> dict[str, int]:
    dwellings: pa.Array = bundle.tables["dwellings.csv"]["dwelling_id"]
    return {name: place for place, name in enumerate(dwellings.to_pylist())}
