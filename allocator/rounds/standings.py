"""Why a household has no place in a pool under declared rules, read off the published figures alone.

Under ``deferred_acceptance`` (and ``serial`` with released reserves) a pool compares *standings*: tier, then position.
What another standing would have brought hangs on where it would have sent the others, so here stand facts only: the
household's own standing and the worst that holds a place there. Under ``serial`` beside reserves that stay kept, the
position that used up the last place a household may take is exact: at it the place was still to be had.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator.model.instance import Ints
from allocator.rounds.declared import Declared

# Later than every position: a place is left to the end.
NEVER_USED_UP: Final = 1 << 40


def is_stable(certificate: Mapping[str, Any]) -> bool:
    """Whether the certificate tells standings rather than positions."""
    return "cutoffs" in certificate


def is_crossing(certificate: Mapping[str, Any]) -> bool:
    """Whether quotas cross, so that the certificate has proofs instead of positions and prices."""
    return "proofs" in certificate


def used_up(lists: pd.DataFrame, certificate: Mapping[str, Any], declared: Declared | None) -> Ints:
    """(rows,) the position that used up the last place of the pool open to the household; 0: there was none.

    ``lists``: ``code, pool``, a choice per row. ``NEVER_USED_UP`` where a place is left to the end. Of ``serial``.
    """
    filled = lists["pool"].map(certificate["filled"]).fillna(NEVER_USED_UP).to_numpy(dtype=np.int64)
    if declared is None:
        return filled
    choices = lists[["code", "pool"]].assign(row=np.arange(len(lists)))
    kept = _latest(choices, _reserves(certificate, declared), declared, "max")
    bound = _latest(choices, _maxima(certificate, declared), declared, "min")
    open_or_kept = np.maximum(filled, kept.reindex(choices["row"], fill_value=0).to_numpy(dtype=np.int64))
    return np.minimum(
        open_or_kept, bound.reindex(choices["row"], fill_value=NEVER_USED_UP).to_numpy(dtype=np.int64)
    )


def _reserves(certificate: Mapping[str, Any], declared: Declared) -> Iterator[tuple[str, str | None, int]]:
    """Pool, group and the position that used the reserve up, in the order declared."""
    taken = {pool: iter(positions) for pool, positions in certificate.get("reserved", {}).items()}
    for entry in declared.document["reserves"]:
        position = next(taken[entry["pool"]])
        yield entry["pool"], entry["group"], NEVER_USED_UP if position is None else position


def _maxima(certificate: Mapping[str, Any], declared: Declared) -> Iterator[tuple[str, str | None, int]]:
    """Pool, group (None: everybody) and the position that used the maximum up, of those that were."""
    reached = certificate.get("maxima", {})
    for quota in declared.document["quotas"]:
        if quota["id"] in reached:
            for pool in quota["pools"]:
                for group in quota.get("groups", [None]):
                    yield pool, group, reached[quota["id"]]


def _latest(
    choices: pd.DataFrame, limits: Iterator[tuple[str, str | None, int]], declared: Declared, how: str
) -> pd.Series:
    """Per row of ``choices`` the greatest or least position among the limits that speak of its household."""
    columns = {"pool": "str", "group": "object", "position": "int64"}
    table = pd.DataFrame(list(limits), columns=list(columns)).astype(columns)
    on_all = table["group"].isna()
    some = choices.merge(table[~on_all].astype({"group": "str"}), on="pool")
    some = some.merge(declared.groups, on=["code", "group"])
    everybody = choices.merge(table[on_all], on="pool")
    return pd.concat([some, everybody])[["row", "position"]].groupby("row")["position"].agg(how)


def leaf_keys(lists: pd.DataFrame, declared: Declared | None) -> pd.Series:
    """Per choice (``code, pool``) the key under which a certificate of ``band_optimum`` tells its figures.

    The plain cell of a pool goes by the pool's name alone (``plain_key`` makes a certificate's keys so, too).
    """
    pools = lists["pool"].map(lambda pool: _escaped(pool, "\\|"))
    if declared is None:
        return pools
    bounded = [quota for quota in declared.document["quotas"] if counts(quota)]
    named = {(entry["pool"], entry["group"]) for entry in declared.document["reserves"]}
    named |= {
        (pool, group) for quota in bounded for pool in quota["pools"] for group in quota.get("groups", ())
    }
    table = pd.DataFrame(sorted(named), columns=["pool", "group"]).astype("str")
    rows = lists[["code", "pool"]].assign(row=np.arange(len(lists))).merge(table, on="pool")
    rows = rows.merge(declared.groups, on=["code", "group"]).sort_values(["row", "group"])
    cells = rows["group"].map(lambda group: _escaped(group, "\\|+@")).groupby(rows["row"]).agg("+".join)
    cell = pd.Series(np.arange(len(lists))).map(cells).fillna("").to_numpy(object)
    return pools.where(cell == "", pools + "|" + cell)


def counts(quota: Mapping[str, Any]) -> bool:
    """Whether a quota bounds anything: a minimum of 0 does not."""
    return "max" in quota or bool(quota.get("min") or quota.get("min_soft"))


def plain_key(key: str) -> str:
    """A leaf's key, the pool alone for its plain cell."""
    is_plain = re.search(r"(?<!\\)(?:\\\\)*\|$", key) is not None
    return key[:-1] if is_plain else key


