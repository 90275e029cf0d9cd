"""All figures of one round from what is filed; stages that have not happened leave their frames empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from allocator.measures.fairness import rates_by_group
from allocator.measures.places import empty_figures, place_figures, pool_figures, supply_figures
from allocator.measures.small_cells import LEAST_COUNT, merge_small, merge_small_spans
from allocator.model.enums import OfferState, Verdict
from allocator.model.figures import RoundFigures, SubRoundRecord

FUNNEL_STEPS: Final = ("received", "eligible", "roster", "housed", "accepted", "signed")
# Its bundle goes to the auditor: its pools would show who has a need (contract, section 6).
_NOT_PUBLIC: Final = "need"
_PERSON_COLUMNS: Final = ["receipt_no", "branch", "num_persons", "priority_group"]


def round_figures(
    *,
    month: str,
    authority_zh: str,
    authority_en: str,
    is_rehearsal: bool,
    num_receipts_by_class: Mapping[str, int],
    mechanism: str = "",
    verdicts: pd.DataFrame | None = None,
    sub_rounds: Sequence[SubRoundRecord] = (),
    offers: pd.DataFrame | None = None,
    leases: pd.DataFrame | None = None,
) -> RoundFigures:
    """The figures of a round.

    ``num_receipts_by_class``: every receipt received, by the classes of docs/reference/bundle.md.
    ``verdicts``: receipt_no, verdict. ``offers``: receipt_no, state, dwelling_id (columns of
    ``model.records.OFFERS``). ``leases``: one row per lease signed, receipt_no. ``sub_rounds`` in their order.
    """
    people = _people(sub_rounds)
    waived = _waived_dwellings(offers)
    places, pools = place_figures(sub_rounds, waived), pool_figures(sub_rounds)
    is_allocated = any(record.result is not None for record in sub_rounds)
    rates = rates_by_group(people if is_allocated else people.iloc[:0])
    empty = empty_figures(places, pools)
    return RoundFigures(
        month=month,
        authority_zh=authority_zh,
        authority_en=authority_en,
        is_rehearsal=is_rehearsal,
        mechanism=mechanism,
        funnel=_funnel(
            num_receipts_by_class, verdicts, people if sub_rounds else None, is_allocated, offers, leases
        ),
        receipts=_receipts(num_receipts_by_class),
        sub_rounds=_sub_rounds(sub_rounds),
        supply=supply_figures(places),
        ranks=_ranks(sub_rounds),
        pools=pools[pools["sub_round"] != _NOT_PUBLIC].reset_index(drop=True),
        rates=rates,
        empty=empty,
        totals={
            "places": len(places),
            "empty": int(empty["num_places"].sum()),
            "on_roster": len(people),
            "housed": int(people["is_housed"].sum()),
        }
        | {f"on_roster_{record.sub_round}": len(record.roster) for record in sub_rounds},
    )


def _people(records: Sequence[SubRoundRecord]) -> pd.DataFrame:
    """One row per household on any roster, with ``is_housed``; the last sub-round's row counts."""
    if not records:
        return pd.DataFrame(columns=[*_PERSON_COLUMNS, "is_housed"]).astype({"is_housed": "bool"})
    everyone = pd.concat([_housed_in(record) for record in records], ignore_index=True)
    everyone["is_housed"] = everyone.groupby("receipt_no")["is_housed"].transform("max").astype(bool)
    return everyone.drop_duplicates("receipt_no", keep="last").reset_index(drop=True)


def _housed_in(record: SubRoundRecord) -> pd.DataFrame:
    housed = record.result["code"] if record.result is not None else pd.Series(dtype="str")
    return record.roster[_PERSON_COLUMNS].assign(is_housed=record.roster["code"].isin(housed))


def _waived_dwellings(offers: pd.DataFrame | None) -> frozenset[str]:
    """Dwellings whose last word is a waiver: declined and not offered again with another outcome."""
    if offers is None or offers.empty:
        return frozenset()
    is_waived = offers["state"] == OfferState.WAIVED
    return frozenset(offers.loc[is_waived, "dwelling_id"]) - frozenset(offers.loc[~is_waived, "dwelling_id"])


