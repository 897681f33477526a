"""Deletions, clicks, merged companies and settings that move closed months are told as causes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from include.contracts.choices import ATTRIBUTION_MODELS
from include.settings import Settings
from tests.sql.publishing import SUMS, TRACKED, publish, rebuild, row_of, seen, sums_of, take_step
from tests.sql.scripted_month import (
    BRAND_OCT,
    BRAND_SEP,
    GENERIC_SEP,
    SEARCH_OCT,
    SEARCH_SEP,
    UNMATCHED_SEP,
)
from tests.sql.scripted_settings import (
    CLICK,
    D2_AGED,
    D3_AGED,
    DELETED,
    EVENTS_OCT,
    LAST_EDITS,
    LOOSE,
    MD_AGED,
    MD_MOVED,
    MERGED,
    WEBINAR_OCT,
    Z1_MOVED,
    Z9_MOVED,
    add_people_and_deals,
    delete_a_deal,
    edit_seeds,
    harvest_a_click,
    merge_two_companies,
    set_to,
    settings_world,
)
from tests.sql.worlds import build, fill


def _of_setting(figures: list[tuple[str, str, int | None, int | None, str]]) -> Any:
    return {
        (row_key, figure): (old, new, "setting_edited", f"setting_edited: {evidence}")
        for row_key, figure, old, new, evidence in figures
    }


def test_deletions_clicks_merged_companies_and_settings(sql_settings: Settings) -> None:
    world = settings_world()
    fill(sql_settings, world)
    build(sql_settings)
    publish(sql_settings, 0)

    # The fiscal year moves no figure; the others do not meet, but for D1 and D3 in September's
    # deals of Paid Search, which were and are D2, MD and one of them.
    rows = take_step(
        sql_settings,
        world,
        1,
        delete_a_deal,
        harvest_a_click,
        merge_two_companies,
        set_to("fiscal_year_start_month", 4),
    )
    assert sums_of(rows) == {
        (row_key, figure): (old, new, cause, f"{cause}: {evidence}")
        for row_key, figure, old, new, (cause, evidence) in (
            (UNMATCHED_SEP, "leads", 1, None, CLICK),
            (BRAND_SEP, "leads", 1, 2, CLICK),
            (BRAND_SEP, "opportunities", 1, 0, DELETED),
            (BRAND_SEP, "open_pipeline_base", 700, 0, DELETED),
            (SEARCH_SEP, "open_pipeline_base", 750, 50, DELETED),
            (GENERIC_SEP, "opportunities", 2, 3, MERGED),
            *(
                (row_key, figure, old, new, MERGED)
                for row_key in (GENERIC_SEP, SEARCH_SEP)
                for figure, old, new in (("won_deals", 1, 2), ("won_revenue_base", 300, 700))
            ),
            *(
                (row_key, figure, old, None, MERGED)
                for row_key in (f"{LOOSE}/2026-10-01", "Unattributed/2026-10-01")
                for figure, old in (
                    ("opportunities", 1),
                    ("won_deals", 1),
                    ("customers", 1),
                    ("won_revenue_base", 400),
                )
            ),
        )
    }
    assert {row["mart"] for row in rows} == set(TRACKED)
    buyers = seen(rows, TRACKED[2])[SEARCH_SEP, "customers"]
    assert (buyers["old_value"], buyers["new_value"]) == (1, 2)
    assert buyers["evidence"] == "merge: P2 through D3"
    causes = {cause for row in rows for cause in row["causes"].split(", ")}
    assert causes == {"deal_deleted", "late_click", "merge"}
    assert {
        (row["row_key"], row["old_value"], row["new_value"], row["evidence"])
        for row in rows
        if (row["mart"], row["figure"]) == (TRACKED[5], "attributed_deals")
    } == {
        (f"{model}/won/new_business/2026-10-01", 1, 2, "merge: D3") for model in ATTRIBUTION_MODELS
    }

    # Within three days D2 and D3 have no touch, MD has the webinar alone.
    rows = take_step(sql_settings, world, 2, set_to("attribution_look_back_days", 3))
    both = f"{D2_AGED}, {D3_AGED}"
    assert sums_of(rows) == _of_setting(
        [
            *(
                (row_key, figure, old, new, evidence)
                for row_key in (GENERIC_SEP, SEARCH_SEP)
                for figure, old, new, evidence in (
                    ("opportunities", 3, 0, f"{both}, {MD_AGED}"),
                    ("won_deals", 2, 0, both),
                    ("customers", 1, 0, D2_AGED),
                    ("won_revenue_base", 700, 0, both),
                    ("open_pipeline_base", 50, 0, MD_AGED),
                )
            ),
            *(
                (f"{row}/{month}", figure, None, new, evidence)
                for row in (LOOSE, "Unattributed")
                for month, figure, new, evidence in (
                    ("2026-09-01", "opportunities", 1, D2_AGED),
                    ("2026-09-01", "won_deals", 1, D2_AGED),
                    ("2026-09-01", "customers", 1, D2_AGED),
                    ("2026-09-01", "won_revenue_base", 300, D2_AGED),
                    ("2026-10-01", "opportunities", 1, D3_AGED),
                    ("2026-10-01", "won_deals", 1, D3_AGED),
                    ("2026-10-01", "won_revenue_base", 400, D3_AGED),
                )
            ),
            *(
                (row_key, figure, None, new, MD_AGED)
                for row_key in (WEBINAR_OCT, EVENTS_OCT)
                for figure, new in (("opportunities", 1), ("open_pipeline_base", 50))
            ),
        ]
    )
    assert {row["causes"] for row in rows} == {"setting_edited"}

    # In New York Z1 came in September; there, 1 October begins after MD was created.
    rows = take_step(sql_settings, world, 3, set_to("reporting_zone", "America/New_York"))
    assert sums_of(rows) == _of_setting(
        [
            *(
                (row_key, figure, old, new, evidence)
                for gone, come, leads in ((BRAND_OCT, BRAND_SEP, 2), (SEARCH_OCT, SEARCH_SEP, 5))
                for figure, at, before, evidence in (
                    ("leads", 1, leads, Z1_MOVED),
                    ("opportunities", 1, 0, Z9_MOVED),
                    ("won_deals", 1, 0, Z9_MOVED),
                    ("customers", 1, 0, Z9_MOVED),
                    ("won_revenue_base", 1000, 0, Z9_MOVED),
                )
                for row_key, old, new in ((gone, at, None), (come, before, before + at))
            ),
            *(
                (row_key, figure, at, None, MD_MOVED)
                for row_key in (WEBINAR_OCT, EVENTS_OCT)
                for figure, at in (("opportunities", 1), ("open_pipeline_base", 50))
            ),
            *(
                (f"{row}/2026-09-01", figure, before, before + more, MD_MOVED)
                for row in (LOOSE, "Unattributed")
                for figure, before, more in (("opportunities", 1, 1), ("open_pipeline_base", 0, 50))
            ),
        ]
    )
    assert {row["causes"] for row in rows} == {"setting_edited"}
    october = ("Paid Search/new_business/2026-10-01", "days_created_to_close_p50")
    days = seen(rows, TRACKED[4])[october]
    assert (days["old_value"], days["new_value"], days["evidence"]) == (
        19,
        20,
        f"setting_edited: {Z9_MOVED}",
    )

    for step, name, value, old, new in (
        (4, "reporting_currency", "USD", 1, 2),
        (5, "rates", "crm", 2, 3),
    ):
        rows = take_step(sql_settings, world, step, set_to(name, value))
        assert {row["causes"] for row in rows} == {"setting_edited"}
        grown = {round(row["new_value"] / row["old_value"], 5) for row in rows}
        assert grown == {Decimal(new) / old}
        assert {
            key: row["evidence"] for key, row in seen(rows, TRACKED[0]).items() if key[1] in SUMS
        } == {
            (row_key, figure): f"setting_edited: {evidence} through {name}"
            for row_key, figure, evidence in (
                (BRAND_SEP, "spend_base", "google_ads/1/10/2026-09-10"),
                (BRAND_SEP, "won_revenue_base", "Z9"),
                (f"{LOOSE}/2026-09-01", "won_revenue_base", "D2"),
                (f"{LOOSE}/2026-09-01", "open_pipeline_base", "MD"),
                (f"{LOOSE}/2026-10-01", "won_revenue_base", "D3"),
            )
        }
        assert {row["mart"] for row in rows} == {*TRACKED} - {TRACKED[2]}

    take_step(sql_settings, world, 6, add_people_and_deals)
    edits = [edit for edit, *_ in LAST_EDITS.values() if edit]
    rows = take_step(sql_settings, world, 7, *edits)
    told: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        told.setdefault(str(row["month"]), set()).add((row["causes"], row["evidence"]))
    assert told == {
        month: {(cause, f"{cause}: {evidence}") for evidence in evidences}
        for month, (_, cause, evidences) in LAST_EDITS.items()
    }
    assert {row["mart"] for row in rows} == set(TRACKED)
    assert {row["mart"] for row in rows if str(row["month"]) == "2026-05-01"} == set(TRACKED[:5])

    # A landing page that no load brought: there is no fact for it, and so no cause.
    row_of(world, "stg_crm_leads", "K2")["landing_page_url"] = (
        "https://x.example/?gad_campaignid=20"
    )
    fill(sql_settings, world)
    rebuild(sql_settings, {"stg_crm_leads"})
    rows = publish(sql_settings, 8)
    assert {(row["mart"], row["causes"]) for row in rows} == {(TRACKED[0], "unexplained")}

    rows = take_step(sql_settings, world, 9, edit_seeds)
    assert {row["causes"] for row in rows} == {"seed_edited"}
    evidence = " ".join(row["evidence"] for row in rows)
    assert "S1 through internal_domains (contact:Y2)" in evidence
    assert "D2 through attribution_models" in evidence
    assert "E1 through manual_touchpoints (manual:E1/2026-08-11/Stand)" in evidence
