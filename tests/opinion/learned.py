"""What channels are worth by the paths of closed deals: Markov and Shapley, by brute force."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations, pairwise
from math import factorial

Path = tuple[str, ...]
VALUE_UNITS = 10**9
_START, _WON, _LOST = " start", " won", " lost"


def markov(paths: list[tuple[Path, bool]]) -> dict[str, int]:
    """Each channel's removal effect in billionths, from (path, won) of closed deals."""
    steps: Counter[tuple[str, str]] = Counter()
    for path, won in paths:
        steps.update(pairwise((_START, *path, _WON if won else _LOST)))
    channels = sorted({channel for path, _ in paths for channel in path})
    whole = _chance(steps, channels, None)
    if not whole:
        return dict.fromkeys(channels, 0)
    return {
        channel: int(VALUE_UNITS * (1 - _chance(steps, channels, channel) / whole))
        for channel in channels
    }


def _chance(steps: Counter[tuple[str, str]], channels: list[str], without: str | None) -> Fraction:
    """The chance to arrive at won from the start; what would step into ``without`` is lost."""
    states = [_START, *(channel for channel in channels if channel != without)]
    leaving: Counter[str] = Counter()
    for (here, _), times in steps.items():
        leaving[here] += times
    if not leaving[_START]:
        return Fraction(0)
    # chance(here) - sum(step(here, there) * chance(there)) = step(here, won), solved exactly
    equations = [
        [
            Fraction(int(here == there)) - Fraction(steps[here, there], leaving[here])
            for there in states
        ]
        + [Fraction(steps[here, _WON], leaving[here])]
        for here in states
    ]
    for column in range(len(states)):
        pivot = next((n for n in range(column, len(states)) if equations[n][column]), None)
        assert pivot is not None, "every path ends"
        equations[column], equations[pivot] = equations[pivot], equations[column]
        scale = equations[column][column]
        equations[column] = [value / scale for value in equations[column]]
        for n, row in enumerate(equations):
            if n != column and row[column]:
                factor = row[column]
                equations[n] = [a - factor * b for a, b in zip(row, equations[column], strict=True)]
    return equations[0][-1]


def shapley(paths: list[tuple[Path, bool]]) -> dict[str, int]:
    """Each channel's Shapley value in billionths, from (path, won) of closed deals."""
    channels = sorted({channel for path, _ in paths for channel in path})
    bit = {channel: 1 << n for n, channel in enumerate(channels)}
    closed: Counter[int] = Counter()
    won: Counter[int] = Counter()
    for path, is_won in paths:
        used = sum(bit[channel] for channel in set(path))
        closed[used] += 1
        won[used] += is_won

    def worth(members: int) -> Fraction:
        within = [used for used in closed if used & ~members == 0]
        deals = sum(closed[used] for used in within)
        return Fraction(sum(won[used] for used in within), deals) if deals else Fraction(0)

    every = range(1 << len(channels))
    value_of = [worth(members) for members in every]
    count = len(channels)
    found = {}
    for channel in channels:
        others = [bit[other] for other in channels if other != channel]
        value = Fraction(0)
        for size in range(count):
            chance = Fraction(factorial(size) * factorial(count - size - 1), factorial(count))
            total = Fraction(0)
            for members in combinations(others, size):
                before = sum(members)
                with_it, without_it = value_of[before | bit[channel]], value_of[before]
                if with_it != without_it:
                    total += with_it - without_it
            value += chance * total
        found[channel] = max(0, _floor(VALUE_UNITS * value))
    return found


def _floor(value: Fraction) -> int:
    return value.numerator // value.denominator


LEARNERS = {"markov": markov, "shapley": shapley}
