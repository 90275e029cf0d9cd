"""Proofs as published, added up: trees of multipliers, and prices that many refusals share (docs/reference/crossing.md).

Any multipliers give a true bound (weak duality), so whoever made a proof, it holds if it adds up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from allocator.audit.crossing_rows import Rows
from allocator.model.instance import Ints

_DEEPEST: Final = 200
_WIDEST_PRICE: Final = 1 << 40  # of all prices of a proof together: columns of such sums stay whole numbers
_WIDEST_OVER: Final = 1 << 20
_NEVER: Final = -(1 << 61)


@dataclass(frozen=True, eq=False)
class Weights:
    """A sum to be bounded: variables, each once, with weights. ``household``: whose claims alone these are, -1 for none."""

    variables: Ints
    values: Ints
    household: int = -1


@dataclass(frozen=True)
class Prices:
    """Multipliers of rows behind those of households, over ``over``; ``base`` the bound of a sum of nothing."""

    over: int
    of_row: dict[int, int]
    base: int


@dataclass(eq=False)
class Sums:
    """Adds up proofs within the rows as they stand; ``shared`` by number of proof the prices read so far."""

    rows: Rows
    shared: dict[int, Prices] = field(default_factory=dict)

    def shows(self, proof: object, weights: Weights, most: int, number: int = -1) -> bool:
        """Whether the proof (the one of this number) shows the weighted sum to be at most ``most``."""
        if isinstance(proof, Mapping) and "as" in proof:
            at = proof["as"]
            prices = self.shared.get(at) if is_number(at) else None
            return prices is not None and self._refuses(prices, weights, most)
        if isinstance(proof, Mapping) and "prices" in proof:
            read = self._read(proof)
            if read is None:
                return False
            if weights.household < 0:
                return self._level(*read, weights, most)
            base = self._bound(*read)
            prices = Prices(read[0], read[1], base)
            self.shared[number] = prices
            return self._refuses(prices, weights, most)
        objective = dict(zip(weights.variables.tolist(), weights.values.tolist(), strict=True))
        return self._tree(proof, objective, most, _DEEPEST)

    def _read(self, proof: Mapping[str, object]) -> tuple[int, dict[int, int]] | None:
        """The divisor and the price by row; ``None`` where they cannot be read or added up in whole numbers."""
        over, pairs = proof.get("over"), proof.get("prices")
        if not is_number(over) or not isinstance(over, int) or not 1 <= over < _WIDEST_OVER:
            return None
        if not isinstance(pairs, list):
            return None
        of_row: dict[int, int] = {}
        for pair in pairs:
            if not isinstance(pair, list) or len(pair) != 2 or not all(map(is_number, pair)):
                return None
            row, price = pair
            if not self.rows.num_household_rows <= row < self.rows.num_fixed or row in of_row:
                return None
            of_row[row] = price
        return (over, of_row) if sum(map(abs, of_row.values())) < _WIDEST_PRICE else None

    def _left(self, over: int, of_row: Mapping[int, int], weights: Weights | None) -> Ints:
        """(variables,) what the prices leave of each weight."""
        left = np.zeros(len(self.rows.most), dtype=np.int64)
        if weights is not None:
            left[weights.variables] = over * weights.values
        for row, price in of_row.items():
            variables, factors = self.rows.members[row]
            left[variables] -= price * factors
        return left

    def _greatest(self, left: Ints) -> Ints:
        """(asking,) the greatest of what is left of each household's claims that it may still hold."""
        rows = self.rows
        claims = np.where(rows.most[: rows.num_claims] > 0, left[: rows.num_claims], _NEVER)
        starts = rows.start[rows.asking]
        return np.maximum.reduceat(claims, starts) if len(starts) else starts

    def _bound(self, over: int, of_row: Mapping[int, int], weights: Weights | None = None) -> int:
        """The bound times ``over``."""
        left = self._left(over, of_row, weights)
        return self._total(of_row, left, self._greatest(left))

    def _total(self, of_row: Mapping[int, int], left: Ints, greatest: Ints) -> int:
        rows = self.rows
        must, may = rows.bounds_of_households()
        parts = np.where(must, greatest, np.where(may, np.maximum(greatest, 0), 0))
        if (parts == _NEVER).any():
            return (
                _WIDEST_PRICE * _WIDEST_PRICE
            )  # somebody that must hold a claim has none left: nothing is shown
        more = left[rows.num_claims :]
        ends = np.where(more > 0, rows.most[rows.num_claims :], rows.least[rows.num_claims :])
        total = sum(price * self._end(row, price) for row, price in of_row.items())
        return total + int(parts.sum()) + int((more * ends).sum())

    def _end(self, row: int, price: int) -> int:
        return self.rows.high[row] if price > 0 else self.rows.low[row]

    def _level(self, over: int, of_row: dict[int, int], weights: Weights, most: int) -> bool:
        """A level: where the bound is the value itself, whatever no optimum uses is settled (complementary slackness)."""
        left = self._left(over, of_row, weights)
        greatest = self._greatest(left)
        total = self._total(of_row, left, greatest)
        if total == most * over:
            self._settle(of_row, left, greatest)
        return total < (most + 1) * over

    def _settle(self, of_row: Mapping[int, int], left: Ints, greatest: Ints) -> None:
        rows = self.rows
        for row, price in of_row.items():
            if price:
                rows.settle(row, self._end(row, price))
        must, may = rows.bounds_of_households()
        for row in np.flatnonzero(may & ~must & (greatest > 0)).tolist():
            rows.low[row] = 1
        bar = np.where(must, greatest, np.maximum(greatest, 0))
        row_of_claim = rows.row_of[rows.claims.household]
        rows.most[: rows.num_claims][left[: rows.num_claims] < bar[row_of_claim]] = 0
        more, behind = left[rows.num_claims :], slice(rows.num_claims, None)
        rows.least[behind] = np.where(more > 0, rows.most[behind], rows.least[behind])
        rows.most[behind] = np.where(more < 0, rows.least[behind], rows.most[behind])

    def _refuses(self, prices: Prices, weights: Weights, most: int) -> bool:
        """A household's own part taken out of the bound of nothing and put back with its weights.

        That bound may be an old one: rows and variables only settle, so it has not grown since.
        """
        rows = self.rows
        row = int(rows.row_of[weights.household]) if weights.household >= 0 else -1
        if row < 0:
            return False
        begins, of_claim = rows.rows_of_claim
        wanted = dict(zip(weights.variables.tolist(), weights.values.tolist(), strict=True))
        before, after = [], []
        for claim in range(*rows.start[weights.household : weights.household + 2].tolist()):
            if rows.most[claim]:
                price = sum(prices.of_row.get(one, 0) for one in of_claim[begins[claim] : begins[claim + 1]])
                before.append(-price)
                after.append(wanted.get(claim, 0) * prices.over - price)
        if not rows.low[row]:
            before.append(0)
            after.append(0)
        if not before:
            return False
        change = max(after) - max(before) if rows.high[row] else 0
        return prices.base + change < (most + 1) * prices.over

    def _tree(self, tree: object, weights: Mapping[int, int], most: int, depth: int) -> bool:
        """Whether the tree proves that the weighted sum is at most ``most`` within the rows and bounds."""
        if not isinstance(tree, Mapping) or depth == 0:
            return False
        if "split" not in tree:
            return self._leaf(tree.get("duals"), tree.get("over"), weights, most)
        variable = tree["split"]
        rows = self.rows
        if not is_number(variable) or not 0 <= variable < len(rows.most):
            return False
        low, high = int(rows.least[variable]), int(rows.most[variable])
        holds = low == 0 and high == 1
        for answer, value in (("no", 0), ("yes", 1)):
            rows.least[variable] = rows.most[variable] = value
            holds = holds and self._tree(tree.get(answer), weights, most, depth - 1)
        rows.least[variable], rows.most[variable] = low, high
        return holds

    def _leaf(self, duals: object, over: object, weights: Mapping[int, int], most: int) -> bool:
        """Weak duality in whole numbers: any multipliers of rows bound the sum."""
        rows = self.rows
        if not is_number(over) or not isinstance(over, int) or over < 1 or not isinstance(duals, Sequence):
            return False
        left = {variable: weight * over for variable, weight in weights.items()}
        total = 0
        for pair in duals:
            if not isinstance(pair, Sequence) or len(pair) != 2 or not all(map(is_number, pair)):
                return False
            row, dual = pair
            if not 0 <= row < len(rows.members):
                return False
            total += dual * self._end(row, dual)
            variables, factors = rows.members[row]
            for variable, factor in zip(variables.tolist(), factors.tolist(), strict=True):
                left[variable] = left.get(variable, 0) - dual * factor
        for variable, weight in left.items():
            total += weight * int(rows.most[variable] if weight > 0 else rows.least[variable])
        return total < (most + 1) * over


def is_number(value: object) -> bool:
    """A whole number, not a truth value."""
    return isinstance(value, int) and not isinstance(value, bool)
