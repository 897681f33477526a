"""A month's world and what is done to it, each with the figures it moves, worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.sql.publishing import World, came, row_of, spent
from tests.sql.worlds import AS_OF, DEFAULT_ROWS

BRAND_SEP = "google_ads/1/10/2026-09-01"
BRAND_OCT = "google_ads/1/10/2026-10-01"
GENERIC_SEP = "google_ads/1/20/2026-09-01"
DOLLAR_OCT = "linkedin_ads/1/30/2026-10-01"
UNMATCHED_SEP = "google_ads/unmatched/unmatched/2026-09-01"
SEARCH_SEP = "Paid Search/2026-09-01"
SEARCH_OCT = "Paid Search/2026-10-01"
SOCIAL_OCT = "Paid Social/2026-10-01"


def first_world() -> World:
    """Brand brought L1 (deal O1) in September and L3, C7 (deal O2) in October; Generic brought L2
    and C6 in September; L4 and L5 bear tags of no campaign. Dollar cost 120 USD at 1.20. L0, who
    came 730 days before the as-of instant, brought O3, which should have closed in October."""
    return {
        "load_ledger": [dict(DEFAULT_ROWS["load_ledger"][0])],
        "seed_currency_rates": [
            {"currency_code": "USD", "rate_date": "2026-10-05", "rate": "1.20"},
        ],
        "seed_campaign_aliases": [],
        "seed_deal_types": [{"opportunity_type": "renewal", "type_group": "renewal"}],
        "stg_campaigns": [
            {
                "platform": platform,
                "account_id": "1",
                "campaign_id": number,
                "campaign_name": name,
                "campaign_type": kind,
            }
            for platform, number, name, kind in (
                ("google_ads", "10", "Brand", "SEARCH"),
                ("google_ads", "20", "Generic", "SEARCH"),
                ("linkedin_ads", "30", "Dollar", None),
            )
        ],
        "stg_campaign_history": [
            {
                "platform": "google_ads",
                "account_id": "1",
                "campaign_id": "20",
                "campaign_name": "Generic",
                "valid_from_at": "2026-01-01T00:00:00Z",
            }
        ],
        "stg_campaign_daily": [
            spent("google_ads", "10", "2026-09-10", "100", "EUR"),
            spent("google_ads", "20", "2026-09-11", "50", "EUR"),
            spent("linkedin_ads", "30", "2026-10-05", "120", "USD"),
        ],
        "stg_crm_leads": [
            {
                "lead_id": "L0",
                "converted_opportunity_id": "O3",
                **came("Brand", "2024-11-20"),
                "created_at": "2024-11-20T12:00:00Z",
            },
            {"lead_id": "L1", "converted_opportunity_id": "O1", **came("Brand", "2026-09-10")},
            {"lead_id": "L2", "email_hash": "h2", **came("Generic", "2026-09-12")},
            {"lead_id": "L3", "email_hash": "h3", **came("Brand", "2026-10-01")},
            {"lead_id": "L4", **came("autumn sale", "2026-09-25")},
            {"lead_id": "L5", **came("winter", "2026-09-26")},
        ],
        "stg_crm_contacts": [
            {"contact_id": "C6", **came("Generic", "2026-09-05")},
            {"contact_id": "C7", **came("Brand", "2026-10-03")},
        ],
        "stg_crm_opportunities": [
            {
                "opportunity_id": "O1",
                "crm_account_id": "A1",
                "amount": "1000",
                "created_at": "2026-10-10T10:00:00Z",
            },
            {
                "opportunity_id": "O2",
                "opportunity_type": "Pilot",
                "amount": "500",
                "created_at": "2026-10-15T10:00:00Z",
            },
            {
                "opportunity_id": "O3",
                "amount": "10",
                "close_date": "2026-10-15",
                "created_at": "2026-09-20T10:00:00Z",
            },
        ],
        "stg_crm_contact_roles": [
            {
                "contact_role_id": "R1",
                "opportunity_id": "O2",
                "contact_id": "C7",
                "is_primary": True,
                "created_at": "2026-10-15T10:00:00Z",
            }
        ],
    }


def restate_spend(world: World) -> None:
    world["stg_campaign_daily"][0]["spend"] = "90"


def add_a_lead(world: World) -> None:
    world["stg_crm_leads"].append({"lead_id": "L8", **came("Brand", "2026-09-20")})


def edit_a_deal(world: World) -> None:
    row_of(world, "stg_crm_opportunities", "O1")["amount"] = "1200"


def merge_two(world: World) -> None:
    row_of(world, "stg_crm_leads", "L3")["email_hash"] = "h2"


def add_a_role(world: World) -> None:
    role = {"contact_role_id": "R2", "opportunity_id": "O2", "contact_id": "C6"}
    world["stg_crm_contact_roles"].append(role | {"created_at": "2026-10-16T10:00:00Z"})


def rename_a_campaign(world: World) -> None:
    row_of(world, "stg_campaigns", "20")["campaign_name"] = "Autumn Sale"
    name = {"campaign_name": "Autumn Sale", "valid_from_at": "2026-09-20T00:00:00Z"}
    world["stg_campaign_history"].append(world["stg_campaign_history"][0] | name)


def add_an_alias(world: World) -> None:
    world["seed_campaign_aliases"].append(
        {
            "platform": "google_ads",
            "account_id": "1",
            "campaign_id": "10",
            "utm_campaign": "winter",
        }
    )


def mend_a_rate(world: World) -> None:
    world["seed_currency_rates"][0]["rate"] = "1.25"


def edit_a_seed(world: World) -> None:
    world["seed_deal_types"].append({"opportunity_type": "pilot", "type_group": "expansion"})


def do_several(world: World) -> None:
    """Spend goes back up, L8 is deleted, O1 is won, L2 qualifies and brings a deal."""
    world["stg_campaign_daily"][0]["spend"] = "100"
    row_of(world, "stg_crm_leads", "L8")["is_deleted"] = True
    outcome = {"is_closed": True, "is_won": True, "close_date": "2026-10-30"}
    row_of(world, "stg_crm_opportunities", "O1").update(outcome)
    qualified = {"lead_status": "MQL", "converted_opportunity_id": "O9"}
    row_of(world, "stg_crm_leads", "L2").update(qualified)
    deal = {"opportunity_id": "O9", "amount": "300", "created_at": "2026-10-20T10:00:00Z"}
    world["stg_crm_opportunities"].append(deal)


def move_a_role(world: World) -> None:
    """C6, touched before L1, bears the role on O1 since before it closed."""
    role = {"contact_role_id": "R3", "opportunity_id": "O1", "contact_id": "C6"}
    world["stg_crm_contact_roles"].append(role | {"created_at": "2026-10-11T10:00:00Z"})


def pass_a_day(world: World) -> None:
    world["load_ledger"][0]["as_of_at"] = AS_OF + timedelta(days=1)


Figure = tuple[str, str, int | None, int | None]
STEPS: list[tuple[Callable[[World], None], str, str, list[Figure]]] = [
    (
        restate_spend,
        "spend_restated",
        "google_ads/1/10/2026-09-10",
        [(BRAND_SEP, "spend_base", 100, 90), (SEARCH_SEP, "spend_base", 150, 140)],
    ),
    (
        add_a_lead,
        "late_lead",
        "L8",
        [(BRAND_SEP, "leads", 1, 2), (SEARCH_SEP, "leads", 5, 6)],
    ),
    (
        edit_a_deal,
        "deal_edited",
        "O1",
        [
            (BRAND_SEP, "open_pipeline_base", 1000, 1200),
            (SEARCH_SEP, "open_pipeline_base", 1000, 1200),
        ],
    ),
    (
        merge_two,
        "merge",
        "L3 through into L2",
        [(BRAND_OCT, "leads", 2, 1), (SEARCH_OCT, "leads", 2, 1)],
    ),
    (
        add_a_role,
        "contact_role",
        "O2",
        [
            (BRAND_OCT, "opportunities", 1, 0),
            (BRAND_OCT, "open_pipeline_base", 500, 0),
            (GENERIC_SEP, "opportunities", 0, 1),
            (GENERIC_SEP, "open_pipeline_base", 0, 500),
            (SEARCH_OCT, "opportunities", 1, 0),
            (SEARCH_OCT, "open_pipeline_base", 500, 0),
            (SEARCH_SEP, "opportunities", 1, 2),
            (SEARCH_SEP, "open_pipeline_base", 1200, 1700),
        ],
    ),
    (
        rename_a_campaign,
        "rename",
        "L4 through lead:L4",
        [(UNMATCHED_SEP, "leads", 2, 1), (GENERIC_SEP, "leads", 2, 3)],
    ),
    (
        add_an_alias,
        "alias",
        "L5 through lead:L5",
        [(UNMATCHED_SEP, "leads", 1, None), (BRAND_SEP, "leads", 2, 3)],
    ),
    (
        mend_a_rate,
        "rate",
        "linkedin_ads/1/30/2026-10-05",
        [(DOLLAR_OCT, "spend_base", 100, 96), (SOCIAL_OCT, "spend_base", 100, 96)],
    ),
    (
        edit_a_seed,
        "seed_edited",
        "O2 through deal_types",
        [
            (GENERIC_SEP, "opportunities", 1, 0),
            (GENERIC_SEP, "open_pipeline_base", 500, 0),
            (SEARCH_SEP, "opportunities", 2, 1),
            (SEARCH_SEP, "open_pipeline_base", 1700, 1200),
        ],
    ),
]

SEVERAL: dict[tuple[str, str], tuple[int | None, int | None, str]] = {
    (BRAND_SEP, "spend_base"): (90, 100, "spend_restated"),
    (BRAND_SEP, "leads"): (3, 2, "lead_deleted"),
    (BRAND_SEP, "won_deals"): (0, 1, "deal_edited"),
    (BRAND_SEP, "customers"): (0, 1, "deal_edited"),
    (BRAND_SEP, "won_revenue_base"): (0, 1200, "deal_edited"),
    (BRAND_SEP, "open_pipeline_base"): (1200, 0, "deal_edited"),
    (BRAND_SEP, "cpl"): (30, 50, "spend_restated, lead_deleted"),
    (BRAND_SEP, "cost_per_opportunity"): (90, 100, "spend_restated"),
    (BRAND_SEP, "cac"): (None, 100, "spend_restated, deal_edited"),
    (BRAND_SEP, "roas"): (0, 12, "spend_restated, deal_edited"),
    (BRAND_SEP, "roi"): (-1, 11, "spend_restated, deal_edited"),
    (BRAND_SEP, "pipeline_per_spend"): (None, 0, "spend_restated, deal_edited"),
    (BRAND_SEP, "win_rate"): (None, 1, "deal_edited"),
    (BRAND_SEP, "win_rate_by_amount"): (None, 1, "deal_edited"),
    (GENERIC_SEP, "mqls"): (0, 1, "lead_edited"),
    (GENERIC_SEP, "opportunities"): (0, 1, "late_deal"),
    (GENERIC_SEP, "open_pipeline_base"): (0, 300, "late_deal"),
    (GENERIC_SEP, "cost_per_mql"): (None, 50, "lead_edited"),
    (GENERIC_SEP, "cost_per_opportunity"): (None, 50, "late_deal"),
    (GENERIC_SEP, "pipeline_per_spend"): (0, 6, "late_deal"),
    (SEARCH_SEP, "spend_base"): (140, 150, "spend_restated"),
    (SEARCH_SEP, "leads"): (6, 5, "lead_deleted"),
    (SEARCH_SEP, "mqls"): (0, 1, "lead_edited"),
    (SEARCH_SEP, "cost_per_mql"): (None, 150, "spend_restated, lead_edited"),
    (SEARCH_SEP, "opportunities"): (1, 2, "late_deal"),
    (SEARCH_SEP, "cost_per_opportunity"): (140, 75, "spend_restated, late_deal"),
    (SEARCH_SEP, "won_deals"): (0, 1, "deal_edited"),
    (SEARCH_SEP, "customers"): (0, 1, "deal_edited"),
    (SEARCH_SEP, "won_revenue_base"): (0, 1200, "deal_edited"),
    (SEARCH_SEP, "open_pipeline_base"): (1200, 300, "late_deal, deal_edited"),
    (SEARCH_SEP, "cac"): (None, 150, "spend_restated, deal_edited"),
    (SEARCH_SEP, "cpl"): (None, 30, "spend_restated, lead_deleted"),
    (SEARCH_SEP, "roas"): (0, 8, "spend_restated, deal_edited"),
    (SEARCH_SEP, "roi"): (-1, 7, "spend_restated, deal_edited"),
    (SEARCH_SEP, "pipeline_per_spend"): (None, 2, "spend_restated, late_deal, deal_edited"),
    (SEARCH_SEP, "win_rate"): (None, 1, "deal_edited"),
    (SEARCH_SEP, "win_rate_by_amount"): (None, 1, "deal_edited"),
}
"""By row and figure: old, new (None of a fraction that is not whole: not looked at), causes."""

FUNNEL: dict[str, tuple[str, str]] = {
    "leads": ("5", "lead_deleted"),
    "mqls": ("1", "lead_edited"),
    "opportunities": ("3", "late_deal"),
    "customers": ("1", "deal_edited"),
    "lead_to_mql_rate": ("0.2", "lead_edited, lead_deleted"),
    "mql_to_sql_rate": ("0", "lead_edited"),
    "opportunity_to_customer_rate": ("0.333333", "late_deal, deal_edited"),
    "lead_to_customer_rate": ("0.2", "lead_deleted, deal_edited"),
    "median_days_opportunity_to_customer": ("20.5417", "deal_edited"),
}
"""September's Paid Search in the same publish: new value, causes. L1, C6 and now L2 are on deals;
L1's was won 20 days, 12 hours, 59 minutes and 59 seconds after it was opened."""

DECIDED: dict[str, int] = {
    "won_deals": 1,
    "won_revenue_base": 1200,
    "win_rate": 1,
    "win_rate_by_amount": 1,
    "average_won_amount": 1200,
    "days_touch_to_created_p50": 30,
    "days_touch_to_created_p90": 30,
    "days_created_to_close_p50": 20,
    "days_created_to_close_p90": 20,
    "days_touch_to_close_p50": 50,
    "days_touch_to_close_p90": 50,
    "sales_velocity": 60,
}
"""The row of October's decisions that came with it: L1 came on 10 September, O1 was opened on
10 October and won on the 30th for 1200, which is 60 a day."""

RATED: dict[str, int] = {
    "deals": 1,
    "attributed_deals": 1,
    "amount_base": 1200,
    "attributed_amount_base": 1200,
    "attribution_rate": 1,
    "attribution_rate_by_amount": 1,
}
