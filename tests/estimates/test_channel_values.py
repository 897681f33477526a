"""What channels are worth, against slow and plain ways of computing it, and by the laws it keeps.

The models work in whole numbers over matrices and all sets of channels at once. Here the same is
computed from its definition in fractions: the Markov chain by taking its channels out one by one,
the Shapley value by letting channels join in every order there is.
"""

from __future__ import annotations

import math
import random
import tracemalloc
from collections import defaultdict
from fractions import Fraction
from itertools import groupby, pairwise, permutations
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.contracts.choices import CHANNELS
from include.estimates import markov, shapley
from include.estimates.channel_values import PARTS, channel_values

FEW = "ABCDE"
START, WIN, LOSS = "(start)", "(win)", "(loss)"


class Path(NamedTuple):
    """The channels that touched some deals, in order, and how many of these were won and lost."""

    channels: tuple[str, ...]
    won: int
    lost: int


def removal_effects(paths: list[Path]) -> dict[str, int]:
    steps = [
        markov.Step(*step, path.won, path.lost)
        for path in paths
        for step in pairwise((None, *path.channels, None))
    ]
    return markov.removal_effects(steps, PARTS)


def shapley_values(paths: list[Path]) -> dict[str, int]:
    deals = [shapley.ClosedDeals(frozenset(p.channels), p.won, p.lost) for p in paths]
    return shapley.shapley_values(deals, PARTS)


def _path(letters: list[str], won: int, lost: int) -> Path:
    return Path(tuple(letter for letter, _ in groupby(letters)), won, lost)


_worlds = st.lists(
    st.builds(
        _path,
        st.lists(st.sampled_from(FEW), min_size=1, max_size=6),
        st.integers(0, 4),
        st.integers(0, 4),
    ).filter(lambda path: path.won + path.lost > 0),
    max_size=8,
)


def channels_of(paths: list[Path]) -> list[str]:
    return sorted({channel for path in paths for channel in path.channels})


def chance_of_a_win(paths: list[Path], without: str | None = None) -> Fraction:
    """The chain's chance of a win, found by taking out channel after channel.

    A channel taken out is bridged: who stepped to it steps to where it led, its loops unrolled.
    """
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for path in paths:
        for outcome, deals in ((WIN, path.won), (LOSS, path.lost)):
            for here, there in pairwise((START, *path.channels, outcome)):
                counts[here][LOSS if there == without else there] += deals
    chances = {
        here: {there: Fraction(n, sum(onward.values())) for there, n in onward.items()}
        for here, onward in counts.items()
        if sum(onward.values())
    }
    for gone in channels_of(paths):
        onward = chances.pop(gone, {})
        loops = 1 / (1 - onward.pop(gone, Fraction(0)))
        for steps in chances.values():
            reached = steps.pop(gone, Fraction(0))
            for there, chance in onward.items():
                steps[there] = steps.get(there, Fraction(0)) + reached * loops * chance
    return chances.get(START, {}).get(WIN, Fraction(0))


def slow_removal_effects(paths: list[Path]) -> dict[str, int]:
    whole = chance_of_a_win(paths)
    return {
        channel: math.floor(PARTS * (1 - chance_of_a_win(paths, channel) / whole)) if whole else 0
        for channel in channels_of(paths)
    }


def slow_shapley_values(paths: list[Path]) -> dict[str, int]:
    def worth(joined: tuple[str, ...]) -> Fraction:
        within = [path for path in paths if set(path.channels) <= set(joined)]
        closed = sum(path.won + path.lost for path in within)
        return Fraction(sum(path.won for path in within), closed) if closed else Fraction(0)

    channels = channels_of(paths)
    added: dict[str, Fraction] = dict.fromkeys(channels, Fraction(0))
    for order in permutations(channels):
        for number, channel in enumerate(order):
            added[channel] += worth(order[: number + 1]) - worth(order[:number])
    return {
        c: math.floor(PARTS * total / math.factorial(len(channels))) for c, total in added.items()
    }


def row(model: str, **values: Any) -> dict[str, Any]:
    """A row as SQL selects it."""
    unsaid = {"channel": None, "next_channel": None, "channels": None}
    return {"model": model, **unsaid, "won_deals": 0, "lost_deals": 0, **values}


def test_a_chain_worked_by_hand() -> None:
    """A > B won, A > B lost, A lost, B > A won; every step is taken as often as it was.

    Start: A 3/4, B 1/4. A: B 2/4, lost 1/4, won 1/4. B: A 1/3, won 1/3, lost 1/3.
    a = 1/4 + b/2 and b = 1/3 + a/3, so a = 1/2 and b = 1/2; P(win) = 1/2, as 2 of 4 were won.
    Without A: only B > won is left: 1/4 * 1/3 = 1/12; effect 1 - (1/12)/(1/2) = 5/6.
    Without B: A > won: 3/4 * 1/4 = 3/16; effect 1 - (3/16)/(1/2) = 5/8.
    """
    paths = [Path(("A", "B"), 1, 1), Path(("A",), 0, 1), Path(("B", "A"), 1, 0)]
    assert removal_effects(paths) == {"A": 833_333_333, "B": 625_000_000}


def test_a_game_worked_by_hand() -> None:
    """A: 1 of 2 won. B: 0 of 1. A and B together: 3 of 4; so of all deals 4 of 7.

    v(A) = 1/2, v(B) = 0, v(AB) = 4/7. A adds 1/2 first and 4/7 last: 15/28 on average.
    B adds 0 first and 4/7 - 1/2 = 1/14 last: 1/28 on average. Together 16/28 = 4/7.
    """
    paths = [Path(("A",), 1, 1), Path(("B",), 0, 1), Path(("B", "A", "B"), 3, 1)]
    assert shapley_values(paths) == {"A": 535_714_285, "B": 35_714_285}


