"""Reading an object whole: changed records, and the ids that exist, each proved by totals.

Few records are asked for by REST, many by a Bulk job; a result that is too long or too slow is cut
in time. What was read counts once its number and its sums are those that Salesforce tells of the
same condition, records that moved on meanwhile aside.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from include.sources import Record, SourceRefused, SourceUnavailable
from include.sources import salesforce_bulk as bulk
from include.sources.salesforce_client import (
    MAX_URI,
    Client,
    FieldGone,
    LocatorLost,
    SessionEnded,
    TooSlow,
    query_uri_length,
)
from include.sources.salesforce_fields import Selection
from include.sources.salesforce_objects import CREATED, ID
from include.sources.salesforce_totals import Taken, Totals, decimal_of

log = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=15)  # transactions that commit late carry an earlier stamp
BULK_FROM = 10_000  # records: from five pages on, a job costs fewer calls
_SLICE = 250_000  # records proved at one time
_READINGS = 3  # of a slice whose records move while it is read
_RESTARTS = 3

Bounds = tuple[datetime, datetime]


def ids(client: Client, name: str) -> Iterator[str]:
    """Every id of an object that exists now, deleted records aside; some more than once.

    Raises SourceUnavailable when Salesforce counts others.
    """

    def edge(where: str) -> tuple[int, datetime | None]:
        soql = f"SELECT COUNT({ID}) n, MAX({CREATED}) high FROM {name}{where}"  # noqa: S608
        row = client.row(soql)
        return int(row["n"]), _instant(row["high"]) if row["high"] else None

    for _ in range(_READINGS):
        before, high = edge("")
        if high is None:
            return
        where = f" WHERE {CREATED} <= {_literal(high)}"  # what is made meanwhile is of no concern
        read = 0
        for row in _rows(client, f"SELECT {ID} FROM {name}{where}", before, {}, deleted=False):  # noqa: S608
            read += 1
            yield row[ID]
        if read == before or read == (before := edge(where)[0]):
            return
        log.warning("%s: %d ids read where there are %d; reading again", name, read, before)
    raise _incomplete(name, read, before)


def changes(
    client: Client,
    selection: Selection,
    since: datetime | None,
    refreshed: Callable[[], Selection],
) -> Iterator[tuple[Selection, Record]]:
    """Records changed since an instant (None: all), tombstones included, with the selection that
    read them; each once, by its stamp where REST read it.

    ``refreshed`` describes the object anew when a field disappears meanwhile. A record that changes
    while being read moves beyond the upper bound and comes with the next call. Raises
    SourceUnavailable when Salesforce tells other totals than were read.
    """
    reader = _Reader(client, selection, refreshed)
    begin = since - OVERLAP if since else None
    found = reader.edges(begin)
    if found is None:
        return
    slices: list[tuple[Bounds, Totals | None]] = [found]
    while slices:
        bounds, before = slices.pop()
        try:
            before = before or reader.totals(bounds)
            if before.count > _SLICE and _can_be_cut(bounds):
                raise TooSlow("the result is long")
            yield from reader.whole(bounds, before)
        except TooSlow:
            if not _can_be_cut(bounds):
                raise _too_slow(selection.crm.name) from None
            slices += [(half, None) for half in _halves(bounds)]


class _Reader:
    """Reads slices of one object, between two instants each."""

    def __init__(
        self, client: Client, selection: Selection, refreshed: Callable[[], Selection]
    ) -> None:
        self._client, self._selection, self._refreshed = client, selection, refreshed
        self._name, self._stamp = selection.crm.name, selection.crm.stamp
        self._refusals = 0

    def edges(self, begin: datetime | None) -> tuple[Bounds, Totals | None] | None:
        """The first and the last stamp since an instant, and the totals between them where one
        query can tell both; None if there is no record."""
        where = f" WHERE {self._stamp} >= {_literal(begin)}" if begin else ""
        edges = f"MIN({self._stamp}) low, MAX({self._stamp}) high"
        try:
            row, totals = self._summed(edges, where)
        except TooSlow:
            low, high = (self._edge(where, order) for order in ("ASC", "DESC"))
            return ((low, high), None) if low and high else None
        if row["high"] is None:
            return None
        return (_instant(row["low"]), _instant(row["high"])), totals

    def totals(self, bounds: Bounds) -> Totals:
        """What Salesforce counts and sums of a slice."""
        return self._summed("", self._where(bounds))[1]

    def whole(self, bounds: Bounds, before: Totals) -> Iterator[tuple[Selection, Record]]:
        """A slice's records; ``before`` are its totals before it was read.

        Raises TooSlow before the first record.
        """
        low, high = bounds
        seen: dict[str, str] = {}
        for reading in range(_READINGS):
            taken = Taken(self._selection.figures)
            try:
                for row in self._read(bounds, before.count):
                    if not low <= _instant(row[self._stamp]) <= high:
                        continue  # it changed after the query began
                    figures = taken.add(row)
                    before_that = seen.get(row[ID])
                    if before_that is None:
                        yield self._selection, row
                    elif before_that != figures:
                        raise SourceUnavailable(
                            f"Salesforce gave other figures of the {self._name} {row[ID]} when it "
                            "was read again, though it did not change; nothing of this load was "
                            "staged"
                        )
                if self._is_proved(taken, bounds, before):
                    return
                seen |= taken.lines()
                if reading + 1 < _READINGS:
                    log.warning("%s changed while it was read; reading again", self._name)
                    before = self.totals(bounds)
            except TooSlow:
                if not seen and not taken.totals.count:
                    raise
                raise _too_slow(self._name) from None
        raise _incomplete(self._name, taken.totals.count, before.count)

    def _read(self, bounds: Bounds, count: int) -> Iterator[Record]:
        while True:
            soql = f"SELECT {', '.join(self._selection.fields)} FROM {self._name}"  # noqa: S608
            try:
                yield from _rows(
                    self._client,
                    soql + self._where(bounds),
                    count,
                    self._selection.types,
                    deleted=self._selection.has_tombstones,
                    order=f" ORDER BY {self._stamp}, {ID}",
                )
                return
            except FieldGone as gone:
                self._describe_again(gone)

    def _is_proved(self, taken: Taken, bounds: Bounds, before: Totals) -> bool:
        def second_look() -> Mapping[str, Decimal]:
            while True:
                try:
                    return self._read_sums(bounds, before.count)
                except FieldGone as gone:
                    self._describe_again(gone)

        told = Totals(before.count, {**before.sums, **second_look()})
        if taken.totals.agree(told):
            return True
        after = self.totals(bounds)
        told = Totals(after.count, {**after.sums, **second_look()})
        return taken.without(self._moved(bounds[1])).agree(told)

    def _moved(self, high: datetime) -> set[str]:
        """The ids of records that changed since, or are new."""
        where = f" WHERE {self._stamp} > {_literal(high)}"
        soql = f"SELECT COUNT({ID}) n FROM {self._name}{where}"  # noqa: S608
        deleted = self._selection.has_tombstones
        count = int(self._client.row(soql, deleted=deleted)["n"])
        soql = f"SELECT {ID} FROM {self._name}{where}"  # noqa: S608
        return {row[ID] for row in _rows(self._client, soql, count, {}, deleted=deleted)}

    def _summed(self, more: str, where: str) -> tuple[Record, Totals]:
        """One row of aggregates: ``more``, and the totals."""
        while True:
            figures = self._selection.summed
            wanted = [f"COUNT({ID}) n", *(f"SUM({name}) s{n}" for n, name in enumerate(figures))]
            wanted += [more] if more else []
            soql = f"SELECT {', '.join(wanted)} FROM {self._name}{where}"  # noqa: S608
            try:
                row = self._client.row(soql, deleted=self._selection.has_tombstones)
            except FieldGone as gone:
                self._describe_again(gone)
                continue
            sums = {name: decimal_of(row[f"s{n}"] or 0) for n, name in enumerate(figures)}
            return row, Totals(int(row["n"]), sums)

    def _read_sums(self, bounds: Bounds, count: int) -> Mapping[str, Decimal]:
        """Sums of amounts of several currencies, read a second time: Salesforce's own are all in
        the org's currency.

        https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_querying_currency_fields.htm
        """
        names = self._selection.converted
        if not names:
            return {}
        soql = f"SELECT {', '.join((ID, *names))} FROM {self._name}{self._where(bounds)}"  # noqa: S608
        taken = Taken(names)
        for row in _rows(self._client, soql, count, {}, deleted=self._selection.has_tombstones):
            taken.add(row)
        return taken.totals.sums

    def _edge(self, where: str, order: str) -> datetime | None:
        soql = f"SELECT {self._stamp} FROM {self._name}{where}"  # noqa: S608
        soql += f" ORDER BY {self._stamp} {order} LIMIT 1"
        found = self._client.rows(soql, deleted=self._selection.has_tombstones)
        return _instant(found[0][self._stamp]) if found else None

    def _where(self, bounds: Bounds) -> str:
        low, high = map(_literal, bounds)
        return f" WHERE {self._stamp} >= {low} AND {self._stamp} <= {high}"

    def _describe_again(self, gone: FieldGone) -> None:
        self._refusals += 1
        if self._refusals > _RESTARTS:
            raise SourceRefused(f"Salesforce: {gone}") from None
        log.warning("%s changed while it was read: %s", self._name, gone)
        self._selection = self._refreshed()


def _rows(
    client: Client,
    soql: str,
    count: int,
    types: Mapping[str, str],
    *,
    deleted: bool,
    order: str = "",
) -> Iterator[Record]:
    """The records of a query that matches about ``count``; each once, in order where REST reads.

    The API takes long URIs no more than large results, so a query that is too long for one goes
    into a job's body.
    """
    if count > BULK_FROM or query_uri_length(soql + order) > MAX_URI:
        yield from bulk.rows(client, soql, types, deleted=deleted)
    else:
        yield from _by_rest(client, soql + order, deleted)


def _by_rest(client: Client, soql: str, deleted: bool) -> list[Record]:
    """A few pages of records, begun again when the session dies between them."""
    for _ in range(_RESTARTS + 1):
        found: dict[str, Record] = {}
        token = client.token
        try:
            for page in client.pages(soql, deleted=deleted):
                found.update((row[ID], row) for row in page)  # a page served twice counts once
        except SessionEnded:
            client.renew(token)
        except LocatorLost:
            continue
        else:
            return list(found.values())
    raise SourceUnavailable("Salesforce breaks off the query again and again")


def _can_be_cut(bounds: Bounds) -> bool:
    return bounds[1] - bounds[0] >= timedelta(seconds=1)


def _halves(bounds: Bounds) -> list[Bounds]:
    """The later half, then the earlier one, which is taken up first."""
    begin, end = bounds
    middle = begin + (end - begin) / 2
    middle = middle.replace(microsecond=middle.microsecond // 1000 * 1000)
    return [(middle + timedelta(milliseconds=1), end), (begin, middle)]


def _literal(moment: datetime) -> str:
    """A SOQL datetime literal."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _too_slow(name: str) -> SourceUnavailable:
    return SourceUnavailable(f"Salesforce cannot finish a query of {name} within its own limit")


def _incomplete(name: str, read: int, present: int) -> SourceUnavailable:
    return SourceUnavailable(
        f"Salesforce counts {present} records of {name} where {read} were read, or sums their "
        "figures otherwise; nothing of this load was staged"
    )
