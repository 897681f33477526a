"""The companies of the presets: what is planted is what is told, and what the data then show."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from include.sandbox.dataset import DataSet
from include.sandbox.generator import generate

Record = dict[str, Any]
PAID = {"Paid Search", "Paid Social", "Paid Other", "Display"}


def lines(folder: Path, path: str) -> list[Record]:
    return [json.loads(line) for line in (folder / f"{path}.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("companies") / "steady"
    generate(folder, preset="steady", months=24, scale=0.5)
    return folder


def test_a_company_is_served_like_any_data_set(steady: Path) -> None:
    dataset = DataSet(steady)
    dataset.validate()
    assert dataset.unknown == []


def test_the_seed_and_the_preset_decide(tmp_path: Path) -> None:
    told = []
    for name, preset, seed in (("a", "tiny", 1), ("b", "tiny", 1), ("c", "tiny", 2)):
        generate(tmp_path / name, preset=preset, seed=seed, months=3)
        told.append([lines(tmp_path / name, f"truth/{file}") for file in ("response", "people")])
    assert told[0] == told[1] != told[2]


def test_an_unknown_preset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="giant is no preset: there are steady, "):
        generate(tmp_path / "out", preset="giant")


def test_campaigns_bring_as_many_people_as_the_response_tells(steady: Path) -> None:
    """Four standard deviations either way; internal people come the same way."""
    expected = Counter[str]()
    for line in lines(steady, "truth/campaigns"):
        expected[line["channel"]] += float(line["leads"])
    came = Counter(
        line["first_touch"]["channel"]
        for line in lines(steady, "truth/people")
        if line["first_touch"] and line["first_touch"]["campaign_id"]
    )
    assert set(expected) == set(came) == PAID
    for channel, number in expected.items():
        assert abs(came[channel] - number) < 4 * number**0.5, channel


def test_the_best_split_is_no_worse_than_any_shift_of_it(steady: Path) -> None:
    curves = lines(steady, "truth/response")
    assert {line["channel"]: line["is_varied"] for line in curves} == {
        channel: channel != "Display" for channel in PAID
    }

    def brought(split: list[float]) -> float:
        return sum(
            float(line["most_leads_a_day"])
            * float(line["revenue_eur_a_lead"])
            * spend
            / (float(line["half_at_eur_a_day"]) + spend)
            for line, spend in zip(curves, split, strict=True)
        )

    best = [float(line["best_eur_a_day"]) for line in curves]
    present = [float(line["budget_eur_a_day"]) for line in curves]
    assert sum(best) == pytest.approx(sum(present), abs=0.1)
    assert brought(best) >= brought(present)
    for place in range(len(best)):
        for other in range(len(best)):
            if best[place] >= 5:
                moved = list(best)
                moved[place] -= 5
                moved[other] += 5
                assert brought(moved) <= brought(best) + 0.01


def test_no_deal_closes_sooner_than_the_truth_tells(steady: Path) -> None:
    shortest = {line["channel"]: line["days_to_close"][0] for line in lines(steady, "truth/delays")}
    assert set(shortest.values()) == {25}
    closed = [
        line
        for line in lines(steady, "truth/opportunities")
        if line["type_group"] == "new_business" and line["status"] in ("won", "lost")
    ]
    for deal in closed:
        created = datetime.fromisoformat(deal["created_at"]).astimezone(UTC).date()
        assert (date.fromisoformat(deal["close_date"]) - created).days >= 25
    assert len(closed) > 50
