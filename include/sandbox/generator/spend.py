"""What the campaigns spent, day by day, as the networks first report it and later restate it."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from include.sandbox.generator.campaigns import GOOGLE, LINKEDIN, META, Ad, AdGroup, Campaign
from include.sandbox.generator.frame import DAY, HOUR, PER_EURO, Frame, instant, noise, season

# Figures move for at most this many days after they first appear.
SETTLED_AFTER = 25


class Figures(NamedTuple):
    """What is reported of one ad and day. Money in millionths and hundredths of the account's
    currency."""

    spend_micros: int
    impressions: int
    clicks: int
    conversions: int
    value_cents: int


@dataclass(frozen=True)
class MetricRow:
    """One ad (or a campaign without ads) and day: each figure with the instant it became known.

    `gone` is the instant at which the network stopped reporting the row.
    """

    campaign: Campaign
    group: AdGroup | None
    ad: Ad | None
    day: int
    told: tuple[tuple[int, Figures], ...]
    gone: int | None

    def at(self, moment: int) -> Figures | None:
        """What is known at an instant; None when nothing is."""
        if self.gone is not None and self.gone <= moment:
            return None
        known = [figures for since, figures in self.told if since <= moment]
        return known[-1] if known else None


# Euros a click, clicks an impression.
_PRICES = {
    "SEARCH": (2.6, 0.045),
    "PERFORMANCE_MAX": (1.4, 0.012),
    "DISPLAY": (0.8, 0.004),
    "VIDEO": (1.1, 0.006),
    META: (1.3, 0.011),
    LINKEDIN: (6.5, 0.006),
}
# The steps in which each network counts money: cents, cents, hundredths of a cent.
_STEP = {GOOGLE: 10_000, META: 10_000, LINKEDIN: 100}


def _rounded(rng: Random, value: float) -> int:
    """A whole number whose mean is the value."""
    return int(value + rng.random())


def _first_figures(rng: Random, campaign: Campaign, spend: float) -> Figures:
    account = campaign.account
    cost, rate = _PRICES[campaign.kind if account.platform == GOOGLE else account.platform]
    euros = spend / PER_EURO[account.currency]
    step = _STEP[account.platform]
    clicks = _rounded(rng, euros / cost * noise(rng, 0.4))
    impressions = max(clicks, _rounded(rng, euros / cost / rate * noise(rng, 0.3)))
    # Platforms claim more than the CRM ever sees.
    conversions = min(clicks, _rounded(rng, 1.25 * euros / campaign.cpl * noise(rng, 0.5)))
    return Figures(
        int(spend * 1_000_000 / step) * step, impressions, clicks, conversions, conversions * 12_500
    )


def _restated(figures: Figures, platform: str, factor: float) -> Figures:
    """Money and traffic corrected by a factor, as after a check for invalid clicks."""
    step = _STEP[platform]
    clicks = min(figures.clicks, int(figures.clicks * factor + 0.5))
    return figures._replace(
        spend_micros=int(figures.spend_micros * factor / step) * step,
        clicks=max(clicks, figures.conversions),
    )


def _story(
    rng: Random, row: Figures, platform: str, known: int, correction: tuple[int, float] | None
) -> tuple[tuple[int, Figures], ...]:
    """The versions of a row: the first one, a correction of money, conversions that come late."""
    changes: list[tuple[int, float, int]] = []
    if correction:
        changes.append((correction[0], correction[1], 0))
    if row.conversions and rng.random() < 0.3:
        changes.append((1 + int(rng.random() * 20), 1.0, 1 + (rng.random() < 0.2)))
    told = [(known, row)]
    for days, factor, late in sorted(changes):
        moment = known + days * DAY
        row = _restated(row, platform, factor) if factor != 1.0 else row
        row = row._replace(
            conversions=row.conversions + late,
            clicks=max(row.clicks, row.conversions + late),
            impressions=max(row.impressions, row.conversions + late),
            value_cents=row.value_cents + late * 12_500,
        )
        if told[-1][0] == moment:
            told.pop()
        told.append((moment, row))
    return tuple(told)


def _correction(rng: Random) -> tuple[int, float] | None:
    """For one campaign-day in ten: after how many days its money is corrected, and by what."""
    if rng.random() >= 0.1:
        return None
    days = 1 + int(SETTLED_AFTER * rng.random() ** 2)
    chance = rng.random()
    if chance < 0.02:
        return days, 0.0
    return days, (0.8 + 0.19 * rng.random()) if chance < 0.6 else (1.005 + 0.08 * rng.random())


def report_spend(frame: Frame, campaigns: list[Campaign]) -> Iterator[MetricRow]:
    """Every row the networks ever reported, campaign by campaign, day by day."""
    rng = frame.chance("outages")
    span = range(frame.first_day, frame.last_day - 2)
    accounts = sorted({campaign.account.account_id for campaign in campaigns})
    # A few days on which an account delivered nothing at all.
    silent = {account: set(rng.sample(span, min(4, len(span) // 10))) for account in accounts}
    for campaign in campaigns:
        rng = frame.chance(f"spend/{campaign.platform}/{campaign.campaign_id}")
        account = campaign.account
        places: list[tuple[AdGroup | None, Ad | None, float]] = [
            (group, ad, ad.share / len(campaign.groups))
            for group in campaign.groups
            for ad in group.ads
        ] or [(None, None, 1.0)]
        for day in range(campaign.first_day, campaign.last_day + 1):
            if not campaign.runs(day) or day in silent[account.account_id]:
                continue
            if frame.company:
                spend = campaign.budget * frame.company.spends(campaign, day) * noise(rng, 0.1)
            else:
                growth = 0.85 + 0.35 * (day - frame.first_day) / frame.days
                spend = campaign.budget * season(day) * growth * noise(rng, 0.3)
            known = instant(day + 1, account.known_hour * HOUR)
            correction = _correction(rng)
            vanishes = rng.random() < 0.0015
            for group, ad, share in places:
                figures = _first_figures(rng, campaign, spend * share * noise(rng, 0.25))
                told = _story(rng, figures, account.platform, known, correction)
                gone = told[-1][0] + 3 * DAY if vanishes else None
                if gone and gone > known + SETTLED_AFTER * DAY:
                    gone = None
                yield MetricRow(campaign, group, ad, day, told, gone)
