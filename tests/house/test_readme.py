"""The README's tour runs, line by line."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
THREE_FAMILIES = {
    "format": "allocator-instance/1",
    "households": [
        {"id": "A", "order": 1, "band": 0, "preferences": ["p", "q"]},
        {"id": "B", "order": 2, "band": 0, "preferences": ["p"]},
        {"id": "C", "order": 3, "band": 1, "preferences": ["q"]},
    ],
    "pools": [{"id": "p", "capacity": 1}, {"id": "q", "capacity": 1}],
}


def _tour() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [
        line
        for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
        if line
    ]


def test_every_line_of_the_tour_runs(tmp_path: Path) -> None:
    """Each command of the tour ends with exit 0, in order, in an empty folder."""
    (tmp_path / "instance.json").write_text(json.dumps(THREE_FAMILIES), encoding="utf-8")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    lines = _tour()
    assert len(lines) >= 15
    for line in lines:
        run = subprocess.run(
            line.split(),
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, f"{line}\n{run.stdout[-2000:]}\n{run.stderr[-2000:]}"
    assert (tmp_path / "out/2026-03/report.html").is_file()
