"""Of which projects a household was not shortlisted, and on which day the last one registered that was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator.model.enums import Sex, Verdict
from allocator.model.facts import Facts
from allocator.model.lookups import is_among
from allocator.office import frozen
from allocator.office.acts import NO_SUB_ROUND
from allocator.office.stage_open import SNAPSHOT
from allocator.policy.in_force import Policy
from allocator.rounds.freeze import PUBLIC, SubRound
from allocator.supply.pools import ranked_pools

if TYPE_CHECKING:
    from allocator.store import Store

ON_NO_ROSTER = "told_not_shortlisted"
_SEXES = {"F": str(Sex.FEMALE), "M": str(Sex.MALE)}


def by_project(
    sentences: list[tuple[str, dict[str, Any]]],
    store: Store,
    month: str,
    sub_rounds: tuple[str, ...],
    policy: Policy,
    facts: Facts,
    me: pd.Series,
) -> list[tuple[str, dict[str, Any]]]:
    """The sentences, and where the law shortlists by project one for each that the household lost.

    ``facts``: of this household; ``me``: its row of the people. A law that shortlists over the whole round says nothing
    more.
    """
    rule = policy.ranking.shortlist
    if rule is None or rule.per != "project" or PUBLIC not in sub_rounds or me["verdict"] != Verdict.ELIGIBLE:
        return sentences
    sub_round = frozen.load(store, month, PUBLIC)
    households = store.frame(month, NO_SUB_ROUND, SNAPSHOT + "households").set_index("receipt_no")[
        "registered_on"
    ]
    lost = _lost(sub_round, facts, me)
    told = [_told(project, sub_round, households, str(me["receipt_no"])) for project in lost]
    kept = [one for one in sentences if not told or one[0] != ON_NO_ROSTER]
    return kept + told


def _lost(sub_round: SubRound, facts: Facts, me: pd.Series) -> list[str]:
    """Projects of the sub-round on the household's own list, in its order, that its frozen list does not have."""
    pools = sub_round.pools.assign(employer_id="", sex=sub_round.pools["sex"].map(_SEXES).fillna(""))
    listed = ranked_pools(facts.preferences, pd.DataFrame([me]).reset_index(drop=True), pools)
    wished = pools["project_id"].iloc[listed["pool"]].drop_duplicates()
    code = sub_round.roster.loc[sub_round.roster["receipt_no"] == me["receipt_no"], "code"]
    own = sub_round.preferences.loc[is_among(sub_round.preferences["code"], code), "pool"]
    kept = pools.loc[is_among(pools["pool"], own), "project_id"]
    return list(wished[~is_among(wished, kept)])


def _told(
    project: str, sub_round: SubRound, registered: pd.Series, receipt_no: str
) -> tuple[str, dict[str, Any]]:
    """The last day that got in there, and the household's own."""
    pools = sub_round.pools.loc[sub_round.pools["project_id"] == project, "pool"]
    codes = sub_round.preferences.loc[is_among(sub_round.preferences["pool"], pools), "code"]
    there = sub_round.roster.loc[is_among(sub_round.roster["code"], codes), "receipt_no"]
    last, own = registered.reindex(there).max(), registered[receipt_no]
    days = {"last": _day(last), "own": _day(own)}
    return "told_not_shortlisted_project", {"project": project, "households": len(there), **days}


def _day(day: Any) -> str:
    return "—" if pd.isna(day) else f"{day:%Y-%m-%d}"
