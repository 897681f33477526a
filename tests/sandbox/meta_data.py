"""A small Meta data set: two accounts, deleted and renamed campaigns, restated spend."""

from datetime import date, timedelta
from typing import Any

FIRST = date(2026, 10, 1)
DAYS = 50


def _campaign(identifier: str, account: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "account_id": account,
        "name": name,
        "status": "ACTIVE",
        "effective_status": "ACTIVE",
        "objective": "OUTCOME_LEADS",
        "buying_type": "AUCTION",
        "created_time": "2026-09-01T09:00:00-0400",
        "updated_time": "2026-11-01T09:00:00-0400",
        **more,
    }


def _line(
    account: str, campaign: str, adset: str | None, ad: str | None, n: int, **more: Any
) -> dict[str, Any]:
    day = str(FIRST + timedelta(n))
    lower = {"adset_id": adset, "ad_id": ad} if ad else {}
    return {
        "account_id": account,
        "campaign_id": campaign,
        **lower,
        "date_start": day,
        "date_stop": day,
        "spend": f"{10 + n}.{n:02d}",
        "impressions": str(1000 + n),
        "clicks": str(10 + n),
        "inline_link_clicks": str(5 + n),
        "actions": [
            {"action_type": "lead", "value": "2"},
            {"action_type": "link_click", "value": str(5 + n)},
        ],
        "action_values": [{"action_type": "lead", "value": "20.50"}],
        **more,
    }


FILES: dict[str, list[dict[str, Any]]] = {
    "meta/ad_accounts": [
        {
            "id": "act_1",
            "account_id": "1",
            "name": "North",
            "currency": "USD",
            "timezone_name": "America/New_York",
            "timezone_offset_hours_utc": -5,
            "account_status": 1,
        },
        {
            "id": "act_2",
            "account_id": "2",
            "name": "South",
            "currency": "JPY",
            "timezone_name": "Asia/Tokyo",
            "timezone_offset_hours_utc": 9,
            "account_status": 1,
        },
    ],
    "meta/campaigns": [
        _campaign("11", "1", "Brand", _known_until="2026-11-15"),
        _campaign("11", "1", "Brand renamed", _known_from="2026-11-15"),
        _campaign("12", "1", "Überraschung – 50%", effective_status="PAUSED", status="PAUSED"),
        _campaign("13", "1", "Gone", effective_status="DELETED", status="DELETED"),
        _campaign("21", "2", "Tokyo"),
    ],
    "meta/adsets": [
        {"id": "111", "account_id": "1", "campaign_id": "11", "name": "Set A", "status": "ACTIVE"},
        {"id": "112", "account_id": "1", "campaign_id": "11", "name": "Set B", "status": "ACTIVE"},
    ],
    "meta/ads": [
        {
            "id": "1111",
            "account_id": "1",
            "campaign_id": "11",
            "adset_id": "111",
            "name": "Ad A",
            "status": "ACTIVE",
            "creative": {
                "id": "9001",
                "name": "Creative A",
                "url_tags": "utm_campaign={{campaign.id}}",
            },
        },
        {
            "id": "1121",
            "account_id": "1",
            "campaign_id": "11",
            "adset_id": "112",
            "name": "Ad B",
            "status": "ACTIVE",
            "creative": {"id": "9002", "name": "Creative B"},
        },
    ],
    "meta/insights": [
        *(_line("1", "11", "111", "1111", n) for n in range(DAYS - 1)),
        *(_line("1", "11", "112", "1121", n) for n in range(DAYS - 1)),
        *(_line("1", "12", None, None, n) for n in range(0, DAYS - 1, 2)),
        *(_line("1", "13", None, None, n) for n in range(5)),
        # The last day was first known with less spend.
        _line("1", "11", "111", "1111", DAYS - 1, spend="1.10", _known_until="2026-11-20"),
        _line("1", "11", "111", "1111", DAYS - 1, spend="3.30", _known_from="2026-11-20"),
        *(_line("2", "21", None, None, n) for n in range(DAYS)),
    ],
}
