"""A city as it stands, for the laboratory: who waits and who rents, from a delivery or from the store. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from allocator.errors import FaultsFound
from allocator.model.leases import LeaseState
from allocator.model.lookups import is_among, positions_among
from allocator.model.records import Standing
from allocator.office import history
from allocator.office.deliveries import Ask, check_delivery
from allocator.office.tenancies import lines_of
from allocator.store import Store

if TYPE_CHECKING:
    from allocator.model.facts import Facts

_NOT_ON_THE_LIST: Final = tuple(standing.value for standing in Standing if standing is not Standing.WAITING)


@dataclass(frozen=True, eq=False)
class StandingCity:
    """``waiting``: ``receipt_no, num_waivers, num_lost``; ``tenants``: ``receipt_no, dwelling_id, since``."""

    facts: Facts
    waiting: pd.DataFrame
    tenants: pd.DataFrame


def delivered(folder: Path, language: str) -> Facts:
    """The facts of a delivery without a fault, people of synthetic ID numbers among them: nothing is done to anybody.

    Raises ``FaultsFound`` with every fault of it, located.
    """
    delivery = check_delivery(Ask(folder, synthetic_ids=True))
    errors = [problem for problem in delivery.problems if problem.severity == "error"]
    if errors:
        lines = lines_of(errors, language)
        raise FaultsFound("scenario_delivery_faulty", folder=folder.name, count=len(errors), lines=lines)
    return delivery.facts


def stored(store_url: str, on: date) -> StandingCity:
    """Who waits and who rents on that day by the store. Raises ``Refused`` where there is none.

    Frozen, withdrawn and set aside cases are not on the list; a lease that ended before the day is none.
    """
    with Store.open(store_url, create=False) as store:
        facts, standings, leases = store.read_facts(), store.standings(), store.leases()
        lost = history.lost_rounds(store)
    tenants = _tenants(leases, on)
    receipts = facts.households["receipt_no"]
    away = standings.loc[standings["state"].isin(_NOT_ON_THE_LIST), "receipt_no"]
    is_away = is_among(receipts, away) | is_among(receipts, tenants["receipt_no"])
    receipts = receipts[~is_away].reset_index(drop=True)
    waivers = np.append(standings["num_waivers"].to_numpy(dtype=np.int64), 0)
    waiting = pd.DataFrame({"receipt_no": receipts})
    waiting["num_waivers"] = waivers[positions_among(receipts, standings["receipt_no"])]
    waiting["num_lost"] = history.of_households(lost, waiting)
    return StandingCity(facts, waiting, tenants)


def _tenants(leases: pd.DataFrame, on: date) -> pd.DataFrame:
    """The latest lease of each household that runs on that day."""
    runs = (leases["state"] == LeaseState.IN_FORCE.value) & (leases["ends_on"] >= pd.Timestamp(on))
    running = leases[runs].sort_values(["starts_on", "lease_no"], kind="stable")
    last = running.drop_duplicates("receipt_no", keep="last").drop_duplicates("dwelling_id", keep="last")
    return last[["receipt_no", "dwelling_id", "starts_on"]].rename(columns={"starts_on": "since"})
