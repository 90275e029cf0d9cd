"""Checks of lists, supply and result: who is on what list, who holds what, which dwelling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from allocator.audit import fielded
from allocator.audit.bundled_lottery import LOTTERIES, lottery_figures
from allocator.audit.contents import Contents
from allocator.audit.judgement import Judgement
from allocator.audit.levels import judge_band_optimum
from allocator.audit.promises import first_difference, same, strictly_sorted, tickets_of
from allocator.audit.quota_rights import band_quotas
from allocator.audit.reading import IN_FORCE
from allocator.audit.results import Fault
from allocator.audit.serial import judge_serial
from allocator.audit.tenants import check_homes
from allocator.model.canonical import canonical_bytes
from allocator.model.instance import Instance, Ints

# Mechanisms whose laws on declared rules a bundle can carry.
BUNDLED: Final = frozenset({"serial", "deferred_acceptance", "top_trading_cycles"})


def check_pools(bundle: Contents) -> None:
    """Pools by name, each once; no sign in a name that the roster's leaves use between names."""
    pools = bundle.pools
    strictly_sorted("pools.csv", "pool", pools)
    odd = pc.match_substring_regex(pools, "[>=]|^$").to_numpy(zero_copy_only=False)
    if odd.any():
        place = int(np.argmax(odd))
        raise Fault(f"pools.csv:{place + 2}", "audit_bad_pool_name", value=pools[place].as_py())


def check_dwellings(bundle: Contents) -> None:
    """Each pool's places 1, 2, … up to its capacity, in order, and no dwelling twice."""
    dwellings, pools = bundle.tables["dwellings.csv"], bundle.tables["pools.csv"]
    rows = bundle.known("dwellings.csv", "pool", bundle.pools)
    capacity = pools["capacity"]
    if len(rows) != bundle.places:
        same("dwellings.csv", len(rows), bundle.places)
    first_difference("dwellings.csv", rows, np.repeat(np.arange(len(capacity)), capacity))
    begins = np.cumsum(capacity) - capacity
    first_difference("dwellings.csv", dwellings["place"], np.arange(len(rows)) - begins[rows] + 1)
    _once("dwellings.csv", "dwelling_id", dwellings["dwelling_id"])


def _once(name: str, column: str, values: pa.Array) -> None:
    if len(pc.unique(values)) == len(values):
        return
    seen: set[str] = set()
    for place, value in enumerate(values.to_pylist()):
        if value in seen:
            raise Fault(f"{name}:{place + 2}", "audit_twice", column=column)
        seen.add(value)


def check_preferences(bundle: Contents) -> None:
    """By code; ranks dense from 1 and never falling; pools that exist, none twice on a list."""
    rows, pools = bundle.preference_rows, bundle.preference_pools
    rank = bundle.tables["preferences.csv"]["rank"]
    if not len(rows):
        return
    is_first = np.diff(rows, prepend=-1) != 0
    climb = np.diff(rank, prepend=0)
    fits = np.where(is_first, rank == 1, (climb == 0) | (climb == 1))
    fits &= np.diff(rows, prepend=0) >= 0
    if not fits.all():
        raise Fault(f"preferences.csv:{int(np.argmin(fits)) + 2}", "audit_bad_rank")
    twice = np.flatnonzero(np.diff(bundle.wishes) == 0)
    if len(twice):
        same_wish = rows * len(bundle.pools) + pools == bundle.wishes[twice[0]]
        place = int(np.flatnonzero(same_wish)[1])
        raise Fault(f"preferences.csv:{place + 2}", "audit_twice", column="pool")


def check_removals(bundle: Contents) -> None:
    """Only households of the roster, by code, nobody twice."""
    strictly_sorted("removals.csv", "code", bundle.tables["removals.csv"]["code"])
    bundle.removed.any()


def check_result(bundle: Contents) -> None:
    """Every housed household is on the roster, not removed, in a pool of its list that has the place."""
    result = bundle.tables["result.csv"]
    strictly_sorted("result.csv", "code", result["code"])
    rows = bundle.known("result.csv", "code", bundle.codes)
    gone = bundle.removed[rows]
    if gone.any():
        raise Fault(f"result.csv:{int(np.argmax(gone)) + 2}", "audit_removed_housed")
    pools = bundle.known("result.csv", "pool", bundle.pools)
    held = rows * len(bundle.pools) + pools
    found = np.searchsorted(bundle.wishes, held)
    is_listed = np.append(bundle.wishes, -1)[found] == held
    if not is_listed.all():
        raise Fault(f"result.csv:{int(np.argmin(is_listed)) + 2}", "audit_not_listed")
    load = np.bincount(pools, minlength=len(bundle.pools))
    over = load > bundle.tables["pools.csv"]["capacity"]
    if over.any():
        raise Fault("result.csv", "audit_over_capacity", pool=bundle.pools[int(np.argmax(over))].as_py())


def check_dwelling_rule(bundle: Contents) -> None:
    """In a pool the published order (or a second ticket) takes places 1, 2, …"""
    result = bundle.tables["result.csv"]
    rows = bundle.known("result.csv", "code", bundle.codes)
    pools = bundle.known("result.csv", "pool", bundle.pools)
    turn = _turns(bundle, result["code"], rows)
    if len(bundle.tenant_rows):
        check_homes(bundle, turn)
        return
    order = np.lexsort((turn, pools))
    capacity = bundle.tables["pools.csv"]["capacity"]
    load = np.bincount(pools, minlength=len(capacity))
    inside = np.arange(len(order)) - (np.cumsum(load) - load)[pools[order]]
    due = (np.cumsum(capacity) - capacity)[pools[order]] + inside
    owed = bundle.tables["dwellings.csv"]["dwelling_id"].take(pa.array(due)).to_pylist()
    given = result["dwelling_id"].take(pa.array(order)).to_pylist()
    for place, (one, other) in enumerate(zip(given, owed, strict=True)):
        if one != other:
            same(f"result.csv:{int(order[place]) + 2}", one, other)


