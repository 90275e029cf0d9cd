"""调房: who of the tenants asks to move, whose offered move can be carried out, and which lease ends for which."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from allocator.model.enums import OfferState
from allocator.model.leases import LeaseState
from allocator.model.lookups import is_among, positions_among
from allocator.tenancies.moves import in_order

_WISH: Final = ["rank", "project_id", "dwelling_type"]
MOVES: Final = ("step", "sequence", "kind", "act", "receipt_no", "from_dwelling", "to_dwelling")


def asks_anew(receipts: pd.Series, now: pd.DataFrame, then: pd.DataFrame) -> list[str]:
    """Those of the receipts who list something, and not just what they listed when they were housed; sorted.

    ``now``, ``then``: ``receipt_no, rank, project_id, dwelling_type``. A file delivered once more asks for nothing.
    """
    lists = [_lists(wishes[is_among(wishes["receipt_no"], receipts)]) for wishes in (now, then)]
    return sorted(receipt_no for receipt_no, own in lists[0].items() if lists[1].get(receipt_no) != own)


def _lists(wishes: pd.DataFrame) -> dict[str, set[tuple[int, str, str]]]:
    found: dict[str, set[tuple[int, str, str]]] = {}
    for receipt_no, *wish in wishes[["receipt_no", *_WISH]].itertuples(index=False, name=None):
        found.setdefault(receipt_no, set()).add((int(wish[0]), str(wish[1]), str(wish[2])))
    return found


def fallen_through(offers: pd.DataFrame, leases: pd.DataFrame) -> np.ndarray:
    """(n,) accepted offers of a dwelling that nobody leaves after all.

    ``leases``: ``receipt_no, dwelling_id`` in force. A dwelling is left when its tenant's own accepted offer is not
    itself one of these; so who refuses keeps its home, and nobody is put into it.
    """
    accepted = (offers["state"] == OfferState.ACCEPTED.value).to_numpy(dtype=bool)
    at = positions_among(offers["dwelling_id"], leases["dwelling_id"])
    tenant = np.append(leases["receipt_no"].to_numpy(object), "")[at]
    # The offer of whoever lives in the dwelling offered: -1 nobody lives there; the last row, if it has no offer.
    own = positions_among(pd.Series(tenant, dtype="str"), offers["receipt_no"])
    falls = np.append(~accepted, True)
    waits = at >= 0
    while True:
        more = accepted & waits & falls[own] & ~falls[:-1]
        if not more.any():
            return accepted & falls[:-1]
        falls[:-1] |= more


def moves_of(offers: pd.DataFrame, leases: pd.DataFrame) -> pd.DataFrame:
    """The moves in an order in which they can be carried out (``MOVES``), of tenants and of who enters their homes.

    ``offers``: those that are carried out; ``leases``: ``receipt_no, dwelling_id`` in force. Who enters an empty
    dwelling from outside waits for nobody and has no row.
    """
    lived_in = positions_among(offers["receipt_no"], leases["receipt_no"])
    home = np.append(leases["dwelling_id"].to_numpy(object), "")[lived_in]
    is_entering = is_among(offers["dwelling_id"], leases["dwelling_id"])
    taking = np.flatnonzero((lived_in >= 0) | is_entering)
    named = {*home[taking].tolist(), *offers["dwelling_id"].iloc[taking]} - {""}
    dwellings = pd.Series(sorted(named), dtype="str")
    origin = positions_among(pd.Series(home[taking], dtype="str"), dwellings)
    target = positions_among(offers["dwelling_id"].iloc[taking], dwellings)
    plan = in_order(origin, target, np.ones(len(dwellings), dtype=np.int64))
    # NOWHERE is -1: the last name.
    names = np.append(dwellings.to_numpy(object), "")
    row, here, there = (plan[name].to_numpy(dtype=np.int64) for name in ("household", "origin", "target"))
    movers = offers["receipt_no"].to_numpy(object)[taking]
    told = plan.assign(receipt_no=movers[row], from_dwelling=names[here], to_dwelling=names[there])
    return told[list(MOVES)].astype(dict.fromkeys(MOVES[2:], "str"))


def ended(leases: pd.DataFrame, successors: pd.DataFrame) -> pd.DataFrame:
    """The leases in force of those who signed another one: ended on the day before that begins, never before they began.

    ``leases``: ``model.records.LEASES`` in force; ``successors``: ``receipt_no, starts_on`` of the new ones.
    """
    own = leases[is_among(leases["receipt_no"], successors["receipt_no"])].reset_index(drop=True)
    begins = successors.set_index("receipt_no")["starts_on"].reindex(own["receipt_no"])
    last = begins.to_numpy(dtype="datetime64[D]") - np.timedelta64(1, "D")
    ends = np.minimum(own["ends_on"].to_numpy(dtype="datetime64[D]"), last)
    ends = np.maximum(own["starts_on"].to_numpy(dtype="datetime64[D]"), ends)
    return own.assign(ends_on=ends.astype("datetime64[s]"), state=LeaseState.CANCELLED.value)