def _funnel(
    num_receipts_by_class: Mapping[str, int],
    verdicts: pd.DataFrame | None,
    people: pd.DataFrame | None,
    is_allocated: bool,
    offers: pd.DataFrame | None,
    leases: pd.DataFrame | None,
) -> pd.DataFrame:
    """step, num_households; a step that has not happened has no row."""
    counts = {"received": sum(num_receipts_by_class.values())}
    if verdicts is not None:
        counts["eligible"] = int((verdicts["verdict"] == Verdict.ELIGIBLE).sum())
    if people is not None:
        counts["roster"] = len(people)
        if is_allocated:
            counts["housed"] = int(people["is_housed"].sum())
    if offers is not None and (offers["state"] != OfferState.MADE).any():
        is_accepted = offers["state"] == OfferState.ACCEPTED
        counts["accepted"] = int(offers.loc[is_accepted, "receipt_no"].nunique())
    if leases is not None:
        counts["signed"] = int(leases["receipt_no"].nunique())
    steps = [step for step in FUNNEL_STEPS if step in counts]
    return pd.DataFrame({"step": steps, "num_households": [counts[step] for step in steps]})


def _receipts(num_receipts_by_class: Mapping[str, int]) -> pd.DataFrame:
    """Every receipt by class, the most numerous first; small ones merged."""
    frame = pd.DataFrame(sorted(num_receipts_by_class.items()), columns=["receipt_class", "num_households"])
    frame = frame[frame["num_households"] > 0].sort_values("num_households", ascending=False, kind="stable")
    return merge_small(frame.reset_index(drop=True), "receipt_class", ("num_households",))


def _sub_rounds(records: Sequence[SubRoundRecord]) -> pd.DataFrame:
    """One row per sub-round; one of few households, or with few housed, is told together with the next."""
    rows = [_told_together(group) for group in _large_enough(records)]
    columns = ["sub_round", "num_households", "num_places", "num_housed", "num_empty", "has_ceremony"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"num_housed": "Int64", "num_empty": "Int64", "has_ceremony": "boolean"})


def _large_enough(records: Sequence[SubRoundRecord]) -> list[list[SubRoundRecord]]:
    groups: list[list[SubRoundRecord]] = []
    for record in records:
        if groups and _is_small(groups[-1]):
            groups[-1].append(record)
        else:
            groups.append([record])
    if len(groups) > 1 and _is_small(groups[-1]):
        last = groups.pop()
        groups[-1] += last
    return groups


def _is_small(group: Sequence[SubRoundRecord]) -> bool:
    told = _told_together(group)
    housed = 0 if told["num_housed"] is pd.NA else told["num_housed"]
    return any(0 < count < LEAST_COUNT for count in (told["num_households"], housed))


def _told_together(group: Sequence[SubRoundRecord]) -> dict[str, Any]:
    """Households and places of the group, each counted once; housed is NA while one of them is open."""
    dwellings = pd.concat([record.dwellings["dwelling_id"] for record in group]).nunique()
    results = [record.result for record in group if record.result is not None]
    housed = sum(map(len, results)) if len(results) == len(group) else pd.NA
    ceremonies = [record.has_ceremony for record in group if record.has_ceremony is not None]
    return {
        "sub_round": "+".join(record.sub_round for record in group),
        "num_households": pd.concat([record.roster["receipt_no"] for record in group]).nunique(),
        "num_places": dwellings,
        "num_housed": housed,
        "num_empty": dwellings - housed,
        "has_ceremony": any(ceremonies) if ceremonies else pd.NA,
    }


def _ranks(records: Sequence[SubRoundRecord]) -> pd.DataFrame:
    """first_rank, last_rank, num_households: the rank each housed household gave to the pool it got."""
    got = [
        record.result[["code", "pool"]].merge(record.preferences, on=["code", "pool"], how="left")
        for record in records
        if record.result is not None
    ]
    if not got:
        return pd.DataFrame(columns=["first_rank", "last_rank", "num_households"]).astype("int64")
    ranks = pd.concat([frame.groupby("code")["rank"].min() for frame in got])
    counts = ranks.dropna().astype("int64").value_counts()
    full = counts.reindex(range(1, int(counts.index.max()) + 1), fill_value=0) if len(counts) else counts
    spans = merge_small_spans(full)
    return spans.rename(columns={"first": "first_rank", "last": "last_rank", "count": "num_households"})
