"""Supply portfolio files (TOML) as strict frozen documents: what may be built or leased, where, with which money.

Money is whole fen, land whole m², shares and rates are exact fractions per period. Periods count from 0.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, PlainValidator, ValidationError, model_validator

from allocator.errors import Refused
from allocator.model.enums import SupplyMode
from allocator.policy.faults import Faults
from allocator.policy.sourced import Strict
from scenarios.documents import GREATEST_MONEY, LONGEST_NUMBER
from scenarios.ownership_files import LoanRate, Money, Monthly, Share

LIBRARY: Final = Path(__file__).with_name("library") / "supply"
GREATEST_PERIODS: Final = 200
GREATEST_WORTH: Final = 1_000_000
MAX_BYTES: Final = 4_000_000
MODE_NAMES: Final = {mode.value: mode for mode in SupplyMode}
_GREATEST_COUNT: Final = 1_000_000
_BOUNDS: Final = {
    "greater_than_equal": (">=", "ge"),
    "less_than_equal": ("<=", "le"),
    "greater_than": (">", "gt"),
}


@dataclass(frozen=True)
class Course:
    """A whole number for every period: the same, a list, or a start that rises (falls) by a step, never below 0."""

    values: tuple[int, ...] = ()
    start: int = 0
    step: Fraction = Fraction(0)

    def row(self, periods: int) -> tuple[int, ...]:
        """One whole number per period; a step that is no whole number is rounded down."""
        if self.values:
            return self.values
        return tuple(max(0, self.start + int(self.step * t // 1)) for t in range(periods))

    def fault(self, periods: int, greatest: int) -> str:
        """What is wrong with it over so many periods; "" where nothing is."""
        if self.values and len(self.values) != periods:
            return f"{len(self.values)} values for {periods} periods"
        row = self.row(periods)
        return f"{max(row)} > {greatest}" if max(row) > greatest else ""


_STEP: Final = re.compile(r"-?[0-9]+(\.[0-9]+|/0*[1-9][0-9]*)?")
_COURSE: Final = "a whole number, a list of whole numbers, or { start = …, step = … }"


def _course(value: object) -> Course:
    if _is_whole(value):
        return Course(start=int(str(value)))
    if isinstance(value, list) and value and all(_is_whole(entry) for entry in value):
        return Course(values=tuple(value))
    if isinstance(value, dict) and set(value) == {"start", "step"} and _is_whole(value["start"]):
        step = str(value["step"])
        if len(step) <= LONGEST_NUMBER and _STEP.fullmatch(step):
            return Course(start=value["start"], step=Fraction(step))
    raise ValueError(_COURSE)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= GREATEST_MONEY


def _mode(value: object) -> SupplyMode:
    if value not in MODE_NAMES:
        raise ValueError("one of " + ", ".join(MODE_NAMES))
    return MODE_NAMES[str(value)]


Row = Annotated[Course, PlainValidator(_course)]
ModeName = Annotated[SupplyMode, PlainValidator(_mode)]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Periods = Annotated[int, Field(ge=0, le=GREATEST_PERIODS)]


class Run(Strict):
    """``gap``: the search stops once the plan is proved to be within this share of the best."""

    periods: int = Field(ge=1, le=GREATEST_PERIODS)
    gap: Share = Fraction(1, 200)


class Limits(Strict):
    """By period: what the treasury may spend, what loans may be served with, what is granted from above.

    ``budget_carries``: what is left of one period's budget may be spent in a later one.
    """

    budget_fen: Row
    budget_carries: bool = False
    service_fen: Row | None = None
    grant_fen: Row | None = None


class Risk(Strict):
    """``tail``: the worst part of the courses of demand, by weight; ``weight``: how much it counts beside the mean."""

    tail: Share = Fraction(1, 5)
    weight: Share = Fraction(0)


class Prices(Strict):
    """What one more home is worth, from an allocation: its prices (ranks saved) and whom one more place would house.

    ``housed_ranks``: how many ranks saved one household more housed counts for.
    """

    allocation: str = Field(min_length=1)
    housed_ranks: int = Field(ge=0, le=1000)


class Mode(Strict):
    """One start: so many homes at once, after ``lead`` periods, for ``lease`` periods (0: to the end).

    Of the capital a partner (developer, enterprise) bears ``partner_share``, the level above grants ``grant_share``,
    ``loan_share`` is borrowed for ``loan_periods``; the treasury pays the rest. ``interest_subsidy_share`` of the interest
    is paid from above. Running cost and rent: a home and period. ``renewal_fen``: capital of going on for another lease.
    """

    mode: ModeName
    dwellings: int = Field(ge=1, le=100_000)
    capital_fen: Row
    partner_share: Share = Fraction(0)
    grant_share: Share = Fraction(0)
    loan_share: Share = Fraction(0)
    loan_rate: LoanRate = Fraction(0)
    loan_periods: Periods = 0
    interest_subsidy_share: Share = Fraction(0)
    running_fen: Monthly = 0
    rent_fen: Monthly = 0
    land_m2: int = Field(ge=0, le=10**9)
    lead: Periods
    lease: Periods = 0
    renewal_fen: Money | None = None
    starts_at_most: Row

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.partner_share + self.grant_share + self.loan_share > 1:
            raise ValueError("partner_share, grant_share and loan_share together are at most 1")
        if self.loan_share and not self.loan_periods:
            raise ValueError("a loan has loan_periods")
        if self.renewal_fen is not None and not self.lease:
            raise ValueError("only a lease that ends is renewed: give lease, or strike renewal_fen")
        return self


class Site(Strict):
    """``worth`` of a home here, or the ``pools`` its homes would belong to with their parts (see ``[prices]``)."""

    name: Name
    land_m2: int = Field(ge=0, le=10**9)
    worth: int | None = Field(default=None, ge=0, le=GREATEST_WORTH)
    pools: dict[str, Annotated[int, Field(ge=1, le=1000)]] | None = Field(default=None, min_length=1)
    modes: tuple[ModeName, ...] | None = None
    dwellings_at_most: int | None = Field(default=None, ge=0, le=_GREATEST_COUNT)

    @model_validator(mode="after")
    def _one_worth(self) -> Self:
        if (self.worth is None) == (self.pools is None):
            raise ValueError("either worth or pools")
        return self


class DemandCase(Strict):
    """One course of demand: homes wanted beyond those standing, by site; ``weight``: how likely, beside the others."""

    name: Name
    weight: int = Field(ge=1, le=1000)
    dwellings: dict[str, Row]


class Portfolio(Strict):
    """One portfolio file."""

    format: Literal["allocator-portfolio/1"]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")
    title_zh: str = ""
    title_en: str = ""
    note: str = ""
    run: Run
    limits: Limits
    risk: Risk = Risk()
    prices: Prices | None = None
    modes: tuple[Mode, ...] = Field(min_length=1, max_length=6)
    sites: tuple[Site, ...] = Field(min_length=1, max_length=50)
    demand: tuple[DemandCase, ...] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if self.prices is None and any(site.pools for site in self.sites):
            raise ValueError("sites with pools need [prices] with the allocation they are priced by")
        if self.prices is not None and not any(site.pools for site in self.sites):
            raise ValueError("[prices] without a site that names its pools: add pools, or strike [prices]")
        if self.risk.tail <= 0:
            raise ValueError("risk.tail is above 0")
        return self


def shipped() -> list[str]:
    """Names of the shipped files."""
    return sorted(place.stem for place in LIBRARY.glob("*.toml"))


def place_of(name_or_file: str) -> Path:
    """The file of that path, or the shipped one of that name. Raises ``Refused`` for neither."""
    if Path(name_or_file).is_file():
        return Path(name_or_file)
    if name_or_file in shipped():
        return LIBRARY / f"{name_or_file}.toml"
    raise Refused("portfolio_unknown", value=name_or_file, names=", ".join(shipped()) or "-")


def read(place: Path, faults: Faults) -> Portfolio | None:
    """The file's document, or ``None`` and every fault of it with file, key and cure."""
    with place.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        faults.add("portfolio_file_large", place.name, "-", limit=MAX_BYTES)
        return None
    try:
        table = tomllib.loads(content.decode("utf-8-sig"), parse_float=str)
        asked = Portfolio.model_validate_json(json.dumps(table, default=str))
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False):
            _tell(dict(error), place.name, faults)
        return None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as fault:
        faults.add("portfolio_file_malformed", place.name, "-", reason=str(fault))
        return None
    _check_rows(asked, place.name, faults)
    _check_names(asked, place.name, faults)
    return None if len(faults) else asked


