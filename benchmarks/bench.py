"""``make bench``: every floor of the project, medians of three, ratios inside one run."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import forgeries, mechanisms, screening, whole_round

if __name__ == "__main__":
    mechanisms.main()
    screening.main()
    whole_round.main()
    forgeries.main()
