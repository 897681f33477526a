"""Reading an object whole: changed records, and the ids that exist, each proved by a count.

Nothing is held in memory but a page and the ids that share the last SystemModstamp, so a dead
session costs the pages after the last row at most.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from include.sources import Record, SourceRefused, SourceUnavailable
from include.sources.salesforce_client import (
    Client,
    FieldGone,
    LocatorLost,
    SessionEnded,
    TooSlow,
)
from include.sources.salesforce_fields import ID, STAMP, Selection

log = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=15)  # transactions that commit late carry an earlier SystemModstamp
_RESTARTS = 3  # in a row without a new record


def ids(client: Client, name: str) -> Iterator[str]:
    """Every id of an object that exists now, deleted records aside.

    Raises SourceUnavailable when Salesforce counts more.
    """
    soql = f"SELECT {ID} FROM {name} ORDER BY {ID}"  # noqa: S608 (SOQL of our own names)
    seen: set[str] = set()
    restarts = _Restarts(client)
    while True:
        try:
            for page in client.pages(soql, deleted=False):
                for row in page:
                    if row[ID] not in seen:
                        seen.add(row[ID])
                        yield row[ID]
            break
        except (SessionEnded, LocatorLost) as lost:
            restarts.after(lost, len(seen))
    present = client.count(name, "", deleted=False)
    if present > len(seen):
        raise _incomplete(name, len(seen), present)


def changes(
    client: Client,
    selection: Selection,
    since: datetime | None,
    refreshed: Callable[[], Selection],
) -> Iterator[tuple[Selection, Record]]:
    """Records changed since an instant (None: all), tombstones included, each once, by
    SystemModstamp, with the selection that read it.

    ``refreshed`` describes the object anew when a field disappears meanwhile. A record that changes
    while being read moves beyond the upper bound and comes with the next call. Raises
    SourceUnavailable when Salesforce counts other records than were read.
    """
    name, deleted = selection.crm.name, selection.has_tombstones
    where = f" WHERE {STAMP} >= {_literal(since - OVERLAP)}" if since else ""
    edges = client.rows(
        f"SELECT MIN({STAMP}) low, MAX({STAMP}) high FROM {name}{where}",  # noqa: S608
        deleted=deleted,
    )
    if not edges or edges[0]["high"] is None:
        return
    low, high = _instant(edges[0]["low"]), _instant(edges[0]["high"])
    spans, restarts = [(low, high)], _Restarts(client)
    last, ties, read, is_refreshed = "", set[str](), 0, False
    while spans:
        begin, end = spans[-1]
        begin = max(begin, _instant(last)) if last else begin
        try:
            for page in client.pages(_soql(selection, begin, end), deleted=deleted):
                for row in page:
                    stamp = row[STAMP]
                    if stamp < last or (stamp == last and row[ID] in ties):
                        continue  # a page served twice, or the overlap of a restart
                    if stamp != last:
                        last, ties = stamp, set()
                    ties.add(row[ID])
                    read += 1
                    yield selection, row
            spans.pop()
        except TooSlow:
            spans[-1:] = _halves(name, begin, end)
        except FieldGone as gone:
            if is_refreshed:
                raise SourceRefused(f"Salesforce: {gone}") from None
            log.warning("%s changed while it was read: %s", name, gone)
            selection, is_refreshed = refreshed(), True
        except (SessionEnded, LocatorLost) as lost:
            restarts.after(lost, read)
    bounds = f" WHERE {STAMP} >= {_literal(low)} AND {STAMP} <= {_literal(high)}"
    present = client.count(name, bounds, deleted=deleted)
    if read != present:
        moved = client.count(name, f" WHERE {STAMP} > {_literal(high)}", deleted=deleted)
        if not present <= read <= present + moved:
            raise _incomplete(name, read, present)


class _Restarts:
    """Bounds how often a query begins again."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._idle, self._before = 0, -1

    def after(self, lost: Exception, read: int) -> None:
        """Log in anew if need be. ``read``: records read so far."""
        self._idle = 0 if read > self._before else self._idle + 1
        self._before = read
        if self._idle >= _RESTARTS:
            raise SourceUnavailable("Salesforce breaks off the query again and again")
        if isinstance(lost, SessionEnded):
            self._client.log_in()


def _soql(selection: Selection, begin: datetime, end: datetime) -> str:
    return (
        f"SELECT {', '.join(selection.fields)} FROM {selection.crm.name} "  # noqa: S608
        f"WHERE {STAMP} >= {_literal(begin)} AND {STAMP} <= {_literal(end)} "
        f"ORDER BY {STAMP}, {ID}"
    )


def _halves(name: str, begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The later half, then the earlier one, which is taken up first."""
    if end - begin < timedelta(seconds=1):
        raise SourceUnavailable(f"Salesforce cannot finish a query of {name} within its own limit")
    middle = begin + (end - begin) / 2
    middle = middle.replace(microsecond=middle.microsecond // 1000 * 1000)
    return [(middle, end), (begin, middle)]


def _literal(moment: datetime) -> str:
    """A SOQL datetime literal."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _incomplete(name: str, read: int, present: int) -> SourceUnavailable:
    return SourceUnavailable(
        f"Salesforce counts {present} records of {name} where {read} were read; nothing of this "
        "load was staged"
    )
