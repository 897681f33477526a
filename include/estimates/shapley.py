"""The Shapley model: what a channel adds, on average over every order of joining."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_CHANNELS = 20
"""Time and memory double with each channel; the channels that rules may name are fewer."""


class ClosedDeals(NamedTuple):
    """How many deals that exactly these channels touched were won and lost."""

    channels: frozenset[str]
    won: int
    lost: int


def shapley_values(deals: Sequence[ClosedDeals], parts: int) -> dict[str, int]:
    """Each channel's Shapley value in ``parts`` of one, rounded down; it may be below zero.

    A set of channels is worth the share won of the closed deals whose channels all lie in it, 0
    where there are none. The values are exact over all sets of the channels there are, in whole
    numbers throughout, so neither the order of the paths nor the machine matters. Before rounding
    they sum to the share won of all deals. Raises ValueError above MOST_CHANNELS channels.
    """
    channels = sorted({channel for each in deals for channel in each.channels})
    count = len(channels)
    if count > MOST_CHANNELS:
        raise ValueError(f"{count} channels are more than the {MOST_CHANNELS} that can be computed")
    if not count:
        return {}
    won, closed = _within_each_set(deals, channels)
    sets = np.flatnonzero(won)
    won, closed = won[sets], closed[sets]
    sizes = np.bitwise_count(sets)
    # A set of s channels counts for each of its channels, as what s - 1 others became by it, and
    # against each channel outside, as what it was before. Over ``whole`` all weights are integers.
    whole = math.lcm(*range(1, count + 1))
    of_joining = [0] + [whole // (count * math.comb(count - 1, s)) for s in range(count)]
    of_lacking = [whole // (count * math.comb(count - 1, s)) for s in range(count)] + [0]
    divisors, group = np.unique(closed, return_inverse=True)
    sums = np.zeros((count, len(divisors)), dtype=np.int64)
    for number in range(count):
        has_channel = (sets >> number) & 1 == 1
        weights = np.where(has_channel, np.array(of_joining)[sizes], -np.array(of_lacking)[sizes])
        np.add.at(sums[number], group, weights * won)
    totals, divisor = _added(sums.astype(object), divisors.astype(object))
    return {
        channel: int(parts * total // (divisor * whole))
        for channel, total in zip(channels, totals, strict=True)
    }


def _within_each_set(
    deals: Sequence[ClosedDeals], channels: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For every set of channels, as bits of its index: the deals won and closed within it."""
    bit = {channel: 1 << number for number, channel in enumerate(channels)}
    won = np.zeros(1 << len(channels), dtype=np.int64)
    closed = np.zeros_like(won)
    for each in deals:
        own = sum(bit[channel] for channel in each.channels)
        won[own] += each.won
        closed[own] += each.won + each.lost
    for counted in (won, closed):
        for number in range(len(channels)):
            halves = counted.reshape(-1, 2, 1 << number)
            halves[:, 1] += halves[:, 0]
    return won, closed


def _added(numerators: NDArray[Any], divisors: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Each row's sum of fractions over the same divisors, exactly, and the sums' common divisor.

    Neighbours are added pairwise, so that few of the numbers grow long.
    """
    places = 1 << max(len(divisors) - 1, 0).bit_length()
    padded = np.zeros((len(numerators), places), dtype=object)
    padded[:, : len(divisors)] = numerators
    numerators = padded
    divisors = np.concatenate([divisors, np.ones(places - len(divisors), dtype=object)])
    while len(divisors) > 1:
        left, right = divisors[::2], divisors[1::2]
        numerators = numerators[:, ::2] * right + numerators[:, 1::2] * left
        divisors = left * right
    return numerators[:, 0], int(divisors[0])
