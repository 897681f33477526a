"""What a report is asked for, checked in the API's order and with its words.

The order (names, then paging, then dates, then numbers of fields) and the texts are those that the
real service was seen to give.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any

from include.sandbox.ga4_access import Ga4Refusal, not_served
from include.sandbox.ga4_data import Property
from include.sandbox.ga4_filters import Test, compiled, fields_of
from include.sandbox.ga4_schema import (
    DIMENSIONS,
    METRICS,
    OLD_NAMES,
    Field,
    first_incompatible,
    metric_field,
)

_SCHEMA = "https://developers.google.com/analytics/devguides/reporting/data/v1/api-schema "
_EXPLORER = "https://ga-dev-tools.web.app/ga4/dimensions-metrics-explorer/"
_MOST_ROWS, _USUAL_ROWS = 250_000, 10_000
_EARLIEST, _LATEST = date(2015, 8, 13), date(3000, 1, 1)
_AGO = re.compile(r"(\d{1,5})daysAgo")
RANGE = "dateRange"


@dataclass(frozen=True)
class Column:
    """A dimension of the report: its header, the dimensions it is made of, and how."""

    name: str
    parts: tuple[str, ...]
    text: Callable[[Mapping[str, str]], str]


@dataclass(frozen=True)
class Number:
    """A metric of the report: its header, the metric it is, and that metric's description."""

    name: str
    metric: str
    field: Field
    is_visible: bool


@dataclass(frozen=True)
class Span:
    """A date range, both days included."""

    name: str
    first: date
    last: date

    @property
    def days(self) -> list[date]:
        return [
            self.first + timedelta(days=number)
            for number in range((self.last - self.first).days + 1)
        ]


@dataclass(frozen=True)
class Ask:
    """A report that can be made. `needed` are the dimensions it reads, those of its filter
    included."""

    columns: tuple[Column, ...]
    numbers: tuple[Number, ...]
    spans: tuple[Span, ...]
    needed: tuple[str, ...]
    keeps: Test
    keeps_sums: Test
    metrics_filtered: tuple[str, ...]
    limit: int
    offset: int


def read(request: Any, source: Property, today: date) -> Ask:
    """Reads a RunReportRequest. Raises Ga4Refusal."""
    for part in ("cohort_spec", "comparisons"):
        if request.HasField(part) if part == "cohort_spec" else getattr(request, part):
            raise not_served(f"The field {part} of a report")
    numbers, columns = _numbers(request.metrics, source), _columns(request.dimensions)
    if request.limit < 0:
        raise Ga4Refusal(f"limit must be positive. The API received limit = {request.limit}")
    if request.offset < 0:
        raise Ga4Refusal(f"offset must be positive. The API received offset = {request.offset}")
    spans = _spans(request.date_ranges, today)
    _few("metrics", len(numbers), 10)
    filtered = list(dict.fromkeys(fields_of(request.dimension_filter)))
    named = {column.name: column for column in columns}
    _few("dimensions", len({*named, *filtered}), 9)
    if not numbers and not columns:
        raise Ga4Refusal("Requests require dimensions and/or metrics. Most requests include both.")
    for name in filtered:
        if name not in named and name not in DIMENSIONS:
            raise _no_dimension(name)
    by_sums = list(dict.fromkeys(fields_of(request.metric_filter)))
    headers = {number.name: number.metric for number in numbers}
    for name in by_sums:
        if name not in headers and metric_field(name, source.key_events) is None:
            raise _no_metric(name, source)
    _orders(request.order_bys, {*named, *headers, RANGE})
    if 4 in request.metric_aggregations:
        raise Ga4Refusal("Metric aggregation Count is not supported in ReportRequest.")
    parts = [part for column in columns for part in column.parts]
    others = [name for name in filtered if name not in named]
    metrics = [number.metric for number in numbers]
    metrics += [headers.get(name, name) for name in by_sums]
    if wrong := first_incompatible([*parts, *others], metrics):
        raise Ga4Refusal(
            f"Please remove {wrong} to make the request compatible for example. The request's "
            f"dimensions & metrics are incompatible. To learn more, see {_EXPLORER}"
        )
    keeps = compiled(request.dimension_filter)
    aliases = [named[name] for name in filtered if name in named]
    return Ask(
        columns,
        numbers,
        spans,
        tuple(dict.fromkeys([*parts, *others])),
        lambda values: keeps({**values, **{one.name: one.text(values) for one in aliases}}),
        compiled(request.metric_filter),
        tuple(by_sums),
        min(request.limit or _USUAL_ROWS, _MOST_ROWS),
        request.offset,
    )


def _few(kind: str, number: int, most: int) -> None:
    if number > most:
        raise Ga4Refusal(
            f"Requests are limited to {most} {kind} within a nested request.\n"
            f"  This request is for {number} {kind}."
        )


