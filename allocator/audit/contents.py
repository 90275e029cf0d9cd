"""The bundle in memory: documents, tables and the numbers of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from allocator.audit import declared
from allocator.audit.judgement import Bools
from allocator.audit.reading import CURRENT
from allocator.audit.results import Fault
from allocator.model.instance import Instance, Ints

_NOBODY: Final = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Contents:
    """Files by name; JSON documents by name; CSV tables by name (``reading.table_of``)."""

    files: Mapping[str, bytes]
    documents: Mapping[str, dict[str, Any]]
    tables: Mapping[str, Mapping[str, Any]]

    @property
    def manifest(self) -> dict[str, Any]:
        """``manifest.json``."""
        return self.documents["manifest.json"]

    @property
    def commitment(self) -> dict[str, Any]:
        """``commitment.json``."""
        return self.documents["commitment.json"]

    def rows(self, name: str) -> int:
        """Rows of a table, the header not counted."""
        return len(next(iter(self.tables[name].values())))

    @cached_property
    def codes(self) -> pa.Array:
        """Codes of the roster, in its order (by code)."""
        return self.tables["roster.csv"]["code"]

    @cached_property
    def pools(self) -> pa.Array:
        """Pools, by name."""
        return self.tables["pools.csv"]["pool"]

    @cached_property
    def places(self) -> int:
        """Places of all pools."""
        return int(self.tables["pools.csv"]["capacity"].sum())

    @cached_property
    def order_rows(self) -> Ints:
        """Roster row of each position."""
        return self.known("order.csv", "code", self.codes)

    @cached_property
    def preference_rows(self) -> Ints:
        """Roster row of each preference."""
        return self.known("preferences.csv", "code", self.codes)

    @cached_property
    def preference_pools(self) -> Ints:
        """Pool index of each preference."""
        return self.known("preferences.csv", "pool", self.pools)

    @cached_property
    def wishes(self) -> Ints:
        """Every (roster row, pool) of the lists as one number, row * C + pool, sorted."""
        return np.sort(self.preference_rows * len(self.pools) + self.preference_pools)

    @cached_property
    def removed(self) -> Bools:
        """(n,) who of the roster left after the commitment."""
        removed = np.zeros(len(self.codes), dtype=np.bool_)
        removed[self.known("removals.csv", "code", self.codes)] = True
        return removed

    def known(self, name: str, column: str, names: pa.Array) -> Ints:
        """Where each value of the column stands in ``names``; ``Fault`` where one does not."""
        values = self.tables[name][column]
        found = pc.index_in(values, value_set=names)
        if found.null_count:
            place = int(np.argmax(found.is_null().to_numpy(zero_copy_only=False)))
            raise Fault(
                f"{name}:{place + 2}", "audit_unknown_name", column=column, value=values[place].as_py()
            )
        rows: Ints = found.to_numpy(zero_copy_only=False).astype(np.int64)
        return rows

    @cached_property
    def tenant_rows(self) -> Ints:
        """Roster row of each tenant who asks to move; none where none takes part."""
        return self.known(CURRENT, "code", self.codes) if CURRENT in self.tables else _NOBODY

    @cached_property
    def tenant_pools(self) -> Ints:
        """Pool each of them lives in."""
        return self.known(CURRENT, "pool", self.pools) if CURRENT in self.tables else _NOBODY

    def instance(self) -> Instance:
        """The market as the mechanism had it: removed households keep their position with an empty list."""
        rows = self.order_rows
        size = np.bincount(self.preference_rows, minlength=len(self.codes))
        begin = np.cumsum(size) - size
        kept = np.where(self.removed, 0, size)[rows]
        start = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
        choice = np.arange(int(start[-1])) + np.repeat(begin[rows] - start[:-1], kept)
        bare = Instance(
            household_ids=self.codes.take(pa.array(rows)).to_pylist(),
            band=self.tables["order.csv"]["band"].copy(),
            pool_ids=self.pools.to_pylist(),
            capacity=self.tables["pools.csv"]["capacity"].copy(),
            start=start,
            pool=self.preference_pools[choice],
            rank=self.tables["preferences.csv"]["rank"][choice],
        )
        if len(self.tenant_rows):
            names = self.codes.take(pa.array(self.tenant_rows)).to_pylist()
            homes = self.pools.take(pa.array(self.tenant_pools)).to_pylist()
            bare = replace(bare, extensions={"current": dict(zip(names, homes, strict=True))})
        return self._with_rules(bare) if "rules.json" in self.documents else bare

    def _with_rules(self, bare: Instance) -> Instance:
        """The market under the declared rules: groups by position, and the fields of contract, section 4."""
        rules = self.documents["rules.json"]
        position = np.empty(len(self.codes), dtype=np.int64)
        position[self.order_rows] = np.arange(len(self.codes))
        members = position[self.known("groups.csv", "code", self.codes)]
        names = self.tables["groups.csv"]["group"].to_numpy(zero_copy_only=False)
        groups = {name: np.sort(members[names == name]) for name in sorted(declared.named(rules))}
        owner = np.repeat(np.arange(bare.num_households), np.diff(bare.start))
        fields = declared.fields_of(rules, groups, bare.household_ids, bare.pool_ids, owner, bare.pool)
        return replace(bare, extensions={**bare.extensions, **fields}, groups=groups)

    def assigned(self) -> Ints:
        """(n,) pool index by position, -1 for none."""
        by_row = np.full(len(self.codes), -1, dtype=np.int64)
        by_row[self.known("result.csv", "code", self.codes)] = self.known("result.csv", "pool", self.pools)
        return by_row[self.order_rows]
