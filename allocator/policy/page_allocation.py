"""The part of the law's page about the mechanism and what it is to observe."""

from __future__ import annotations

from allocator.policy.model import AllocationRules
from allocator.policy.page_declared import declared_entries
from allocator.policy.shown import Entry, Words


def allocation_entries(rules: AllocationRules, words: Words) -> list[Entry]:
    """Mechanism, the local rule it stands on, and the dwelling inside the pool."""
    says = [words.say(f"mechanism_{rules.mechanism}")]
    says += [words.say("housing_first")] if rules.housing_first else []
    says += [words.say(f"housed_{rules.housed}")] if rules.housed is not None else []
    says += [words.say("bands_by_group")] if rules.optimise_within == "priority_group" else []
    says.append(words.say(f"dwelling_by_{rules.dwelling_rule}"))
    says += [words.say("local_rule", rule=rules.local_rule)] if rules.local_rule else []
    mechanism = Entry("allocation", words.say("mechanism_name"), tuple(says), words.source(rules))
    return [mechanism, *declared_entries(rules, words)]
