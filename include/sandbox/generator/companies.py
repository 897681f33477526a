"""Companies besides the usual one: each a preset of demand and budgets, its figures from the seed.

What is planted here is what one would have to know to decide: how leads of a channel answer to its
spend (saturating, with carry-over), how long each channel's people take, which firms buy, how
demand moves over the year and the years. The truth tells it all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from random import Random

from include.sandbox.generator.campaigns import Campaign
from include.sandbox.generator.frame import (
    MONTHS,
    PER_EURO,
    WEEKDAYS,
    Frame,
    Record,
    day_text,
    month_of,
    noise,
)

Lines = Iterator[tuple[str, Record]]
Spend = dict[tuple[int, int], float]

HISTORY = 48
"""Months a company has unless others are asked for: a clock a year back still leaves three years,
and what the truth tells of the year after."""
SEGMENTS = ((100, "small"), (1_000, "medium"), (None, "large"))
# Spend of a channel moves by these factors, each for some weeks, where it moves at all.
_STEPS, _STEP_DAYS = (0.4, 0.65, 1.0, 1.5, 2.2), 42
# The channel whose spend never moves: nobody can tell from it what more would bring.
_STEADY_CHANNEL = "Display"
_LEADS_AT_LIST_PRICE = 0.4
_FREE_LEADS_A_DAY = 13.0
_PACED = (
    "Paid Search", "Paid Social", "Display", "Paid Other", "Organic Search", "Direct", "Email",
    "Organic Social", "Referral", "Partner", "Events", "Content Syndication", "Outbound", "Other",
)  # fmt: skip


@dataclass(frozen=True)
class Preset:
    """What a kind of company is like. ``size``: its volume, 1 being the usual company's. ``trend``:
    (share of the time, factor), straight between the points. ``swing``: how far its seasons go,
    1 being the usual company's."""

    size: float
    trend: tuple[tuple[float, float], ...]
    swing: float


PRESETS = {
    "steady": Preset(0.3, ((0.0, 0.95), (1.0, 1.05)), 0.3),
    "seasonal": Preset(0.3, ((0.0, 0.95), (1.0, 1.05)), 2.0),
    "launching": Preset(0.3, ((0.0, 0.1), (0.3, 0.3), (0.75, 1.2), (1.0, 1.7)), 0.6),
    "shrinking": Preset(0.3, ((0.0, 1.6), (1.0, 0.5)), 0.6),
    "tiny": Preset(0.03, ((0.0, 0.9), (1.0, 1.1)), 0.6),
}


@dataclass(frozen=True)
class Response:
    """How a channel's leads answer: ``most`` a day however much is spent, half of that at ``half``
    (leads a day at list price), of which ``carry_over`` stays from one day to the next."""

    most: float
    half: float
    carry_over: float
    is_varied: bool

    def leads(self, pressure: float) -> float:
        """Leads a day, in a usual season, at a pressure that lasts."""
        return self.most * pressure / (self.half + pressure)