def _no_dimension(name: str) -> Ga4Refusal:
    return Ga4Refusal(
        f"{_meant(name, DIMENSIONS)}Field {name} is not a valid dimension. For a list of valid "
        f"dimensions and metrics, see {_SCHEMA}"
    )


def _no_metric(name: str, source: Property) -> Ga4Refusal:
    known = [*METRICS, *(f"keyEvents:{event}" for event in source.key_events)]
    return Ga4Refusal(
        f"{_meant(name, known)}Field {name} is not a valid metric.  For a list of valid "
        f"dimensions and metrics, see {_SCHEMA}"
    )


def _meant(name: str, known: Any) -> str:
    near = get_close_matches(name, list(known), 1, 0.8)
    return f"Did you mean {near[0]}? " if near else ""


def _numbers(asked: Sequence[Any], source: Property) -> tuple[Number, ...]:
    found = []
    for one in asked:
        name = one.expression or one.name
        field = metric_field(name, source.key_events)
        if field is None and re.search(r"[-+*/()]", one.expression):
            raise not_served("An expression of several metrics")
        if field is None:
            raise _no_metric(name, source)
        found.append(Number(one.name, OLD_NAMES.get(name, name), field, not one.invisible))
    if twice := _twice([number.name for number in found]):
        raise Ga4Refusal(f"Duplicate metrics are not allowed. Found duplicate metrics: {twice}")
    return tuple(found)


def _columns(asked: Sequence[Any]) -> tuple[Column, ...]:
    found = [_column(one) for one in asked]
    if twice := _twice([column.name for column in found]):
        raise Ga4Refusal(f"Found duplicate dimensions: {twice}")
    return tuple(found)


def _column(asked: Any) -> Column:
    expression = asked.dimension_expression
    kind = expression.WhichOneof("one_expression")
    if kind is None:
        part = _dimension(asked.name)
        return Column(asked.name, (part,), lambda values: values[part])
    if kind == "concatenate":
        parts = tuple(_dimension(name) for name in expression.concatenate.dimension_names)
        between = expression.concatenate.delimiter
        return Column(
            asked.name, parts, lambda values: between.join(values[each] for each in parts)
        )
    only = _dimension(getattr(expression, kind).dimension_name)
    change = str.lower if kind == "lower_case" else str.upper
    return Column(asked.name, (only,), lambda values: change(values[only]))


def _dimension(name: str) -> str:
    known = OLD_NAMES.get(name, name)
    if known not in DIMENSIONS:
        raise _no_dimension(name)
    return known


def _twice(names: Sequence[str]) -> str | None:
    return next((name for place, name in enumerate(names) if name in names[:place]), None)


def _orders(asked: Sequence[Any], known: set[str]) -> None:
    for one in asked:
        kind = one.WhichOneof("one_order_by")
        if kind == "pivot":
            raise Ga4Refusal("PivotOrderBy is not supported in a ReportRequest.")
        name = getattr(getattr(one, kind), f"{kind}_name") if kind else ""
        if name not in known:
            raise Ga4Refusal(
                f"Field {name} exists in OrderBy but is not defined in input Dimensions/Metrics "
                "list"
            )


def _spans(asked: Sequence[Any], today: date) -> tuple[Span, ...]:
    if not asked:
        raise Ga4Refusal("A dateRange is required.")
    if len(asked) > 4:
        raise Ga4Refusal(
            "Requests are limited to 4 dateRanges.\n"
            f"  This request contains {len(asked)} dateRanges."
        )
    found = []
    for place, one in enumerate(asked):
        first, last = _day("startDate", one.start_date, today), _day("endDate", one.end_date, today)
        for name, day in (("start_date", first), ("end_date", last)):
            if not _EARLIEST < day < _LATEST:
                raise Ga4Refusal(
                    f"{name} = {day} must be greater than {_EARLIEST} and less than {_LATEST}."
                )
        if first > last:
            raise Ga4Refusal(
                "start_date must be less than or equal to end_date. "
                f"start_date = {first} and end_date = {last}"
            )
        if one.name.startswith(("date_range_", "RESERVED_")):
            raise Ga4Refusal(
                f"The dateRange name {one.name} cannot begin with date_range_ or RESERVED_."
            )
        found.append(Span(one.name or f"date_range_{place}", first, last))
    return tuple(found)


def _day(name: str, text: str, today: date) -> date:
    if text in ("today", "yesterday"):
        return today - timedelta(days=text == "yesterday")
    if ago := _AGO.fullmatch(text):
        return today - timedelta(days=int(ago[1]))
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError as error:
        raise Ga4Refusal(
            f"Invalid {name} : {text}. {name} must be YYYY-MM-DD, NdaysAgo, yesterday, or today."
        ) from error
