"""The Markov model: what share of the wins would be lost without a channel."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Step(NamedTuple):
    """How many deals, won and lost in the end, went from one channel to the next.

    ``channel`` None is the start, ``next_channel`` None the outcome.
    """

    channel: str | None
    next_channel: str | None
    won: int
    lost: int


def removal_effects(steps: Sequence[Step], parts: int) -> dict[str, int]:
    """Each channel's removal effect in ``parts`` of one, rounded down: from 0 to ``parts``.

    The steps make a chain of the first order: after the start or a channel comes the next channel,
    the win or the loss as often as it came. The effect of a channel is
    1 - P(win without it) / P(win), where every step that led to the channel leads to a loss; 0
    where nothing was won. All is computed in whole numbers, so neither the order of the steps nor
    the machine matters.
    """
    channels = sorted({name for step in steps for name in step[:2] if name is not None})
    place: dict[str | None, int] = {channel: number for number, channel in enumerate(channels)}
    begun = np.zeros(len(channels), dtype=object)
    won = np.zeros(len(channels), dtype=object)
    # Of the deals that pass a channel, as many leave it: chance * leaving = won + onward @ chances.
    equations = np.zeros((len(channels), len(channels)), dtype=object)
    for step in steps:
        deals = step.won + step.lost
        if step.channel is None:
            begun[place[step.next_channel]] += deals
            continue
        here = place[step.channel]
        equations[here, here] += deals
        if step.next_channel is None:
            won[here] += step.won
        else:
            equations[here, place[step.next_channel]] -= deals

    def wins_with(kept: NDArray[Any]) -> Fraction:
        chances, divisor = _solved(equations[np.ix_(kept, kept)], won[kept])
        return Fraction(int((begun[kept] * chances).sum()), divisor)

    everything = np.arange(len(channels))
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
