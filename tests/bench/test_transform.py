"""The staging that ``transform`` measures: the same rows whichever engine makes them."""

from __future__ import annotations

from collections.abc import Callable

from include import warehouse
from include.contracts.staging import STAGING_TABLES
from include.settings import Settings
from tests.bench.transform import fill
from tests.conftest import ENGINES

FILLED = [
    f"staging.{name}"
    for name in (
        "stg_ad_daily",
        "stg_campaign_daily",
        "stg_clicks",
        "stg_crm_leads",
        "stg_crm_contacts",
        "stg_crm_campaign_members",
        "stg_crm_opportunities",
        "stg_crm_contact_roles",
        "stg_lead_form_responses",
    )
]


def test_both_engines_make_the_same_company(new_settings: Callable[[str], Settings]) -> None:
    prints = []
    for engine in ENGINES:
        settings = new_settings(engine)
        fill(settings, 0.0002)
        prints.append(
            warehouse.fingerprint(settings, [f"staging.{t.name}" for t in STAGING_TABLES])
        )
    assert prints[0] == prints[1]
    empty = [name for name in FILLED if prints[0][name].startswith("0:")]
    assert empty == []
