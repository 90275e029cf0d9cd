"""What is told when mechanisms stand side by side on one sub-round: what the measures give to pages and tables.

No frame names a person; counts of people in groups and bands are merged under ten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True, eq=False)
class ComparisonFigures:
    """The figures of a comparison.

    ``mechanisms``  one row per mechanism: ``mechanism``, ``is_own`` (the policy's), ``refusal`` (code of a text, "" where
                    it ran), ``refusal_params`` (dict), ``num_housed``, ``num_first``, ``mean_rank``,
                    ``envy_households``, ``envy_pairs``, ``envy_households_in_band``, ``envy_pairs_in_band``,
                    ``better``, ``worse``, ``newly_housed``, ``lost`` (households, against the policy's own),
                    ``expected_housed`` (of lotteries, else NaN), ``num_sampled``, ``num_exploiting``,
                    ``exploit_low``, ``exploit_high`` (Wilson, 95 %), ``price_housed``, ``price_first`` (what the one-band
                    optimum houses more, and first choices it gives more: it may give fewer), ``proofs`` (laws the audit found to hold, by
                    the certificate), ``broken`` (laws it found broken). Figures of a mechanism that refused are NA.
    ``bands``       ``mechanism, first_band, last_band, num_households, num_housed, num_first, total_rank, mean_rank``.
    ``groups``      ``mechanism, grouping, group`` and the same with ``rate, low, high, impact_ratio``.
    ``quotas``      price of each rule: ``kind, name, num_housed, num_first, total_rank, group_housed`` (of those the
                    rule counts), ``proofs, broken``: change when it is left out. Kind ``reserve_order``: change when open
                    places are asked for before reserved ones (mechanisms that give out places in an order).
    ``targets``     leximin target by group: ``grouping, group, num_households, target, is_proved`` (the audit checked its
                    witness and tight sets); ``distances``: ``mechanism, grouping, short``: households housed fewer than
                    the target in the groups below it. Empty where ``target_refusal`` says why.
    ``optimum``     ``num_housed, num_first, total_rank, proofs`` of the best over everybody in one band; empty
                    where it refuses, ``optimum_refusal`` then says why.
    """

    month: str
    sub_round: str
    authority_zh: str
    authority_en: str
    is_rehearsal: bool
    is_drawn: bool
    seed: int
    num_households: int
    num_places: int
    num_bands: int
    mechanisms: pd.DataFrame
    bands: pd.DataFrame
    groups: pd.DataFrame
    quotas: pd.DataFrame
    targets: pd.DataFrame
    distances: pd.DataFrame
    optimum: Mapping[str, Any] = field(default_factory=dict)
    optimum_refusal: tuple[str, Mapping[str, Any]] = ("", {})
    target_refusal: tuple[str, Mapping[str, Any]] = ("", {})

    def document(self) -> dict[str, Any]:
        """Plain values for machines; what is not known is null."""
        frames = ("mechanisms", "bands", "groups", "quotas", "targets", "distances")
        plain = {
            name: value
            for name, value in vars(self).items()
            if name not in frames and name not in {"optimum", "optimum_refusal", "target_refusal"}
        }
        return {
            **plain,
            "optimum": dict(self.optimum) or None,
            "optimum_refusal": self.optimum_refusal[0] or None,
            "target_refusal": self.target_refusal[0] or None,
            **{name: _records(getattr(self, name)) for name in frames},
        }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in frame.astype(object).to_dict("records")
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | dict | str):
        return list(value) if isinstance(value, tuple) else value
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
