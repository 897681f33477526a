"""An org that keeps leads and deals and nothing else still gets its report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from include.contracts.choices import ATTRIBUTION_MODELS
from tests.end_to_end.conftest import Home
from tests.sandbox.running import Sandbox, write_data_set


def lead(number: int, source: str, opportunity: int | None) -> dict:
    return {
        "Id": f"00Q00000000000{number}AAA",
        "LastName": f"Lead {number}",
        "Company": f"Company {number}",
        "Email": f"person{number}@company{number}.example",
        "LeadSource": source,
        "Status": "Qualified" if opportunity else "Open",
        "CreatedDate": f"2026-03-0{number}T09:00:00.000+0000",
        "SystemModstamp": f"2026-03-0{number}T09:00:00.000+0000",
        "IsConverted": opportunity is not None,
        "ConvertedDate": f"2026-03-1{number}" if opportunity else None,
        "ConvertedOpportunityId": f"00600000000000{opportunity}AAA" if opportunity else None,
    }


def deal(number: int, amount: float | None, stage: str) -> dict:
    return {
        "Id": f"00600000000000{number}AAA",
        "Name": f"Deal {number}",
        "StageName": stage,
        "Amount": amount,
        "CloseDate": "2026-06-30",
        "IsClosed": stage.startswith("Closed"),
        "IsWon": stage == "Closed Won",
        "CreatedDate": f"2026-03-1{number}T10:00:00.000+0000",
        "SystemModstamp": f"2026-03-1{number}T10:00:00.000+0000",
    }


def test_channels_come_from_the_lead_source_and_roi_is_null(
    tmp_path: Path, serve: Callable[..., Sandbox]
) -> None:
    data = write_data_set(
        tmp_path / "data",
        {
            "salesforce/Lead": [
                lead(1, "Trade Show", 1),
                lead(2, "Trade Show", None),
                lead(3, "Cold Call", 3),
            ],
            "salesforce/Opportunity": [
                deal(1, 1000.5, "Closed Won"),
                deal(3, 250, "Closed Lost"),
                deal(4, 99.99, "Closed Won"),
            ],
        },
        time_zone="Europe/Berlin",
        currency="EUR",
        as_of="2026-08-01",
    )
    home = Home(tmp_path / "home")
    home.night(serve(data))
    rows = home.marts(
        """
        select channel, sum(spend_base) as spend, sum(leads) as leads, sum(customers) as customers,
            sum(won_revenue_base) as won, count(roi) as rois
        from marts.mart_channel_roi_monthly group by channel
        """
    )
    by_channel = {row["channel"]: row for row in rows}
    assert {row["spend"] for row in rows} == {0}
    assert {row["rois"] for row in rows} == {0}
    assert float(by_channel["Events"]["won"]) == 1000.5
    assert by_channel["Events"]["leads"] == 2
    assert by_channel["Events"]["customers"] == 1
    assert by_channel["Outbound"]["leads"] == 1
    # A deal that nobody is known for is won all the same.
    assert float(by_channel["Unattributed"]["won"]) == 99.99
    credited = home.marts(
        "select model, sum(amount) as won from marts.fct_attribution where basis = 'won' group by 1"
    )
    assert {row["model"]: float(row["won"]) for row in credited} == dict.fromkeys(
        ATTRIBUTION_MODELS, 1100.49
    )
    # No source counts visits, so the funnel begins with leads.
    [funnel] = home.marts(
        "select sum(leads) as leads, count(visitors) as visitors, count(visitor_to_lead_rate) as "
        "rates from marts.mart_funnel_monthly"
    )
    assert funnel == {"leads": 3, "visitors": 0, "rates": 0}