def _escaped(name: str, signs: str) -> str:
    return "".join(f"\\{sign}" if sign in signs else sign for sign in name)


def standings(
    code: str,
    position: int,
    listed: Sequence[tuple[int, str]],
    certificate: Mapping[str, Any],
    declared: Declared | None,
) -> list[dict[str, Any]]:
    """For each pool a household did not get: its own standing there, and what was full before it.

    ``listed``: rank and pool. ``cause``: ``not_admitted``; ``maximum`` (``quota``; the worst standing that it let
    in); ``shut`` (no open places at all); ``open`` (the worst standing at the open places). ``tier`` from 1, 0: not
    admitted; ``last_tier`` and ``last_position`` 0 where there is none. ``reserved``: of each reserve of its own groups the group
    with the worst holder's tier and position.
    """
    groups = set() if declared is None else set(declared.groups.loc[declared.groups["code"] == code, "group"])
    rows = []
    for rank, pool in listed:
        figures = certificate["cutoffs"].get(pool, {})
        tier = tier_at(pool, groups, declared)
        row = {
            "pool": pool,
            "rank": rank,
            "tier": tier,
            "position": position,
            "last_tier": 0,
            "last_position": 0,
        }
        row["reserved"] = _own_reserves(pool, groups, figures, declared)
        maximum = _maximum(pool, groups, figures, declared, (tier, position))
        if tier == 0:
            rows.append({**row, "cause": "not_admitted"})
        elif maximum is not None:
            name, (last_tier, last) = maximum
            rows.append(
                {**row, "cause": "maximum", "quota": name, "last_tier": last_tier, "last_position": last}
            )
        else:
            last_tier, last = figures["open"]
            cause = "open" if last else "shut"
            rows.append({**row, "cause": cause, "last_tier": last_tier, "last_position": last})
    return rows


def tier_at(pool: str, groups: set[str], declared: Declared | None) -> int:
    """The tier, from 1, in which a household of these groups stands at the pool; 0: it is not admitted."""
    rule = None if declared is None else declared.document["priority"].get(pool)
    if rule is None:
        return 1
    found = [number for number, tier in enumerate(rule["tiers"], 1) if groups & set(tier)]
    return min(found) if found else len(rule["tiers"]) + 1 if rule["others"] else 0


def _own_reserves(
    pool: str, groups: set[str], figures: Mapping[str, Any], declared: Declared | None
) -> list[dict[str, Any]]:
    if declared is None:
        return []
    here = [entry for entry in declared.document["reserves"] if entry["pool"] == pool]
    return [
        {"group": entry["group"], "last_tier": worst[1], "last_position": worst[2]}
        for entry, worst in zip(here, figures.get("reserved", []), strict=True)
        if entry["group"] in groups and worst is not None
    ]


def _maximum(
    pool: str,
    groups: set[str],
    figures: Mapping[str, Any],
    declared: Declared | None,
    own: tuple[int, int],
) -> tuple[str, tuple[int, int]] | None:
    """The reached maximum that counts the household and whose worst holder stands before it."""
    for quota in () if declared is None else declared.document["quotas"]:
        worst = figures.get("max", {}).get(quota["id"])
        is_counted = pool in quota["pools"] and groups & set(quota.get("groups", ()))
        if worst is not None and is_counted and (worst[0], worst[1]) < own:
            return quota["id"], (worst[0], worst[1])
    return None
