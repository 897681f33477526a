"""What each channel is worth to the data-driven models of attribution."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from include.contracts import columns as c
from include.contracts.shape import Column, Type, table
from include.estimates.markov import Step, removal_effects
from include.estimates.shapley import ClosedDeals, shapley_values

PARTS = 1_000_000_000

CHANNEL_VALUES = table(
    "build",
    "int_channel_values",
    "What each channel is worth to the models that learn from closed deals",
    "model and channel",
    ("model", "channel"),
    (
        replace(c.model, one_of=("markov", "shapley")),
        c.channel,
        Column(
            "value",
            Type.INTEGER,
            "The removal effect (markov) or Shapley value (shapley); 0 where that is below zero",
            unit="billionths, rounded down",
            at_least=0,
            is_required=True,
        ),
    ),
)


def channel_values(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of CHANNEL_VALUES from what sql/estimates/int_channel_values.sql selects.

    Each row tells of ``won_deals`` and ``lost_deals``: for ``markov`` of those that stepped from
    ``channel`` (None: the start) to ``next_channel`` (None: the outcome), for ``shapley`` of those
    touched by exactly these ``channels`` (with `` > `` between). A model without rows gets none.
    """
    by_model = defaultdict(list)
    for row in rows:
        by_model[row["model"]].append(row)
    effects = removal_effects(
        [
            Step(row["channel"], row["next_channel"], row["won_deals"], row["lost_deals"])
            for row in by_model["markov"]
        ],
        PARTS,
    )
    values = shapley_values(
        [
            ClosedDeals(
                frozenset(row["channels"].split(" > ")), row["won_deals"], row["lost_deals"]
            )
            for row in by_model["shapley"]
        ],
        PARTS,
    )
    return [
        {"model": model, "channel": channel, "value": max(value, 0)}
        for model, found in (("markov", effects), ("shapley", values))
        for channel, value in found.items()
    ]
