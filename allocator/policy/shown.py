"""How the pages of a law show amounts, words of closed sets, and where a rule comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from allocator.messages import text_of
from allocator.policy.in_force import Policy
from allocator.policy.model import AmountBucket
from allocator.policy.rules import Bucket
from allocator.policy.sourced import Approval, Sourced, every_rule


@dataclass(frozen=True)
class Entry:
    """One entry of a page: ``key`` tells it from others when two laws are compared and is never shown.

    ``name`` heads it, ``says`` is what it rules, ``source`` where it comes from.
    """

    key: str
    name: str
    says: tuple[str, ...] = ()
    source: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """A short rule beside its name, a longer one below; the source under both."""
        if len(self.says) == 1:
            head, below = [self.name, *self.says], self.source
        else:
            head, below = [self.name], (*self.says, *self.source)
        return ["- " + _colon(head), *("    " + line for line in below)]


def _colon(parts: Sequence[str]) -> str:
    joined = "：" if any("\u4e00" <= letter <= "\u9fff" for letter in parts[0]) else ": "
    return joined.join(part for part in parts if part)


@dataclass(frozen=True)
class Words:
    """One language, and who approves what says nothing else (``usual``)."""

    language: str
    default: Approval | None
    usual: tuple[str, str, str] | None

    def say(self, code: str, **params: object) -> str:
        """The sentence of a code of the law's page."""
        return text_of(f"law_{code}", self.language, **params)

    def listed(self, keys: Iterable[object], closed_set: str) -> str:
        """Keys of a closed set as a person reads them."""
        joined = "、" if self.language == "zh" else ", "
        return joined.join(self.say(f"{closed_set}_{key}") for key in keys)

    def amount(self, value: int, scale: int) -> str:
        """Base units in the law's unit, exact, thousands apart."""
        exact = Fraction(value, scale)
        if exact.denominator == 1:
            return f"{int(exact):,}"
        return f"{value // scale:,}.{value % scale:0{len(str(scale)) - 1}d}".rstrip("0")

    def bounds(self, buckets: Sequence[Bucket | AmountBucket], scale: int) -> str:
        """The amount, or one for each bucket of household sizes."""
        if len(buckets) == 1:
            return self.amount(buckets[0].value, scale)
        shown = [
            self.say(
                "bucket", persons=self.size(b.size_from, b.size_up_to), bound=self.amount(b.value, scale)
            )
            for b in buckets
        ]
        return "；".join(shown) if self.language == "zh" else "; ".join(shown)

    def size(self, first: int, last: int | None) -> str:
        """Households of so many persons."""
        if last is None:
            return self.say("persons_from", first=first)
        if first == last:
            return self.say("persons_one" if first == 1 else "persons_exactly", first=first)
        return self.say("persons_span", first=first, last=last)

    def source(self, rule: Sourced) -> tuple[str, ...]:
        """Reference and how sure it is; who approved it where that is not the usual one; the note."""
        lines = [self.say("source", reference=rule.reference, tag=rule.tag)]
        approved = approval_of(rule, self.default)
        if approved is not None and approved != self.usual:
            lines[0] += ("；" if self.language == "zh" else "; ") + self.approved(approved)
        note = rule.note_zh or rule.note if self.language == "zh" else rule.note
        return (*lines, self.say("note", note=note)) if note else tuple(lines)

    def approved(self, approval: tuple[str, str, str]) -> str:
        """Who approved it, when, and how sure that is."""
        by, on, tag = approval
        return self.say(
            "approved_on" if on else "approved_open", by=by, on=on, tag="" if tag == "V" else f" [{tag}]"
        )


def approval_of(rule: Sourced, default: Approval | None) -> tuple[str, str, str] | None:
    """By whom, on which day ("" while it is open), how sure; ``None`` where nobody is named."""
    if rule.approved_by:
        on = rule.approved_on.isoformat() if rule.approved_on else ""
        return rule.approved_by, on, rule.approved_tag
    if default is None:
        return None
    return default.by, default.on.isoformat() if default.on else "", default.tag


def words_of(policy: Policy, language: str) -> Words:
    """The words of a page: what most rules have for an approval is said once, at its head."""
    default = policy.authority.approval
    found = Counter(approval_of(rule, default) for _, rule in every_rule(policy, ""))
    found.pop(None, None)
    usual = max(found, key=lambda approval: (found[approval], approval), default=None)
    return Words(language, default, usual)
