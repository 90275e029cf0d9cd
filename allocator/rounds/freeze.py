"""From people and stock to the frozen sub-rounds: rosters, pools, lists. All before the seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from allocator.model.columns import ANY_TYPE
from allocator.model.enums import DwellingKind, Sex, Verdict
from allocator.model.facts import Facts
from allocator.model.instance import Instance
from allocator.model.lookups import is_among, order_by_text
from allocator.policy.in_force import Policy
from allocator.policy.model import TRANSFER
from allocator.policy.rules import Shortlist
from allocator.publicity import codes
from allocator.rounds import rooms as room_rules
from allocator.rounds import tenants as tenant_rules
from allocator.rounds.declared import LEAST_CELL, Declared, admitted, declared_of
from allocator.rounds.rooms import RoomSplit
from allocator.rounds.shortlist import by_project
from allocator.rounds.solving import loads_of, solve_round
from allocator.rounds.tenants import Movers
from allocator.rounds.wishes import bed_demand, with_assignment
from allocator.supply import pools as pool_rules
from allocator.supply import stock as stock_rules
from allocator.supply import units as unit_rules

NEED, PUBLIC = "need", "public"
EMPLOYER_PREFIX = "employer-"
_LETTER = {str(Sex.FEMALE): "F", str(Sex.MALE): "M", "": ""}


@dataclass(frozen=True, eq=False)
class SubRound:
    """分场, frozen. ``roster``: ``receipt_no, code, salt, band, points, priority_group``, by code;
    ``preferences``: ``code, rank, pool`` as in the bundle; ``pools`` and ``dwellings`` as in the bundle.
    ``declared``: groups and resolved rules of the public sub-round, where the policy declares any; ``rooms``: its
    split of empty dormitory rooms, where the policy asks for a joint one. ``current``: ``code, pool, dwelling_id`` of
    the tenants on the roster, by code, where the policy has them take part here; ``left_out``, of the public one:
    ``receipt_no, cause`` of tenants who asked and take no part (``tenants.Cause``).
    """

    name: str
    roster: pd.DataFrame
    preferences: pd.DataFrame
    pools: pd.DataFrame
    dwellings: pd.DataFrame
    declared: Declared | None = None
    rooms: RoomSplit | None = None
    current: pd.DataFrame | None = None
    left_out: pd.DataFrame | None = None

    @property
    def num_places(self) -> int:
        """Places of all pools."""
        return int(self.pools["capacity"].sum())


@dataclass(frozen=True, eq=False)
class _Draft:
    name: str
    people: pd.DataFrame
    pools: pd.DataFrame
    lists: pd.DataFrame
    places: pd.DataFrame
    rooms: RoomSplit | None = None
    movers: Movers | None = None


def sub_rounds(
    facts: Facts,
    people: pd.DataFrame,
    policy: Policy,
    month: str,
    on: date,
    occupied: pd.DataFrame,
    key: bytes | None = None,
    tenants: pd.DataFrame | None = None,
) -> list[SubRound]:
    """The month's sub-rounds in the policy's order; those without people or places are left out, never the public one.

    ``key``: the round key (``publicity.codes``), where it is made already. ``tenants``: ``receipt_no, dwelling_id`` of
    those among the people who hold a lease and ask to move; given exactly where the policy has transfers.
    """
    everybody = people[people["verdict"] == Verdict.ELIGIBLE].reset_index(drop=True)
    wishes = facts.preferences[is_among(facts.preferences["receipt_no"], everybody["receipt_no"])]
    eligible, movers = everybody, None
    if tenants is not None:
        eligible = everybody[~is_among(everybody["receipt_no"], tenants["receipt_no"])].reset_index(drop=True)
        movers = tenant_rules.movers_of(everybody, facts, policy, on, occupied, tenants)
    wishes = with_assignment(wishes, eligible, policy)
    stock = stock_rules.open_stock(facts, policy.supply, on, occupied)
    stock = unit_rules.with_units(stock, facts.dwellings, occupied, policy.supply.rooms)
    planned = stock_rules.sexes_of_empty_rooms(stock, bed_demand(wishes, eligible))
    if policy.supply.rooms is None:
        stock = planned.assign(unit="")
    stock = stock.assign(planned=planned["sex"])
    drafts: list[_Draft] = []
    left_out = None
    for kind in policy.supply.sub_rounds:
        if kind == NEED:
            stock = _need(drafts, stock, eligible, wishes, policy)
        elif kind == "employer":
            stock = _employers(drafts, stock, eligible, wishes, policy)
        else:
            if movers is not None and has_transfers_of_their_own(policy):
                stock, left_out = _transfer(drafts, stock, movers, wishes, policy)
                movers = None
            _public(drafts, stock, eligible, wishes, facts, policy, movers)
    key = key or codes.round_key(facts, month)
    left_out = next((one.movers.left_out for one in drafts if one.movers is not None), left_out)
    frozen = [_frozen(draft, key, month, policy, facts) for draft in drafts]
    return [replace(one, left_out=left_out) if one.name == PUBLIC else one for one in frozen]


def has_transfers_of_their_own(policy: Policy) -> bool:
    """Whether tenants exchange homes in a sub-round of their own."""
    rules = policy.allocation.transfers
    return rules is not None and rules.form == "sub_round"


def shortlisted(
    people: pd.DataFrame, facts: Facts, stock: pd.DataFrame, rule: Shortlist | None
) -> pd.DataFrame:
    """入围: the earliest registered for whom there are places in the ratio of the law, by whole days.

    The places are those left for the public sub-round. Nobody is cut off inside a day: all who registered on
    the last day that gets in are in. A household without a date comes after every date.
    """
    places = int((stock["employer_id"] == "").sum())
    if rule is None or len(people) * rule.dwellings <= places * rule.households:
        return people
    registered = facts.households.set_index("receipt_no")["registered_on"]
    days = people["receipt_no"].map(registered).fillna(pd.Timestamp.max.as_unit("s"))
    num_in = places * rule.households // rule.dwellings
    if num_in == 0:
        return people.iloc[:0]
    last = np.sort(days.to_numpy())[num_in - 1]
    return people[(days <= last).to_numpy(dtype=bool)].reset_index(drop=True)


def _need(
    drafts: list[_Draft], stock: pd.DataFrame, people: pd.DataFrame, wishes: pd.DataFrame, policy: Policy
) -> pd.DataFrame:
    """Accessible and low dwellings among those in need; what they cannot fill is released at once."""
    needy = people[people["is_in_need"]].reset_index(drop=True)
    suitable = stock[pool_rules.suits_need(stock, policy.supply)]
    return _kept(drafts, NEED, suitable, needy, wishes, stock, policy, need_first=True)


def _employers(
    drafts: list[_Draft], stock: pd.DataFrame, people: pd.DataFrame, wishes: pd.DataFrame, policy: Policy
) -> pd.DataFrame:
    """Each employer's own stock among its qualified staff; the surplus goes back to the bureau."""
    projects = stock.loc[stock["employer_id"] != "", "project_id"].unique()
    wishes = wishes[is_among(wishes["project_id"], [*projects, ANY_TYPE])]
    for employer in sorted(set(stock["employer_id"]) - {""}):
        own = stock[stock["employer_id"] == employer]
        staff = people[people["employer_id"] == employer].reset_index(drop=True)
        stock = _kept(drafts, EMPLOYER_PREFIX + employer, own, staff, wishes, stock, policy, need_first=False)
        left = stock["employer_id"] == employer
        stock = stock[~left | stock["surplus_to_bureau"]]
        stock = stock.assign(employer_id=stock["employer_id"].where(stock["employer_id"] != employer, ""))
    return stock


