"""Rounds as they would be filed, made here from a synthetic city by a plain choosing in order.

Nothing of the engine's mechanisms is used: the page must tell whatever is filed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.measures import round_figures
from allocator.model.facts import Facts
from allocator.model.figures import RoundFigures, SubRoundRecord
from scenarios.population import city

COUNTS = {"ineligible": 37, "incomplete": 12, "withdrawn": 4, "frozen": 2}


def stock_of(facts: Facts) -> pd.DataFrame:
    """Dwellings with the pool they are in (project, type, sex of the room, rent)."""
    stock = facts.dwellings.merge(facts.projects[["project_id", "name", "supply_mode"]], on="project_id")
    is_bed = stock["dwelling_type"] == "bed"
    chosen = np.where(stock["room_id"].astype("str").str[-1:].isin(list("13579")), "male", "female")
    stock["sex"] = np.where(
        is_bed, stock["room_sex"].astype("object").where(stock["room_sex"].notna(), chosen), ""
    )
    stock["pool"] = (
        stock["project_id"] + "-" + stock["dwelling_type"] + "-" + stock["sex"].astype("str") + "-"
    ) + stock["rent_per_m2_fen"].astype("str")
    return stock.rename(columns={"name": "project_name"})


def record_of(facts: Facts, sub_round: str = "public", *, is_allocated: bool = True) -> SubRoundRecord:
    """A sub-round in which every household of the city stands, in bands by branch, housed in order."""
    stock = stock_of(facts)
    columns = ["pool", "project_id", "project_name", "supply_mode", "dwelling_type", "sex", "rent_per_m2_fen"]
    pools = stock.groupby(columns).size().rename("capacity").reset_index()
    people = facts.members.groupby("receipt_no").agg(num_persons=("relation", "size"), sex=("sex", "first"))
    roster = facts.households[["receipt_no", "branch"]].merge(people, on="receipt_no")
    roster["band"] = (roster["branch"] != "local").astype("int64")
    roster = roster.sort_values(["band", "receipt_no"]).reset_index(drop=True)
    roster["code"] = [f"k{place:06d}" for place in roster.index]
    roster["points"], roster["priority_group"] = 0, roster["band"]
    lists = facts.preferences.merge(roster[["receipt_no", "code", "sex"]], on="receipt_no")
    lists = lists.merge(
        pools[["pool", "project_id", "dwelling_type", "sex"]], on=["project_id", "dwelling_type"]
    )
    lists = lists[(lists["sex_y"] == "") | (lists["sex_y"] == lists["sex_x"])].sort_values(["code", "rank"])
    lists["rank"] = lists.groupby("code")["rank"].rank(method="dense").astype("int64")
    places = stock[["pool", "dwelling_id"]].sort_values(["pool", "dwelling_id"])
    record = SubRoundRecord(sub_round, roster, lists[["code", "rank", "pool"]], pools, places)
    return allocated(record) if is_allocated else record


def allocated(record: SubRoundRecord) -> SubRoundRecord:
    """The same sub-round after choosing in order."""
    free = record.dwellings.groupby("pool")["dwelling_id"].agg(list).to_dict()
    position = {code: place + 1 for place, code in enumerate(record.roster["code"])}
    rows, filled, housed = [], {}, set()
    ordered = record.preferences.assign(position=record.preferences["code"].map(position))
    for choice in ordered.sort_values(["position", "rank", "pool"]).itertuples():
        if choice.code not in housed and free[choice.pool]:
            housed.add(choice.code)
            rows.append((choice.code, choice.pool, free[choice.pool].pop(0)))
            if not free[choice.pool]:
                filled[choice.pool] = choice.position
    certificate: dict[str, Any] = {
        "format": "allocator-certificate/1",
        "mechanism": "serial",
        "num_households": len(record.roster),
        "num_housed": len(rows),
        "filled": filled,
    }
    result = pd.DataFrame(rows, columns=["code", "pool", "dwelling_id"])
    columns = {
        name: getattr(record, name) for name in ("sub_round", "roster", "preferences", "pools", "dwellings")
    }
    return SubRoundRecord(**columns, result=result, certificate=certificate, has_ceremony=True)


def offers_of(record: SubRoundRecord) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Offers, every tenth of which was waived, and the leases of the others."""
    made = record.result.merge(record.roster[["receipt_no", "code"]], on="code")
    made["state"] = np.where(np.arange(len(made)) % 10 == 3, "WAIVED", "ACCEPTED")
    return made, made[made["state"] == "ACCEPTED"]


def finished_round(
    num_households: int = 600, *, world: str = "shortage", is_rehearsal: bool = True
) -> tuple[Facts, RoundFigures]:
    """A city and the figures of its round, all stages done."""
    facts = city(num_households, 11, world)
    record = record_of(facts)
    offers, leases = offers_of(record)
    verdicts = pd.DataFrame({"receipt_no": facts.households["receipt_no"], "verdict": "ELIGIBLE"})
    return facts, round_figures(
        month="2026-03",
        authority_zh="示例市住房保障主管部门",
        authority_en="Housing Security Bureau of the Example City",
        is_rehearsal=is_rehearsal,
        mechanism="serial",
        num_receipts_by_class=COUNTS | {"roster": len(record.roster)},
        verdicts=verdicts,
        sub_rounds=[record],
        offers=offers,
        leases=leases,
    )


def opened_round() -> RoundFigures:
    """The figures of a round in which nothing has been allocated yet."""
    record = record_of(city(200, 5), is_allocated=False)
    return round_figures(
        month="2026-03",
        authority_zh="示例市",
        authority_en="Example City",
        is_rehearsal=False,
        num_receipts_by_class={"roster": len(record.roster)},
        sub_rounds=[record],
    )