def _turns(bundle: Contents, codes: pa.Array, rows: Ints) -> Ints:
    if bundle.commitment["rules"]["dwelling_rule"] == "order":
        position = np.empty(len(bundle.codes), dtype=np.int64)
        position[bundle.order_rows] = np.arange(len(bundle.codes))
        return position[rows]
    tickets = tickets_of(bundle.documents["draw.json"]["seed"], "dwelling", codes.to_pylist())
    return np.argsort(np.argsort(np.array(tickets, dtype=np.str_), kind="stable"), kind="stable").astype(
        np.int64
    )


def check_certificate(bundle: Contents) -> None:
    """Every figure of the certificate recomputed, and the laws it stands for."""
    instance, assigned = bundle.instance(), bundle.assigned()
    rules = bundle.commitment["rules"]
    mechanism = rules["mechanism"]
    if mechanism in LOTTERIES:
        judgement: Judgement | None = Judgement(lottery_figures(bundle), ())
    elif mechanism == "band_optimum" and instance.extensions:
        judgement = _judged_quotas(bundle, instance, assigned)
    elif fielded.is_fielded(instance, mechanism) and mechanism in BUNDLED:
        _refuse_wrongs(fielded.rights_laws(instance, assigned, mechanism))
        judgement = fielded.judge_fielded(instance, assigned, mechanism, {})
    elif instance.extensions:
        raise Fault("rules.json", "audit_rules_not_served", name=mechanism)
    else:
        judgement = judged(instance, assigned, mechanism, housing_first=rules["housing_first"])
    if judgement is None:
        raise Fault("commitment.json: rules.mechanism", "audit_unknown_mechanism", name=mechanism)
    for breach in judgement.breaches:
        raise Fault(
            "result.csv",
            f"audit_law_{breach.law}",
            household=breach.household,
            pool=breach.pool,
            band=breach.band,
        )
    compare_figures("certificate.json", bundle.documents["certificate.json"], judgement.certificate)


def _refuse_wrongs(laws: Iterable[tuple[str, list[Mapping[str, object]]]]) -> None:
    """What everybody is owed under priorities, reserves and quotas, whoever was chosen."""
    for law, witnesses in laws:
        for witness in witnesses:
            where = {"household": witness.get("household", ""), "pool": witness.get("pool", "")}
            named = witness.get("quota", witness.get("field", ""))
            raise Fault("result.csv", "audit_law_rights", law=law, named=named, **where)


def _judged_quotas(bundle: Contents, instance: Instance, assigned: Ints) -> Judgement:
    """``band_optimum`` under reserves and quotas; where they cross, the law says what comes first, and proofs are read."""
    case = band_quotas(instance, assigned)
    _refuse_wrongs(case.rights())
    options = {
        "housing_first": bundle.commitment["rules"]["housing_first"],
        "housed": bundle.documents[IN_FORCE]["allocation"].get("housed"),
    }
    is_served = options["housed"] in {"count", "order"} and "current" not in instance.extensions
    if isinstance(case.nest, tuple) and not is_served:
        raise Fault(f"{IN_FORCE}: allocation.housed", "audit_rules_not_served", name=" / ".join(case.nest))
    judgement = case.judge({"options": options, "certificate": bundle.documents["certificate.json"]})
    for breach in judgement.breaches if isinstance(case.nest, tuple) else ():
        told = {"law": breach.law, "household": breach.household, "band": breach.band}
        raise Fault("certificate.json: proofs", "audit_unproved", **told)
    return judgement


def judged(instance: Instance, assigned: Ints, mechanism: object, *, housing_first: bool) -> Judgement | None:
    """The mechanism's own judgement of an assignment; None for a mechanism whose laws we do not know."""
    if mechanism == "serial":
        return judge_serial(instance, assigned)
    if mechanism == "band_optimum":
        return judge_band_optimum(instance, assigned, housing_first=housing_first)
    return None


def compare_figures(where: str, published: object, recomputed: object) -> None:
    """``Fault`` at the first place where two documents differ, the type included."""
    pending = [(where + ": ", published, recomputed)]
    while pending:
        at, one, other = pending.pop()
        if isinstance(one, dict) and isinstance(other, dict):
            for key in sorted(set(one) | set(other)):
                pending.append((f"{at}{key}.", one.get(key), other.get(key)))
        elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            pending.extend(
                (f"{at}{place}.", *pair) for place, pair in enumerate(zip(one, other, strict=True))
            )
        else:
            same(at.rstrip(". "), one, other)
    if canonical_bytes(published) != canonical_bytes(recomputed):
        raise Fault(where, "audit_not_canonical")


def check_counts(bundle: Contents) -> None:
    """The manifest's counts."""
    counted = {
        "households": bundle.rows("roster.csv"),
        "pools": bundle.rows("pools.csv"),
        "places": bundle.places,
        "preferences": bundle.rows("preferences.csv"),
        "housed": bundle.rows("result.csv"),
        "removed": bundle.rows("removals.csv"),
    }
    for name, count in counted.items():
        same(f"manifest.json: counts.{name}", bundle.manifest["counts"][name], count)
