"""How many forgeries pass: altered bundles and rounds re-run on one changed input, before both judges.

Run alone (``python benchmarks/forgeries.py``) or as a part of ``make bench``. Counts, not times, are the point:
the columns of what passed must read 0.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from allocator.audit import verify_bundle
from scenarios.population import city
from tests.audit import judges
from tests.audit.worlds import write
from tests.forgery.altering import CATALOGUE, altered
from tests.forgery.catalogue import BEIJING, EXAMPLE
from tests.forgery.true_rounds import Inputs, Published, publish

Row = tuple[int, int, int, float]


def altered_bundles(base: Path, households: int = 600) -> Row:
    """Every kind of alteration on every sub-round's bundle: tried, passed by the arrays, by verify.py, seconds."""
    begun = time.perf_counter()
    facts = city(households, seed=11, world="shortage")
    tried, by_arrays, by_plain = 0, 0, 0
    for law in ("example", "beijing"):
        published = publish(Inputs(facts, law), base / law)
        for name in published.folders:
            for number, kind in enumerate(CATALOGUE):
                changed = altered(published.files(name), kind, number)
                if changed is None:
                    continue
                folder = write(base / "altered" / law / name / str(number), changed)
                arrays, plain = judges.verdicts(folder)
                tried, by_arrays, by_plain = tried + 1, by_arrays + arrays, by_plain + plain
    return tried, by_arrays, by_plain, time.perf_counter() - begun


def consistent_rounds(base: Path, households: int = 130) -> Row:
    """Each kind of re-run with one input changed, beside the outside hashes; a round passes when every bundle does."""
    begun = time.perf_counter()
    tried, by_arrays, by_plain = 0, 0, 0
    for law, kinds in (("example", EXAMPLE), ("beijing", BEIJING)):
        inputs = Inputs(city(households, seed=13, world="shortage"), law)
        true = publish(inputs, base / law)
        for number, forge in enumerate(kinds.values()):
            place = base / f"{law}-{number}"
            place.mkdir()
            passed = _passed(true, publish(forge(inputs, place), place))
            tried, by_arrays, by_plain = tried + 1, by_arrays + passed[0], by_plain + passed[1]
    return tried, by_arrays, by_plain, time.perf_counter() - begun


def _passed(true: Published, forged: Published) -> tuple[bool, bool]:
    arrays, plain = True, True
    for name, folder in forged.folders.items():
        if name in true.folders:
            outside = true.outside(name)
            arrays &= all(check.holds for check in verify_bundle(folder, **outside))
            options = [f"--{key.replace('_', '-')}={value}" for key, value in outside.items()]
            plain &= judges.plain_verdict(folder, *options)[0] == 0
    return arrays, plain


def main() -> dict[str, Row]:
    """Print the table; give its rows."""
    rows = {}
    for title, measure in (("altered bundles", altered_bundles), ("consistent rounds", consistent_rounds)):
        with TemporaryDirectory() as folder:
            rows[title] = measure(Path(folder))
    print(f"{'forgeries':20}{'tried':>7}{'passed: arrays':>16}{'verify.py':>11}{'seconds':>9}")
    for title, (tried, by_arrays, by_plain, seconds) in rows.items():
        print(f"{title:20}{tried:7}{by_arrays:16}{by_plain:11}{seconds:9.1f}")
    return rows


if __name__ == "__main__":
    main()
