"""Laws that hold in every world, tried on invented small ones, hostile values included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from include import warehouse
from include.contracts.marts import MART_TABLES
from include.registry import SOURCES
from include.settings import Settings
from tests.conftest import ENGINES
from tests.sql.worlds import Rows, build, fill

MARTS = [f"build.{table.name}" for table in MART_TABLES]
World = dict[str, Rows]

# Few values, so that they meet; some that no sane person would type.
NASTY = (
    "Brand",
    "BRAND ",
    "br%61nd",
    "a%",
    "%%%zz",
    "%E2%82",
    "{{campaign.name}}",
    "'; drop table x; --",
    "😀 ñ \u200b",
    "𝔘 ІЇ",
    "a&b=c#d?e",
    "=1+1",
    "x" * 300,
)
_instants = st.integers(0, 400).map(
    lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours * 7)
)
_days = st.integers(0, 300).map(lambda days: date(2026, 1, 1) + timedelta(days))
_maybe_nasty = st.none() | st.sampled_from(NASTY)
_amounts = st.none() | st.decimals("-1000", "100000", places=2)
_statuses = st.sampled_from((None, "MQL", "Qualified", "Working - Contacted", "?"))
_lead_ids = [f"L{n}" for n in range(8)]
_contact_ids = [f"C{n}" for n in range(5)]
_deal_ids = [f"O{n}" for n in range(5)]


def _visit(**columns: Any) -> dict[str, Any]:
    return {
        "utm_source": st.none() | st.sampled_from(("google", "Facebook.com", "bing", "x%20y")),
        "utm_medium": st.none()
        | st.sampled_from(("cpc", "social", "e-mail", "{m}", "paid+social")),
        "utm_campaign": _maybe_nasty,
        "utm_id": st.none() | st.sampled_from(("1", "1.0", "urn:li:sponsoredCampaign:1", "2")),
        "gclid": st.none() | st.sampled_from(("abc", "{gclid}")),
        "fbclid": st.none() | st.just("x"),
        "landing_page_url": st.none()
        | _maybe_nasty.map(lambda value: f"https://a.example/?utm_campaign={value}&gclid=1#x"),
        "referrer_url": st.none()
        | st.sampled_from(("https://www.google.com/", "mailto:x", "", "HTTPS://A.example")),
        "lead_source": st.none() | st.sampled_from(("Web", "Trade Show", "Pigeon", "")),
        "email_hash": st.none() | st.sampled_from(("h1", "h2", "h3")),
        "email_domain": st.none() | st.sampled_from(("a.example", "fernhill.example")),
        "is_deleted": st.sampled_from((False, False, True)),
        "created_at": _instants,
        **columns,
    }


def _rows(key: str, ids: list[str], columns: dict[str, Any]) -> st.SearchStrategy[Rows]:
    one = st.fixed_dictionaries(columns)
    return st.lists(one, max_size=len(ids)).map(
        lambda rows: [{key: name, **row} for name, row in zip(ids, rows, strict=False)]
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A small world whose account totals agree with its campaigns' spend, and whose ads have no
    more than their campaigns, but for credits that no ad carries."""
    spend = draw(
        st.dictionaries(
            st.tuples(
                st.sampled_from((("google_ads", "USD"), ("facebook_ads", "EUR"))),
                st.sampled_from(("1", "2")),
                _days,
            ),
            st.decimals("-50", "500", places=6),
            max_size=8,
        )
    )
    totals: dict[tuple[str, str, date], Decimal] = defaultdict(Decimal)
    for ((platform, currency), _, day), amount in spend.items():
        totals[platform, currency, day] += amount
    return {
        "stg_campaigns": [
            {"platform": platform, "account_id": "1", "campaign_id": number, "campaign_name": name}
            for platform, number, name in draw(
                st.lists(
                    st.tuples(
                        st.sampled_from(("google_ads", "facebook_ads", "linkedin_ads")),
                        st.sampled_from(("1", "2", "3")),
                        _maybe_nasty,
                    ),
                    max_size=5,
                    unique_by=lambda row: row[:2],
                )
            )
        ],
        "stg_campaign_daily": [
            {
                "platform": platform,
                "account_id": "1",
                "campaign_id": campaign,
                "currency_code": currency,
                "date_day": day,
                "spend": amount,
            }
            for ((platform, currency), campaign, day), amount in spend.items()
        ],
        "stg_account_daily": [
            {
                "platform": platform,
                "account_id": "1",
                "currency_code": currency,
                "date_day": day,
                "spend": amount,
            }
            for (platform, currency, day), amount in totals.items()
        ],
        "stg_ad_daily": [
            {
                "platform": platform,
                "account_id": "1",
                "campaign_id": campaign,
                "ad_group_id": "5",
                "ad_id": f"{campaign}{day.day}",
                "currency_code": currency,
                "date_day": day,
                "spend": abs(amount) / 2,
            }
            for ((platform, currency), campaign, day), amount in spend.items()
            if day.day % 3
        ],
        "stg_campaign_history": [
            {
                "platform": "google_ads",
                "account_id": "1",
                "campaign_id": "1",
                "campaign_name": name,
                "valid_from_at": at,
            }
            for at, name in draw(st.dictionaries(_instants, _maybe_nasty, max_size=3)).items()
        ],
        "stg_clicks": [
            {
                "platform": "google_ads",
                "account_id": "1",
                "campaign_id": campaign,
                "ad_group_id": ad_group,
                "ad_id": "7",
                "click_id": "abc",
                "date_day": day,
            }
            for day, (campaign, ad_group) in draw(
                st.dictionaries(
                    _days,
                    st.tuples(st.sampled_from((None, "1", "9")), st.sampled_from((None, "5"))),
                    max_size=2,
                )
            ).items()
        ],
        "stg_lead_form_responses": draw(
            _rows(
                "response_id",
                [f"F{n}" for n in range(4)],
                {
                    "platform": st.sampled_from(("facebook_ads", "linkedin_ads")),
                    "account_id": st.just("1"),
                    "campaign_id": st.sampled_from((None, "1", "9")),
                    "ad_group_id": st.sampled_from((None, "5")),
                    "ad_id": st.sampled_from((None, "7")),
                    "email_hash": st.sampled_from((None, "h1", "h2", "h9")),
                    "is_test": st.sampled_from((None, False, True)),
                    "date_day": _days,
                    "submitted_at": _instants,
                },
            )
        ),
        "seed_manual_spend": [
            {
                "platform": "events",
                "campaign_name": name,
                "channel": "Events",
                "currency_code": currency,
                "first_day": first,
                "last_day": first + timedelta(days),
                "amount": amount,
            }
            for (name, currency), (first, days, amount) in draw(
                st.dictionaries(
                    st.sampled_from((("=1+1", "EUR"), ("😀 ñ", "JPY"), ("Fair", "KWD"))),
                    st.tuples(_days, st.integers(0, 365), st.integers(-1000, 10**9)),
                    max_size=3,
                )
            ).items()
        ],
        "stg_crm_lead_history": draw(
            _rows(
                "field_history_id",
                [f"H{n}" for n in range(6)],
                {
                    "lead_id": st.sampled_from((*_lead_ids, "L99")),
                    "field_name": st.sampled_from(("Status", "Status", "created", "Owner")),
                    "old_value": _statuses,
                    "new_value": _statuses,
                    "is_deleted": st.sampled_from((False, False, True)),
                    "created_at": _instants,
                },
            )
        ),
        "stg_crm_opportunity_history": draw(
            _rows(
                "opportunity_history_id",
                [f"S{n}" for n in range(6)],
                {
                    "opportunity_id": st.sampled_from((*_deal_ids, "O99")),
                    "stage_name": st.sampled_from(
                        ("Prospecting", "Closed Won", "closed lost", "?")
                    ),
                    "is_deleted": st.sampled_from((False, False, True)),
                    "created_at": _instants,
                },
            )
        ),
        "stg_crm_leads": draw(
            _rows(
                "lead_id",
                _lead_ids,
                _visit(
                    master_record_id=st.sampled_from((None, None, None, *_lead_ids, "L99")),
                    converted_contact_id=st.sampled_from((None, None, *_contact_ids, "C99")),
                    converted_account_id=st.sampled_from((None, "A1")),
                    converted_opportunity_id=st.sampled_from((None, *_deal_ids)),
                    converted_date=st.none() | _days,
                    mql_at=st.none() | _instants,
                ),
            )
        ),
        "stg_crm_contacts": draw(
            _rows(
                "contact_id",
                _contact_ids,
                _visit(
                    master_record_id=st.sampled_from((None, None, None, *_contact_ids)),
                    crm_account_id=st.sampled_from((None, "A1", "A2")),
                ),
            )
        ),
        "stg_crm_opportunities": draw(
            _rows(
                "opportunity_id",
                _deal_ids,
                {
                    "crm_account_id": st.sampled_from((None, "A1", "A2")),
                    "contact_id": st.sampled_from((None, *_contact_ids, "C99")),
                    "opportunity_type": st.sampled_from((None, "Renewal", "New Business", "?")),
                    "currency_code": st.sampled_from(("EUR", "USD", "JPY")),
                    "amount": _amounts,
                    "close_date": _days,
                    "is_closed": st.booleans(),
                    "is_won": st.booleans(),
                    "is_deleted": st.sampled_from((False, False, False, True)),
                    "created_at": _instants,
                },
            )
        ),
        "stg_crm_contact_roles": draw(
            _rows(
                "contact_role_id",
                [f"R{n}" for n in range(6)],
                {
                    "opportunity_id": st.sampled_from(_deal_ids),
                    "contact_id": st.sampled_from((*_contact_ids, "C99")),
                    "is_primary": st.booleans(),
                    "is_deleted": st.sampled_from((False, False, True)),
                    "created_at": _instants,
                },
            )
        ),
        "stg_crm_campaigns": [{"crm_campaign_id": "V1", "crm_campaign_type": "Webinar"}],
        "stg_crm_campaign_members": draw(
            _rows(
                "campaign_member_id",
                [f"M{n}" for n in range(5)],
                {
                    "crm_campaign_id": st.sampled_from(("V1", "V2")),
                    "lead_id": st.sampled_from((None, *_lead_ids)),
                    "contact_id": st.sampled_from((None, *_contact_ids)),
                    "first_responded_date": st.none() | _days,
                    "has_responded": st.booleans(),
                    "created_at": _instants,
                },
            )
        ),
    }


@pytest.fixture(scope="module")
def both_engines(new_settings: Callable[[str], Settings]) -> list[Settings]:
    prepared = [new_settings(engine) for engine in ENGINES]
    for each in prepared:
        warehouse.prepare(each, SOURCES)
    return prepared


@pytest.mark.timeout(900)  # every example builds all marts on both engines
@settings(
    max_examples=5,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(world=worlds())
def test_i5_in_every_world_the_books_close_and_both_engines_agree(
    both_engines: list[Settings], world: World
) -> None:
    prints = []
    for engine in both_engines:
        fill(engine, world)
        build(engine)
        for name in warehouse.models.audits():
            assert warehouse.audit(engine, name).rows == (), name
        prints.append(warehouse.fingerprint(engine, MARTS))
    assert prints[0] == prints[1]
