"""The ad accounts of invented worlds: campaigns and their names through time, spend, clicks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.opinion.world import Rows

World = dict[str, Rows]

TEXT, DIGITS = "§", "¤"
"""Placeholders: of the world's name in texts, of its number in ids of networks."""

NETWORKS = ("google_ads", "facebook_ads", "linkedin_ads")
ZONES = ("Pacific/Auckland", "America/Los_Angeles", "Europe/Berlin")
SOURCES = {
    "google_ads": ("google", "Google", "adwords"),
    "facebook_ads": ("facebook", "fb", "Facebook.com", "ig"),
    "linkedin_ads": ("linkedin", "LinkedIn"),
}
NAMES = ("Spring", "Brand | DACH", "Frühling + Sommer", "Retargeting")

# Instants that meet: the nights the clocks change, ends of months in UTC and in the zones, and one
# look-back of 730 days before others.
MOMENTS = [
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in (
        "2024-03-10T10:00:00",
        "2025-06-15T12:00:00",
        "2025-10-26T00:30:00",
        "2026-01-05T10:00:00",
        "2026-01-31T23:00:00",
        "2026-03-08T07:30:00",
        "2026-03-10T10:00:00",
        "2026-03-29T01:00:00",
        "2026-06-14T22:00:00",
        "2026-06-15T12:00:00",
        "2026-08-31T22:00:00",
        "2026-10-25T00:30:00",
    )
]
_STEPS = [timedelta(seconds=s) for s in (0, 0, 0, 0.5, 1, -1, 3_600, 86_400, 604_800)]
instants = st.builds(lambda moment, step: moment + step, *map(st.sampled_from, (MOMENTS, _STEPS)))
days = instants.map(datetime.date) | st.sampled_from(
    [date(2026, 3, 28), date(2026, 3, 29), date(2026, 6, 14), date(2026, 8, 31), date(2026, 2, 1)]
)


def one(*values: Any) -> st.SearchStrategy[Any]:
    """One of the values."""
    return st.sampled_from(values)


_CLICK_DAYS = (date(2025, 5, 19), date(2025, 5, 20))
CAMPAIGN_IDS = [f"{DIGITS}01", f"{DIGITS}02", f"{DIGITS}03"]
BORNE = [f"{TEXT} {name}" for name in NAMES]


