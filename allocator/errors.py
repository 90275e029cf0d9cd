"""Faults of use, law and machine. Faults of data are values (``model.problem``), bugs are built-ins.

Every fault carries a code (its text stands in ``texts/``), parameters for that text and an exit code
of the contract, section 2.
"""

from __future__ import annotations

from typing import ClassVar


class AllocatorError(Exception):
    """A fault with a code, parameters for its text, and an exit code."""

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        """Code and parameters, for developers; people read ``messages.text_of``."""
        return f"{self.code} {self.params}"


class FaultsFound(AllocatorError):
    """It ran and found faults: bad rows, a law breached, a bundle that does not verify."""

    exit_code = 1


class WrongUsage(AllocatorError):
    """The words of the command are off."""

    exit_code = 2


class Refused(AllocatorError):
    """Not allowed at this stage, or the policy is invalid."""

    exit_code = 3


class NoAllocation(AllocatorError):
    """Infeasible, or a limit was reached."""

    exit_code = 4


class MachineRefused(AllocatorError):
    """Disk full, read-only, locked, no permission."""

    exit_code = 74
