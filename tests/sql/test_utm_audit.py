"""The line that mart_utm_audit suggests mends what it was suggested for, as it stands."""

from __future__ import annotations

from pathlib import Path

from include import warehouse
from include.settings import Settings
from include.warehouse.reference import read_seed
from tests.sql.worlds import TABLES, Rows, build, fill, spoil

HEADER = "platform,account_id,campaign_id,utm_campaign"
WORLD: dict[str, Rows] = {
    "stg_campaigns": [
        {
            "platform": "google_ads",
            "account_id": "1",
            "campaign_id": campaign,
            "campaign_name": name,
            "campaign_type": "SEARCH",
        }
        for campaign, name in (("1", 'Tools, "free" trial'), ("2", "Brand | US"))
    ],
    "stg_crm_leads": [
        {"lead_id": lead, "utm_source": "google", "utm_medium": medium, "utm_campaign": name}
        for lead, medium, name in (
            ("L1", "cpc", 'tools, "free" trial 2026'),
            ("L2", "cpc", 'TOOLS-"FREE"-TRIAL-2026'),
            ("L3", "cpc", "us_brand_campaign"),
            ("L4", None, "brand us ads"),
            ("L5", "email", "brand us ads"),
        )
    ],
}


def test_a_suggested_alias_mends_what_it_was_suggested_for(
    sql_settings: Settings, tmp_path: Path
) -> None:
    """L1 and L2 are one name in two spellings: one line. L3's words stand the other way round: near
    to nobody. L4 names its network alone, L5 a mailing, which no ad's alias shall claim; one alias
    does, as the name is one: that is for whoever pastes it to see."""
    fill(sql_settings, WORLD)
    build(sql_settings, "mart_utm_audit")
    found = warehouse.read(
        sql_settings,
        "select utm_campaign, utm_medium, suggested_alias, suggested_campaign_name "
        "from build.mart_utm_audit",
    )
    lines = {(row["utm_campaign"], row["utm_medium"]): row["suggested_alias"] for row in found}
    assert lines["us_brand_campaign", "cpc"] is None
    assert lines["brand us ads", "email"] is None
    assert {row["suggested_campaign_name"] for row in found} == {
        None,
        'Tools, "free" trial',
        "Brand | US",
    }
    suggested = {line for line in lines.values() if line}
    assert len(suggested) == 2

    seed = tmp_path / "campaign_aliases.csv"
    seed.write_text("\n".join([HEADER, *sorted(suggested)]) + "\n", encoding="utf-8")
    aliases = read_seed(seed, TABLES["seed_campaign_aliases"]).to_pylist()
    fill(sql_settings, WORLD | {"seed_campaign_aliases": aliases})
    build(sql_settings, "mart_utm_audit", "fct_touchpoints")
    touches = warehouse.read(
        sql_settings,
        "select person_id, campaign_id from build.fct_touchpoints "
        "where match_method = 'alias' order by person_id",
    )
    assert [tuple(row.values()) for row in touches] == [
        ("L1", "1"),
        ("L2", "1"),
        ("L4", "2"),
        ("L5", "2"),
    ]
    left = warehouse.read(
        sql_settings, "select utm_campaign from build.mart_utm_audit where leads > 0"
    )
    assert left == [{"utm_campaign": "us_brand_campaign"}]


def test_renewals_of_which_one_lacks_a_rate_are_unknown_and_no_difference(
    sql_settings: Settings,
) -> None:
    """100 in euros and 100 in francs, which have no rate: what it makes is unknown to the mart and
    to the audit that holds it against the deals, though one of them is known to both."""
    renewals: Rows = [
        {
            "opportunity_id": name,
            "contact_id": "C1",
            "opportunity_type": "Renewal",
            "amount": "100",
            "currency_code": currency,
            "is_closed": True,
            "is_won": True,
            "close_date": "2026-04-01",
            "created_at": "2026-02-01T10:00:00Z",
        }
        for name, currency in (("O1", "EUR"), ("O2", "CHF"))
    ]
    contact = {"contact_id": "C1", "utm_source": "google", "utm_medium": "cpc"}
    fill(
        sql_settings,
        {
            "seed_currency_rates": [],
            "stg_crm_contacts": [contact | {"utm_campaign": "spring"}],
            "stg_crm_opportunities": renewals,
        },
    )
    build(sql_settings, "mart_utm_audit", "mart_campaign_roi_monthly")
    found = warehouse.read(
        sql_settings, "select leads, other_won_revenue_base from build.mart_utm_audit"
    )
    assert found == [{"leads": 1, "other_won_revenue_base": None}]
    name = "the_utm_audit_equals_what_roi_marts_cannot_place"
    assert warehouse.audit(sql_settings, name).rows == ()
    spoil(sql_settings, "update build.mart_utm_audit set leads = 2")
    assert warehouse.audit(sql_settings, name).wrong_count == 1
