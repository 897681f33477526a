"""A small world with hostile names, and books that tell of everything the page shows of them."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta

from include import warehouse
from include.run import Run
from include.settings import Settings
from tests.sql.publishing import World
from tests.sql.sound_world import WORLD
from tests.sql.worlds import AS_OF, build, fill

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
FORMULA = "=cmd|' /C calc'!A0"
QUOTES = "'; drop table marts.build_info; -- :search $1 {version} %(x)s"
STRANGE = '100% Österreich_🚀 \u202eabc\u202c\u200b "quoted"; @SUM(1)'
HOSTILE = (SCRIPT, FORMULA, QUOTES, STRANGE)
CANARY = "canary@person.example"
DECIDER = "canary decider"
NAMES = {"O1": QUOTES, "O2": SCRIPT, "O3": FORMULA, "O4": "Lost one", "O5": STRANGE, "O6": "Cold"}


def world() -> World:
    """The sound world, its deals and one lead named with malice, and its books filled."""
    made = deepcopy(WORLD)
    deals = made["stg_crm_opportunities"]
    for number, (deal, person, amount) in enumerate(
        (("O5", None, "5000"), ("O6", "L6", "40")), start=1
    ):
        deals.append(
            {
                "opportunity_id": deal,
                "crm_account_id": "A6" if person else None,
                "opportunity_type": "New Business",
                "currency_code": "EUR",
                "amount": amount,
                "is_closed": False,
                "is_won": False,
                "close_date": "2026-12-03",
                "created_at": f"2025-12-0{number}T00:00:00Z",
            }
        )
    for deal in deals:
        deal["opportunity_name"] = NAMES[deal["opportunity_id"]]
    made["stg_crm_leads"].append(
        {
            "lead_id": "L6",
            "company_name": SCRIPT,
            "email_hash": "h6",
            "email_domain": "evil.example",
            "utm_source": "google",
            "utm_medium": "cpc",
            "utm_campaign": FORMULA,
            "utm_content": QUOTES,
            "converted_account_id": "A6",
            "converted_opportunity_id": "O6",
            "created_at": "2026-01-06T10:00:00Z",
        }
    )
    # So that the books begin early enough for page and report to open on twelve months.
    for table in ("stg_campaign_daily", "stg_account_daily"):
        made[table].append({**made[table][3], "date_day": "2024-10-01"})
    made["stg_campaigns"][1]["campaign_name"] = STRANGE
    made["stg_account_daily"][3]["spend"] = "31"  # so one comparison differs: it cost 30
    ledger = {"source": "facebook_ads", "account_id": "1"}
    made["load_ledger"] = [
        {"source": "salesforce", "account_id": "00D", "stream": "leads", "scope": "all"},
        *(
            ledger
            | {
                "stream": stream,
                "scope": day,
                "date_day": day,
                "status": status,
                "rows_rejected": rejected,
                "as_of_at": AS_OF - timedelta(hours=behind),
            }
            for stream, day, status, rejected, behind in (
                ("campaign_daily", "2026-11-17", "loaded", 2, 48),
                ("account_daily", "2026-11-17", "loaded", 0, 48),
                ("campaign_daily", "2026-11-18", "empty", 0, 24),
                ("account_daily", "2026-11-18", "empty", 0, 24),
                ("campaign_daily", "2026-11-19", "loaded", 1, 0),
            )
        ),
    ]
    made["known_accounts"] = [ledger | {"account_name": SCRIPT, "time_zone": "Europe/Berlin"}]
    made["rejected_rows"] = [
        {
            "source": "facebook_ads",
            "account_id": "1",
            "batch_id": batch,
            "row_number": number,
            "reason": reason,
            "record": f'{{"email": "{CANARY}"}}',
            "date_day": day,
            "spend": spend,
            "currency_code": "EUR",
        }
        for batch, number, reason, day, spend in (
            ("b1", 0, "spend is not a number", "2026-11-17", None),
            ("b1", 1, "clicks exceeds impressions", "2026-11-17", "7.5"),
            ("b2", 0, "clicks exceeds impressions", "2026-11-19", "2.5"),
            ("b0", 0, "clicks exceeds impressions", "2024-11-19", "90"),
            ("b3", 0, "account_id is empty", None, None),
        )
    ]
    made["restatements"] = [
        {
            "source": "facebook_ads",
            "account_id": "1",
            "campaign_id": "2",
            "old_batch_id": "b0",
            "date_day": day,
            "restatement_number": number,
            "old_spend": old,
            "new_spend": new,
            "delta": delta,
            "loaded_at": AS_OF + timedelta(hours=number),
        }
        for day, number, old, new, delta in (
            ("2026-01-10", 1, "40", "35", "-5"),
            ("2026-01-10", 2, "35", "30", "-5"),
            ("2024-01-10", 1, "1", "0", "-1"),
        )
    ]
    made["schema_changes"] = [
        {
            "source": "salesforce",
            "account_id": "00D",
            "object_name": "Lead",
            "field_name": "Quelle__c",
            "change": "retyped",
            "old_type": "string",
            "new_type": "picklist",
        }
    ]
    made["api_usage"] = [
        {
            "source": "salesforce",
            "account_id": "00D",
            "measure": "daily_requests",
            "used": used,
            "allowed": "1000",
            "as_of_at": AS_OF - timedelta(days=days),
        }
        for used, days in (("900", 1), ("125", 0))
    ]
    made["holds"] = [
        {
            "source": "facebook_ads",
            "account_id": "1",
            "kind": "collapse",
            "status": status,
            "decided_by": DECIDER,
            "run_id": "night 1",
            "date_day": day,
            "figure": "1",
            "usual": "100",
            "found_at": AS_OF,
            "decided_at": AS_OF if status == "approved" else None,
        }
        for status, day in (("approved", "2026-11-18"), ("open", "2026-11-17"))
    ]
    made["model_runs"] = [
        {
            "run_id": f"night {lease}",
            "model_name": model,
            "lease_token": lease,
            "rows_built": 3,
            "seconds": seconds,
            "began_at": AS_OF,
        }
        for lease, model, seconds in ((1, "fct_people", "9"), (2, "fct_people", "1"), (2, "x", "4"))
    ]
    return made


def publish(settings: Settings, step: int = 1) -> None:
    """Publish what is built: a further build each time."""
    at = AS_OF + timedelta(hours=step)
    warehouse.publish(settings, Run(f"night {step}", AS_OF, at))


def publish_world(settings: Settings) -> None:
    """Fill a prepared warehouse with the world, build and publish it."""
    fill(settings, world())
    build(settings)
    publish(settings)
