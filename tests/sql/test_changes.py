"""Every figure of a closed month that moves between two publishes is told with its cause.

A scripted month: each step edits the world, builds and publishes; what moved is worked by hand.
"""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from include import warehouse
from include.contracts.choices import ATTRIBUTION_MODELS
from include.settings import Settings
from include.warehouse import models
from tests.sql.publishing import TRACKED, publish, seen, sums_of, take_step
from tests.sql.scripted_month import (
    DECIDED,
    FUNNEL,
    RATED,
    SEARCH_OCT,
    SEARCH_SEP,
    SEVERAL,
    SOCIAL_OCT,
    STEPS,
    do_several,
    first_world,
    move_a_role,
    pass_a_day,
)
from tests.sql.worlds import build, fill, spoil


def test_19_a_scripted_month(
    sql_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roi, funnel, closes, cycles, rates = TRACKED[:2], *TRACKED[2:]
    world = first_world()
    fill(sql_settings, world)
    build(sql_settings)
    publish(sql_settings, 0)
    assert publish(sql_settings, 1) == []

    # One cause at a time; where building takes longer, three whose figures do not meet.
    at_once = 1 if sql_settings.warehouse_url.startswith("postgresql") else 3
    for first in range(0, len(STEPS), at_once):
        group = STEPS[first : first + at_once]
        rows = take_step(sql_settings, world, 2 + first, *(edit for edit, *_ in group))
        expected = {
            (row_key, figure): (old, new, cause, f"{cause}: {evidence}")
            for _, cause, evidence, figures in group
            for row_key, figure, old, new in figures
        }
        assert sums_of(rows) == expected
        assert {cause for row in rows for cause in row["causes"].split(", ")} == {
            cause for _, cause, *_ in group
        }

    rows = take_step(sql_settings, world, 20, do_several)
    moved = seen(rows, *roi)
    assert {key: row["causes"] for key, row in moved.items()} == {
        key: causes for key, (_, _, causes) in SEVERAL.items()
    }
    for key, (old, new, _) in SEVERAL.items():
        assert old in (None, moved[key]["old_value"]), key
        assert new in (None, moved[key]["new_value"]), key
    pipeline = moved[SEARCH_SEP, "open_pipeline_base"]
    assert pipeline["evidence"] == "late_deal: O9; deal_edited: O1"
    assert (pipeline["channel"], pipeline["platform"]) == ("Paid Search", None)
    assert (str(pipeline["month"]), pipeline["delta"]) == ("2026-09-01", -900)
    assert {key: (row["new_value"], row["causes"]) for key, row in seen(rows, funnel).items()} == {
        (SEARCH_SEP, key): (Decimal(new), causes) for key, (new, causes) in FUNNEL.items()
    }
    won = {
        (row["platform"], row["campaign_id"], row["model"], row["figure"]): row
        for row in seen(rows, closes).values()
    }
    assert {(key[0], key[1], key[3]) for key in won} == {
        ("google_ads", "10", "deals"),
        ("google_ads", "10", "won_revenue_base"),
    }
    assert {key[2] for key in won} >= {"first_touch", "linear", "markov", "shapley"}
    assert {(row["old_value"], row["delta"], row["evidence"]) for row in won.values()} == {
        (None, 1, "deal_edited: O1"),
        (None, 1200, "deal_edited: O1"),
    }
    decided = seen(rows, cycles)
    assert {key: row["new_value"] for key, row in decided.items()} == {
        ("Paid Search/new_business/2026-10-01", figure): value for figure, value in DECIDED.items()
    }
    assert {row["evidence"] for row in decided.values()} == {"deal_edited: O1"}
    rated = seen(rows, rates)
    assert {key: row["new_value"] for key, row in rated.items()} == {
        (f"{model}/won/new_business/2026-10-01", figure): value
        for figure, value in RATED.items()
        for model in ATTRIBUTION_MODELS
    }
    assert {row["evidence"] for row in rated.values()} == {"deal_edited: O1"}
    assert publish(sql_settings, 21) == []

    rows = take_step(sql_settings, world, 22, move_a_role)
    assert {row["mart"] for row in rows} == {TRACKED[0], funnel, closes, cycles}  # one channel
    assert {row["causes"] for row in rows} == {"contact_role"}
    credits = seen(rows, closes).values()
    assert len(credits) == 2 * len(won)
    assert {(row["campaign_id"], row["delta"]) for row in credits} == {
        ("10", -1),
        ("10", -1200),
        ("20", 1),
        ("20", 1200),
    }

    assert {
        key[1]: (row["old_value"], row["new_value"]) for key, row in seen(rows, cycles).items()
    } == {
        "days_touch_to_created_p50": (30, 35),
        "days_touch_to_created_p90": (30, 35),
        "days_touch_to_close_p50": (50, 55),
        "days_touch_to_close_p90": (50, 55),
    }

    rows = take_step(sql_settings, world, 23, pass_a_day)
    assert {(row["mart"], row["causes"], row["evidence"]) for row in rows} == {
        (rates, "touch_aged", "touch_aged: O3 through lead:L0")
    }
    assert {
        (row["row_key"], row["old_value"], row["new_value"])
        for row in rows
        if row["figure"] == "attributed_amount_base"
    } == {
        (f"{model}/open/new_business/2026-10-01", 10, 0)
        for model in ("last_touch", "linear", "full_path", "time_decay", "markov", "shapley")
    }

    spoil(sql_settings, "update build.mart_channel_roi_monthly set sqls = sqls + 7")
    rows = publish(sql_settings, 24)
    assert {(row["figure"], row["causes"]) for row in rows} == {("sqls", "unexplained")}
    searches = {"Paid Search/2024-11-01", SEARCH_SEP, SEARCH_OCT}
    assert {row["row_key"] for row in rows} == {*searches, SOCIAL_OCT}

    shutil.copytree(models.SQL_FOLDER, tmp_path / "sql")
    monkeypatch.setattr(models, "SQL_FOLDER", tmp_path / "sql")
    mart = tmp_path / "sql/marts/mart_channel_roi_monthly.sql"
    mart.write_text(mart.read_text().replace("cohorts.leads,", "2 * cohorts.leads as leads,"))
    warehouse.build(sql_settings, "mart_channel_roi_monthly")
    rows = publish(sql_settings, 25)
    assert {
        key: row["new_value"] for key, row in seen(rows, *roi).items() if key[1] == "leads"
    } == {
        ("Paid Search/2024-11-01", "leads"): 2,
        (SEARCH_SEP, "leads"): 10,
        (SEARCH_OCT, "leads"): 2,
    }
    assert {(row["causes"], row["evidence"]) for row in rows} == {
        ("code_version", "code_version: sql")
    }
