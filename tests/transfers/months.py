"""Two months on one store: in the first households are housed, in the second some of them ask to move."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from allocator.exchange import write_delivery
from allocator.model.enums import Stage
from allocator.model.facts import Facts
from allocator.model.lookups import is_among
from allocator.office import rounds
from allocator.office.acts import Act
from allocator.office.deliveries import Ask, import_delivery
from allocator.store import Store
from scenarios.population import city
from tests.declared.authority import authority
from tests.forgery.true_rounds import Published

FIRST, SECOND = "2026-03", "2026-04"
ESTATES = ("P004", "P005", "P006")
LAWS = Path(__file__).parent / "laws"
VALUE = "6e" * 32
_UNTIL_RESULT = (Stage.PUBLISH_ORDER, Stage.ALLOCATE, Stage.PUBLISH_RESULT)


@dataclass(frozen=True)
class City:
    """A store with its facts, and the law it stands under."""

    act: Act
    facts: Facts

    @property
    def url(self) -> str:
        """Of the store."""
        return self.act.store_url

    def published(self, month: str) -> Published:
        """The bundles of a month."""
        folder = self.act.out / month
        names = {path.parent: path for path in folder.rglob("bundle")}
        found = {"public" if parent == folder else parent.name: path for parent, path in names.items()}
        return Published(dict(sorted(found.items())), VALUE)

    def leases(self) -> pd.DataFrame:
        """All leases there are."""
        with Store.open(self.url) as store:
            return store.leases()


def founded(base: Path, households: int = 360) -> City:
    """The store after its first month under the shipped law; everybody who was offered a dwelling accepted it."""
    facts = few_large_pools(city(households, seed=11, world="shortage"))
    found = City(
        Act(store_url=f"sqlite:///{base / 'store.db'}", policy_name="example", out=base / "out"), facts
    )
    deliver(found, facts, base / "files")
    up_to_result(found, FIRST)
    conclude(found, FIRST, "accept-all")
    return found


def under(found: City, law: str, base: Path) -> City:
    """A copy of the city's store that goes on under the shipped law with that allocation."""
    policy = str(authority(base / "law", (LAWS / f"{law}.toml").read_text(encoding="utf-8")))
    for name in ("store.db", "store.db.key"):
        shutil.copy(found.act.out.parent / name, base / name)
    return City(
        Act(store_url=f"sqlite:///{base / 'store.db'}", policy_name=policy, out=base / "out"), found.facts
    )


def few_large_pools(facts: Facts) -> Facts:
    """The city with flats of one kind in three estates, on high floors, a tenth of them ready only in the second month."""
    dwellings = facts.dwellings.copy()
    is_flat = (dwellings["kind"] == "flat").to_numpy()
    turn = np.cumsum(is_flat)
    for place, project in enumerate(ESTATES):
        dwellings.loc[is_flat & (turn % 3 == place), "project_id"] = project
    dwellings.loc[is_flat, ["dwelling_type", "floor", "accessible", "rent_per_m2_fen"]] = [
        "one_room",
        9,
        False,
        1500,
    ]
    dwellings.loc[is_flat & (turn % 10 == 0), "available_on"] = pd.Timestamp(f"{SECOND}-01")
    return replace(facts, dwellings=dwellings)


def deliver(found: City, facts: Facts, folder: Path) -> None:
    """An ordinary delivery."""
    write_delivery(facts, folder, "en")
    ask = Ask(folder, store_url=found.url, policy_name=found.act.policy_name, synthetic_ids=True)
    done = import_delivery(ask)
    assert done.is_done, done.delivery.problems[:5]


def wishing(found: City, lists: Mapping[str, Sequence[tuple[str, str]]], folder: Path) -> City:
    """The same city once these tenants have delivered these lists (project, type)."""
    others = found.facts.preferences[~is_among(found.facts.preferences["receipt_no"], lists)]
    rows = [
        (receipt_no, rank, project, kind)
        for receipt_no, wishes in lists.items()
        for rank, (project, kind) in enumerate(wishes, 1)
    ]
    asked = pd.DataFrame(rows, columns=list(others.columns)).astype(others.dtypes)
    facts = replace(found.facts, preferences=pd.concat([others, asked], ignore_index=True))
    deliver(found, facts, folder)
    return City(found.act, facts)


def everybody_elsewhere(found: City, seed: int = 1) -> dict[str, list[tuple[str, str]]]:
    """For every tenant of a flat the flats of the other estates, in an order of its own."""
    project = found.facts.dwellings.set_index("dwelling_id")["project_id"]
    leases = found.leases()
    homes = leases.set_index("receipt_no")["dwelling_id"].map(project)
    rng = random.Random(seed)
    lists = {}
    for receipt_no, own in sorted(homes.items()):
        if own in ESTATES:
            others = [estate for estate in ESTATES if estate != own]
            lists[str(receipt_no)] = [(estate, "one_room") for estate in rng.sample(others, len(others))]
    return lists


def up_to_result(found: City, month: str) -> None:
    """The month as far as the published result."""
    with Store.open(found.url) as store:
        for stage in (Stage.OPEN, Stage.SCREEN, Stage.PUBLISH_ROSTER):
            rounds.do_in(store, stage, month, found.act)
        rounds.do_in(store, Stage.DRAW, month, found.act, public_value=VALUE)
        for stage in _UNTIL_RESULT:
            rounds.do_in(store, stage, month, found.act)


def conclude(found: City, month: str, answers: str) -> None:
    """Offers, answers, leases, the registry's file, the end."""
    with Store.open(found.url) as store:
        rounds.do_in(store, Stage.OFFER, month, found.act)
        rounds.do_in(store, Stage.ANSWER, month, found.act, answers=answers)
        for stage in (Stage.SIGN, Stage.EXPORT, Stage.CLOSE):
            rounds.do_in(store, stage, month, found.act)
