"""How the pages of a law show amounts, words of closed sets and sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from allocator.messages import text_of
from allocator.policy.model import AmountBucket, Sourced
from allocator.policy.rules import Bucket


def amount(value: int, scale: int) -> str:
    """Base units in the law's unit, exact."""
    exact = Fraction(value, scale)
    if exact.denominator == 1:
        return str(int(exact))
    return f"{value // scale}.{value % scale:0{len(str(scale)) - 1}d}".rstrip("0")


def bounds(buckets: Sequence[Bucket | AmountBucket], scale: int, language: str) -> str:
    """The amount, or one for each bucket of household sizes."""
    if len(buckets) == 1:
        return amount(buckets[0].value, scale)
    shown = []
    for bucket in buckets:
        persons = f"{bucket.size_from}-{bucket.size_up_to}" if bucket.size_up_to else f"{bucket.size_from}+"
        shown.append(text_of("policy_bucket", language, persons=persons, bound=amount(bucket.value, scale)))
    return "; ".join(shown)


def words(keys: Iterable[object], spellings: Mapping[str, tuple[str, ...]], language: str) -> str:
    """Keys of a closed set as a person reads them."""
    joined = "、" if language == "zh" else ", "
    return joined.join(spellings[str(key)][0] if language == "zh" else str(key) for key in keys)


def source(rule: Sourced, language: str) -> str:
    """Where it stands, how sure that is, and who approved it when."""
    line = f"    {rule.reference} [{rule.tag}]"
    if rule.approved_on is None:
        return line
    approved = {"by": rule.approved_by, "on": rule.approved_on.isoformat()}
    return line + " " + text_of("policy_page_approved", language, **approved)