def campaigns(draw: st.DrawFn) -> World:
    """Three accounts, one a network, and what is in them."""
    accounts = [
        {
            "platform": network,
            "account_id": DIGITS,
            "time_zone": draw(one(*ZONES)),
            "currency_code": draw(one("EUR", "USD")),
        }
        for network in NETWORKS
    ]
    described, names, spend = [], [], []
    for network, campaign_id in draw(
        st.lists(st.tuples(one(*NETWORKS), one(*CAMPAIGN_IDS)), min_size=3, max_size=6, unique=True)
    ):
        home = {"platform": network, "account_id": DIGITS, "campaign_id": campaign_id}
        borne = draw(st.lists(one(*BORNE, *BORNE, None), min_size=1, max_size=3))
        described.append(
            home
            | {
                "campaign_name": borne[-1],
                "campaign_type": draw(one(None, "SEARCH", "DISPLAY", "PERFORMANCE_MAX"))
                if network == "google_ads"
                else None,
                "start_date": draw(one(None, None, date(2026, 3, 1), date(2025, 6, 15))),
            }
        )
        if draw(st.booleans()):
            ats = draw(st.lists(instants, min_size=len(borne), max_size=len(borne), unique=True))
            names += [
                home | {"campaign_name": name, "valid_from_at": at}
                for name, at in zip(borne, sorted(ats), strict=True)
            ]
        spend += [
            home
            | {
                "currency_code": next(a for a in accounts if a["platform"] == network)[
                    "currency_code"
                ],
                "date_day": day,
                "spend": Decimal(cents).scaleb(-2),
                "clicks": 3,
                "impressions": 100,
            }
            for day, cents in draw(
                st.dictionaries(days, st.integers(-5_000, 50_000), max_size=3)
            ).items()
        ]
    described = [row for row in described if draw(st.integers(0, 7)) > 0]
    return {
        "stg_ad_accounts": accounts,
        "stg_campaigns": described,
        "stg_campaign_history": names,
        "stg_campaign_daily": spend,
        "stg_account_daily": _totals(spend),
        "stg_ad_groups": [
            {
                "platform": "linkedin_ads",
                "account_id": DIGITS,
                "campaign_id": f"{DIGITS}01",
                "ad_group_id": f"{DIGITS}51",
            }
        ],
        "stg_ads": [
            {
                "platform": "facebook_ads",
                "account_id": DIGITS,
                "campaign_id": campaign_id,
                "ad_group_id": f"{DIGITS}6{n}",
                "ad_id": f"{DIGITS}{ad}",
            }
            for n, (campaign_id, ad) in enumerate(
                [(f"{DIGITS}01", "71"), (f"{DIGITS}01", "72"), (f"{DIGITS}02", "72")]
            )
        ],
        "stg_clicks": [
            {
                "platform": platform,
                "account_id": DIGITS,
                "campaign_id": campaign_id,
                "ad_group_id": ad and f"{DIGITS}8",
                "ad_id": ad,
                "click_id": f"{TEXT}{click}",
                "date_day": day,
            }
            for platform, click, campaign_id, ad, day in (
                ("google_ads", "g1", draw(one(f"{DIGITS}01", f"{DIGITS}98")), None, _CLICK_DAYS[0]),
                ("google_ads", "g2", f"{DIGITS}01", f"{DIGITS}81", _CLICK_DAYS[0]),
                ("google_ads", "g2", f"{DIGITS}02", None, _CLICK_DAYS[1]),
                ("google_ads", "g4", f"{DIGITS}01", f"{DIGITS}81", _CLICK_DAYS[0]),
                ("google_ads", "g4", f"{DIGITS}01", f"{DIGITS}82", _CLICK_DAYS[1]),
                ("linkedin_ads", "l2", f"{DIGITS}01", f"{DIGITS}83", _CLICK_DAYS[0]),
            )
        ],
        "seed_campaign_aliases": [
            {
                "platform": platform,
                "account_id": account_id,
                "campaign_id": campaign_id,
                "utm_campaign": alias,
            }
            for platform, account_id, campaign_id, alias in (
                ("facebook_ads", DIGITS, f"{DIGITS}01", f"{TEXT} alias"),
                ("facebook_ads", DIGITS, f"{DIGITS}02", f"{TEXT} Retargeting"),
                ("google_ads", DIGITS, f"{DIGITS}02", f"{TEXT} both"),
                ("facebook_ads", DIGITS, f"{DIGITS}02", f"{TEXT} both"),
                ("newsletters", "manual", f"{TEXT} Digest", f"{TEXT}-digest"),
            )
        ],
        "seed_manual_spend": [
            {
                "platform": "newsletters",
                "campaign_name": f"{TEXT} Digest",
                "channel": "Content Syndication",
                "currency_code": "USD",
                "first_day": date(2026, 1, 30),
                "last_day": date(2026, 2, 3),
                "amount": Decimal(draw(st.integers(-1_000, 100_000))).scaleb(-2),
            }
        ],
    }


def _totals(spend: Rows) -> Rows:
    """What each account says it spent on each day."""
    totals: dict[tuple[Any, ...], Decimal] = {}
    for row in spend:
        group = row["platform"], row["currency_code"], row["date_day"]
        totals[group] = totals.get(group, Decimal(0)) + row["spend"]
    return [
        {
            "platform": platform,
            "account_id": DIGITS,
            "currency_code": currency,
            "date_day": day,
            "spend": amount,
        }
        for (platform, currency, day), amount in totals.items()
    ]