class Company:
    """One invented company: the same for the same frame."""

    def __init__(self, name: str, frame: Frame) -> None:
        self.preset, self._frame = PRESETS[name], frame
        rng = frame.chance("company")
        self._pace = {channel: 0.6 + 0.8 * rng.random() for channel in _PACED}
        self.segments = {name: 0.6 + 0.8 * rng.random() for _, name in SEGMENTS}
        self._rng = rng
        self._steps: dict[tuple[str, int], float] = {}
        self.responses: dict[str, Response] = {}
        self._expected: dict[tuple[int, str], list[float]] = {}

    # Demand

    def trend(self, day: int) -> float:
        """The factor of the years."""
        share = (day - self._frame.first_day) / self._frame.days
        points = self.preset.trend
        for (start, low), (end, high) in pairwise(points):
            if share <= end:
                return low + (high - low) * (share - start) / (end - start)
        return points[-1][1]

    @property
    def most_trend(self) -> float:
        """The factor of the best day of the years."""
        return max(factor for _, factor in self.preset.trend)

    def season(self, day: int) -> float:
        """The factor of a day within its year and week."""
        month = max(0.1, 1 + self.preset.swing * (MONTHS[month_of(day) - 1] - 1))
        return month * WEEKDAYS[(day - 1) % 7]

    def demand(self, day: int) -> float:
        """The factor of a day: years, months and weekdays."""
        return self.trend(day) * self.season(day)

    @property
    def free_leads(self) -> int:
        """How many people come whom no campaign brought."""
        frame = self._frame
        days = range(frame.first_day, frame.last_day + 1)
        return round(_FREE_LEADS_A_DAY * frame.scale * sum(map(self.demand, days)))

    # People

    def pace(self, channel: str) -> float:
        """How slowly the people of a channel decide, 1 being usual."""
        return self._pace.get(channel, 1.0)

    def buys(self, employees: int) -> float:
        """How readily a firm of that size buys, 1 being usual."""
        return self.segments[_segment(employees)]

    # Campaigns, spend and what it brings

    def settle(self, campaigns: Sequence[Campaign]) -> None:
        """Give the campaigns prices and qualities of this company, and plant the responses."""
        rng = self._rng
        for campaign in campaigns:
            campaign.cpl *= noise(rng, 0.3)
            campaign.quality *= noise(rng, 0.4)
            if campaign.channel == _STEADY_CHANNEL:
                campaign.first_day, campaign.last_day = self._frame.first_day, self._frame.last_day
                campaign.names, campaign.pauses = [(campaign.first_day, campaign.name)], []
        for channel in sorted({campaign.channel for campaign in campaigns}):
            listed = sum(
                _euros(one) / one.cpl for one in campaigns if one.channel == channel
            )  # fmt: skip
            bend = 0.4 + 2.1 * rng.random()
            most = _LEADS_AT_LIST_PRICE * listed * (1 + bend) * noise(rng, 0.2)
            carry_over = 0.8 + 0.15 * rng.random()
            self.responses[channel] = Response(
                most, bend * listed, carry_over, channel != _STEADY_CHANNEL
            )

    def spends(self, campaign: Campaign, day: int) -> float:
        """The factor of a campaign's budget on a day."""
        if campaign.channel == _STEADY_CHANNEL:
            return 1.0
        step = (day - self._frame.first_day) // _STEP_DAYS
        factor = 1.0
        # the channel's budget moves, and a campaign's within it
        for name, width in ((campaign.channel, 1.0), (campaign.campaign_id, 0.4)):
            if (name, step) not in self._steps:
                rng = self._frame.chance(f"company/{name}/{step}")
                self._steps[name, step] = 1 + width * (rng.choice(_STEPS) - 1)
            factor *= self._steps[name, step]
        return factor * self.trend(day)

    def brought(self, rng: Random, spend: Spend, campaigns: Sequence[Campaign]) -> list[
        tuple[int, int]
    ]:  # fmt: skip
        """(place in campaigns, day) of every lead that spend in euros brought, day by day."""
        pressure = [0.0] * len(campaigns)
        found = []
        for day in range(self._frame.first_day, self._frame.last_day + 1):
            total: dict[str, float] = {}
            for place, campaign in enumerate(campaigns):
                kept = self.responses[campaign.channel].carry_over
                listed = spend.get((place, day), 0.0) / campaign.cpl
                pressure[place] = kept * pressure[place] + (1 - kept) * listed
                total[campaign.channel] = total.get(campaign.channel, 0.0) + pressure[place]
            for place, campaign in enumerate(campaigns):
                if not pressure[place]:
                    continue
                whole = total[campaign.channel]
                wanted = self.responses[campaign.channel].leads(whole) * self.season(day)
                wanted *= pressure[place] / whole
                self._count(place, day, spend.get((place, day), 0.0), wanted)
                found += [(place, day)] * _drawn(rng, wanted)
        return found

    def _count(self, place: int, day: int, spend: float, leads: float) -> None:
        told = self._expected.setdefault((place, day_text(day)[:7]), [0.0, 0.0])
        told[0] += spend
        told[1] += leads

    # The truth

    def truth_lines(self, campaigns: Sequence[Campaign], worth: "Worth") -> Lines:
        """Responses, budgets, delays, segments, and each campaign's expected month."""
        yield from self._response_lines(campaigns, worth)
        for channel in _PACED:
            rates = worth.delays(self.pace(channel))
            yield "truth/delays", {"channel": channel, "pace": _text(self.pace(channel)), **rates}
        for most, name in SEGMENTS:
            yield "truth/segments", {
                "segment": name, "employees_below": most,
                "deal_rate_factor": _text(self.segments[name]),
            }  # fmt: skip
        for (place, month), (spend, leads) in sorted(self._expected.items()):
            campaign = campaigns[place]
            customers, revenue = worth.of_lead(campaign.quality)
            yield "truth/campaigns", {
                "platform": campaign.platform, "account_id": campaign.account.account_id,
                "campaign_id": campaign.campaign_id, "channel": campaign.channel, "month": month,
                "spend_eur": f"{spend:.2f}", "leads": _text(leads),
                "customers": _text(leads * customers), "revenue_eur": f"{leads * revenue:.2f}",
            }  # fmt: skip

    def _response_lines(self, campaigns: Sequence[Campaign], worth: "Worth") -> Lines:
        curves = []
        for channel, response in self.responses.items():
            of_channel = [one for one in campaigns if one.channel == channel]
            budget = sum(map(_euros, of_channel))
            listed = sum(_euros(one) / one.cpl for one in of_channel)
            value = sum(
                _euros(one) / one.cpl * worth.of_lead(one.quality)[1] for one in of_channel
            )  # fmt: skip
            curves.append((channel, response, budget, budget / listed, value / listed))
        best = _best_split(
            [(value * r.most, r.half * price) for _, r, _, price, value in curves],
            sum(budget for _, _, budget, _, _ in curves),
        )
        for (channel, response, budget, price, value), share in zip(curves, best, strict=True):
            yield (
                "truth/response",
                {
                    "channel": channel,
                    "most_leads_a_day": _text(response.most),
                    "half_at_eur_a_day": f"{response.half * price:.4f}",
                    "carry_over_a_day": _text(response.carry_over),
                    "revenue_eur_a_lead": f"{value:.4f}",
                    "budget_eur_a_day": f"{budget:.2f}",
                    "best_eur_a_day": f"{share:.2f}",
                    "is_varied": response.is_varied,
                },
            )


