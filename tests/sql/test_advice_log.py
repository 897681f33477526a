"""Each advice is kept as it was given: once a day at most, and only where it is another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from include import warehouse
from include.run import Run
from include.settings import Settings
from tests.sql.sound_world import WORLD
from tests.sql.worlds import AS_OF, build, fill, spoil


def _kept(settings: Settings) -> list[dict[str, Any]]:
    return warehouse.read(
        settings,
        "select advised_on, level, platform, account_id, campaign_id, channel, verdict, sentence "
        "from ops.advice_log order by 1, 2, 3, 4, 5, 6",
    )


def test_advice_is_kept_as_given_and_again_only_where_it_changes(sql_settings: Settings) -> None:
    fill(sql_settings, WORLD | {"advice_log": []})
    build(sql_settings)
    for hours in (1, 2):
        warehouse.publish(sql_settings, Run("first", AS_OF, AS_OF + timedelta(hours=hours)))
        first = _kept(sql_settings)
        assert first == warehouse.read(
            sql_settings,
            "select as_of_date as advised_on, level, platform, account_id, campaign_id, channel, "
            "verdict, sentence from build.int_advice cross join build.int_as_of "
            "where is_running order by 1, 2, 3, 4, 5, 6",
        )
    assert {row["level"] for row in first} == {"campaign", "channel"}

    spoil(sql_settings, "update build.int_as_of set as_of_date = as_of_date + 1")
    warehouse.publish(sql_settings, Run("second", AS_OF, AS_OF + timedelta(hours=25)))
    assert _kept(sql_settings) == first

    spoil(sql_settings, "update build.int_as_of set as_of_date = as_of_date + 1")
    spoil(sql_settings, "update build.int_advice set verdict = 'pause' where level = 'channel'")
    warehouse.publish(sql_settings, Run("third", AS_OF, AS_OF + timedelta(hours=49)))
    later = [row for row in _kept(sql_settings) if row not in first]
    assert len(_kept(sql_settings)) == len(first) + len(later)
    assert {(row["level"], row["verdict"]) for row in later} == {("channel", "pause")}
    assert {str(row["advised_on"]) for row in later} == {"2026-11-22"}
    spoil(sql_settings, "delete from ops.advice_log")
