"""The bench's own arithmetic: worlds hold the rows they claim, ratios are by the fastest peer."""

from pathlib import Path

import pytest

from include.sandbox.dataset import DataSet
from tests.bench.extract import Reading, fastest_peer, measures, show
from tests.bench.readers import STREAMS
from tests.bench.watching import Watched
from tests.bench.worlds import Size, write_world

FACTS = {
    "facebook_ads": "meta/insights",
    "google_ads": "google/daily_metrics",
    "linkedin_ads": "linkedin/analytics",
    "salesforce": "salesforce/Lead",
}
DAYS = {
    "facebook_ads": lambda line: line["date_start"],
    "google_ads": lambda line: line["segments"]["date"],
    "linkedin_ads": lambda line: line["date"],
}


def reading(reader: str, rows: int, seconds: float, megabytes: float, requests: int) -> Reading:
    return Reading(reader, "", rows, Watched(seconds, 1, 0.5, megabytes, requests, ""))


@pytest.mark.parametrize("source", sorted(STREAMS))
def test_a_world_is_served_and_holds_what_it_claims(tmp_path: Path, source: str) -> None:
    size = Size(45, 1 if source == "salesforce" else 3)
    data = DataSet(write_world(tmp_path / "data", source, size))
    data.validate()
    lines = data.versions(FACTS[source]).all
    assert (len(lines), data.unknown) == (size.rows, [])
    if source in DAYS:
        assert {DAYS[source](line) for line in lines} == {"2026-11-17", "2026-11-18", "2026-11-19"}
        assert (size.first.isoformat(), size.last.isoformat()) == ("2026-11-17", "2026-11-19")


def test_ratios_are_by_the_fastest_peer_and_an_sdk_is_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    readings = [
        reading("ours", 1_000, 2, 300, 10),
        reading("vendor SDK", 1_000, 1, 50, 10),
        reading("slow==1", 1_000, 10, 200, 4),
        reading("fast==1", 900, 4.5, 600, 5),
    ]
    best = fastest_peer(readings)
    assert best is not None
    assert best.reader == "fast==1"
    told = measures("google_ads", readings, Size(10, 100))
    assert [(each["ours"], each["yardstick"], each["ratio"]) for each in told] == [
        (500, 200, 2.5),
        (300, 600, 0.5),
        (10, 5, 2.0),
    ]
    show("google_ads", Size(10, 100), readings)
    shown = capsys.readouterr().out.splitlines()
    assert "1,000 rows, 10 ads over 100 days" in shown[1]
    assert next(line for line in shown if "fast==1" in line).split()[1:4] == ["900", "NOT", "ALL"]


def test_without_a_peer_there_is_no_ratio() -> None:
    told = measures("google_ads", [reading("ours", 1_000, 2, 300, 10)], Size(10, 100))
    assert {(each["yardstick"], each["ratio"], each["yardstick_name"]) for each in told} == {
        ("", "", "nobody else")
    }
