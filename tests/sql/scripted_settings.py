"""A world in which settings, clicks, companies and deals change; and the edits that do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.sql.publishing import World, came, row_of, spent
from tests.sql.scripted_month import first_world
from tests.sql.worlds import DEFAULT_ROWS

LOOSE = "unattributed/unattributed/unattributed"
WEBINAR_OCT = "crm/crm/V1/2026-10-01"
EVENTS_OCT = "Events/2026-10-01"


def settings_world() -> World:
    """Rates of 2 USD and, in the CRM, 3 USD for a euro. K1 bears a click nobody has harvested.

    D1 is K2's, open. D2 and D3 are won; D2 names P1 of its company A1, where P2 is, too; D3's A2
    has nobody. MD, open, is M1's, who responded to the webinar on 1 October. Z1 came at half past
    one on 1 October in Berlin, which was September in New York, and brought Z9 within the hour,
    later won.
    """
    deals = (
        ("D1", None, "700", "2026-09-20T10:00:00Z", None),
        ("D2", "A1", "300", "2026-09-10T10:00:00Z", "2026-09-20"),
        ("D3", "A2", "400", "2026-10-05T10:00:00Z", "2026-10-20"),
        ("MD", None, "50", "2026-10-01T02:00:00Z", None),
        ("Z9", None, "1000", "2026-10-01T00:10:00Z", "2026-10-20"),
    )
    response = {"campaign_member_id": "R1", "crm_campaign_id": "V1", "lead_id": "M1"}
    return {
        "stg_settings": [dict(DEFAULT_ROWS["stg_settings"][0])],
        "seed_currency_rates": [
            {"currency_code": "USD", "rate_date": day, "rate": "2"}
            for day in ("2026-09-10", "2026-09-20", "2026-10-20", "2026-11-20")
        ],
        "stg_crm_currencies": [
            {"currency_code": "EUR", "conversion_rate": "1", "is_corporate": True},
            {"currency_code": "USD", "conversion_rate": "3"},
        ],
        "stg_crm_exchange_rates": [
            {"exchange_rate_id": "X1", "currency_code": "USD", "conversion_rate": "3"}
        ],
        "stg_campaigns": first_world()["stg_campaigns"],
        "stg_campaign_daily": [spent("google_ads", "10", "2026-09-10", "100", "EUR")],
        "stg_clicks": [],
        "stg_crm_accounts": [],
        "stg_crm_leads": [
            {"lead_id": "K1", "gclid": "g1", "created_at": "2026-09-12T10:00:00Z"},
            {"lead_id": "K2", "converted_opportunity_id": "D1", **came("Brand", "2026-09-10")},
            {"lead_id": "M1", "converted_opportunity_id": "MD", **came("Generic", "2026-09-02")},
            {
                "lead_id": "Z1",
                "converted_opportunity_id": "Z9",
                **came("Brand", "2026-09-30"),
                "created_at": "2026-09-30T23:30:00Z",
            },
        ],
        "stg_crm_contacts": [
            {"contact_id": "P1", "crm_account_id": "A1", **came("Generic", "2026-09-05")},
            {"contact_id": "P2", "crm_account_id": "A1", **came("Generic", "2026-09-06")},
        ],
        "stg_crm_campaigns": [{"crm_campaign_id": "V1", "crm_campaign_type": "Webinar"}],
        "stg_crm_campaign_members": [response | {"first_responded_date": "2026-10-01"}],
        "stg_crm_opportunities": [
            {
                "opportunity_id": name,
                "crm_account_id": account,
                "contact_id": "P1" if name == "D2" else None,
                "amount": amount,
                "created_at": created,
                "is_closed": closed is not None,
                "is_won": closed is not None,
                "close_date": closed or "2026-12-31",
            }
            for name, account, amount, created, closed in deals
        ],
    }


def delete_a_deal(world: World) -> None:
    row_of(world, "stg_crm_opportunities", "D1")["is_deleted"] = True


def harvest_a_click(world: World) -> None:
    click = {"platform": "google_ads", "account_id": "1", "campaign_id": "10", "click_id": "g1"}
    world["stg_clicks"].append(click | {"date_day": "2026-09-12"})


def merge_two_companies(world: World) -> None:
    """The CRM hands the deals of the company that is lost to the one that stays."""
    lost = {"crm_account_id": "A2", "is_deleted": True, "master_record_id": "A1"}
    world["stg_crm_accounts"].append(lost)
    row_of(world, "stg_crm_opportunities", "D3")["crm_account_id"] = "A1"


def set_to(name: str, value: Any) -> Callable[[World], None]:
    def edit(world: World) -> None:
        world["stg_settings"][0][name] = value

    return edit


CLICK, MERGED = ("late_click", "K1 through lead:K1"), ("merge", "D3")
DELETED = ("deal_deleted", "D1")
AGED = "attribution_look_back_days"
D2_AGED, D3_AGED = f"D2 through {AGED}", f"D3 through {AGED}"
MD_AGED = f"MD through {AGED}"
Z1_MOVED, Z9_MOVED = "Z1 through reporting_zone", "Z9 through reporting_zone"
MD_MOVED = "MD through reporting_zone (member:R1)"


def add_people_and_deals(world: World) -> None:
    """A month for each of the edits to come: deals are won ten days after they were opened.

    January's S2 is F1's, who names a source and nothing else. February's U2 and March's U1 have
    nobody. May's S1 names Y1, who came in April; Y2 came in May. June's T1 bears the name of a
    campaign that is said to begin in October, July's T2 and T3 ids that are not known, August's E1
    nothing.
    """
    world["stg_settings"] = [dict(DEFAULT_ROWS["stg_settings"][0])]
    later = {"campaign_id": "40", "campaign_name": "Later", "start_date": "2026-10-01"}
    world["stg_campaigns"].append(world["stg_campaigns"][0] | later)
    world["stg_ads"] = []
    world["stg_crm_contact_roles"] = []
    world["stg_crm_contacts"] += [
        {"contact_id": "F1", "lead_source": "Partner", "created_at": "2026-01-05T10:00:00Z"},
        {"contact_id": "W1", **came("Brand", "2026-03-05")},
        {"contact_id": "Y1", **came("Brand", "2026-04-05")},
        {"contact_id": "Y2", "email_domain": "own.example", **came("Generic", "2026-05-06")},
    ]
    tag = {"utm_source": "google", "utm_medium": "cpc"}
    world["stg_crm_leads"] += [
        {"lead_id": "T1", **came("Later", "2026-06-12")},
        {"lead_id": "T2", "utm_id": "777", "created_at": "2026-07-12T10:00:00Z", **tag},
        {"lead_id": "T3", "utm_id": "55", "created_at": "2026-07-13T10:00:00Z", **tag},
        {"lead_id": "E1", "created_at": "2026-08-12T10:00:00Z"},
    ]
    world["stg_crm_opportunities"] += [
        {
            "opportunity_id": name,
            "contact_id": contact,
            "amount": "100",
            "created_at": f"2026-{month}-10T10:00:00Z",
            "is_closed": True,
            "is_won": True,
            "close_date": f"2026-{month}-20",
        }
        for name, contact, month in (
            ("S2", "F1", "01"),
            ("U2", None, "02"),
            ("U1", None, "03"),
            ("S1", "Y1", "05"),
        )
    ]


def blank_a_source(world: World) -> None:
    row_of(world, "stg_crm_contacts", "F1")["lead_source"] = None


def convert_a_late_lead(world: World) -> None:
    lead = {"lead_id": "B1", "converted_opportunity_id": "U2", **came("Generic", "2026-02-05")}
    world["stg_crm_leads"].append(lead)


def name_somebody(world: World) -> None:
    role = {"contact_role_id": "R9", "opportunity_id": "U1", "contact_id": "W1"}
    world["stg_crm_contact_roles"].append(role | {"created_at": "2026-03-11T10:00:00Z"})


def name_another_contact(world: World) -> None:
    row_of(world, "stg_crm_opportunities", "S1")["contact_id"] = "Y2"


def begin_earlier(world: World) -> None:
    row_of(world, "stg_campaigns", "40")["start_date"] = "2026-06-01"


def load_an_ad(world: World) -> None:
    ids = {"account_id": "1", "campaign_id": "10", "ad_group_id": "55", "ad_id": "777"}
    world["stg_ads"].append({"platform": "google_ads", **ids})


def name_a_source(world: World) -> None:
    row_of(world, "stg_crm_leads", "E1")["lead_source"] = "Partner"


def edit_seeds(world: World) -> None:
    """The models, the domains of one's own, and August's E1, seen at a stand the day before."""
    world["seed_attribution_models"] = [
        {"model": "first_touch", "touches_until": "created", "look_back_days": 5},
        {"model": "linear", "touches_until": "closed", "look_back_days": 3},
    ]
    world["seed_internal_domains"] = [{"email_domain": "own.example"}]
    world["seed_manual_touchpoints"] = [
        {
            "record_id": "E1",
            "content_name": "Stand",
            "offer_type": "event",
            "utm_source": "fair",
            "utm_medium": "event",
            "touch_date": "2026-08-11",
        }
    ]


LAST_EDITS = {
    "2026-01-01": (
        blank_a_source,
        "touch_removed",
        {"S2 through contact:F1", "F1 through contact:F1"},
    ),
    "2026-02-01": (convert_a_late_lead, "late_lead", {"U2 through lead:B1", "B1"}),
    "2026-03-01": (name_somebody, "contact_role", {"U1", "W1 through U1"}),
    "2026-04-01": (name_another_contact, "contact_role", {"S1", "Y1 through S1"}),
    "2026-05-01": (None, "contact_role", {"S1", "Y2 through S1"}),
    "2026-06-01": (begin_earlier, "campaign_edited", {"T1 through lead:T1"}),
    "2026-07-01": (load_an_ad, "late_ad", {"T2 through lead:T2, T3 through lead:T3"}),
    "2026-08-01": (name_a_source, "lead_edited", {"E1 through lead:E1"}),
}
"""By month: the edit, the one cause of whatever it moves in any mart, and all the evidence."""
