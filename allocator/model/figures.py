"""What is told about a round in numbers: what the measures get, and what they give to the pages.

All frames here are small; none names a person. Counts of households from 1 to 9 are merged before they get
into a ``RoundFigures`` (design of ``measures.small_cells``); places and dwellings are public as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True, eq=False)
class SubRoundRecord:
    """One sub-round (分场) as it stands: what is filed, and what is known so far (``None``: not yet).

    ``roster``       receipt_no, code, band, points, priority_group, branch, num_persons; one row per household.
    ``preferences``  code, rank, pool; wildcards already resolved.
    ``pools``        pool, project_id, project_name, supply_mode, dwelling_type, sex ("" for flats),
                     rent_per_m2_fen, capacity.
    ``dwellings``    pool, dwelling_id; one row per place. A dwelling may stand in several sub-rounds (what is
                     left over runs on): it is counted once, in the last.
    ``result``       code, pool, dwelling_id; the housed only.
    ``certificate``  the document of docs/reference/certificate.md.
    ``removed``      codes of those who left between commitment and allocation (housed in an earlier sub-round,
                     withdrawn, frozen): their lists count as empty.
    ``has_ceremony`` False where places suffice and the draw was skipped by rule.
    """

    sub_round: str
    roster: pd.DataFrame
    preferences: pd.DataFrame
    pools: pd.DataFrame
    dwellings: pd.DataFrame
    result: pd.DataFrame | None = None
    certificate: Mapping[str, Any] | None = None
    has_ceremony: bool | None = None
    removed: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class RoundFigures:
    """The figures of one round, ready to be shown.

    ``funnel``      step, num_households: the way from application to lease; only the steps taken so far.
                    Steps: received, eligible, roster, housed, accepted, signed.
    ``receipts``    receipt_class, num_households: every receipt received, by class; small ones ``merged``.
    ``sub_rounds``  sub_round, num_households, num_places, num_housed, num_empty (Int64), has_ceremony (boolean);
                    one with under ten households (or housed) stands joined with the next: ``need+employer``.
    ``supply``      supply_mode (all six), num_flats, num_beds, num_housed (Int64: NA before allocation; places
                    given and not declined).
    ``ranks``       first_rank, last_rank, num_households: ranks got, 1 is first; small ones merged into spans.
    ``pools``       without the sub-round of need: sub_round, pool, project_name, supply_mode, dwelling_type, sex, rent_per_m2_fen, capacity,
                    num_asked (households that list it and did not leave), num_housed, num_empty,
                    num_turned_away (Int64: they list it above what they got), closing_band, closing_position (Int64;
                    0: full when that band's turn came; NA: no band found it closed), cut_position (Int64): the place in
                    the order up to which the pool was within reach.
    ``rates``       grouping (branch, num_persons, priority_group), group, num_households, num_housed, rate,
                    low, high (Wilson, 95 %), impact_ratio (rate over the highest rate of the grouping).
    ``empty``       supply_mode, reason, num_places: what is still empty and why. Reasons: not_allocated,
                    nobody_asked, fewer_asked_than_places, preferred_elsewhere, waived.
    ``totals``      places (each dwelling once), empty, on_roster, housed; on_roster_<sub_round>.
    ``waiting``     first_year, last_year, num_households: eligible households without a place, by full years since
                    registration; spans joined until none holds 1 to 9.
    ``waiting_watch`` alarm_months, ceiling_months, alarmed, at_ceiling (-1: from 1 to 9, not told); empty where the
                    law watches nothing.
    Frames of stages that have not happened are empty.
    """

    month: str
    authority_zh: str
    authority_en: str
    is_rehearsal: bool
    mechanism: str
    funnel: pd.DataFrame
    receipts: pd.DataFrame
    sub_rounds: pd.DataFrame
    supply: pd.DataFrame
    ranks: pd.DataFrame
    pools: pd.DataFrame
    rates: pd.DataFrame
    empty: pd.DataFrame
    totals: Mapping[str, int] = field(default_factory=dict)
    waiting: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(
            {"first_year": [], "last_year": [], "num_households": []}, dtype="int64"
        )
    )
    waiting_watch: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_allocated(self) -> bool:
        """Whether anyone can have been housed yet."""
        return bool(self.supply["num_housed"].notna().any())
