"""Is everything there that the last nights should have brought? Asked of the ledger alone.

What became of runs does not matter here: one that was never created leaves its days out of the
ledger just as one that failed does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from include import notes, warehouse
from include.planning import reach, streams_to_read
from include.run import NIGHT_BEGINS
from include.settings import Settings
from include.sources import Account, Source
from include.warehouse import WarehouseError, WarehouseUnavailable, holding

DAYS_LOOKED_AT = 35
"""So many last days of an ad account are missed; what it lacks before them is no news."""

_CLOSED = {"CLOSED", "CANCELED", "CANCELLED", "REMOVED", "PENDING_DELETION"}
"""What the platforms call an account that is used no more."""


class NewsMissing(Exception):
    """Days, records or the publish of a night are not there past their hour."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self.sentences = tuple(sentences)
        super().__init__("\n".join(self.sentences))


@dataclass(frozen=True, slots=True)
class _Known:
    """An account as ``ops.known_accounts`` has it."""

    account: Account
    first_seen_at: datetime


def night_due(settings: Settings, now: datetime) -> datetime:
    """The beginning (UTC) of the latest night whose news are due at ``now``.

    They are due at ``CLOSED_LOOP_FRESH_BY`` in the reporting zone.
    """
    zone = ZoneInfo(settings.reporting_zone)
    today = now.astimezone(zone).date()
    due = datetime.combine(today, settings.fresh_by, zone)
    if due > now:
        due = datetime.combine(today - timedelta(1), settings.fresh_by, zone)
    night = datetime.combine(due.astimezone(UTC).date(), NIGHT_BEGINS)
    return night if night <= due else night - timedelta(1)


def require_news(
    settings: Settings,
    sources: Iterable[Source],
    now: datetime,
    connected_since: Mapping[str, datetime],
) -> None:
    """Raise NewsMissing, in sentences, unless all that is due at ``now`` is there.

    Due is, from the first night after an account was first seen: of an ad account that is not
    closed, every day from the first that was loaded (if none was, from the history's start; of the
    last DAYS_LOOKED_AT at most) to its yesterday (at the night's beginning, in its own zone) in
    every stream that takes no grant of its own, be it refused or never asked for; of a CRM, a
    reading of every object as late as the night; and a publish as late. A source that showed no
    account yet is due from the first night after ``connected_since``, which says when each
    connection was first there; without one it is not expected.
    """
    night = night_due(settings, now)
    due = f"due by {settings.fresh_by:%H:%M} {settings.reporting_zone}"
    sentences: list[str] = []
    is_expected = False
    try:
        known = _known_accounts(settings)
    except WarehouseUnavailable:
        raise
    except WarehouseError as error:
        known = {}
        if any(since <= night for since in connected_since.values()):
            raise NewsMissing([f"Nothing can be read of what was loaded: {error}"]) from error
    for source in sources:
        accounts = known.get(source.name, [])
        wanted = [
            each.account
            for each in accounts
            if each.first_seen_at <= night and _is_open(settings, source, each.account)
        ]
        is_expected = is_expected or bool(wanted)
        if not accounts and connected_since.get(source.name, now) <= night:
            sentences.append(
                f"{source.title} has a connection and was never loaded; {_what_to_do(source)}"
            )
        elif wanted and source.kind != "crm":
            sentences += _days_missing(settings, source, wanted, night, due)
        elif wanted:
            sentences += _objects_missing(settings, source, wanted, night, due)
    if is_expected and (published := _published_as_of(settings)) < night:
        told = f"are as of {published:%Y-%m-%d %H:%M} UTC" if published > _NEVER else "do not exist"
        held = len(holding.waiting(settings))
        why = (
            f"publishing is held, for {held} figures wait for a decision (the task approve)"
            if held
            else "look at the last run of closed_loop; if there is none, it is paused or the "
            "scheduler is down"
        )
        sentences.append(
            f"The marts {told}; those of the night of {night:%Y-%m-%d} were {due}: {why}"
        )
    if sentences:
        raise NewsMissing(sentences)


_NEVER = datetime.min.replace(tzinfo=UTC)


def _known_accounts(settings: Settings) -> dict[str, list[_Known]]:
    rows = warehouse.read(settings, "select * from ops.known_accounts order by source, account_id")
    return {
        source: [
            _Known(
                Account(
                    row["account_id"],
                    row["account_name"],
                    row["currency_code"] or "",
                    row["time_zone"] or settings.reporting_zone,
                    row["account_status"],
                ),
                row["first_seen_at"],
            )
            for row in of_source
        ]
        for source, of_source in groupby(rows, lambda row: row["source"])
    }


def _is_open(settings: Settings, source: Source, account: Account) -> bool:
    is_closed = (account.account_status or "").upper() in _CLOSED
    return not is_closed and f"{source.name}/{account.account_id}" not in settings.closed_accounts


