"""A real Dask cluster of separate processes on this machine, for tests."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
_WORKER = "import sys; from distributed.cli.dask_worker import main; main(sys.argv[1:])"
_SCHEDULER = "import sys; from distributed.cli.dask_scheduler import main; main(sys.argv[1:])"


class Cluster:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self._folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_worker(self) -> None:
        """One more worker, with one thread and no nanny to set it up again."""
        words = [
            self.address,
            "--no-nanny",
            "--nthreads",
            "1",
            "--no-dashboard",
            "--local-directory",
            str(self._folder),
        ]
        self.workers.append(_started(_WORKER, words, self._folder / f"worker{len(self.workers)}.log"))

    def kill_worker(self, number: int) -> None:
        """It dies at once, without a farewell."""
        self.workers[number].send_signal(signal.SIGKILL)
        self.workers[number].wait()


@contextmanager
def cluster(folder: Path, num_workers: int) -> Iterator[Cluster]:
    """Scheduler and workers until the end of the test; all of them are ended."""
    log = folder / "scheduler.log"
    scheduler = _started(
        _SCHEDULER, ["--port", "0", "--host", "localhost", "--no-dashboard", "--no-show"], log
    )
    made = Cluster(_address(scheduler, log), folder)
    try:
        for _ in range(num_workers):
            made.add_worker()
        yield made
    finally:
        for process in [*made.workers, scheduler]:
            process.kill()
            process.wait()


def _started(script: str, words: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-c", script, *words], cwd=ROOT, stdout=said, stderr=said,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip


def _address(scheduler: subprocess.Popen[bytes], log: Path) -> str:
    import time

    for _ in range(600):
        found = re.search(rb"Scheduler at:\s*(tcp://\S+)", log.read_bytes())
        if found:
            return found[1].decode()
        if scheduler.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(log.read_text())
