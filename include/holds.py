"""Figures so unusual that a person shall look at them before they are published.

``python -m include.holds`` lists what is held; ``approve`` or ``reject``, with the instant of the
decision, decides where there is no Airflow UI.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from include import which_warehouse
from include.run import Run, parse_instant
from include.settings import Settings, SettingsError
from include.warehouse import WarehouseError, holding
from include.warehouse.engine import Rows

DAYS_LOOKED_AT = 7
"""Only so many last days of an account can be held as collapsed or jumped."""

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

CHANGED = (
    "other figures wait than those that were asked about, and nothing was published; clear "
    "look_for_holds of closed_loop, with all that follows it, to be asked about them"
)

_LEAST_SILENCE = 2
_WEEK = 7
_GONE = Decimal("0.5")

Spend = Mapping[date, Decimal]
"""An account's spend by day, of each day that is loaded; a day that came back empty has 0."""

Approved = Mapping[tuple[str, date], Decimal]
"""The figure of an account that a person approved, by kind and day."""

NOTHING_APPROVED: Approved = {}

_Found = tuple[str, date, Decimal, Decimal]
"""Kind, day, figure and what is usual."""


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
            "silent": "no spend any more, for longer than in any pause before, of an account whose "
            "days with spend have {usual} (their median)",
            "restated": "the week up to it was published with {usual} and now has {figure}",
        }[self.kind]
        told = what.format(figure=f"{self.figure:.2f}", usual=f"{self.usual:.2f}", n=HISTORY_DAYS)
        return f"{self.source} account {self.account_id}, {self.date_day}: {told}"


def look(settings: Settings, run: Run, lease: int | None = None) -> list[Hold]:
    """What the candidates hold that waits for a decision; it is kept in ``ops.holds``.

    Held against what is published; before the first publish nothing is. What was approved is not
    asked again unless it moved much further since, what is no longer unusual waits no more. Raises
    Superseded when ``lease``, the token of the marts', is not the latest.
    """
    published = holding.published_spend(settings)
    if not published:
        return []
    approved = holding.approved(settings)
    candidates = holding.candidate_spend(settings)
    waiting = [
        hold
        for (source, account_id), spend in sorted(published.items())
        for hold in unusual(
            settings,
            source,
            account_id,
            candidates.get((source, account_id), {}),
            spend,
            approved.get((source, account_id), {}),
        )
    ]
    holding.note(settings, run, waiting, lease)
    return waiting


def unusual(
    settings: Settings,
    source: str,
    account_id: str,
    candidate: Spend,
    published: Spend,
    approved: Approved = NOTHING_APPROVED,
) -> Iterator[Hold]:
    """What is unusual about one account's days that differ from those published.

    ``collapse``: less than CLOSED_LOOP_HOLD_BELOW of the median of the days before that have spend,
    and less than any of these; a day without spend, only if none before was. ``jump``: more than
    CLOSED_LOOP_HOLD_ABOVE times their most. ``silent``: the last days, two or more, have none, and
    it had no pause as long before; or it has no day left. ``restated``: of a published week more
    than half is gone, or it grew to more than CLOSED_LOOP_HOLD_ABOVE times as much; of several such
    weeks the one that lost, or won, most. What was ``approved`` is asked again only beyond the same
    thresholds, held against the figure that was approved.
    """
    if not published:
        return
    found = [
        *_days(settings, candidate, published),
        *_weeks(settings, candidate, published),
    ]
    silence = _silence(candidate, published)
    is_asked_anyway = any(kind == "collapse" and not figure for kind, _, figure, _ in found)
    if silence and not is_asked_anyway and not _is_known_silence(silence, candidate, approved):
        found.append(("silent", *silence))
    for kind, day, figure, usual in found:
        seen = approved.get((kind, day))
        below = _GONE if kind == "restated" else settings.hold_below
        if seen is None or (
            figure > settings.hold_above * seen
            if figure > usual
            else seen - figure > (1 - below) * abs(seen)
        ):
            yield Hold(source, account_id, kind, day, figure, usual)


def _days(settings: Settings, candidate: Spend, published: Spend) -> Iterator[_Found]:
    """The last days that collapsed or jumped."""
    last = max(candidate, default=date.min)
    for day in sorted(day for day in candidate if (last - day).days < DAYS_LOOKED_AT):
        spend = candidate[day]
        history = [published[each] for each in sorted(published) if each < day][-HISTORY_DAYS:]
        spent = [each for each in history if each > 0]
        if spend == published.get(day) or len(spent) < LEAST_DAYS_WITH_SPEND:
            continue
        usual = median(spent)
        least = min(spent) if spend else min(history)
        if spend < min(settings.hold_below * usual, least):
            yield "collapse", day, spend, usual
        elif spend > settings.hold_above * max(history):
            yield "jump", day, spend, max(history)


