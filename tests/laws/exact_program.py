"""Linear programmes in exact fractions: the textbook simplex with Bland's rule. Shares no code with the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

Row = tuple[Mapping[int, int], Fraction]


def greatest(num_variables: int, rows: Sequence[Row], aim: Mapping[int, int]) -> Fraction | None:
    """The most ``aim`` can be over x >= 0 with every row's sum at most its bound; None where nothing fits.

    The programmes of these tests are bounded.
    """
    table = [[Fraction(row.get(at, 0)) for at in range(num_variables)] for row, _ in rows]
    bound = [most for _, most in rows]
    names = list(range(num_variables))
    basis = [num_variables + number for number in range(len(rows))]
    if min(bound, default=Fraction(0)) < 0 and not _begin(table, bound, names, basis):
        return None
    cost = [Fraction(0)] * len(names)
    value = Fraction(0)
    for name, weight in aim.items():
        if name in names:
            cost[names.index(name)] += weight
        else:
            row = basis.index(name)
            value += weight * bound[row]
            cost = [one - weight * entry for one, entry in zip(cost, table[row], strict=True)]
    return value + _climb(table, bound, names, basis, cost)


def _begin(table: list[list[Fraction]], bound: list[Fraction], names: list[int], basis: list[int]) -> bool:
    """Find a corner by one artificial variable (-1) that loosens every row."""
    for row in table:
        row.append(Fraction(-1))
    names.append(-1)
    cost = [Fraction(0)] * (len(names) - 1) + [Fraction(-1)]
    worst = min(range(len(bound)), key=bound.__getitem__)
    value = _pivot(table, bound, names, basis, cost, worst, len(names) - 1)
    if value + _climb(table, bound, names, basis, cost) < 0:
        return False
    if -1 in basis:
        row = basis.index(-1)
        column = next(at for at, entry in enumerate(table[row]) if entry)
        _pivot(table, bound, names, basis, cost, row, column)
    out = names.index(-1)
    names.pop(out)
    for row_ in table:
        row_.pop(out)
    return True


def _climb(
    table: list[list[Fraction]],
    bound: list[Fraction],
    names: list[int],
    basis: list[int],
    cost: list[Fraction],
) -> Fraction:
    value = Fraction(0)
    while True:
        better = [at for at, one in enumerate(cost) if one > 0]
        if not better:
            return value
        column = min(better, key=names.__getitem__)
        rows = [number for number, row in enumerate(table) if row[column] > 0]
        row = min(rows, key=lambda number: (bound[number] / table[number][column], basis[number]))
        value += _pivot(table, bound, names, basis, cost, row, column)


def _pivot(
    table: list[list[Fraction]],
    bound: list[Fraction],
    names: list[int],
    basis: list[int],
    cost: list[Fraction],
    row: int,
    column: int,
) -> Fraction:
    """Exchange a basic variable for another; gives what the aim gains."""
    own = table[row]
    pivot = own[column]
    own[column] = Fraction(1)
    table[row] = own = [entry / pivot for entry in own]
    bound[row] /= pivot
    for number, other in enumerate(table):
        factor = other[column]
        if number != row and factor:
            other[column] = Fraction(0)
            table[number] = [one - factor * entry for one, entry in zip(other, own, strict=True)]
            bound[number] -= factor * bound[row]
    factor = cost[column]
    cost[column] = Fraction(0)
    cost[:] = [one - factor * entry for one, entry in zip(cost, own, strict=True)]
    names[column], basis[row] = basis[row], names[column]
    return factor * bound[row]
