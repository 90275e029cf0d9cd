"""Small named worlds of the tenancy tests; amounts in yuan here, fen in the frames."""

from __future__ import annotations

from datetime import date

import pandas as pd

from allocator.model.columns import DWELLINGS, HOUSEHOLDS, MEMBERS, PROJECTS
from allocator.model.enums import SupplyMode
from allocator.model.facts import Facts, conform
from allocator.policy.model import ModeRule, SubsidyRules, SubsidyTier, TenancyRules

ON = date(2026, 3, 26)
YUAN = 100
M2 = 10_000


def tier(id_, share, statuses=(), above=None, up_to=None):
    return SubsidyTier(
        reference="京建法〔2015〕14号",
        tag="V",
        id=id_,
        statuses=statuses,
        income_above_fen=above,
        income_up_to_fen=up_to,
        share_per_mille=share,
    )


# The Beijing rule of 2015 (domain.md 2.2), monthly income per head in fen.
BEIJING_2015 = SubsidyRules(
    reference="京建法〔2015〕14号",
    tag="V",
    area_cap_cm2=60 * M2,
    tiers=(
        tier("certified_95", 950, statuses=("minimum_living", "extreme_poverty")),
        tier("certified_90", 900, statuses=("low_income",)),
        tier("up_to_1200", 700, up_to=1200 * YUAN),
        tier("up_to_1600", 500, above=1200 * YUAN, up_to=1600 * YUAN),
        tier("up_to_2000", 250, above=1600 * YUAN, up_to=2000 * YUAN),
        tier("up_to_2400", 100, above=2000 * YUAN, up_to=2400 * YUAN),
    ),
    step_up_flags=("severe_disability", "serious_illness"),
    step_up_all_aged=60,
    assets_caps_fen=((3, 570_000 * YUAN), (99, 760_000 * YUAN)),
    requires_no_home=True,
)
TENANCY = TenancyRules(
    reference="京建法〔2011〕25号 第20条", tag="V", lease_months=36, max_waivers=2, subsidy=BEIJING_2015
)


def mode(paid_by="treasury", ends_with_head_lease=False):
    return ModeRule(
        reference="郑政办〔2012〕36号 三(二)",
        tag="M",
        owner="government",
        operator="government",
        allocator="bureau",
        surplus_to_bureau=True,
        rent_rule="government",
        subsidy_paid_by=paid_by,
        sale_option=False,
        ends_with_head_lease=ends_with_head_lease,
    )


MODES = {
    **{each: mode() for each in SupplyMode},
    SupplyMode.LEASED: mode(ends_with_head_lease=True),
    SupplyMode.ENTERPRISE_BUILT: mode(paid_by="none"),
}


def household(**given):
    """One row of circumstances: three persons, 1,000 yuan a head and month, no home, a flat of 50 m² at 40 yuan."""
    row = {
        "income_per_year_fen": 1000 * YUAN * 12 * given.get("num_persons", 3),
        "assets_fen": 100_000 * YUAN,
        "benefit_status": "none",
        "num_persons": 3,
        "has_home": False,
        "steps_up": False,
        "area_cm2": 50 * M2,
        "rent_per_m2_fen": 40 * YUAN,
        "is_bed": False,
    }
    return {**row, **given}


def frame_of(*rows):
    frame = pd.DataFrame(list(rows))
    types = {
        "income_per_year_fen": "Int64",
        "assets_fen": "Int64",
        "has_home": "boolean",
        "benefit_status": "str",
    }
    return frame.astype(types)


def facts_of(*, households=(), members=(), dwellings=(), projects=()):
    empty = Facts.empty()
    return Facts(
        employers=empty.employers,
        projects=_table(PROJECTS, projects),
        dwellings=_table(DWELLINGS, dwellings),
        households=_table(HOUSEHOLDS, households),
        members=_table(MEMBERS, members),
        preferences=empty.preferences,
    )


def _table(table, rows):
    frame = pd.DataFrame(list(rows)) if rows else pd.DataFrame({name: [] for name in table.dtypes})
    return conform(frame, table)


def three_families_three_dwellings():
    """A flat of a government project, a flat of a leased one whose head lease ends early, and an employer's bed."""
    receipts = ("R1", "R2", "R3")
    return facts_of(
        households=[
            {
                "receipt_no": receipt,
                "branch": "local",
                "income_per_year_fen": 36_000 * YUAN,
                "assets_fen": 0,
                "building_area_cm2": 0,
                "benefit_status": "none",
            }
            for receipt in receipts
        ],
        members=[
            member("R1", "甲", "999999199001010016", relation="applicant"),
            member("R1", "乙", "999999199001010024", relation="spouse"),
            member("R1", "丙", "999999201501010018", relation="child", born=date(2015, 1, 1)),
            member("R2", "丁", "999999199001010032", relation="applicant"),
            member("R3", "戊", "999999199001010040", relation="applicant"),
        ],
        dwellings=[
            dwelling("D1", "P-gov", 500_000, 4_000),
            dwelling("D2", "P-leased", 400_000, 3_000),
            dwelling("D3", "P-own", 60_000, 20_000, kind="bed"),
        ],
        projects=[
            {"project_id": "P-gov", "name": "甲", "supply_mode": "government_invested", "district": "410102"},
            {
                "project_id": "P-leased",
                "name": "乙",
                "supply_mode": "leased",
                "district": "410102",
                "head_lease_ends": pd.Timestamp(2027, 12, 31),
            },
            {"project_id": "P-own", "name": "丙", "supply_mode": "enterprise_built", "district": "410102"},
        ],
    )


def member(receipt_no, name, id_number, relation="applicant", born=date(1990, 1, 1), flags=None):
    return {
        "receipt_no": receipt_no,
        "name": name,
        "id_number": id_number,
        "relation": relation,
        "sex": "female",
        "birth_date": pd.Timestamp(born),
        "flags": flags,
    }


def dwelling(dwelling_id, project_id, area_cm2, rent_fen, kind="flat", available_on=date(2026, 1, 1)):
    return {
        "dwelling_id": dwelling_id,
        "project_id": project_id,
        "kind": kind,
        "dwelling_type": "bed" if kind == "bed" else "one_room",
        "building_area_cm2": area_cm2,
        "floor": 3,
        "room_id": "1" if kind == "bed" else None,
        "accessible": False,
        "rent_per_m2_fen": rent_fen,
        "available_on": pd.Timestamp(available_on),
    }


def offers_frame(*rows):
    """Offers ``(receipt_no, dwelling_id)`` made on 20 March 2026."""
    from allocator.tenancies.offers import offers_of

    codes = [f"c{place}" for place in range(len(rows))]
    result = pd.DataFrame(
        {"code": codes, "pool": ["p"] * len(rows), "dwelling_id": [dwelling_id for _, dwelling_id in rows]}
    )
    roster = pd.DataFrame({"receipt_no": [receipt for receipt, _ in rows], "code": codes})
    order = pd.DataFrame({"position": range(1, len(rows) + 1), "code": codes})
    return offers_of(result, roster, order, month="2026-03", sub_round="public", made_on=date(2026, 3, 20))
