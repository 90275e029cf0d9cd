"""``make bench``: the floors of the project, medians of three, ratios inside one run.

Left out for their length or for what they need: ``million.py``, ``verify_million.py``, ``against_openfisca.py``,
``against_matching.py``, ``crossing.py``, ``portfolio.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import (
    costs,
    forgeries,
    group_target,
    mechanisms,
    quotas,
    rooms,
    screening,
    simulation,
    subsidy_lab,
    whole_round,
)

if __name__ == "__main__":
    mechanisms.main()
    quotas.main()
    rooms.main()
    group_target.main()
    costs.main()
    screening.main()
    whole_round.main()
    simulation.main()
    subsidy_lab.main()
    forgeries.main()