def _silence(candidate: Spend, published: Spend) -> tuple[date, Decimal, Decimal] | None:
    """The day by which its last days are a longer pause than any before, with what is usual.

    It stays the same day for as long as the pause lasts. An account that has no day left is silent
    by the last one that was published.
    """
    quiet = _pause(candidate)
    first = min(quiet, default=date.max)
    before = {day: spend for day, spend in published.items() if not candidate or day < first}
    spent = [spend for spend in before.values() if spend > 0]
    if spent and not candidate:
        return max(published), Decimal(0), median(spent)
    if not quiet or len(spent) < LEAST_DAYS_WITH_SPEND:
        return None
    longest = length = 0
    for day in sorted(before):
        length = 0 if before[day] else length + 1
        longest = max(longest, length)
    least = max(longest + 1, _LEAST_SILENCE)
    if len(quiet) < least or published.get(max(quiet)) == 0:
        return None
    return quiet[least - 1], Decimal(0), median(spent)


def _pause(spend: Spend) -> list[date]:
    """The days without spend with which the account ends, oldest first."""
    quiet = []
    for day in sorted(spend, reverse=True):
        if spend[day]:
            break
        quiet.append(day)
    return quiet[::-1]


def _is_known_silence(
    silence: tuple[date, Decimal, Decimal], candidate: Spend, approved: Approved
) -> bool:
    """Whether a day of the pause was approved as collapsed to nothing, or as silent."""
    quiet = set(_pause(candidate)) or {silence[0]}
    return any(
        day in quiet and kind in ("collapse", "silent") and not figure
        for (kind, day), figure in approved.items()
    )


def _weeks(settings: Settings, candidate: Spend, published: Spend) -> Iterator[_Found]:
    """Of the weeks published whole, each by its last day: which lost most, and which won most."""
    if not candidate:
        return
    since = max(candidate) - timedelta(HISTORY_DAYS + _WEEK)
    lost, won = [], []
    for day in sorted(day for day in published if day > since):
        week = [day - timedelta(n) for n in range(_WEEK)]
        if not all(each in published for each in week):
            continue
        before = sum((published[each] for each in week), Decimal(0))
        now = sum((candidate.get(each, Decimal(0)) for each in week), Decimal(0))
        if before - now > _GONE * abs(before):
            lost.append((before - now, day, now, before))
        elif now > settings.hold_above * max(before, Decimal(0)):
            won.append((now - before, day, now, before))
    for weeks in (lost, won):
        if weeks:
            _, day, now, before = max(weeks)
            yield "restated", day, now, before


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
            "**Approve** publishes them, and these account-days are not asked about again unless "
            "they move as far again. "
            "**Reject** publishes nothing: readers keep the build before; load those days again "
            "(`first`, `last`, `accounts` of the source's ingest DAG) and trigger `closed_loop`.",
        ]
    )


def sentences(question: str, why: str) -> tuple[str, ...]:
    """What a run that does not publish says: why, and each hold of its question."""
    return (f"held: {why}", *(f"held: {each}" for each in _asked(question)))


def _asked(question: str) -> list[str]:
    return [line[2:] for line in question.split("\n") if line.startswith("- ")]


def approve(
    settings: Settings, question: str, by: str, at: datetime, lease: int | None = None
) -> None:
    """Let what was asked be published; ``by`` is who decided, ``at`` (aware) when.

    Raises Held where something waits that the question does not show, for nobody has seen it;
    Superseded when ``lease``, the token of the marts', is not the latest.
    """

    def choose(waiting: Rows) -> Rows:
        unseen = [hold for hold in map(_hold, waiting) if hold.sentence not in _asked(question)]
        if unseen:
            raise Held((f"held: {CHANGED}", *(f"held: {hold.sentence}" for hold in unseen)))
        return waiting

    holding.decide(settings, "approved", choose, by, at, lease)


def reject(
    settings: Settings, question: str, by: str, at: datetime, lease: int | None = None
) -> None:
    """Keep what was asked from being published; it is asked about while it stays unusual.

    Raises Superseded as ``approve`` does.
    """

    def choose(waiting: Rows) -> Rows:
        return [row for row in waiting if _hold(row).sentence in _asked(question)]

    holding.decide(settings, "rejected", choose, by, at, lease)


def _hold(row: Mapping[str, Any]) -> Hold:
    return Hold(**{name: row[name] for name in Hold.__slots__})


def main(arguments: list[str]) -> int:
    """List what is held, or decide on all of it: ``approve|reject <instant>``."""
    try:
        settings, _ = which_warehouse.settings_and_transformer()
        print(f"warehouse: {which_warehouse.told(settings.warehouse_url)}")
        waiting = [_hold(row) for row in holding.waiting(settings)]
        if arguments and arguments[0] in ("approve", "reject") and len(arguments) == 2:
            decide = approve if arguments[0] == "approve" else reject
            decide(settings, question(waiting), getpass.getuser(), parse_instant(arguments[1]))
            if waiting:
                print(f"{arguments[0]}: {len(waiting)} held figures")
        elif arguments:
            print("usage: python -m include.holds [approve|reject <instant>]", file=sys.stderr)
            return 2
        for hold in waiting:
            print(hold.sentence)
        if not waiting:
            print("nothing is held")
    except (WarehouseError, SettingsError, Held) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
