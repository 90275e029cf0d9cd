"""Where the places of pools went in trading cycles, as the sentences of a letter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from allocator.rounds.freeze import SubRound
from allocator.rounds.trades import positions_of, trades

Sentence = tuple[str, dict[str, Any]]


def told_trades(
    sub_round: SubRound,
    order: pd.DataFrame,
    code: str,
    listed: Sequence[tuple[int, str]],
    certificate: dict[str, Any],
) -> tuple[list[Sentence], list[dict[str, Any]]]:
    """A sentence for each pool (``rank, pool``) the household did not get, and the same as rows for machines."""
    rows = trades(code, listed, certificate, sub_round.declared, positions_of(order))
    return [(f"told_trade_{row['cause']}", dict(row)) for row in rows], rows


def listed_by(sub_round: SubRound, code: str) -> list[tuple[int, str]]:
    """The household's frozen list: rank and pool."""
    own = sub_round.preferences[sub_round.preferences["code"] == code]
    return list(zip(own["rank"].astype(int).tolist(), own["pool"].tolist(), strict=True))