def test_a_channel_that_only_lost_is_worth_less_than_nothing_and_counts_as_none() -> None:
    """A won its one deal; with B it lost: v(A) = 1, v(B) = 0, v(AB) = 1/2, so B's is -1/4."""
    assert shapley_values([Path(("A",), 1, 0), Path(("A", "B"), 0, 1)])["B"] == -250_000_000
    rows = [
        row("shapley", channels="A", won_deals=1),
        row("shapley", channels="A > B", lost_deals=1),
        row("markov", next_channel="A", lost_deals=1),
        row("markov", channel="A", next_channel="B", lost_deals=1),
        row("markov", channel="B", lost_deals=1),
    ]
    assert channel_values(rows) == [
        {"model": "markov", "channel": "A", "value": 0},
        {"model": "markov", "channel": "B", "value": 0},
        {"model": "shapley", "channel": "A", "value": 750_000_000},
        {"model": "shapley", "channel": "B", "value": 0},
    ]


def test_nothing_is_learned_from_nothing() -> None:
    assert removal_effects([]) == {}
    assert shapley_values([]) == {}
    assert channel_values([]) == []


@settings(max_examples=60)
@given(_worlds)
def test_removal_effects_equal_the_chain_taken_apart(paths: list[Path]) -> None:
    assert removal_effects(paths) == slow_removal_effects(paths)
    closed = sum(path.won + path.lost for path in paths)
    if closed:  # what the chain brings is what was brought
        assert chance_of_a_win(paths) == Fraction(sum(path.won for path in paths), closed)


@settings(max_examples=60)
@given(_worlds)
def test_shapley_values_equal_the_mean_over_every_order(paths: list[Path]) -> None:
    assert shapley_values(paths) == slow_shapley_values(paths)


@settings(max_examples=60)
@given(_worlds, st.randoms(use_true_random=False))
def test_neither_order_nor_grouping_nor_scale_of_the_deals_matters(
    paths: list[Path], chance: random.Random
) -> None:
    one_by_one = [
        Path(path.channels, *outcome)
        for path in paths
        for outcome in [(1, 0)] * path.won + [(0, 1)] * path.lost
    ]
    chance.shuffle(one_by_one)
    threefold = [Path(path.channels, 3 * path.won, 3 * path.lost) for path in paths]
    for values in (removal_effects, shapley_values):
        assert values(paths) == values(one_by_one) == values(threefold)


@settings(max_examples=60)
@given(_worlds, st.permutations(FEW))
def test_names_of_channels_do_not_matter(paths: list[Path], names: list[str]) -> None:
    named = dict(zip(FEW, names, strict=True))
    renamed = [Path(tuple(named[c] for c in p.channels), p.won, p.lost) for p in paths]
    for values in (removal_effects, shapley_values):
        found = values(paths)
        assert values(renamed) == {named[channel]: found[channel] for channel in found}


@settings(max_examples=60)
@given(_worlds)
def test_shapley_values_share_out_what_was_won_and_nothing_else(paths: list[Path]) -> None:
    closed = sum(path.won + path.lost for path in paths)
    share = Fraction(sum(path.won for path in paths), closed) if closed else Fraction(0)
    rest = PARTS * share - sum(shapley_values(paths).values())
    assert 0 <= rest < max(len(channels_of(paths)), 1)


@settings(max_examples=60)
@given(_worlds)
def test_a_channel_that_changes_nothing_is_worth_nothing(paths: list[Path]) -> None:
    """Each path happens once more with Z in it, so no set of channels does better with Z."""
    with_z = [Path((*path.channels, "Z"), path.won, path.lost) for path in paths]
    values = shapley_values(paths + with_z)
    assert values.pop("Z", 0) == 0
    assert values == shapley_values(paths)


@settings(max_examples=60)
@given(_worlds)
def test_channels_that_do_the_same_are_worth_the_same(paths: list[Path]) -> None:
    swap = {"A": "B", "B": "A"}
    mirrored = [Path(tuple(swap.get(c, c) for c in p.channels), p.won, p.lost) for p in paths]
    for values in (removal_effects, shapley_values):
        found = values(paths + mirrored)
        assert found.get("A") == found.get("B")


@settings(max_examples=60)
@given(_worlds)
def test_a_channel_without_which_nothing_is_won_has_the_whole_effect(paths: list[Path]) -> None:
    through_z = [Path((*path.channels, "Z"), path.won, path.lost) for path in paths]
    through_z.append(Path(("Z",), 1, 0))
    effects = removal_effects(through_z)
    assert effects["Z"] == PARTS
    assert all(0 <= effect <= PARTS for effect in effects.values())


def test_all_channels_there_are_are_computed_exactly_and_in_little_memory() -> None:
    """Every set of channels won once and lost once a channel, so all are worth the same."""
    paths = [
        Path(tuple(c for n, c in enumerate(CHANNELS) if chosen >> n & 1), 1, chosen.bit_count())
        for chosen in range(1, 1 << len(CHANNELS))
    ]
    tracemalloc.start()
    values = shapley_values(paths)
    effects = removal_effects(paths)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    won = len(paths)
    closed = won + sum(path.lost for path in paths)
    assert set(values.values()) == {PARTS * won // (closed * len(CHANNELS))}
    assert set(effects) == set(CHANNELS)
    assert peak < 100_000_000


def test_more_channels_than_can_be_computed_are_refused() -> None:
    assert len(CHANNELS) < shapley.MOST_CHANNELS
    paths = [Path((str(number),), 1, 0) for number in range(shapley.MOST_CHANNELS + 1)]
    with pytest.raises(ValueError, match="21 channels are more than the 20"):
        shapley_values(paths)