def _rows(asked: Portfolio) -> list[tuple[str, Course, int]]:
    """Every course of the file: its key, itself, the greatest value it may take."""
    limits = asked.limits
    found = [
        (f"limits.{key}", getattr(limits, key), GREATEST_MONEY)
        for key in ("budget_fen", "service_fen", "grant_fen")
        if getattr(limits, key) is not None
    ]
    for number, mode in enumerate(asked.modes):
        found.append((f"modes.{number}.capital_fen", mode.capital_fen, GREATEST_MONEY))
        found.append((f"modes.{number}.starts_at_most", mode.starts_at_most, 1000))
    for number, case in enumerate(asked.demand):
        found += [
            (f"demand.{number}.dwellings.{site}", row, _GREATEST_COUNT)
            for site, row in case.dwellings.items()
        ]
    return found


def _check_rows(asked: Portfolio, file: str, faults: Faults) -> None:
    for key, course, greatest in _rows(asked):
        reason = course.fault(asked.run.periods, greatest)
        if reason:
            faults.add("portfolio_course_wrong", file, key, reason=reason)


def _check_names(asked: Portfolio, file: str, faults: Faults) -> None:
    """Each mode, site and course of demand once; demand for every site and no other; modes the file prices."""
    sites = [site.name for site in asked.sites]
    modes = [mode.mode for mode in asked.modes]
    lists: tuple[tuple[str, list[str]], ...] = (
        ("modes", [mode.value for mode in modes]),
        ("sites", sites),
        ("demand", [case.name for case in asked.demand]),
    )
    for key, names in lists:
        for number, name in enumerate(names):
            if name in names[:number]:
                faults.add("portfolio_name_twice", file, f"{key}.{number}", value=name)
    for number, case in enumerate(asked.demand):
        for name in sorted(set(case.dwellings) ^ set(sites)):
            known = ", ".join(sites)
            faults.add("portfolio_demand_sites", file, f"demand.{number}.dwellings", value=name, known=known)
    for number, site in enumerate(asked.sites):
        for mode in sorted(set(site.modes or ()) - set(modes)):
            known = ", ".join(mode.value for mode in modes)
            faults.add(
                "portfolio_mode_unpriced", file, f"sites.{number}.modes", value=mode.value, known=known
            )


def _tell(error: dict[str, Any], file: str, faults: Faults) -> None:
    key = ".".join(str(step) for step in error["loc"]) or "-"
    kind, value = error["type"], error.get("input")
    if kind == "extra_forbidden":
        faults.add("portfolio_key_unknown", file, key)
    elif kind == "missing":
        faults.add("portfolio_key_missing", file, key)
    elif kind in _BOUNDS:
        sign, name = _BOUNDS[kind]
        faults.add(
            "portfolio_out_of_bounds", file, key, value=str(value), bound=f"{sign} {error['ctx'][name]}"
        )
    else:
        shown = "" if isinstance(value, dict | list) else repr(value)
        faults.add("portfolio_value_wrong", file, key, value=shown, expected=error["msg"])
