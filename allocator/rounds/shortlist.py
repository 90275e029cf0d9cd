"""入围 project by project: each household counts once, at the best project of its list that its day still reaches.

Where the law speaks of a plan of dwellings it means one project's (docs/decisions/shortlist-by-project.md). Every project
gets a last day; a household keeps of its list the projects whose last day is not before its own registration.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.policy.rules import Shortlist

Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]
# Later than every date, and no limit at all; earlier than every date.
NO_DATE: Final = np.datetime64("9999-12-30", "s")
_NO_LIMIT: Final = np.datetime64("9999-12-31", "s")
_NOBODY: Final = np.datetime64("0001-01-01", "s")


def by_project(
    people: pd.DataFrame, lists: pd.DataFrame, pools: pd.DataFrame, registered: pd.Series, rule: Shortlist
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The people left and their lists, ranks dense again.

    ``lists``: ``household`` (row in ``people``), ``rank``, ``pool`` (row in ``pools``), sorted by household and rank;
    ``registered``: by receipt number; a household without a date comes after every date. All who registered on a
    project's last day get in. Who keeps nothing of its list leaves; who listed nothing to begin with stays as it is.
    """
    lists = lists.reset_index(drop=True)
    days = registered.reindex(people["receipt_no"]).to_numpy(dtype="datetime64[s]")
    days = np.where(np.isnat(days), NO_DATE, days)
    project = pd.factorize(pools["project_id"])[0].astype(np.int64)
    owner, asked = lists["household"].to_numpy(dtype=np.int64), project[lists["pool"]]
    places = np.bincount(project, weights=pools["capacity"]).astype(np.int64)
    last = last_days(owner, asked, days, places, rule)
    kept = lists[days[owner] <= last[asked]]
    has_lost_all = np.zeros(len(people), dtype=bool)
    has_lost_all[owner] = True
    has_lost_all[kept["household"]] = False
    place = np.cumsum(~has_lost_all) - 1
    kept = kept.assign(
        household=place[kept["household"]],
        rank=kept.groupby("household")["rank"].rank(method="dense").astype("int64"),
    )
    return people[~has_lost_all].reset_index(drop=True), kept.reset_index(drop=True)


def last_days(owner: Ints, asked: Ints, days: Days, places: Ints, rule: Shortlist) -> Days:
    """Per project the last day of registration that gets in.

    ``owner, asked``: household and project of each line of the lists, by household, best first; ``days``: by household.
    Deferred acceptance of households at projects, the earlier day first: a day that a project turns away it turns
    away for good, since those who come to it later only make its last day earlier. So the answer hangs on no order of
    the households, and no project turns anybody away before its ratio is full.
    """
    last = np.full(len(places), _NO_LIMIT)
    num_in = places * rule.households // rule.dwellings
    while True:
        reached = np.flatnonzero(days[owner] <= last[asked])
        is_best = np.ones(len(reached), dtype=bool)
        is_best[1:] = owner[reached][1:] != owner[reached][:-1]
        best = reached[is_best]
        lower = np.minimum(last, _full_on(asked[best], days[owner[best]], places, num_in, rule))
        if np.array_equal(lower, last):
            return last
        last = lower


def _full_on(project: Ints, days: Days, places: Ints, num_in: Ints, rule: Shortlist) -> Days:
    """The day on which the ratio of each project is full with these households; no limit where it is not overfull."""
    order = np.lexsort((days, project))
    count = np.bincount(project, minlength=len(places))
    first = np.cumsum(count) - count
    over = count * rule.dwellings > places * rule.households
    full = np.full(len(places), _NO_LIMIT)
    full[over & (num_in == 0)] = _NOBODY
    some = over & (num_in > 0)
    full[some] = days[order][first[some] + num_in[some] - 1]
    return full