def _days_missing(
    settings: Settings, source: Source, accounts: list[Account], night: datetime, due: str
) -> list[str]:
    """A sentence of the days that an account lacks; one for all that lack the same."""
    wanted = [
        stream
        for stream in streams_to_read(source, settings)
        if stream.kind == "daily" and not stream.granted_apart
    ]
    rows = warehouse.read(
        settings,
        "select account_id, date_day, stream from ops.load_ledger "
        "where source = :source and date_day > :since",
        {"source": source.name, "since": night.date() - timedelta(DAYS_LOOKED_AT + 2)},
    )
    loaded = {(row["account_id"], row["date_day"], row["stream"]) for row in rows}
    begun: dict[str, date] = {}
    for row in warehouse.read(
        settings,
        "select account_id, stream, min(date_day) as first_day from ops.load_ledger "
        "where source = :source and date_day is not null group by account_id, stream",
        {"source": source.name},
    ):
        if row["stream"] in {each.name for each in wanted}:
            first = min(row["first_day"], begun.get(row["account_id"], row["first_day"]))
            begun[row["account_id"]] = first
    missing: dict[tuple[date, ...], list[str]] = {}
    for account in accounts:
        lacks = {
            day
            for stream in wanted
            for day in reach(source, stream, account, settings, night)[-DAYS_LOOKED_AT:]
            if day >= begun.get(account.account_id, day)
            and (account.account_id, day, stream.name) not in loaded
        }
        if lacks:
            missing.setdefault(tuple(sorted(lacks)), []).append(account.account_id)
    return [
        f"{source.title}: {_listed(_ranges(days))} of {_told(ids, accounts)} is not loaded, {due}; "
        f"{_what_to_do(source)}; an account that nobody shall miss is named in "
        "CLOSED_LOOP_CLOSED_ACCOUNTS"
        for days, ids in sorted(missing.items())
    ]


def _ranges(days: Iterable[date]) -> list[str]:
    """Sorted days, those that follow one another in one."""
    ranges = []
    for _, group in groupby(enumerate(days), lambda item: item[1] - timedelta(item[0])):
        run_of_days = [day for _, day in group]
        first, last = run_of_days[0], run_of_days[-1]
        ranges.append(f"{first}" if first == last else f"{first} to {last}")
    return ranges


def _objects_missing(
    settings: Settings, source: Source, accounts: list[Account], night: datetime, due: str
) -> list[str]:
    """A sentence for each org whose objects, or some of them, were not read in the night."""
    streams = {stream.name: stream for stream in streams_to_read(source, settings)}
    read = {
        (row["account_id"], row["stream"]): row["as_of_at"]
        for row in warehouse.read(
            settings,
            "select account_id, stream, max(as_of_at) as as_of_at from ops.load_ledger "
            "where source = :source group by account_id, stream",
            {"source": source.name},
        )
    }
    sentences = []
    for account in accounts:
        late, is_any_read = [], False
        for name, stream in streams.items():
            if (as_of := read.get((account.account_id, name))) is None:
                continue  # not every org has every object
            patience = timedelta(stream.every_days if stream.every_days > 1 else 0)
            if as_of + patience < night:
                late.append(name)
            else:
                is_any_read = True
        if late or not is_any_read:
            what = f"{_listed(late)} were not read" if is_any_read else "nothing was read"
            sentences.append(
                f"{source.title} {account.account_id}: {what} in the night of {night:%Y-%m-%d}, "
                f"{due}; {_what_to_do(source)}"
            )
    return sentences


def _published_as_of(settings: Settings) -> datetime:
    """The instant the published marts speak for; long ago if there are none."""
    try:
        rows = warehouse.read_marts(settings, "select as_of_at from marts.build_info")
    except WarehouseUnavailable:
        raise
    except WarehouseError:
        return _NEVER
    return rows[0]["as_of_at"] if rows else _NEVER


def _what_to_do(source: Source) -> str:
    return (
        f"look at the last run of ingest_{source.name}; if there is none of this night, the DAG "
        "is paused or broken, or the scheduler was down: trigger it"
    )


def _told(ids: list[str], accounts: list[Account]) -> str:
    if len(ids) == len(accounts) > 1:
        return f"all {len(ids)} accounts"
    return f"account {ids[0]}" if len(ids) == 1 else f"accounts {_listed(ids)}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def connected_since(
    settings: Settings, sources: Iterable[str], now: datetime
) -> dict[str, datetime]:
    """Since when each of these sources has had a connection, as far as this was looked at.

    The first look at one is noted under the home; one whose connection is gone is forgotten.
    """
    folder = settings.home / "watchdog"
    folder.mkdir(parents=True, exist_ok=True)
    names = set(sources)
    for file in folder.glob("*.connected"):
        if file.stem not in names:
            file.unlink(missing_ok=True)
    since = {}
    for name in sorted(names):
        file = folder / f"{name}.connected"
        if (seen := _instant_in(file)) is None:
            notes.replace(file, now.isoformat())
        since[name] = seen or now
    return since


def _instant_in(file: Path) -> datetime | None:
    """The instant a file names; None of one that is not there or was cut short."""
    try:
        instant = datetime.fromisoformat(file.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return instant if instant.tzinfo else None
