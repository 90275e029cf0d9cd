"""The letters of a round, read in both languages."""

from __future__ import annotations

import random

from allocator.office.explaining import explain
from allocator.store import Store
from tests.forgery.true_rounds import MONTH, Published


def codes_told(published: Published, num_letters: int) -> set[str]:
    """The sentences that occur in so many letters of the public sub-round; none of them has a gap."""
    base = published.folders["public"].parents[2]
    url = f"sqlite:///{base / 'store.db'}"
    with Store.open(url) as store:
        receipts = list(store.frame(MONTH, "public", "roster")["receipt_no"])
    codes: set[str] = set()
    for receipt_no in random.Random(2).sample(receipts, num_letters):
        told = explain(MONTH, receipt_no, url)
        codes |= {code for code, _ in told.sentences}
        for language in ("zh", "en"):
            text = "\n".join(told.lines(language))
            assert "{" not in text
            assert "None" not in text
    return codes