def _public(
    drafts: list[_Draft],
    stock: pd.DataFrame,
    people: pd.DataFrame,
    wishes: pd.DataFrame,
    facts: Facts,
    policy: Policy,
    movers: Movers | None,
) -> None:
    """What is left, among those the law shortlists for it (over the whole sub-round, or project by project) and tenants."""
    rule = policy.ranking.shortlist
    is_by_project = rule is not None and rule.per == "project"
    people = people if is_by_project else shortlisted(people, facts, stock, rule)
    offered = stock[stock["employer_id"] == ""]
    if movers is not None:
        movers = tenant_rules.taking_part(movers, offered, wishes, LEAST_CELL)
        offered = pd.concat([offered, movers.homes], ignore_index=True)
    pools = room_rules.pools_before(offered)
    lists = pool_rules.ranked_pools(wishes, people, pools)
    if rule is not None and is_by_project:
        registered = facts.households.set_index("receipt_no")["registered_on"]
        people, lists = by_project(people, lists, pools, registered, rule)
    if movers is not None:
        own = tenant_rules.lists_of(movers, wishes, pools)
        lists = pd.concat([lists, own.assign(household=own["household"] + len(people))], ignore_index=True)
        people = pd.concat([people, movers.people], ignore_index=True)
    rooms = None
    if policy.supply.rooms is not None and (offered["kind"] == DwellingKind.BED).any():
        counted = admitted(people, pools, lists, facts, policy)
        offered, rooms = room_rules.split_rooms(offered, pools, lists, counted)
        pools = room_rules.with_capacities(pools, offered)
    offered = pool_rules.with_pool_names(offered)
    if movers is None:
        places = pool_rules.places_of(offered, need_first=False)
    else:
        places = tenant_rules.places_with_homes(offered, movers.homes)
    drafts.append(_Draft(PUBLIC, people, pools, lists, places, rooms, movers))


