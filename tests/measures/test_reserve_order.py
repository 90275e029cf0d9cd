"""Open places before reserved ones: the market taken apart says what the mechanism says, and the theorem holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from allocator import mechanisms
from allocator.measures.reserve_order import taken_apart
from allocator.model.documents import parse_instance
from allocator.model.instance import UNASSIGNED, Instance
from tests.laws.fielded_markets import fielded
from tests.laws.markets import Document

NAME = "deferred_acceptance"


def _parsed(market: Document) -> Instance:
    instance = parse_instance(market).instance
    assert instance is not None
    return instance


def _pools_held(instance: Instance) -> dict[str, str | None]:
    """Where everybody is, parts of a pool under the pool's name."""
    assigned = mechanisms.solve(instance, NAME).matching.assigned.tolist()
    names = [name.split("\x00")[0] for name in instance.pool_ids]
    held = zip(instance.household_ids, assigned, strict=True)
    return {name: None if pool == UNASSIGNED else names[pool] for name, pool in held}


@settings(max_examples=300, derandomize=True, database=None)
@given(fielded(tenants=False))
def test_own_reserve_first_taken_apart_is_the_mechanism(market: Document) -> None:
    """With own reserves asked for first, the market taken apart gives exactly what the mechanism gives."""
    instance = _parsed(market)
    apart = taken_apart(instance, is_open_first=False)
    assert (apart is None) == ("reserves" not in instance.extensions)
    if apart is not None:
        assert _pools_held(apart) == _pools_held(instance)


@given(st.lists(st.booleans(), min_size=1, max_size=9), st.integers(1, 6), st.integers(1, 6), st.booleans())
def test_open_places_first_house_no_fewer_of_the_group(
    members: list[bool], capacity: int, places: int, is_released: bool
) -> None:
    """In one pool with one reserve the group gets at least as many places where open ones are asked for first
    (Dur, Kominers, Pathak and Sonmez 2018).
    """
    instance = _one_pool(members, capacity, places, is_released)
    apart = taken_apart(instance, is_open_first=True)
    assert apart is not None
    group = {f"h{number}" for number, is_member in enumerate(members) if is_member}
    before = sum(pool is not None for name, pool in _pools_held(instance).items() if name in group)
    after = sum(pool is not None for name, pool in _pools_held(apart).items() if name in group)
    assert after >= before


def test_the_order_can_matter() -> None:
    """A member, an outsider, a member; two places, one reserved: reserved first serves the order, open first the group."""
    instance = _one_pool([True, False, True], 2, 1, is_released=False)
    apart = taken_apart(instance, is_open_first=True)
    assert apart is not None
    assert _pools_held(instance) == {"h0": "p", "h1": "p", "h2": None}
    assert _pools_held(apart) == {"h0": "p", "h1": None, "h2": "p"}


def _one_pool(members: list[bool], capacity: int, places: int, is_released: bool) -> Instance:
    return _parsed(
        {
            "format": "allocator-instance/1",
            "households": [
                {
                    "id": f"h{number}",
                    "order": number + 1,
                    "preferences": ["p"],
                    "groups": ["g"] if is_member else [],
                }
                for number, is_member in enumerate(members)
            ],
            "pools": [{"id": "p", "capacity": capacity}],
            "reserves": [{"pool": "p", "group": "g", "places": places, "release": is_released}],
        }
    )
