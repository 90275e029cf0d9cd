"""Sound bundles are accepted by both judges."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.audit import judges, strategies
from tests.audit.worlds import World, files_of, five_households, sha, write

UNDERSUBSCRIBED = World(
    bands=(0, 0), points=(1, 1), lists=((("A", 1),), (("A", 1),)), capacity={"A": 2}, ceremony=False
)
SOUND = {
    "band_optimum": five_households(),
    "housing_first": replace(five_households(), housing_first=True),
    "serial": replace(five_households(), mechanism="serial"),
    "second_ticket": replace(five_households(), dwelling_rule="ticket"),
    "real": replace(five_households(), rehearsal=False),
    "no_ceremony": UNDERSUBSCRIBED,
    "nobody": World(bands=(), points=(), lists=(), capacity={"A": 1}),
    "no_pools": World(bands=(0,), points=(1,), lists=((),), capacity={}),
    "chinese": World(
        bands=(0, 0),
        points=(3, 2),
        lists=((("甲-一居室", 1), ("乙-两居室", 2)), (("甲-一居室", 1), ("乙-两居室", 2))),
        capacity={"甲-一居室": 1, "乙-两居室": 1},
    ),
}


@pytest.mark.parametrize("name", list(SOUND))
def test_a_sound_bundle_is_accepted(name, tmp_path):
    """Whatever the rules of the round, a bundle made by the letter passes both judges."""
    folder = write(tmp_path, files_of(SOUND[name]))
    assert judges.faults(folder) == []
    code, printed = judges.plain_verdict(folder)
    assert code == 0, printed
    assert "内部一致 / internally consistent" in printed


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=strategies.worlds())
def test_random_sound_bundles_are_accepted(world):
    """Random small worlds, solved by enumeration, pass both judges."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), files_of(world))
        assert judges.faults(Path(folder)) == []
        code, printed = judges.plain_verdict(Path(folder))
        assert code == 0, printed


def test_what_was_published_outside_is_compared(tmp_path):
    """The right outside values pass and the list of open points shrinks; a wrong one is a fault in both."""
    world = replace(five_households(), previous=sha(b"last month"))
    files = files_of(world)
    folder = write(tmp_path, files)
    outside = {
        "commitment": sha(files["commitment.json"]),
        "public_value": world.public_value,
        "previous": world.previous,
    }
    assert judges.arrays_accept(folder, **outside)
    options = [word for name, value in outside.items() for word in (f"--{name.replace('_', '-')}", value)]
    code, printed = judges.plain_verdict(folder, *options)
    assert code == 0
    assert "--commitment" not in printed
    for name, value in outside.items():
        wrong = value[:-1] + ("1" if value[-1] != "1" else "2")
        assert not judges.arrays_accept(folder, **{name: wrong})
        code, printed = judges.plain_verdict(folder, f"--{name.replace('_', '-')}", wrong)
        assert code == 1, printed