@dataclass(frozen=True)
class Worth:
    """What is planted of people and deals in general, as the modules that plant it state it."""

    deal_rate: float
    buys: float
    amount: float
    days_to_deal: tuple[int, int]
    days_to_close: tuple[int, int]

    def of_lead(self, quality: float) -> tuple[float, float]:
        """Customers and euros of won revenue to be expected of one lead."""
        customers = min(0.6, self.deal_rate * quality * self.buys) * win_rate(quality)
        return customers, customers * self.amount

    def delays(self, pace: float) -> Record:
        """Shortest and longest days; a delay is low + (high - low) times a square of chance."""
        return {
            "days_to_opportunity": [self.days_to_deal[0], _text(self.days_to_deal[1] * pace)],
            "days_to_close": [self.days_to_close[0], _text(self.days_to_close[1] * pace)],
        }


def win_rate(quality: float) -> float:
    """The share of deals of that quality that are won."""
    return min(0.55, 0.13 + 0.1 * quality)


def _segment(employees: int) -> str:
    return next(name for most, name in SEGMENTS if most is None or employees < most)


def _euros(campaign: Campaign) -> float:
    return campaign.budget / PER_EURO[campaign.account.currency]


def _text(value: float) -> str:
    return f"{value:.6f}"


def _drawn(rng: Random, mean: float) -> int:
    """A count with that mean, nearly as scattered as arrivals are; no logarithm is needed."""
    tries = 12 + int(4 * mean)
    return sum(rng.random() * tries < mean for _ in range(tries))


def _best_split(curves: Sequence[tuple[float, float]], total: float) -> list[float]:
    """How to spend a total on curves (most a day, half of it at): the last euro brings the same
    everywhere, and nothing where even the first brings less."""
    low, high = 0.0, max(most / half for most, half in curves)
    for _ in range(200):
        gain = (low + high) / 2
        if gain and sum(_wanted(curve, gain) for curve in curves) <= total:
            high = gain
        else:
            low = gain
    return [_wanted(curve, high) for curve in curves]


def _wanted(curve: tuple[float, float], gain: float) -> float:
    most, half = curve
    return max(0.0, sqrt(most * half / gain) - half)
