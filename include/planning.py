"""The ledger and the run's instant decide what to fetch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from include.run import Run
from include.settings import Settings
from include.sources import Account, Request, Source, SourceRefused, Stream, Window


def requests_for(
    source: Source,
    account: Account,
    loaded_days: Mapping[str, Mapping[date, datetime]],
    cursors: Mapping[str, datetime],
    settings: Settings,
    run: Run,
    first: date | None = None,
    last: date | None = None,
) -> list[Request]:
    """What one account must be asked for, in the order to ask it.

    ``loaded_days`` and ``cursors`` say, by stream, what the ledger has of the account: for each day
    the instant as of which it was loaded. Daily streams get every day since the history's start
    that the ledger lacks or that the source could still restate when it was loaded, up to yesterday
    in the account's zone: so a night that follows a long outage settles the days that were young
    before it. ``first`` and ``last`` (both or either) ask for exactly those days again instead.
    Changes are asked for since their cursor; snapshots and keys always.
    """
    requests = []
    for stream in source.streams:
        if stream.kind == "daily":
            days = _reach(source, account, settings, run)
            if first or last:
                days = [day for day in days if (first or day) <= day <= (last or day)]
            else:
                loaded = loaded_days.get(stream.name, {})
                days = [
                    day
                    for day in days
                    if day not in loaded
                    or _may_be_restated(source, account, settings, day, min(loaded[day], run.as_of))
                ]
            requests += [Request(stream.name, window) for window in _windows(days, stream)]
        elif stream.kind == "changes":
            requests.append(Request(stream.name, since=cursors.get(stream.name)))
        else:
            requests.append(Request(stream.name))
    return requests


def yesterday(account: Account, as_of: datetime) -> date:
    """The last whole day of the account, in its own zone, at an instant.

    Raises SourceRefused when nobody knows the zone.
    """
    try:
        zone = ZoneInfo(account.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise SourceRefused(
            f"Account {account.account_id} keeps its days in {account.time_zone!r}, which is no "
            "IANA time zone; correct the account's time zone on its platform"
        ) from None
    return as_of.astimezone(zone).date() - timedelta(1)


def _reach(source: Source, account: Account, settings: Settings, run: Run) -> list[date]:
    """Every day the account is wanted for and can still be asked for, oldest first."""
    last = yesterday(account, run.as_of)
    first = settings.history_start or date(run.as_of.year - 2, 1, 1)
    if source.retention_days is not None:
        first = max(first, last - timedelta(source.retention_days))
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def _may_be_restated(
    source: Source, account: Account, settings: Settings, day: date, loaded_as_of: datetime
) -> bool:
    """Whether the source could still change the day at the instant as of which it was loaded."""
    look_back = settings.look_back_days.get(source.name, source.look_back_days)
    return (yesterday(account, loaded_as_of) - day).days < look_back


def _windows(days: Iterable[date], stream: Stream) -> list[Window]:
    """Runs of consecutive days, none longer than the stream's window."""
    windows = []
    for _, group in groupby(enumerate(days), lambda item: item[1] - timedelta(item[0])):
        run_of_days = [day for _, day in group]
        for start in range(0, len(run_of_days), stream.window_days):
            part = run_of_days[start : start + stream.window_days]
            windows.append(Window(part[0], part[-1]))
    return windows
