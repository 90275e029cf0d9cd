"""Whole rounds by trading cycles and with tenants on SQLite, each made once, when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scenarios.population import city
from tests.declared.authority import authority
from tests.forgery.true_rounds import Inputs, Published, publish
from tests.transfers.months import SECOND, City, everybody_elsewhere, founded, under, up_to_result, wishing

LAWS = Path(__file__).parent / "laws"
TRADING = ("trading", "trading_tiers")
# The laws with tenants, and the sub-round they stand in.
WHERE = {
    "integrated": "public",
    "integrated_optimum": "public",
    "integrated_trading": "public",
    "own_sub_round": "transfer",
    "exchange_only": "transfer",
}


class Made(dict[str, Any]):
    """By law what was made under it, when it is first asked for."""

    def __init__(self, make: Callable[[str], Any]) -> None:
        super().__init__()
        self.make = make

    def __missing__(self, law: str) -> Any:
        self[law] = self.make(law)
        return self[law]


Rounds = dict[str, City]


@pytest.fixture(scope="session")
def traded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Published]:
    """A city through the month up to the bundles, under each law of trading cycles without tenants."""
    facts = city(300, seed=11, world="shortage")

    def made(law: str) -> Published:
        base = tmp_path_factory.mktemp("traded")
        text = (LAWS / f"{law}.toml").read_text(encoding="utf-8")
        return publish(Inputs(facts, str(authority(base / "law", text))), base)

    return Made(made)


@pytest.fixture(scope="session")
def housed(tmp_path_factory: pytest.TempPathFactory) -> City:
    """The city after the month in which it was housed."""
    return founded(tmp_path_factory.mktemp("housed"))


@pytest.fixture(scope="session")
def asked(housed: City, tmp_path_factory: pytest.TempPathFactory) -> Rounds:
    """Under each law the second month up to its result: every tenant of an estate asks for the others."""

    def made(law: str) -> City:
        base = tmp_path_factory.mktemp(law)
        city = wishing(under(housed, law, base), everybody_elsewhere(housed), base / "again")
        up_to_result(city, SECOND)
        return city

    return Made(made)
