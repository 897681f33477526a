"""Figures so unusual that a person shall look at them before they are published.

``python -m include.holds`` lists what is held; ``approve`` or ``reject``, with the instant of the
decision, decides where there is no Airflow UI.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median

from include.run import Run, parse_instant
from include.settings import Settings, SettingsError, load_settings
from include.warehouse import WarehouseError, holding

DAYS_LOOKED_AT = 7
"""Only so many last days of an account can be held as collapsed, jumped or silent."""

HISTORY_DAYS = 28
"""A day is held against so many published days before it,"""

LEAST_DAYS_WITH_SPEND = 14
"""of which so many must have spend: of other accounts nobody knows what is usual."""

ASKED = "the new build waits for a person's approval"
NOBODY_ANSWERED = (
    "nobody decided in time, and nothing was published; clear the task approve of closed_loop to "
    "be asked again"
)
NOBODY_ASKED = (
    "nothing was published; approve it in Airflow's UI, or by `make approve` and run again"
)
REJECTED = (
    "{by} rejected it, and nothing was published; load the days again (first, last, accounts of "
    "the source's ingest DAG) and trigger closed_loop"
)

_SPENDS_DAILY = 0.9
_WEEK = 7
_GONE = Decimal("0.5")

Spend = Mapping[date, Decimal]
"""An account's spend by day, of each day that is loaded; a day that came back empty has 0."""


