"""The Markov model: what share of the wins would be lost without a channel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.estimates.paths import Path


def removal_effects(paths: Sequence[Path], parts: int) -> dict[str, int]:
    """Each channel's removal effect in ``parts`` of one, rounded down: from 0 to ``parts``.

    The paths make a chain of the first order: from the start or a channel, the next channel, the
    win or the loss follows as often as it followed in the paths. The effect of a channel is
    1 - P(win without it) / P(win), where every step that led to the channel leads to a loss; 0
    where nothing was won. All is computed in whole numbers, so neither the order of the paths nor
    the machine matters.
    """
    channels = sorted({channel for path in paths for channel in path.channels})
    place = {channel: number for number, channel in enumerate(channels)}
    starts: Counter[int] = Counter()
    steps: Counter[tuple[int, int]] = Counter()
    wins: Counter[int] = Counter()
    losses: Counter[int] = Counter()
    for path in paths:
        places = [place[channel] for channel in path.channels]
        starts[places[0]] += path.won + path.lost
        for step in pairwise(places):
            steps[step] += path.won + path.lost
        wins[places[-1]] += path.won
        losses[places[-1]] += path.lost

    count = len(channels)
    onward = np.zeros((count, count), dtype=object)
    for step, deals in steps.items():
        onward[step] = deals
    won = np.array([wins[number] for number in range(count)], dtype=object)
    lost = np.array([losses[number] for number in range(count)], dtype=object)
    begun = np.array([starts[number] for number in range(count)], dtype=object)
    # Of the deals that pass a channel, as many leave it: chance * leaving = won + onward @ chances.
    equations = np.diag(onward.sum(axis=1) + won + lost) - onward

    def wins_with(kept: NDArray[Any]) -> Fraction:
        chances, divisor = _solved(equations[np.ix_(kept, kept)], won[kept])
        return Fraction(int((begun[kept] * chances).sum()), divisor)

    everything = np.arange(count)
    whole = wins_with(everything)
    if not whole:
        return dict.fromkeys(channels, 0)
    return {
        channel: int(parts * (whole - wins_with(np.delete(everything, number))) // whole)
        for number, channel in enumerate(channels)
    }


def _solved(matrix: NDArray[Any], right: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """The solution of ``matrix @ x = right`` as whole numbers and their common divisor.

    Elimination without fractions (Bareiss): every division leaves no remainder. Pivots are never
    zero, since every channel leads to an outcome in the end.
    """
    table = np.column_stack([matrix, right])
    divisor = 1
    for number in range(len(table)):
        pivot = table[number, number]
        others = np.arange(len(table)) != number
        table[others] = (
            table[others] * pivot - np.outer(table[others, number], table[number])
        ) // divisor
        divisor = int(pivot)
    return table[:, -1], divisor
