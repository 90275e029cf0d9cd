"""Rounds of the engine itself, up to the published bundles, on a synthetic city."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from allocator.exchange import write_delivery
from allocator.model.canonical import sha256_hex
from allocator.model.enums import Stage
from allocator.model.facts import Facts
from allocator.office import rounds
from allocator.office.acts import Act
from allocator.office.deliveries import Ask, import_delivery
from allocator.store import Store

MONTH = "2026-03"
VALUE = "5f" * 32
_AFTER_DRAW = (Stage.PUBLISH_ORDER, Stage.ALLOCATE, Stage.PUBLISH_RESULT)

Files = dict[str, bytes]


@dataclass(frozen=True)
class Inputs:
    """All that a round hangs on. ``touch``: what is done to the store before the round opens."""

    facts: Facts
    policy: str = "example"
    month: str = MONTH
    on: date | None = None
    value: str = VALUE
    source: str | None = None
    moment: str | None = None
    touch: Callable[[Store], None] = lambda store: None
    touch_after_roster: Callable[[Store], None] = lambda store: None

    def changed(self, **changes: object) -> Inputs:
        """The same with some inputs changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Published:
    """Folder of each sub-round's bundle, by sub-round; what stood on the notice board beside them."""

    folders: dict[str, Path]
    value: str

    def files(self, sub_round: str) -> Files:
        """Every file of a bundle."""
        folder = self.folders[sub_round]
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def commitment(self, sub_round: str) -> str:
        """Hex SHA-256 of a commitment, as published before the draw."""
        return sha256_hex((self.folders[sub_round] / "commitment.json").read_bytes())

    def outside(self, sub_round: str) -> dict[str, str]:
        """What everybody could copy from the notice board: the commitment's hash and the public value."""
        is_drawn = b'"ceremony":true' in (self.folders[sub_round] / "commitment.json").read_bytes()
        return {"commitment": self.commitment(sub_round), "public_value": self.value if is_drawn else ""}


def publish(inputs: Inputs, base: Path) -> Published:
    """Import the facts into a store of its own and run the month up to the published bundles."""
    write_delivery(inputs.facts, base / "files", "en")
    url = f"sqlite:///{base / 'store.db'}"
    ask = Ask(base / "files", store_url=url, policy_name=inputs.policy, synthetic_ids=True)
    done = import_delivery(ask)
    assert done.is_done, done.delivery.problems[:5]
    act = Act(store_url=url, policy_name=inputs.policy, out=base / "out")
    with Store.open(url) as store:
        with store.transaction():
            inputs.touch(store)
        rounds.do_in(store, Stage.OPEN, inputs.month, replace(act, on=inputs.on))
        rounds.do_in(store, Stage.SCREEN, inputs.month, act)
        asked = {"source": inputs.source, "moment": inputs.moment}
        rounds.do_in(store, Stage.PUBLISH_ROSTER, inputs.month, act, **asked)
        with store.transaction():
            inputs.touch_after_roster(store)
        rounds.do_in(store, Stage.DRAW, inputs.month, act, public_value=inputs.value)
        for stage in _AFTER_DRAW:
            rounds.do_in(store, stage, inputs.month, act)
    month = base / "out" / inputs.month
    names = {path.parent: path for path in month.rglob("bundle")}
    folders = {"public" if parent == month else parent.name: path for parent, path in names.items()}
    return Published(dict(sorted(folders.items())), inputs.value)
