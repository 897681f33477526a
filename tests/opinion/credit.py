"""Who gets the credit for a deal: every model that learns nothing from other deals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

from tests.opinion.deals import Deal
from tests.opinion.money import shared_out
from tests.opinion.touchpoints import Touch, Touches
from tests.opinion.world import World, second

WEIGHT_UNITS = 10**10
HALF_LIFE_SECONDS = 30 * 86_400
LEARNED = ("markov", "shapley")
POSITION_SHARES = {
    "u_shaped": ({"first": 400, "lead": 400}, 200),
    "w_shaped": ({"first": 300, "lead": 300, "opportunity": 300}, 100),
    "full_path": ({"first": 225, "lead": 225, "opportunity": 225, "close": 225}, 100),
}
"""Per model: the share of each position, and of all other touches together, in thousandths."""

Shares = list[Fraction | int]


@dataclass(frozen=True)
class Model:
    """A line of ``attribution_models.csv``."""

    name: str
    until: str
    look_back: timedelta


def models(world: World) -> list[Model]:
    """The models the owner wants."""
    default = world.settings["attribution_look_back_days"]
    return [
        Model(
            row["model"],
            row["touches_until"],
            timedelta(days=default if row["look_back_days"] is None else row["look_back_days"]),
        )
        for row in world.rows("seed_attribution_models")
    ]


def anchor(deal: Deal, until: str, as_of: datetime) -> datetime:
    """The last second at which a touch counts."""
    if until == "created":
        return second(deal.created_at)
    return second(as_of if deal.closed_at is None else deal.closed_at)


def eligible(world: World, touches: Touches, deal: Deal, model: Model) -> list[Touch]:
    """The touches of the deal's people that count, in order."""
    last = anchor(deal, model.until, world.as_of)
    first = last - model.look_back
    found = [
        touch
        for person in deal.people
        for touch in touches.of(person)
        if first <= touch.touched_at <= last
    ]
    return sorted(found, key=lambda touch: touch.order)


def positions(deal: Deal, path: list[Touch]) -> dict[str, int]:
    """Which place of the path holds which position; a position nobody holds is left out.

    Our own people are on no path, and the lead of a deal is none of them.
    """

    def last_until(at: datetime, candidates: list[int]) -> int | None:
        return max((n for n in candidates if path[n].touched_at <= second(at)), default=None)

    everyone = list(range(len(path)))
    people = [person for person in deal.people if not person.is_internal]
    lead = min(people, key=lambda each: (each.lead_at, each.person_id.encode()))
    theirs = [n for n in everyone if path[n].person is lead]
    held = {
        "first": 0,
        "lead": last_until(lead.lead_at, theirs),
        "opportunity": last_until(deal.created_at, everyone),
        "close": None if deal.closed_at is None else last_until(deal.closed_at, everyone),
    }
    return {position: place for position, place in held.items() if place is not None}


def first_touch(deal: Deal, path: list[Touch]) -> Shares:
    return _all_to(0, path)


def last_touch(deal: Deal, path: list[Touch]) -> Shares:
    return _all_to(len(path) - 1, path)


def first_paid_touch(deal: Deal, path: list[Touch]) -> Shares:
    paid = [n for n, touch in enumerate(path) if touch.match.is_paid]
    return _all_to(paid[0] if paid else 0, path)


def first_non_direct_touch(deal: Deal, path: list[Touch]) -> Shares:
    others = [n for n, touch in enumerate(path) if touch.match.channel != "Direct"]
    return _all_to(others[0] if others else 0, path)


def lead_creation(deal: Deal, path: list[Touch]) -> Shares:
    held = positions(deal, path)
    return _all_to(held["lead"], path) if "lead" in held else [0] * len(path)


def linear(deal: Deal, path: list[Touch]) -> Shares:
    return [1] * len(path)


def time_decay(deal: Deal, path: list[Touch]) -> Shares:
    """Half as much for every half-life before the last touch."""
    shares: Shares = []
    for touch in path:
        seconds = (path[-1].touched_at - touch.touched_at) // timedelta(seconds=1)
        with localcontext() as context:
            context.prec = 60
            decayed = Decimal(2) ** (Decimal(-seconds) / HALF_LIFE_SECONDS)
            shares.append(max(1, int(decayed * 10**12)))
    return shares


def by_position(name: str) -> Callable[[Deal, list[Touch]], Shares]:
    """A model that looks at positions: others share alike, empty positions leave theirs to all."""
    share_of, for_others = POSITION_SHARES[name]

    def shares(deal: Deal, path: list[Touch]) -> Shares:
        held = {
            position: place
            for position, place in positions(deal, path).items()
            if position in share_of
        }
        others = [n for n in range(len(path)) if n not in held.values()]
        found: Shares = [Fraction(0)] * len(path)
        for position, place in held.items():
            found[place] += Fraction(share_of[position])
        for place in others:
            found[place] = Fraction(for_others, len(others))
        return found

    return shares


def _all_to(place: int, path: list[Touch]) -> Shares:
    return [int(n == place) for n in range(len(path))]


RULES: dict[str, Callable[[Deal, list[Touch]], Shares]] = {
    "first_touch": first_touch,
    "first_paid_touch": first_paid_touch,
    "first_non_direct_touch": first_non_direct_touch,
    "lead_creation": lead_creation,
    "last_touch": last_touch,
    "linear": linear,
    "time_decay": time_decay,
    **{name: by_position(name) for name in POSITION_SHARES},
}


def weights(shares: Shares) -> list[int]:
    """Shares as ten-billionths that sum to one exactly."""
    return shared_out(WEIGHT_UNITS, shares)


def journey(path: list[Touch]) -> tuple[str, ...]:
    """The channels of a path, one after the other, repeats taken together."""
    channels = [touch.match.channel for touch in path]
    changed = [later for earlier, later in pairwise(channels) if earlier != later]
    return (*channels[:1], *changed)