def _transfer(
    drafts: list[_Draft], stock: pd.DataFrame, movers: Movers, wishes: pd.DataFrame, policy: Policy
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tenants among themselves, with the empty flats they are going to fill where the law lets them.

    Gives back the rest of the stock, and who takes no part.
    """
    rules = policy.allocation.transfers
    is_free = (stock["employer_id"] == "") & (stock["kind"] == DwellingKind.FLAT)
    vacant = stock[is_free] if rules is not None and rules.vacancies else stock.iloc[:0]
    movers = tenant_rules.taking_part(movers, vacant, wishes, 1)
    if movers.people.empty:
        return stock, movers.left_out
    offered = pool_rules.with_pool_names(pd.concat([vacant, movers.homes], ignore_index=True))
    pools = pool_rules.pools_of(offered)
    lists = tenant_rules.lists_of(movers, wishes, pools)
    current = dict(zip(movers.names, movers.homes["pool"], strict=True))
    household = lists["household"].to_numpy(dtype=np.int64)
    loads = _loads(lists, movers.people, household, pools, policy, current)
    lived_in = pools["pool"].map(movers.homes["pool"].value_counts()).fillna(0).to_numpy(dtype=np.int64)
    capacity = np.maximum(loads, lived_in)
    places = tenant_rules.places_with_homes(
        offered, movers.homes, dict(zip(pools["pool"], (capacity - lived_in).tolist(), strict=True))
    )
    pools, lists = _struck_out(pools, lists, capacity)
    drafts.append(_Draft(TRANSFER, movers.people, pools, lists, places, movers=movers))
    return stock[~is_among(stock["dwelling_id"], places["dwelling_id"])], movers.left_out


def _kept(
    drafts: list[_Draft],
    name: str,
    offered: pd.DataFrame,
    people: pd.DataFrame,
    wishes: pd.DataFrame,
    stock: pd.DataFrame,
    policy: Policy,
    *,
    need_first: bool,
) -> pd.DataFrame:
    """Keep for a sub-round the places per pool that its people are going to fill; give back the rest of the stock.

    The numbers are aggregates fixed before the seed: the loads of the policy's own mechanism on the bands,
    which are known, with receipt numbers in place of tickets (``docs/decisions/sub-rounds-before-the-seed.md``).
    """
    # The rooms it keeps beds of have the sex planned for them; only the public split is proved to the public.
    offered = pool_rules.with_pool_names(offered.assign(sex=offered["planned"]))
    pools = pool_rules.pools_of(offered)
    # The few projects first: the many receipts are then looked up among few rows.
    wishes = wishes[is_among(wishes["project_id"], [*pools["project_id"].unique(), ANY_TYPE])]
    wishes = wishes[is_among(wishes["receipt_no"], people["receipt_no"])]
    lists = pool_rules.ranked_pools(wishes, people, pools)
    if lists.empty:
        return stock
    taking_part = np.unique(lists["household"])
    loads = _loads(
        lists, people.iloc[taking_part], np.searchsorted(taking_part, lists["household"]), pools, policy
    )
    places = pool_rules.places_of(offered, need_first=need_first)
    keep = places["place"] <= places["pool"].map(pd.Series(loads, index=pools["pool"]))
    pools, lists = _struck_out(pools, lists, loads)
    chosen = people.iloc[taking_part].reset_index(drop=True)
    lists = lists.assign(household=np.searchsorted(taking_part, lists["household"]))
    drafts.append(_Draft(name, chosen, pools, lists, places[keep]))
    gone = offered.set_index("dwelling_id")["sex"].reindex(places.loc[keep, "dwelling_id"])
    return unit_rules.settled(stock, gone)[~is_among(stock["dwelling_id"], gone.index)]


def _struck_out(
    pools: pd.DataFrame, lists: pd.DataFrame, capacity: np.ndarray
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pools with these places, those without any struck out of the lists; ranks are dense again."""
    kept = pools.assign(capacity=capacity)
    kept = kept[kept["capacity"] > 0]
    position = (
        pd.Series(np.arange(len(kept)), index=kept.index).reindex(range(len(pools)), fill_value=-1).to_numpy()
    )
    lists = lists.assign(pool=position[lists["pool"]])
    lists = lists[lists["pool"] >= 0]
    dense = lists.groupby("household")["rank"].rank(method="dense").astype("int64")
    return kept.reset_index(drop=True), lists.assign(rank=dense)


def _loads(
    lists: pd.DataFrame,
    people: pd.DataFrame,
    households: np.ndarray,
    pools: pd.DataFrame,
    policy: Policy,
    current: dict[str, str] | None = None,
) -> np.ndarray:
    """Places per pool that the mechanism would fill if tickets stood in the order of receipt numbers."""
    bands = bands_of(people, policy)
    points = people["points"].to_numpy(dtype=np.int64)
    order = np.lexsort((people["receipt_no"].to_numpy(object).astype(str), -points, bands))
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    at = position[households]
    by_place = np.argsort(at, kind="stable")
    names = people["receipt_no"].to_numpy(object)[order].tolist()
    instance = instance_of(at[by_place], lists.iloc[by_place], bands[order], pools, names)
    rules = policy.allocation
    if current is not None:
        instance = replace(instance, extensions={"current": current} if current else {})
        rules = rules.of_sub_round(TRANSFER)
    return loads_of(solve_round(instance, rules), instance)


def instance_of(
    households: np.ndarray, lists: pd.DataFrame, band: np.ndarray, pools: pd.DataFrame, names: list[str]
) -> Instance:
    """The instance of lists sorted by household (``households``: their place in the order from 0)."""
    counts = np.bincount(households, minlength=len(band)).astype(np.int64)
    return Instance(
        household_ids=names,
        band=np.asarray(band, dtype=np.int64),
        pool_ids=list(pools["pool"]),
        capacity=pools["capacity"].to_numpy(dtype=np.int64).copy(),
        start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        pool=lists["pool"].to_numpy(dtype=np.int64).copy(),
        rank=lists["rank"].to_numpy(dtype=np.int64).copy(),
    )


def _frozen(draft: _Draft, key: bytes, month: str, policy: Policy, facts: Facts) -> SubRound:
    """Names become codes of this sub-round; everything is sorted by code. Declared rules hold in the public one."""
    ranked = [name for name in ("priority_group", "points", "tie_break") if name in draft.people]
    roster = draft.people[["receipt_no", *ranked]].copy()
    named = codes.codes_of(key, month, draft.name, list(roster["receipt_no"]))
    roster["code"], roster["salt"] = named["code"].to_numpy(), named["salt"].to_numpy()
    roster["band"] = bands_of(roster, policy)
    preferences = pd.DataFrame(
        {
            "code": roster["code"].to_numpy(object)[draft.lists["household"]],
            "rank": draft.lists["rank"].to_numpy(),
            "pool": draft.pools["pool"].to_numpy(object)[draft.lists["pool"]],
        }
    )
    order = order_by_text(preferences["code"])
    columns = ["pool", "project_id", "dwelling_type", "sex", "rent_per_m2_fen", "capacity"]
    has_rules = policy.allocation.declares and draft.name == PUBLIC
    declared = declared_of(draft.people, roster, draft.pools, facts, policy) if has_rules else None
    return SubRound(
        draft.name,
        roster[["receipt_no", "code", "salt", "band", "points", "priority_group"]]
        .iloc[order_by_text(roster["code"])]
        .reset_index(drop=True),
        preferences.iloc[order].reset_index(drop=True),
        draft.pools.assign(sex=draft.pools["sex"].map(_LETTER).fillna(""))[columns].astype(
            {"capacity": "int64"}
        ),
        draft.places.sort_values(["pool", "place"], kind="stable").reset_index(drop=True),
        declared,
        draft.rooms,
        None if draft.movers is None else _current(draft.movers, roster),
    )


def _current(movers: Movers, roster: pd.DataFrame) -> pd.DataFrame:
    """``SubRound.current``."""
    code = roster.set_index("receipt_no")["code"].reindex(movers.names).to_numpy(object)
    homes = movers.homes[["pool", "dwelling_id"]].astype("str").assign(code=pd.Series(code, dtype="str"))
    current = homes[["code", "pool", "dwelling_id"]]
    return current.iloc[order_by_text(current["code"])].reset_index(drop=True)


def bands_of(roster: pd.DataFrame, policy: Policy) -> np.ndarray:
    """Dense bands from 0: one per (priority group, points), or per priority group where the policy says so.

    Where the law breaks ties (``tie_break``), equals are parted by it: 同等条件下优先.
    """
    group = roster["priority_group"].to_numpy(dtype=np.int64)
    points = roster["points"].to_numpy(dtype=np.int64)
    if policy.allocation.optimise_within == "priority_group":
        points = np.zeros_like(points)
    keys = [group, -points]
    if "tie_break" in roster:
        keys.append(roster["tie_break"].to_numpy(dtype=np.int64))
    if not len(group):
        return np.zeros(0, dtype=np.int64)
    return np.unique(np.stack(keys, axis=1), axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
