"""A world in which every rule of the audits holds.

Two channels of ads in two currencies, one of them down to the ad, with a credit that no ad
carries, a fair entered by hand, a webinar, one of our own, and deals of every outcome.
"""

from __future__ import annotations

from typing import Any

VISITS = {
    "platform": "google_analytics",
    "account_id": "7",
    "sessions": 4,
    "engaged_sessions": 2,
    "users": 3,
    "new_users": 1,
    "key_events": 1,
    "is_thresholded": False,
    "is_sampled": False,
}
WAY = {
    "way_key": "a",
    "visit_source": "google",
    "visit_medium": "organic",
    "visit_campaign": "(organic)",
    "visit_campaign_id": "(organic)",
    "has_other_row": False,
}
WORLD: dict[str, list[dict[str, Any]]] = {
    "seed_goals": [
        {
            "metric": metric,
            "channel": channel,
            "period": period,
            "currency_code": "EUR" if metric in ("won_revenue", "spend") else None,
            "first_day": first_day,
            "value": value,
        }
        for metric, channel, period, first_day, value in (
            ("won_revenue", "All", "quarter", "2026-01-01", "1000"),
            ("spend", "Paid Search", "year", "2026-01-01", "100"),
            ("leads", "All", "month", "2026-02-01", "10"),
            ("mqls", "Email", "year", "2026-01-01", "10"),
            ("sqls", "All", "year", "2026-01-01", "10"),
            ("opportunities", "All", "year", "2026-01-01", "10"),
            ("customers", "All", "year", "2026-01-01", "10"),
            ("visitors", "All", "month", "2026-01-01", "10"),
            ("visitors", "All", "week", "2026-01-05", "10"),
            ("visitors", "All", "month", "2026-11-01", "10"),
        )
    ],
    "seed_currency_rates": [
        {"currency_code": "USD", "rate_date": "2026-01-09", "rate": "1.25"},
        {"currency_code": "USD", "rate_date": "2026-02-02", "rate": "1.25"},
        {"currency_code": "USD", "rate_date": "2026-03-02", "rate": "1.20"},
        {"currency_code": "USD", "rate_date": "2026-11-20", "rate": "1.15"},
    ],
    "stg_ad_accounts": [
        {"platform": "google_ads", "account_id": "1", "currency_code": "USD"},
        {"platform": "facebook_ads", "account_id": "1", "currency_code": "EUR"},
    ],
    "stg_campaigns": [
        {
            "platform": "google_ads",
            "account_id": "1",
            "campaign_id": "1",
            "campaign_name": "Brand",
            "campaign_type": "SEARCH",
        },
        {"platform": "facebook_ads", "account_id": "1", "campaign_id": "2"},
    ],
    "stg_campaign_daily": [
        {
            "platform": platform,
            "account_id": "1",
            "campaign_id": campaign,
            "currency_code": currency,
            "date_day": day,
            "spend": spend,
        }
        for platform, campaign, currency, day, spend in (
            ("google_ads", "1", "USD", "2026-01-10", "100.008"),
            ("google_ads", "1", "USD", "2026-01-11", "50"),
            ("google_ads", "1", "USD", "2026-02-03", "-15"),
            ("facebook_ads", "2", "EUR", "2026-01-10", "30"),
        )
    ],
    "stg_account_daily": [
        {
            "platform": platform,
            "account_id": "1",
            "currency_code": currency,
            "date_day": day,
            "spend": spend,
        }
        for platform, currency, day, spend in (
            ("google_ads", "USD", "2026-01-10", "100.008"),
            ("google_ads", "USD", "2026-01-11", "50"),
            ("google_ads", "USD", "2026-02-03", "-15"),
            ("facebook_ads", "EUR", "2026-01-10", "30"),
        )
    ],
    "stg_campaign_history": [
        {
            "platform": "google_ads",
            "account_id": "1",
            "campaign_id": "1",
            "campaign_name": "Brand",
        }
    ],
    "stg_visit_properties": [{"platform": "google_analytics", "account_id": "7"}],
    "stg_visit_totals_daily": [VISITS | {"date_day": day} for day in ("2026-01-01", "2026-01-11")],
    "stg_visits_daily": [
        VISITS | WAY | {"visit_key": key, "landing_page": "/", "date_day": day}
        for key, day in (("a", "2026-01-01"), ("b", "2026-01-11"))
    ],
    "stg_visitors_monthly": [VISITS | WAY | {"visit_month": "2026-01-01"}],
    "stg_ad_daily": [
        {
            "platform": "google_ads",
            "account_id": "1",
            "campaign_id": "1",
            "ad_group_id": "5",
            "ad_id": ad,
            "currency_code": "USD",
            "date_day": day,
            "spend": spend,
        }
        for ad, day, spend in (
            ("7", "2026-01-10", "60.004"),
            ("8", "2026-01-10", "40.004"),
            ("7", "2026-01-11", "30"),
            ("7", "2026-02-03", "5"),
        )
    ],
    "stg_conversion_daily": [
        {
            "platform": "google_ads",
            "account_id": "1",
            "campaign_id": "1",
            "conversion_action_id": "11",
            "currency_code": "USD",
            "date_day": "2026-01-10",
            "reported_conversions": "1.5",
        }
    ],
    "seed_manual_spend": [
        {
            "platform": "events",
            "campaign_name": "Hannover",
            "channel": "Events",
            "currency_code": "EUR",
            "first_day": "2026-11-18",
            "last_day": "2026-11-24",
            "amount": "100",
        }
    ],
    "seed_manual_touchpoints": [
        {
            "record_id": record,
            "content_name": "Spring webinar",
            "offer_type": "webinar",
            "utm_source": "webinars",
            "utm_medium": "webinar",
            "touch_date": "2026-03-03",
        }
        for record in ("L4", "L3", "L9")
    ],
    "stg_crm_leads": [
        {
            "lead_id": "L1",
            "utm_source": "google",
            "utm_campaign": "Brand",
            "converted_account_id": "A1",
            "converted_opportunity_id": "O1",
        },
        {"lead_id": "L2", "lead_source": "Partner", "converted_opportunity_id": "O2"},
        {
            "lead_id": "L3",
            "email_hash": "h3",
            "email_domain": "fernhill.example",
            "lead_source": "Email",
        },
        {"lead_id": "L4", "email_hash": "h4"},
        {"lead_id": "L5", "email_hash": "h5", "gclid": "Cj1"},
    ],
    "stg_clicks": [
        {
            "platform": "google_ads",
            "account_id": "1",
            "campaign_id": "1",
            "ad_group_id": "5",
            "ad_id": "9",
            "click_id": "Cj1",
            "date_day": "2024-07-05",
        }
    ],
    "stg_lead_form_responses": [
        {
            "platform": "facebook_ads",
            "account_id": "1",
            "campaign_id": "2",
            "response_id": response,
            "email_hash": email,
            "is_test": is_test,
            "date_day": "2026-01-04",
            "submitted_at": "2026-01-04T10:00:00Z",
        }
        for response, email, is_test in (
            ("1", "h5", False),
            ("2", "h5", True),
            ("3", "h9", False),
            ("4", "h3", False),
        )
    ],
    "stg_crm_lead_history": [
        {
            "field_history_id": "H1",
            "lead_id": "L5",
            "field_name": "Status",
            "old_value": "Open",
            "new_value": "MQL",
            "created_at": "2026-01-20T00:00:00Z",
        }
    ],
    "stg_crm_opportunity_history": [
        {
            "opportunity_history_id": "H2",
            "opportunity_id": "O3",
            "stage_name": "Closed Won",
            "created_at": "2026-03-01T00:00:00Z",
        }
    ],
    "stg_crm_campaigns": [{"crm_campaign_id": "V1", "crm_campaign_type": "Webinar"}],
    "stg_crm_campaign_members": [
        {
            "campaign_member_id": "M1",
            "crm_campaign_id": "V1",
            "lead_id": "L4",
            "first_responded_date": "2026-02-01",
        },
    ],
    "seed_activity_types": [
        {"activity": "task", "activity_type": "call", "offer_type": "call", "channel": "Outbound"}
    ],
    "stg_crm_tasks": [
        {
            "task_id": "T1",
            "lead_id": "L4",
            "activity_type": "Call",
            "activity_status": "Completed",
            "activity_date": "2026-02-05",
        }
    ],
    "stg_crm_opportunities": [
        {
            "opportunity_id": opportunity,
            "crm_account_id": "A1" if opportunity == "O1" else None,
            "opportunity_type": kind,
            "currency_code": currency,
            "amount": amount,
            "is_closed": closed,
            "is_won": won,
            "close_date": "2026-03-03",
            "created_at": "2026-02-01T00:00:00Z",
        }
        for opportunity, kind, currency, amount, closed, won in (
            ("O1", "New Business", "USD", "1000", True, True),
            ("O2", "New Business", "EUR", "700.55", False, False),
            ("O3", "Renewal", "EUR", "200", True, True),
            ("O4", "New Business", "EUR", "90", True, False),
        )
    ],
}

# audit: (table that is spoiled, statement). {table} is the table's full name.
