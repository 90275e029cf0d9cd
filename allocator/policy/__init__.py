"""THE LAW: parameters with date, unit and source; the policy in force on a date.

``load`` gives the book of an authority, ``book.in_force(on)`` what held on a day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.policy.files_in import folder_of, shipped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from allocator.policy.book import PolicyBook

__all__ = ["PolicyBook", "fingerprint_of", "folder_of", "load", "shipped"]


def load(name_or_dir: str | Path) -> PolicyBook:
    """The book of a shipped authority or of a folder; ``Refused`` with all faults of the folder at once."""
    from allocator.policy import book  # pydantic is loaded only when a law is read

    return book.load(name_or_dir)


def fingerprint_of(files: Mapping[str, bytes]) -> str:
    """``sha256:`` of the canonical JSON of file name -> hex SHA-256 (docs/reference/bundle.md)."""
    from allocator.policy import book

    return book.fingerprint_of(files)


def __getattr__(name: str) -> object:
    """``PolicyBook`` on demand."""
    if name == "PolicyBook":
        from allocator.policy.book import PolicyBook

        return PolicyBook
    raise AttributeError(name)
