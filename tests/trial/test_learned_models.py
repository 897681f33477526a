"""The data-driven models from files to credits, against their definition in fractions.

A folder of invented touches and deals goes through the production SQL; the same is worked out here
deal by deal, with the channels' values from the slow ways of tests/estimates.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from pathlib import Path as File
from typing import Any

import pytest

from include import trial
from include.settings import load_settings
from tests.estimates.test_channel_values import Path, slow_removal_effects, slow_shapley_values

CHANNELS = ("Email", "Events", "Paid Search", "Direct", "Partner")
PEOPLE = [f"p{number}" for number in range(25)]
LOOK_BACK = timedelta(days=730)


def instant(chance: random.Random) -> datetime:
    """One of few, so that some meet; some are older than the look-back."""
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=20 * chance.randrange(60))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> File:
    chance = random.Random(11)
    made = tmp_path_factory.mktemp("learned")
    touches = ["person,instant,channel,campaign"]
    for _ in range(160):
        person, channel = chance.choice(PEOPLE), chance.choice(CHANNELS)
        touches.append(f"{person},{instant(chance).isoformat()},{channel},")
    deals = ["deal,created,closed,won,amount,people"]
    for number in range(60):
        created = instant(chance)
        closed = (created + timedelta(days=chance.randrange(200))).isoformat()
        outcome = chance.choice((f"{closed},yes", f"{closed},no", ","))
        people = ";".join(chance.sample(PEOPLE, chance.randrange(4)))
        deals.append(f"d{number},{created.isoformat()},{outcome},{number}.99,{people}")
    (made / "touches.csv").write_text("\n".join(touches))
    (made / "deals.csv").write_text("\n".join(deals))
    return made


def eligible(read: trial.Trial, deal: Mapping[str, Any]) -> list[dict[str, Any]]:
    end = deal["closed"] or read.as_of
    return sorted(
        (
            touch
            for touch in read.touches
            if touch["person"] in deal["people"] and end - LOOK_BACK <= touch["instant"] <= end
        ),
        key=lambda touch: (touch["instant"], touch["line"]),
    )


def expected_weights(
    read: trial.Trial, values: Mapping[str, int]
) -> dict[str, dict[int | None, Decimal]]:
    """Each deal's weights by line: the channel's value over its touches, largest remainders."""
    found = {}
    for deal in read.deals:
        if deal["won"] == "no":
            continue
        touches = eligible(read, deal)
        counts = Counter(touch["channel"] for touch in touches)
        shares = [
            Fraction(max(values.get(touch["channel"], 0), 0), counts[touch["channel"]])
            for touch in touches
        ]
        if not sum(shares):
            shares = [Fraction(1)] * len(touches)
        exact = [share * 10**10 / sum(shares) for share in shares]
        parts = [int(part) for part in exact]
        by_remainder = sorted(range(len(parts)), key=lambda n: parts[n] - exact[n])
        for number in by_remainder[: 10**10 - sum(parts)]:
            parts[number] += 1
        weights = {
            touch["line"]: Decimal(part) / 10**10
            for touch, part in zip(touches, parts, strict=True)
            if part
        }
        found[deal["deal"]] = weights or {None: Decimal(1)}
    return found


def test_credits_of_the_models_that_learn_follow_from_their_definition(folder: File) -> None:
    read = trial.read_trial(folder)
    taken = [
        (deal["won"], tuple(channel for channel, _ in groupby(t["channel"] for t in touches)))
        for deal in read.deals
        if deal["won"] and (touches := eligible(read, deal))
    ]
    paths = [Path(channels, int(won == "yes"), int(won == "no")) for won, channels in taken]
    values = {"markov": slow_removal_effects(paths), "shapley": slow_shapley_values(paths)}
    assert min(values["shapley"].values()) < 0, (
        "a channel that is worth nothing belongs to the test"
    )
    credits, learned = trial.credit(read, load_settings({}))
    for model, of_channel in values.items():
        assert {row["channel"]: row["value"] for row in learned if row["model"] == model} == {
            channel: max(value, 0) for channel, value in of_channel.items()
        }
        weights: dict[str, dict[int | None, Decimal]] = {}
        for row in credits:
            if row["model"] == model:
                weights.setdefault(row["deal"], {})[row["line"]] = row["weight"]
        assert weights == expected_weights(read, of_channel)
    positions = {(row["model"], row["deal"]): row["line"] for row in credits}
    for deal in read.deals:
        if deal["won"] != "no" and (touches := eligible(read, deal)):
            assert positions["last_touch", deal["deal"]] == touches[-1]["line"]
