"""A Meta data set with every kind of thing the Facebook source reads.

Account 1 (New York, whose 1 November 2026 has 25 hours) has campaigns of every status, ads that
open forms, conversions that came late and spend that was cut; account 2 (Tokyo) is a day ahead;
account 3 is empty; account 4 changed its currency.
"""

from datetime import date, timedelta
from typing import Any

Line = dict[str, Any]

FIRST, DAYS = date(2026, 10, 20), 30  # up to 18 November; the clock stands at 20 November
LATE, CUT = date(2026, 11, 10), date(2026, 11, 12)

ACCOUNTS: list[Line] = [
    {
        "id": f"act_{number}",
        "account_id": number,
        "name": name,
        "currency": currency,
        "timezone_name": zone,
        "account_status": 1,
        **more,
    }
    for number, name, currency, zone, more in [
        ("1", "North", "USD", "America/New_York", {}),
        ("2", "East", "JPY", "Asia/Tokyo", {}),
        ("3", "Nobody", "EUR", "Europe/Berlin", {}),
        ("4", "Moved", "USD", "America/New_York", {"_known_until": "2026-11-15"}),
        ("4", "Moved", "EUR", "Europe/Berlin", {"_known_from": "2026-11-15"}),
    ]
]


def _thing(identifier: str, name: str, status: str = "ACTIVE", **more: Any) -> Line:
    return {
        "id": identifier,
        "account_id": more.pop("account_id", "1"),
        "name": name,
        "status": status,
        "effective_status": status,
        **more,
    }


CAMPAIGNS = [
    _thing("11", "Brand", objective="OUTCOME_TRAFFIC", buying_type="AUCTION"),
    _thing("12", "Leads", "PAUSED", objective="OUTCOME_LEADS", buying_type="AUCTION"),
    _thing("13", "Gone", "DELETED", objective="OUTCOME_TRAFFIC"),
    _thing("14", "Old", "ARCHIVED", objective="OUTCOME_TRAFFIC"),
    _thing("21", "Tokyo", account_id="2"),
    _thing("41", "Moved", account_id="4"),
]
AD_SETS = [
    _thing("111", "Set A", campaign_id="11", optimization_goal="LINK_CLICKS"),
    _thing("112", "Set B", "CAMPAIGN_PAUSED", campaign_id="11"),
    _thing("121", "Set C", "DELETED", campaign_id="12"),
    _thing("131", "Set D", "ARCHIVED", campaign_id="13"),
    _thing("211", "Set T", campaign_id="21", account_id="2"),
]
ADS = [
    _thing(
        "1111",
        "Paper",
        campaign_id="11",
        adset_id="111",
        creative={
            "id": "91",
            "object_type": "SHARE",
            "url_tags": "utm_source=facebook&utm_campaign={{campaign.id}}&utm_content={{ad.name}}"
            "&utm_term={{site_source_name}}",
            "object_story_spec": {
                "link_data": {"link": "https://example.com/paper?utm_medium=paid"}
            },
        },
    ),
    _thing(
        "1112",
        "Form",
        "DELETED",
        campaign_id="11",
        adset_id="111",
        creative={
            "id": "92",
            "object_story_spec": {
                "link_data": {"call_to_action": {"value": {"lead_gen_form_id": "701"}}}
            },
        },
    ),
    _thing("1121", "Plain", "ADSET_PAUSED", campaign_id="11", adset_id="112"),
    # The form stands in an older post, which the creative only names.
    _thing(
        "1211",
        "Post",
        "ARCHIVED",
        campaign_id="12",
        adset_id="121",
        creative={"id": "93", "effective_object_story_id": "5_6"},
    ),
    _thing("1311", "Gone", "DISAPPROVED", campaign_id="13", adset_id="131"),
    _thing("2111", "Tokyo", campaign_id="21", adset_id="211", account_id="2"),
]


