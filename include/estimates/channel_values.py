"""What each channel is worth to the data-driven models of attribution."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from include.contracts import columns as c
from include.contracts.shape import Column, Type, table
from include.estimates.markov import removal_effects
from include.estimates.paths import Path, read_paths
from include.estimates.shapley import shapley_values

PARTS = 1_000_000_000
_MODELS: dict[str, Callable[[Sequence[Path], int], dict[str, int]]] = {
    "markov": removal_effects,
    "shapley": shapley_values,
}

CHANNEL_VALUES = table(
    "build",
    "int_channel_values",
    "What each channel is worth to the models that learn from closed deals",
    "model and channel",
    ("model", "channel"),
    (
        replace(c.model, one_of=tuple(_MODELS)),
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
    """Rows of CHANNEL_VALUES from paths (``model``, ``path``, ``won_deals``, ``lost_deals``).

    A model without paths has no rows.
    """
    by_model = defaultdict(list)
    for row in rows:
        by_model[row["model"]].append(row)
    return [
        {"model": model, "channel": channel, "value": max(value, 0)}
        for model in sorted(by_model)
        for channel, value in _MODELS[model](read_paths(by_model[model]), PARTS).items()
    ]
