"""The ledger and the run's instant decide what to fetch."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from include.run import Run
from include.settings import Settings
from include.sources import Account, Request, Source, Stream, Window


def requests_for(
    source: Source,
    account: Account,
    loaded_days: dict[str, Collection[date]],
    cursors: dict[str, datetime],
    settings: Settings,
    run: Run,
    first: date | None = None,
    last: date | None = None,
) -> list[Request]:
    """What one account must be asked for, in the order to ask it.

    ``loaded_days`` and ``cursors`` say, by stream, what the ledger has of the account. Daily
    streams get every day that the source may still restate and every day since the history's start
    that the ledger lacks, up to yesterday in the account's zone. ``first`` and ``last`` (both or
    either) ask for exactly those days again instead. Changes are asked for since their cursor;
    snapshots and keys always.
    """
    requests = []
    for stream in source.streams:
        if stream.kind == "daily":
            days = _days(source, account, set(loaded_days.get(stream.name, ())), settings, run)
            if first or last:
                reach = _reach(source, account, settings, run)
                days = [day for day in reach if (first or day) <= day <= (last or day)]
            requests += [Request(stream.name, window) for window in _windows(days, stream)]
        elif stream.kind == "changes":
            requests.append(Request(stream.name, since=cursors.get(stream.name)))
        else:
            requests.append(Request(stream.name))
    return requests


def yesterday(account: Account, run: Run) -> date:
    """The last whole day of the account at the run's instant."""
    return run.as_of.astimezone(ZoneInfo(account.time_zone)).date() - timedelta(1)


def _reach(source: Source, account: Account, settings: Settings, run: Run) -> list[date]:
    """Every day the account is wanted for and can still be asked for, oldest first."""
    last = yesterday(account, run)
    first = settings.history_start or date(run.as_of.year - 2, 1, 1)
    if source.retention_days is not None:
        first = max(first, last - timedelta(source.retention_days))
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def _days(
    source: Source, account: Account, loaded: set[date], settings: Settings, run: Run
) -> list[date]:
    look_back = settings.look_back_days.get(source.name, source.look_back_days)
    restated_from = yesterday(account, run) - timedelta(look_back - 1)
    return [
        day
        for day in _reach(source, account, settings, run)
        if day >= restated_from or day not in loaded
    ]


def _windows(days: Iterable[date], stream: Stream) -> list[Window]:
    """Runs of consecutive days, none longer than the stream's window."""
    windows = []
    for _, group in groupby(enumerate(days), lambda item: item[1] - timedelta(item[0])):
        run_of_days = [day for _, day in group]
        for start in range(0, len(run_of_days), stream.window_days):
            part = run_of_days[start : start + stream.window_days]
            windows.append(Window(part[0], part[-1]))
    return windows
