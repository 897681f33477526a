"""The ledger and the run's instant decide what to fetch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from include.run import Run
from include.settings import Settings, SettingsError
from include.sources import Account, Request, Source, SourceRefused, Stream, Window


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the ledger has of one stream of an account, each instant that of a load's ``as_of``.

    ``days``: daily streams, by day. ``cursor``: everything changed before it is staged.
    ``read_as_of``: when the stream was last read, ``whole_as_of``: when every record was.
    """

    days: Mapping[date, datetime] = field(default_factory=dict)
    cursor: datetime | None = None
    read_as_of: datetime | None = None
    whole_as_of: datetime | None = None


def streams_to_read(source: Source, settings: Settings) -> list[Stream]:
    """The source's streams that are read by default or asked for by the settings, in its order."""
    return [
        stream
        for stream in source.streams
        if stream.by_default or f"{source.name}.{stream.name}" in settings.extra_streams
    ]


def refuse_unknown_names(settings: Settings, sources: Iterable[Source]) -> None:
    """Raise SettingsError when the settings name a source or a stream that does not exist."""
    sources = tuple(sources)
    names = sorted(source.name for source in sources)
    for variable, given in (
        ("CLOSED_LOOP_LOOK_BACK_DAYS", settings.look_back_days),
        ("CLOSED_LOOP_CONCURRENT_REQUESTS", settings.concurrent_requests),
    ):
        if strangers := sorted(given.keys() - set(names)):
            raise SettingsError(
                f"{variable} names {', '.join(strangers)}, which is no source; the sources are "
                f"{', '.join(names)}"
            )
    known = {
        f"{source.name}.{stream.name}": stream.by_default
        for source in sources
        for stream in source.streams
    }
    if unknown := sorted(settings.extra_streams - known.keys()):
        optional = sorted(name for name, by_default in known.items() if not by_default)
        raise SettingsError(
            f"CLOSED_LOOP_EXTRA_STREAMS names {', '.join(unknown)}, which no source has; it can "
            f"name {', '.join(optional) or 'none, for every stream is read by default'}"
        )


def requests_for(
    source: Source,
    account: Account,
    loaded: Mapping[str, Loaded],
    settings: Settings,
    run: Run,
    first: date | None = None,
    last: date | None = None,
) -> list[Request]:
    """What one account must be asked for, in the order to ask it.

    ``loaded`` says, by stream, what the ledger has of the account. Daily streams get every day
    since the history's start that the ledger lacks or that the source could still restate when it
    was loaded, up to yesterday in the account's zone: so a night that follows a long outage settles
    the days that were young before it, and a stream that is new loads its history. A stream and the
    one that proves it get the same days. ``first`` and ``last`` (both or either) ask for exactly
    those days again instead. Changes are asked for since their cursor, whole as often as the stream
    wants it; keys as often as the stream wants them; snapshots always.
    """
    nothing = Loaded()
    streams = streams_to_read(source, settings)
    days = {
        stream.name: _days(
            source, stream, account, loaded.get(stream.name, nothing), settings, run, first, last
        )
        for stream in streams
        if stream.kind == "daily"
    }
    for stream in streams:
        if stream.controls in days:
            days[stream.name] = days[stream.controls] = days[stream.name] | days[stream.controls]
    requests = []
    for stream in streams:
        known = loaded.get(stream.name, nothing)
        if stream.kind == "daily":
            requests += [Request(stream.name, each) for each in _windows(days[stream.name], stream)]
        elif stream.kind == "changes":
            is_whole = _is_due(known.whole_as_of, stream.whole_every_days, run)
            requests.append(Request(stream.name, since=None if is_whole else known.cursor))
        elif stream.kind == "snapshot" or _is_due(known.read_as_of, stream.every_days, run):
            requests.append(Request(stream.name))
    return requests


def refuse_days_out_of_reach(
    source: Source,
    accounts: Iterable[Account],
    settings: Settings,
    run: Run,
    first: date | None,
    last: date | None,
) -> None:
    """Raise SourceRefused if no account can be asked for any of the days ``first`` to ``last``.

    A source without daily streams, which is read by what changed, has no days to be wrong about.
    """
    daily = [each for each in streams_to_read(source, settings) if each.kind == "daily"]
    days = {
        day
        for account in accounts
        for stream in daily
        for day in reach(source, stream, account, settings, run.as_of)
    }
    if days and not any((first or day) <= day <= (last or day) for day in days):
        asked = " ".join(f"{word} {day}" for word, day in (("from", first), ("to", last)) if day)
        raise SourceRefused(
            f"No day {asked} can be asked of {source.title}, only {min(days)} "
            f"(CLOSED_LOOP_HISTORY_START, or what it still keeps) to {max(days)} (yesterday); "
            "nothing was loaded"
        )


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


def _days(
    source: Source,
    stream: Stream,
    account: Account,
    loaded: Loaded,
    settings: Settings,
    run: Run,
    first: date | None,
    last: date | None,
) -> set[date]:
    """The days of a daily stream to ask for."""
    wanted = reach(source, stream, account, settings, run.as_of)
    if first or last:
        return {day for day in wanted if (first or day) <= day <= (last or day)}
    look_back = stream.look_back_days
    if look_back is None:
        look_back = settings.look_back_days.get(source.name, source.look_back_days)

    def may_be_restated(day: date) -> bool:
        loaded_as_of = min(loaded.days[day], run.as_of)
        return (yesterday(account, loaded_as_of) - day).days < look_back

    return {day for day in wanted if day not in loaded.days or may_be_restated(day)}


def reach(
    source: Source, stream: Stream, account: Account, settings: Settings, as_of: datetime
) -> list[date]:
    """Every day the account is wanted for and can still be asked for at an instant, oldest first.

    Raises SourceRefused when nobody knows the account's zone.
    """
    last = yesterday(account, as_of)
    first = settings.history_start or date(as_of.year - 2, 1, 1)
    retention_days = stream.retention_days
    if retention_days is None:
        retention_days = source.retention_days
    if retention_days is not None:
        first = max(first, last - timedelta(retention_days))
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def _is_due(last_as_of: datetime | None, every_days: int | None, run: Run) -> bool:
    """Whether so many days (UTC) have gone by since; never done is due, no interval never again."""
    if last_as_of is None:
        return True
    return every_days is not None and (run.as_of.date() - last_as_of.date()).days >= every_days


def _windows(days: Iterable[date], stream: Stream) -> list[Window]:
    """Runs of consecutive days, none longer than the stream's window."""
    windows = []
    ordered = sorted(days)
    for _, group in groupby(enumerate(ordered), lambda item: item[1] - timedelta(item[0])):
        run_of_days = [day for _, day in group]
        for start in range(0, len(run_of_days), stream.window_days):
            part = run_of_days[start : start + stream.window_days]
            windows.append(Window(part[0], part[-1]))
    return windows
