"""Which days of an account may not be staged, and why: the account-day that fails by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from include.contracts.shape import Type
from include.quality import CheckedBatch
from include.sources import Source, Stream, Window

CENT = Decimal("0.01")
_NO_FIGURES = (Type.TEXT, Type.DATE, Type.TIMESTAMP, Type.BOOLEAN)

Reasons = dict[date, tuple[str, ...]]
"""Why a day is refused, by day; each reason ends with what a person can do."""


class DaysRefused(Exception):
    """Days were left out of staging and stand as they did; everything else is staged.

    ``reasons`` names the days; ``sentences`` says for each account and day (or run of days refused
    for the same reasons) why, and what to do.
    """

    def __init__(self, source: Source, account_id: str, *reasons: Reasons) -> None:
        self.reasons: Reasons = {}
        for each in reasons:
            for day, why in each.items():
                self.reasons[day] = (*self.reasons.get(day, ()), *why)
        self.sentences = tuple(
            f"{source.title} account {account_id}, {span}: {'; and '.join(why)}"
            for span, why in _spans(self.reasons)
        )
        super().__init__("\n".join(self.sentences))


def refused_days(source: Source, checked: Sequence[CheckedBatch]) -> Reasons:
    """The days of one account's checked batches that no daily stream may stage.

    A day is refused when rows of any daily stream with figures break their contract for it, or when
    they do not add up to the total that the stream's control gives, by a cent or more (or by more
    than the share that is tolerated where the source estimates).
    """
    reasons: defaultdict[date, list[str]] = defaultdict(list)
    for each in checked:
        name = each.batch.request.stream
        if _has_figures(source.stream(name)):
            for day, why in each.refused_days.items():
                reasons[day].append(f"left as it was: in {name} {_told(each, why)}")
    for stream in source.streams:
        if stream.controls is None:
            continue
        parts, totals = (
            _sums_by_day(checked, name, stream.proves) for name in (stream.controls, stream.name)
        )
        for day in parts.keys() & totals.keys() - reasons.keys():
            for measure, part, total in zip(stream.proves, parts[day], totals[day], strict=True):
                if differs(stream, part, total):
                    what = "" if measure == "spend" else f"{measure.replace('_', ' ')} of "
                    reasons[day].append(
                        f"left as it was: {what}the rows of {stream.controls} add up to {part} but "
                        f"the account's total is {total}; figures moved while they were read, or "
                        "rows are missing: run the DAG again for that day"
                    )
    return {day: tuple(why) for day, why in sorted(reasons.items())}


def refused_alone(source: Source, checked: Sequence[CheckedBatch]) -> Reasons:
    """The days refused in streams that list what happened and bear no figures, such as clicks.

    Nothing has to add up to those, so that such a day is left out of its own stream alone.
    """
    reasons: defaultdict[date, list[str]] = defaultdict(list)
    for each in checked:
        name = each.batch.request.stream
        if not _has_figures(source.stream(name)):
            for day, why in each.refused_days.items():
                reasons[day].append(f"left as it was in {name} alone: {_told(each, why)}")
    return {day: tuple(why) for day, why in sorted(reasons.items())}


def refused_apart(windows: Iterable[tuple[str, Window, str]]) -> Reasons:
    """The days of streams that the source refused by themselves: stream, days, its words."""
    reasons: defaultdict[date, list[str]] = defaultdict(list)
    for stream, window, why in windows:
        for day in window.days():
            reasons[day].append(f"left as it was in {stream} alone: {why}")
    return {day: tuple(why) for day, why in sorted(reasons.items())}


def differs(control: Stream, part: Decimal, total: Decimal) -> bool:
    """Whether what rows add up to is not the total that a control gives."""
    return abs(part - total) >= max(CENT, abs(total) * control.tolerated_share)


def _has_figures(stream: Stream) -> bool:
    return any(column.type not in _NO_FIGURES for column in stream.table.columns)


def _told(checked: CheckedBatch, why: str) -> str:
    return (
        f"{why}; the rows are in {checked.rejected_file}; correct them where they come from, then "
        "run the DAG again for that day"
    )


def _sums_by_day(
    checked: Sequence[CheckedBatch], stream_name: str, measures: Sequence[str]
) -> Mapping[date, list[Decimal]]:
    """What some measures of a stream's accepted rows come to on each day that was asked for."""
    sums: dict[date, list[Decimal]] = {}
    for each in checked:
        request = each.batch.request
        if request.stream != stream_name or request.window is None:
            continue
        sums |= {day: [Decimal(0)] * len(measures) for day in request.window.days()}
        with pq.ParquetFile(each.rows_file) as file:
            for batch in file.iter_batches(columns=["date_day", *measures]):
                rows = pa.Table.from_batches([batch])
                wanted = [(measure, "sum") for measure in measures]
                for row in rows.group_by("date_day").aggregate(wanted).to_pylist():
                    held = sums[row["date_day"]]
                    for place, measure in enumerate(measures):
                        held[place] += row[f"{measure}_sum"]
    return sums


def _spans(reasons: Reasons) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Runs of consecutive days refused for the same reasons."""
    days = sorted(reasons)
    first = 0
    for n, day in enumerate(days):
        following = days[n + 1] if n + 1 < len(days) else None
        if following == day + timedelta(1) and reasons[following] == reasons[day]:
            continue
        span = str(day) if first == n else f"{days[first]} to {day}"
        yield span, reasons[day]
        first = n + 1
