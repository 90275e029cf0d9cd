"""A delivery as a bureau sends it, and the order of its rows."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from allocator.errors import WrongUsage
from allocator.exchange import read_delivery

from .deliveries import SAMPLE, SOUND, assert_equal_facts


def test_the_sample_delivery_has_no_error() -> None:
    """Chinese headers, GB18030, UTF-8 with BOM and a workbook together import without a fault."""
    delivery = read_delivery(SAMPLE, synthetic_ids=True)
    assert delivery.problems == []
    assert delivery.rows == {
        "用人单位.csv": 6,
        "项目.csv": 12,
        "房源.csv": 240,
        "申请家庭.xlsx": 600,
        "家庭成员.csv": 989,
        "意向登记.csv": 3309,
    }


def test_the_sample_is_refused_in_a_real_city() -> None:
    """Without leave for synthetic people every member of the sample is an error."""
    problems = read_delivery(SAMPLE, synthetic_ids=False).problems
    assert [problem.code for problem in problems] == ["id_synthetic"] * 989


def test_units_become_fen_and_square_centimetres() -> None:
    """The first household of the sample, by hand: 112098.00 yuan, 31728.00 yuan, 0 m²."""
    first = read_delivery(SAMPLE, synthetic_ids=True).facts.households.iloc[0]
    assert (first["income_per_year_fen"], first["assets_fen"], first["building_area_cm2"]) == (
        11_209_800,
        3_172_800,
        0,
    )


def _shuffle_lines(path: Path) -> None:
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    random.Random(7).shuffle(lines)
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


def _reverse_columns(path: Path) -> None:
    lines = [",".join(reversed(line.split(","))) for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("change", [_shuffle_lines, _reverse_columns])
def test_the_order_of_rows_and_columns_means_nothing(change: Callable[[Path], None], tmp_path: Path) -> None:
    """Shuffled rows and reversed columns give equal facts and no fault."""
    for file in SOUND.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
        change(tmp_path / file.name)
    changed = read_delivery(tmp_path, synthetic_ids=True)
    assert changed.problems == []
    assert_equal_facts(read_delivery(SOUND, synthetic_ids=True).facts, changed.facts)


def test_nothing_at_the_path_is_wrong_usage(tmp_path: Path) -> None:
    """A folder that is not there is a fault of use, not of data."""
    with pytest.raises(WrongUsage):
        read_delivery(tmp_path / "nowhere", synthetic_ids=True)