class Held(Exception):
    """Publishing is held; ``sentences`` say for which figures, and what a person can do."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self.sentences = tuple(sentences)
        super().__init__("\n".join(self.sentences))


@dataclass(frozen=True, slots=True)
class Hold:
    """One account-day that is held: its ``figure`` and the ``usual`` one, in its currency."""

    source: str
    account_id: str
    kind: str
    date_day: date
    figure: Decimal
    usual: Decimal

    @property
    def sentence(self) -> str:
        """What is unusual about it."""
        what = {
            "collapse": "spend is {figure} and was never so low in the {n} days before, which have "
            "{usual} (their median)",
            "jump": "spend is {figure}, and the most in the {n} days before is {usual}",
            "silent": "the second day without spend, of an account that spends {usual} a day",
            "restated": "the week up to it was published with {usual} and now has {figure}",
        }[self.kind]
        told = what.format(figure=f"{self.figure:.2f}", usual=f"{self.usual:.2f}", n=HISTORY_DAYS)
        return f"{self.source} account {self.account_id}, {self.date_day}: {told}"


def look(settings: Settings, run: Run) -> list[Hold]:
    """What the candidates hold that waits for a decision; it is kept in ``ops.holds``.

    Held against what is published; before the first publish nothing is. What was approved is not
    asked again, what is no longer unusual waits no more.
    """
    published = holding.published_spend(settings)
    if not published:
        return []
    approved = holding.approved(settings)
    candidates = holding.candidate_spend(settings)
    waiting = [
        hold
        for (source, account_id), spend in sorted(candidates.items())
        for hold in unusual(
            settings,
            source,
            account_id,
            spend,
            published.get((source, account_id), {}),
            {(kind, day) for *account, kind, day in approved if account == [source, account_id]},
        )
    ]
    holding.note(settings, run, waiting)
    return waiting


def unusual(
    settings: Settings,
    source: str,
    account_id: str,
    candidate: Spend,
    published: Spend,
    approved: Collection[tuple[str, date]] = (),
) -> Iterator[Hold]:
    """What is unusual about one account's days that differ from those published.

    ``collapse``: less than CLOSED_LOOP_HOLD_BELOW of the median of the days before that have spend,
    and less than any of these; a day without spend, only if none before was. ``jump``: more than
    CLOSED_LOOP_HOLD_ABOVE times their most. ``silent``: the last two days have none, though nine
    days in ten had. ``restated``: more than half of a published week's spend is gone; of several
    such weeks the one that lost most. ``approved``: kinds and days that are not asked again.
    """
    if not candidate or not published:
        return
    last = max(candidate)

    def held(kind: str, day: date, figure: Decimal, usual: Decimal) -> Iterator[Hold]:
        if (kind, day) not in approved:
            yield Hold(source, account_id, kind, day, figure, usual)

    for day in sorted(day for day in candidate if day > last - timedelta(DAYS_LOOKED_AT)):
        spend = candidate[day]
        history = [published[each] for each in sorted(published) if each < day][-HISTORY_DAYS:]
        spent = [each for each in history if each > 0]
        if spend == published.get(day) or len(spent) < LEAST_DAYS_WITH_SPEND:
            continue
        usual = median(spent)
        least = min(spent) if spend else min(history)
        if spend < min(settings.hold_below * usual, least):
            yield from held("collapse", day, spend, usual)
        elif spend > settings.hold_above * max(history):
            yield from held("jump", day, spend, max(history))
        elif (
            day == last
            and not spend
            and candidate.get(day - timedelta(1)) == 0
            and len(spent) >= _SPENDS_DAILY * len(history)
            and ("collapse", day - timedelta(1)) not in approved
        ):
            yield from held("silent", day, spend, usual)
    weeks = [
        (before - now, day, now, before)
        for day, before, now in _weeks(candidate, published, last)
        if before - now > _GONE * before
    ]
    if weeks:
        _, day, now, before = max(weeks)
        yield from held("restated", day, now, before)


def _weeks(
    candidate: Spend, published: Spend, last: date
) -> Iterator[tuple[date, Decimal, Decimal]]:
    """The last day of each week that is published whole, its spend then, and now."""
    for day in sorted(day for day in published if day > last - timedelta(HISTORY_DAYS + _WEEK)):
        week = [day - timedelta(n) for n in range(_WEEK)]
        if all(each in published for each in week):
            before = sum((published[each] for each in week), Decimal(0))
            yield day, before, sum((candidate.get(each, Decimal(0)) for each in week), Decimal(0))


def question(holds: Iterable[Hold]) -> str:
    """What a person is asked, in Markdown; empty if nothing is held."""
    lines = [f"- {hold.sentence}" for hold in holds]
    if not lines:
        return ""
    return "\n".join(
        [
            "The new build has figures that are far from what is usual:",
            "",
            *lines,
            "",
            "**Approve** publishes them, and these account-days are not asked about again. "
            "**Reject** publishes nothing: readers keep the build before; load those days again "
            "(`first`, `last`, `accounts` of the source's ingest DAG) and trigger `closed_loop`.",
        ]
    )


def sentences(question: str, why: str) -> tuple[str, ...]:
    """What a run that does not publish says: why, and each hold of its question."""
    held = [line[2:] for line in question.split("\n") if line.startswith("- ")]
    return (f"held: {why}", *(f"held: {each}" for each in held))


def approve(settings: Settings, by: str, at: datetime) -> None:
    """Let what waits be published; ``by`` is who decided, ``at`` (aware) when."""
    holding.decide(settings, "approved", by, at)


def reject(settings: Settings, by: str, at: datetime) -> None:
    """Keep what waits from being published; it is asked about again while it stays unusual."""
    holding.decide(settings, "rejected", by, at)


def main(arguments: list[str]) -> int:
    """List what is held, or decide on all of it: ``approve|reject <instant>``."""
    try:
        settings = load_settings()
        waiting = [
            Hold(**{name: row[name] for name in Hold.__slots__})
            for row in holding.waiting(settings)
        ]
        if arguments and arguments[0] in ("approve", "reject") and len(arguments) == 2:
            decide = approve if arguments[0] == "approve" else reject
            decide(settings, getpass.getuser(), parse_instant(arguments[1]))
            if waiting:
                print(f"{arguments[0]}: {len(waiting)} held figures")
        elif arguments:
            print("usage: python -m include.holds [approve|reject <instant>]", file=sys.stderr)
            return 2
        for hold in waiting:
            print(hold.sentence)
        if not waiting:
            print("nothing is held")
    except (WarehouseError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