def _day(ad: str, number: int, **more: Any) -> Line:
    """An ad's day; its figures tell ad and day."""
    day = str(FIRST + timedelta(number))
    weight = int(ad[-2:])
    return {
        "account_id": ad[0] if ad[0] != "1" else "1",
        "campaign_id": ad[:2],
        "adset_id": ad[:3],
        "ad_id": ad,
        "date_start": day,
        "date_stop": day,
        "spend": f"{weight + number}.{number:02}",
        "impressions": str(1000 + number),
        "clicks": str(10 + weight),
        "actions": [
            {"action_type": "lead", "value": str(1 + number % 3)},
            {"action_type": "link_click", "value": str(5 + number)},
            {"action_type": "offsite_conversion.fb_pixel_lead", "value": "1"},
        ],
        "action_values": [{"action_type": "lead", "value": f"{20 + number}.50"}],
        **more,
    }


def _is_changed(ad: str, number: int) -> bool:
    return ad == "1111" and FIRST + timedelta(number) in (LATE, CUT)


INSIGHTS = [
    *(
        _day(ad["id"], number)
        for ad in ADS
        for number in range(DAYS)
        if not _is_changed(ad["id"], number)
    ),
    # Conversions that come late; spend cut, and a conversion that disappears with it.
    _day("1111", (LATE - FIRST).days, actions=[], action_values=[], _known_until="2026-11-19"),
    _day("1111", (LATE - FIRST).days, _known_from="2026-11-19"),
    _day("1111", (CUT - FIRST).days, spend="99.99", _known_until="2026-11-19"),
    _day("1111", (CUT - FIRST).days, spend="0", actions=[], _known_from="2026-11-19"),
    # A campaign whose ads are no longer told apart.
    *(
        {
            "account_id": "1",
            "campaign_id": "14",
            "date_start": str(FIRST + timedelta(number)),
            "spend": "1.25",
            "impressions": "7",
        }
        for number in range(3)
    ),
    {
        "account_id": "4",
        "campaign_id": "41",
        "date_start": "2026-11-10",
        "spend": "4.00",
        "impressions": "4",
        "clicks": "1",
        "actions": [{"action_type": "lead", "value": "1"}],
    },
]


def _lead(
    identifier: str, created: str, ad: str, *field_data: tuple[str, str], **more: Any
) -> Line:
    return {
        "id": identifier,
        "account_id": "1",
        "created_time": f"{created}+0000",
        "ad_id": ad,
        "adset_id": ad[:3],
        "campaign_id": ad[:2],
        "form_id": "701",
        "is_organic": False,
        "platform": "fb",
        "field_data": [{"name": name, "values": [value]} for name, value in field_data],
        **more,
    }


LEADS = [
    # New York: 31 October ends at 04:00 UTC, 1 November at 05:00 UTC.
    _lead(
        "801",
        "2026-11-01T03:59:59",
        "1112",
        ("email", " Ada+Ads@Example.COM "),
        ("full_name", "Ada Lovelace"),
        ("phone_number", "+1 555 0100"),
        ("utm_source", "fb"),
        ("utm_content", "for ada@example.com"),
    ),
    _lead("802", "2026-11-01T04:00:00", "1112", ("work_email", "bob@example.org")),
    _lead(
        "803", "2026-11-02T04:59:59", "1211", ("e-mail-adresse", "eve@example.net"), form_id="702"
    ),
    _lead("804", "2026-11-02T05:00:00", "1112", ("twitter", "@ nobody")),
    _lead("805", "2026-11-03T12:00:00", "1112", ("email", "<test lead: dummy data for email>")),
    _lead("806", "2026-08-01T12:00:00", "1112", ("email", "forgotten@example.com")),
]

FILES: dict[str, list[Line]] = {
    "meta/ad_accounts": ACCOUNTS,
    "meta/campaigns": CAMPAIGNS,
    "meta/adsets": AD_SETS,
    "meta/ads": ADS,
    "meta/insights": INSIGHTS,
    "meta/lead_forms": [
        {"id": "701", "name": "White paper"},
        {"id": "702", "name": "Demo"},
    ],
    "meta/leads": LEADS,
}
