"""The subsidy rule here and in OpenFisca-core: the same rule, the same households, one run.

    python benchmarks/against_openfisca.py --openfisca PYTHON [--households 200000]

``PYTHON`` is the interpreter of an environment of its own with ``openfisca-core`` in it (its pins are not ours). Both
build households and their members from the same arrays, count the heads, price twelve months, and must agree to the fen; building is counted. Both run on one
processor, whose time is taken, so that a busy machine favours neither. Floor: at most one fifth of its time.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from allocator import policy
from benchmarks.simulation import population
from scenarios.city import first_of
from scenarios.subsidy_rule import Households, laid_out, subsidies_fen

MONTHS = 12
NAMES = tuple(name for name in Households.__dataclass_fields__ if name != "num_persons")

OTHER = '''
import sys, time
import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_core.variables import Variable
from openfisca_core.periods import DateUnit

given = np.load(sys.argv[1])
begun = time.process_time()
Person = build_entity(key="person", plural="persons", label="", is_person=True)
Home = build_entity(
    key="household", plural="households", label="", roles=[{"key": "member", "plural": "members", "label": ""}]
)
NAMES = [name for name in given.files if not name.startswith("rule_") and name != "member_of"]
BOUNDS, SHARE, CAPS = (given["rule_" + name] for name in ("bounds_fen", "share", "caps_fen"))
CAP, NO_HOME = int(given["rule_area_cap_cm2"]), bool(given["rule_requires_no_home"])


def told(name):
    """An input of every month."""
    kind = bool if given[name].dtype == bool else int
    return type(name, (Variable,), {"value_type": kind, "entity": Home, "definition_period": DateUnit.ETERNITY, "label": name})


class share(Variable):
    value_type = int
    entity = Home
    definition_period = DateUnit.MONTH
    label = "share"

    def formula(household, period):
        income, persons = household("income_fen", period), household.nb_persons()
        heads = persons.astype(np.int64) * 12
        above = sum((income.astype(np.int64) > heads * bound).astype(np.int64) for bound in BOUNDS)
        level = np.where((income >= 0) & (persons > 0), above, len(BOUNDS) + 1)
        row = household("status", period).astype(np.int64) * 2 + household("steps_up", period)
        return SHARE[row * (len(BOUNDS) + 2) + level]


class subsidy(Variable):
    value_type = int
    entity = Home
    definition_period = DateUnit.MONTH
    label = "subsidy"

    def formula(household, period):
        share = household("share", period).astype(np.int64)
        may = household("is_payable", period)
        if NO_HOME:
            may = may & (household("has_home", period) == 0)
        assets = household("assets_fen", period)
        may = may & (assets >= 0) & (assets <= CAPS[household.nb_persons()])
        is_bed = household("is_bed", period)
        rate = household("rate_fen", period).astype(np.int64)
        area = np.where(is_bed, 10_000, np.minimum(household("area_cm2", period), CAP)).astype(np.int64)
        return np.where(may, (2 * area * rate * share + 10_000_000) // 20_000_000, 0)


system = TaxBenefitSystem([Person, Home])
for name in NAMES:
    system.add_variable(told(name))
system.add_variable(share)
system.add_variable(subsidy)
num = len(given["income_fen"])
builder = SimulationBuilder()
builder.create_entities(system)
builder.declare_person_entity("person", np.arange(len(given["member_of"])))
homes = builder.declare_entity("household", np.arange(num))
builder.join_with_persons(homes, given["member_of"], ["member"] * len(given["member_of"]))
simulation = builder.build(system)
for name in NAMES:
    simulation.set_input(name, "2026-01", given[name])
total = np.zeros(num, dtype=np.int64)
for month in range(1, 13):
    total += simulation.calculate("subsidy", f"2026-{month:02d}")
taken = time.process_time() - begun
np.save(sys.argv[2], total)
print(taken)
'''


def ours(arrays: dict[str, np.ndarray], member_of: np.ndarray) -> tuple[float, np.ndarray]:
    """Seconds with building, and each household's sum of the year."""
    rules = policy.load("example").in_force(first_of("2026-01", 0)).tenancy.subsidy
    assert rules is not None
    begun = time.process_time()
    persons = np.bincount(member_of, minlength=len(arrays["income_fen"])).astype(np.int8)
    households, rule = Households(**arrays, num_persons=persons), laid_out(rules)
    total = np.zeros(len(households), dtype=np.int64)
    for _ in range(MONTHS):
        total += subsidies_fen(households, rule)
    return time.process_time() - begun, total


def theirs(python: str, arrays: dict[str, np.ndarray], member_of: np.ndarray) -> tuple[float, np.ndarray]:
    """The same by OpenFisca-core in its own environment."""
    rules = policy.load("example").in_force(first_of("2026-01", 0)).tenancy.subsidy
    assert rules is not None
    rule = laid_out(rules)
    tables = {
        f"rule_{name}": np.asarray(getattr(rule, name))
        for name in ("bounds_fen", "share", "caps_fen", "area_cap_cm2", "requires_no_home")
    }
    with tempfile.TemporaryDirectory() as folder:
        given, answer, script = (Path(folder) / name for name in ("given.npz", "answer.npy", "other.py"))
        np.savez(given, member_of=member_of, **arrays, **tables)
        script.write_text(OTHER, encoding="utf-8")
        ended = subprocess.run(
            [python, str(script), str(given), str(answer)], check=True, capture_output=True, text=True
        )
        return float(ended.stdout.split()[-1]), np.load(answer)


def main() -> int:
    """Print both times and their ratio; 1 where the amounts differ."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--openfisca", required=True, metavar="PYTHON")
    asked.add_argument("--households", type=int, default=200_000)
    words = asked.parse_args()
    made = population(words.households)
    arrays = {name: getattr(made, name) for name in NAMES}
    member_of = np.repeat(np.arange(words.households), made.num_persons)
    ratios = []
    for _ in range(3):
        (mine, here), (other, there) = ours(arrays, member_of), theirs(words.openfisca, arrays, member_of)
        if not np.array_equal(here, there):
            print(f"the amounts differ for {int((here != there).sum())} of {words.households} households")
            return 1
        ratios.append((mine / other, mine, other))
    ratio, mine, other = sorted(ratios)[1]
    print(f"{words.households:,} households x {MONTHS} months, building included: {mine:.3f} s here, {other:.3f} s "
          f"by OpenFisca-core, ratio 1/{1 / ratio:.1f} (floor 1/5); equal to the fen")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
