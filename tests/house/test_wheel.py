"""The wheel carries everything the engine reads at run time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

READ_ALL = """
import allocator, cli, scenarios
from allocator import policy
from allocator.messages import texts
from allocator.office.bundles import verifier
from allocator.publicity.bundle import readme
assert "wheelhouse" in allocator.__file__, allocator.__file__
assert {"example"} < set(policy.shipped())
for name in policy.shipped():
    policy.load(name)
assert texts("zh").keys() == texts("en").keys()
assert b"def main" in verifier()
print("read")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel unpacked by pip into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheelhouse")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheel = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(wheel, check=True, capture_output=True)
    built = next(folder.glob("allocator-*.whl"))
    target = folder / "site"
    subprocess.run(
        [*pip, "install", "--no-deps", "--target", str(target), str(built)], check=True, capture_output=True
    )
    return target


def test_package_data_works_from_an_installed_wheel(installed: Path, tmp_path: Path) -> None:
    """Policies, texts, templates and the verifier are found in the wheel, far from the source tree."""
    run = subprocess.run(
        [sys.executable, "-c", READ_ALL],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout.strip()) == (0, "read"), run.stderr
