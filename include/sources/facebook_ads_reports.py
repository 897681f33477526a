"""Insights of one account, read whole in slices that Meta can serve, and proved by its own totals.

https://developers.facebook.com/docs/marketing-api/insights/best-practices

What is more than Meta serves at once is asked for in less: smaller pages (the session sees to
that), fewer days, some of the campaigns, ad sets and ads, and at last fewer fields, merged again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from include.sources import Account, Record, SourceUnavailable, Window, wait
from include.sources.facebook_ads_graph import Graph, TooMuchData, is_list
from include.sources.facebook_ads_objects import ids_below
from include.sources.facebook_ads_rows import ACTIONS, FIGURES, Rows, Sums

log = logging.getLogger(__name__)

# At each level: the ids that tell its rows apart, and the kinds of thing it can be split by.
LEVELS: dict[str, tuple[str, ...]] = {
    "account": (),
    "campaign": ("campaign_id",),
    "ad": ("campaign_id", "adset_id", "ad_id"),
}
_KINDS = {"account": (), "campaign": ("campaign",), "ad": ("campaign", "adset", "ad")}
_FIRST_LOOK, _LONGEST_LOOK = 0.05, 15.0  # seconds between looks at a report run
_PATIENCE = 4  # times retry_seconds, for all report runs of one question together
_AT_ONCE = 20_000  # rows held together while fields asked for apart are merged


class _RunFailed(Exception):
    """A report run ended without a report, or did not end in time."""


@dataclass(frozen=True, slots=True)
class _Slice:
    """What one report run is asked for: days, measures, and of one kind of thing some ids."""

    account_id: str
    level: str
    measures: tuple[str, ...]
    window: Window
    kind: str | None = None
    ids: tuple[str, ...] = ()

    @property
    def edge(self) -> str:
        return f"act_{self.account_id}/insights"

    def params(self) -> dict[str, Any]:
        """Parameters of the run: the rows by day, with what tells them apart."""
        fields = (*LEVELS[self.level], "account_currency", *self.measures)
        return {"time_increment": 1, "fields": ",".join(fields), **self.scope()}

    def scope(self) -> dict[str, Any]:
        """The parameters that say which rows, whatever is asked of them."""
        first, last = self.window.first.isoformat(), self.window.last.isoformat()
        scope: dict[str, Any] = {
            "level": self.level,
            "time_range": {"since": first, "until": last},
        }
        if self.kind:
            scope["filtering"] = [{"field": f"{self.kind}.id", "operator": "IN", "value": self.ids}]
        return scope

    def __str__(self) -> str:
        first, last = self.window.first, self.window.last
        days = f"{first}" if first == last else f"{first} to {last}"
        told = f"account {self.account_id}, {days}, by {self.level}"
        if self.kind:
            named = self.ids[0] if len(self.ids) == 1 else f"{len(self.ids)} {self.kind}s"
            told += f" ({named})"
        return told


class _Patience:
    """How long the report runs of one question may be waited for, together."""

    def __init__(self, client: Graph) -> None:
        self.run_seconds = client.settings.retry_seconds
        self._until = time.monotonic() + _PATIENCE * self.run_seconds

    def is_over(self) -> bool:
        return time.monotonic() > self._until


def report(
    client: Graph, account: Account, level: str, measures: Sequence[str], window: Window
) -> Iterator[Record]:
    """The rows of an account by day at a level, each once: its ids, day, currency and measures.

    Nothing is yielded before all is read and adds up to Meta's own totals of the same days, asked
    for apart. Raises SourceUnavailable when it does not, naming both figures; when a figure cannot
    be read or be true; and when even one ad's day is more than Meta serves.
    """
    whole = _Slice(account.account_id, level, tuple(measures), window)
    patience = _Patience(client)
    parts = _read(client, whole, patience)
    try:
        totals = _totals(client, whole)
        wrong = _difference(parts, totals)
        if wrong and wrong[0] in ACTIONS:
            # Meta at times leaves action types out of rows that are asked for much beside them.
            log.warning("%s: %s; asking for actions apart", whole, _told(wrong))
            count = sum(part.count for part in parts)
            _close(parts)
            parts = [
                each
                for days in _days_of(whole, count)
                for each in _apart(client, replace(whole, window=days), patience)
            ]
            wrong = _difference(parts, totals)
        if wrong:
            raise SourceUnavailable(
                f"Facebook {whole}: {_told(wrong)}: figures moved while being read, or rows are "
                "missing"
            )
        for part in parts:
            yield from part
    finally:
        _close(parts)


def _read(client: Graph, part: _Slice, patience: _Patience) -> list[Rows]:
    """The rows of a slice, in as many parts as it takes."""
    try:
        return [_attempt(client, part, patience)]
    except (TooMuchData, _RunFailed) as error:
        if patience.is_over():
            raise SourceUnavailable(f"Facebook cannot report {part} in time: {error}") from None
        log.warning("%s: %s; asking for less", part, error)
        smaller = _smaller(client, part)
        if smaller is not None:
            return [rows for each in smaller for rows in _read(client, each, patience)]
        half = len(part.measures) // 2
        if not half:
            raise SourceUnavailable(
                f"Facebook cannot report {part}, not even {part.measures[0]} alone: {error}"
            ) from None
        fields = (part.measures[:half], part.measures[half:])
        return [_merged(part, [_read(client, replace(part, measures=m), patience) for m in fields])]


def _apart(client: Graph, part: _Slice, patience: _Patience) -> list[Rows]:
    """The rows of a slice, its figures and each list of actions asked for apart and merged."""
    groups = [
        tuple(name for name in part.measures if name not in ACTIONS),
        *((name,) for name in part.measures if name in ACTIONS),
    ]
    asked = [replace(part, measures=group) for group in groups if group]
    return [_merged(part, [_read(client, each, patience) for each in asked])]


def _merged(part: _Slice, readings: Sequence[list[Rows]]) -> Rows:
    """One part out of several readings of the same rows, each with other fields."""
    merged: dict[tuple[str, Any], Record] = {}
    for reading in readings:
        for rows in reading:
            for row in rows:
                merged.setdefault(rows.key(row), {}).update(row)
        _close(reading)
    whole = _rows(part)
    whole.add(list(merged.values()))
    return whole


def _rows(part: _Slice) -> Rows:
    ids = LEVELS[part.level]
    return Rows(str(part), ids[-1] if ids else None, part.measures, part.window)


def _close(parts: Iterable[Rows]) -> None:
    for part in parts:
        part.close()


def _attempt(client: Graph, part: _Slice, patience: _Patience) -> Rows:
    """The rows of a slice in one piece. A run that fails is started once more.

    An account's own totals are few, and are asked for at once.
    """
    if part.level == "account":
        return _filled(part, client.report_pages(part.edge, **part.params()))
    try:
        return _run(client, part, patience)
    except _RunFailed as failed:
        if patience.is_over():
            raise
        log.warning("%s: %s; starting it once more", part, failed)
        return _run(client, part, patience)


def _run(client: Graph, part: _Slice, patience: _Patience) -> Rows:
    run = str(client.post(part.edge, _is_start, **part.params())["report_run_id"])
    _await(client, run, patience)
    return _filled(part, client.report_pages(f"{run}/insights"))


def _is_start(answer: Record) -> bool:
    return bool(answer.get("report_run_id"))


def _filled(part: _Slice, pages: Iterable[list[Record]]) -> Rows:
    rows = _rows(part)
    try:
        for page in pages:
            rows.add(page)
    except BaseException:
        rows.close()
        raise
    return rows


def _await(client: Graph, run: str, patience: _Patience) -> None:
    """Looks at a report run until it is complete. Raises _RunFailed.

    https://developers.facebook.com/docs/marketing-api/reference/ad-report-run
    """
    deadline = time.monotonic() + patience.run_seconds
    pause = _FIRST_LOOK
    while True:
        state = client.get(run, lambda answer: "async_status" in answer)
        status = state["async_status"]
        if status == "Job Completed" and state.get("async_percent_completion") == 100:
            return
        if status in ("Job Failed", "Job Skipped"):
            raise _RunFailed(f"the report ended as {status}")
        if time.monotonic() + pause > deadline:
            raise _RunFailed(f"the report stands at {status} after {patience.run_seconds} s")
        wait(pause)
        pause = min(pause * 2, _LONGEST_LOOK)


def _smaller(client: Graph, part: _Slice) -> list[_Slice] | None:
    """Slices that make up this one; None when it is one thing's one day already.

    There are none below a campaign without ads: if it has rows nevertheless, the totals tell.
    """
    days = (part.window.last - part.window.first).days
    if days:
        noon = part.window.first + timedelta(days // 2)
        return [
            replace(part, window=Window(part.window.first, noon)),
            replace(part, window=Window(noon + timedelta(1), part.window.last)),
        ]
    kind, ids = part.kind, part.ids
    if len(ids) < 2:
        kinds = _KINDS[part.level]
        deeper = kinds if kind is None else kinds[kinds.index(kind) + 1 :]
        if not deeper:
            return None
        node = ids[0] if ids else f"act_{part.account_id}"
        kind, ids = deeper[0], ids_below(client, node, deeper[0])
    middle = (len(ids) + 1) // 2
    return [replace(part, kind=kind, ids=half) for half in (ids[:middle], ids[middle:]) if half]


def _totals(client: Graph, part: _Slice) -> Sums:
    """Meta's own sums over the rows of a slice; figures and actions are asked for apart.

    https://developers.facebook.com/docs/marketing-api/reference/ad-account/insights (`summary`)
    """
    sums = Sums(str(part))
    for names in (FIGURES, ACTIONS):
        asked = [name for name in part.measures if name in names]
        if not asked:
            continue
        try:
            answer = client.get(
                part.edge, is_list, **part.scope(), fields="account_id", summary=asked, limit=1
            )
        except TooMuchData as error:
            smaller = _smaller(client, part)
            if smaller is None:
                raise SourceUnavailable(f"Facebook cannot total {part}: {error}") from None
            sums = Sums(str(part))
            for each in smaller:
                sums = sums.plus(_totals(client, each))
            return sums
        summary = answer.get("summary")
        if summary is None and answer.get("data") != []:
            raise SourceUnavailable(f"Facebook gave no totals of {part}")
        sums.add([{"spend": "0", **(summary or {})}], asked)
    return sums


def _difference(parts: Iterable[Rows], totals: Sums) -> tuple[str, str, Decimal, Decimal] | None:
    """The first figure whose sum over the rows is not Meta's own; plain figures come first."""
    read = Sums(totals.what)
    count = 0
    for part in parts:
        read, count = read.plus(part.sums), count + part.count
    return read.difference(totals, count)


def _told(wrong: tuple[str, str, Decimal, Decimal]) -> str:
    measure, action, read, total = wrong
    name = f"{measure} of {action}" if action else measure
    return f"the rows read add up to {name} {read}, but Facebook's total is {total}"


def _days_of(part: _Slice, count: int) -> list[Window]:
    """A slice's days in windows of some 20,000 rows; ``count`` is how many it has in all."""
    days = part.window.days()
    size = max(1, len(days) * _AT_ONCE // max(count, 1))
    chunks = [days[first : first + size] for first in range(0, len(days), size)]
    return [Window(chunk[0], chunk[-1]) for chunk in chunks]
