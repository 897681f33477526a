"""GA4 reports: what runReport, batchRunReports, getMetadata and checkCompatibility answer.

Messages are those of the installed google-analytics-data package, which takes a second to import
and is imported when the first call comes. Behaviour follows
https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/runReport.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from include.sandbox.dataset import World
from include.sandbox.ga4_access import Ga4Refusal, Quota, cost, property_of
from include.sandbox.ga4_data import Combination, Property, Sums, table
from include.sandbox.ga4_faults import Fault, spoil
from include.sandbox.ga4_filters import number_text
from include.sandbox.ga4_request import RANGE, Ask, Number, Span, read
from include.sandbox.ga4_schema import (
    DIMENSIONS,
    METRICS,
    OLD_NAMES,
    counts_users,
    describe,
    first_incompatible,
    metadata,
    metric_field,
)

_TOTAL, _MINIMUM, _MAXIMUM = 1, 5, 6
_COMPATIBLE, _INCOMPATIBLE = 1, 2
_BATCH = 5


@cache
def message(name: str) -> Any:
    """The class of a message, as protobuf has it."""
    return getattr(import_module("google.analytics.data_v1beta.types"), name).pb()


@dataclass(frozen=True)
class Row:
    """A row to be: the dimensions' texts, the range it belongs to, and its sums."""

    texts: Combination
    span: Span
    sums: Sums

    def figures(self, numbers: Sequence[Number]) -> list[float]:
        return [self.sums.figure(number.metric) for number in numbers]


def run_report(world: World, request: Any, fault: Fault | None = None) -> Any:
    """The RunReportResponse to a RunReportRequest. Raises Ga4Refusal."""
    source = property_of(world, request.property)
    ask = read(request, source, source.today(world.clock))
    days = sum(len(span.days) for span in ask.spans)
    tokens, quota = cost(days, len(ask.columns), len(ask.numbers)), Quota.of(world, source)
    quota.spend(tokens)
    response = message("RunReportResponse")(kind="analyticsData#runReport")
    rows = _rows(source, ask, response.metadata, fault or {})
    rows = _ordered(ask, request.order_bys, rows)
    _write(response, ask, request, rows)
    response.metadata.currency_code = request.currency_code or source.record["currencyCode"]
    response.metadata.time_zone = source.record["timeZone"]
    if request.return_property_quota:
        quota.tell(response.property_quota, tokens)
    return spoil(response, fault)


def batch_run_reports(world: World, request: Any, fault: Fault | None = None) -> Any:
    """The BatchRunReportsResponse to a BatchRunReportsRequest. Raises Ga4Refusal."""
    property_of(world, request.property)
    if not request.requests:
        raise Ga4Refusal("The batchRunReportsRequest must contain at least one runReportRequest.")
    if len(request.requests) > _BATCH:
        raise Ga4Refusal(
            f"Batch requests are limited to {_BATCH} requests.\n"
            f"  This batch request contains {len(request.requests)} requests."
        )
    response = message("BatchRunReportsResponse")(kind="analyticsData#batchRunReports")
    for one in request.requests:
        if one.property not in ("", request.property):
            raise Ga4Refusal(
                "The property of a request in a batch must be unspecified or that of the batch."
            )
        one.property = request.property
        response.reports.append(run_report(world, one, fault))
    return response


def get_metadata(world: World, name: str) -> Any:
    """The Metadata of `properties/1/metadata`; of property 0 what all have. Raises Ga4Refusal."""
    held = name.removesuffix("/metadata")
    events = () if held == "properties/0" else property_of(world, held).key_events
    return metadata(message("Metadata")(), name, events)


def check_compatibility(world: World, request: Any) -> Any:
    """The CheckCompatibilityResponse: of every field whether it may be added. Raises Ga4Refusal."""
    source = property_of(world, request.property)
    dimensions = [OLD_NAMES.get(one.name, one.name) for one in request.dimensions]
    metrics = [OLD_NAMES.get(one.name, one.name) for one in request.metrics]
    known = set(dimensions) <= set(DIMENSIONS)
    known &= all(metric_field(name, source.key_events) for name in metrics)
    if not known or first_incompatible(dimensions, metrics):
        raise Ga4Refusal("The dimensions and metrics are incompatible.")
    response = message("CheckCompatibilityResponse")()
    for field in DIMENSIONS.values():
        fits = not first_incompatible([*dimensions, field.name], metrics)
        _compatible(request, response.dimension_compatibilities, "dimension_metadata", field, fits)
    for field in METRICS.values():
        fits = not first_incompatible(dimensions, [*metrics, field.name])
        _compatible(request, response.metric_compatibilities, "metric_metadata", field, fits)
    return response


def _compatible(request: Any, into: Any, part: str, field: Any, fits: bool) -> None:
    state = _COMPATIBLE if fits else _INCOMPATIBLE
    if request.compatibility_filter in (0, state):
        entry = into.add(compatibility=state)
        describe(getattr(entry, part), field)


def _rows(source: Property, ask: Ask, said: Any, fault: Mapping[str, Any]) -> list[Row]:
    """The rows of all ranges that filters and thresholds leave; tells in the response's metadata
    what was withheld or rolled up."""
    planned = fault.get("kind")
    limit = int(fault.get("rows", 1)) if planned == "other_row" else None
    least = int(source.record.get("thresholdUsers", 0))
    if planned == "threshold":
        least = int(fault.get("users", 50))
    is_protected = least > 0 and counts_users([number.metric for number in ask.numbers])
    parts = list(dict.fromkeys(part for column in ask.columns for part in column.parts))
    rows = []
    for span in ask.spans:
        found = table(source, span.days, parts, ask.keeps, ask.needed, limit)
        said.data_loss_from_other_row |= found.is_condensed
        merged: dict[Combination, Sums] = {}
        for combination, sums in found.rows.items():
            values = dict(zip(parts, combination, strict=True))
            texts = tuple(column.text(values) for column in ask.columns)
            if texts in merged:
                merged[texts].merge(sums)
            else:
                merged[texts] = sums
        rows += [Row(texts, span, sums) for texts, sums in merged.items()]
    if is_protected:
        said.subject_to_thresholding = True
        rows = [row for row in rows if row.sums.figure("totalUsers") >= least]
    return [row for row in rows if ask.keeps_sums(_by_name(ask, row))]


def _by_name(ask: Ask, row: Row) -> dict[str, float]:
    named = {number.name: number.metric for number in ask.numbers}
    return {
        name: row.sums.figure(named.get(name, OLD_NAMES.get(name, name)))
        for name in ask.metrics_filtered
    }


def _ordered(ask: Ask, orders: Sequence[Any], rows: list[Row]) -> list[Row]:
    """The rows in the order asked for; without one by the first metric, greatest first. What is
    equal keeps the order of its texts, so that pages fit together."""
    rows = sorted(rows, key=lambda row: (row.texts, ask.spans.index(row.span)))
    if not orders and ask.numbers:
        return sorted(rows, key=lambda row: -row.sums.figure(ask.numbers[0].metric))
    places = {column.name: place for place, column in enumerate(ask.columns)}
    metrics = {number.name: number.metric for number in ask.numbers}
    for order in reversed(orders):
        if order.HasField("metric"):
            metric = metrics[order.metric.metric_name]
            rows.sort(key=lambda row: row.sums.figure(metric), reverse=order.desc)
            continue
        name, rule = order.dimension.dimension_name, order.dimension.order_type
        if name in places:
            place = places[name]
            rows.sort(key=lambda row: _rank(row.texts[place], rule), reverse=order.desc)
        elif name == RANGE:
            rows.sort(key=lambda row: row.span.name, reverse=order.desc)
        else:
            metric = metrics[name]
            rows.sort(key=lambda row: row.sums.figure(metric), reverse=order.desc)
    return rows


def _rank(text: str, rule: int) -> Any:
    """What a dimension's text is sorted by; in a numeric order what is no number comes first."""
    if rule == 3:
        try:
            return 1, float(text)
        except ValueError:
            return 0, 0.0
    return text.lower() if rule == 2 else text


def _write(response: Any, ask: Ask, request: Any, rows: list[Row]) -> None:
    """Headers, the page of rows, aggregates of all rows, and their number."""
    shown = [number for number in ask.numbers if number.is_visible]
    for column in ask.columns:
        response.dimension_headers.add(name=column.name)
    if len(ask.spans) > 1:
        response.dimension_headers.add(name=RANGE)
    for number in shown:
        header = response.metric_headers.add(name=number.name)
        values = header.DESCRIPTOR.fields_by_name["type_"].enum_type.values_by_name
        header.type_ = values[number.field.type].number
    if ask.numbers and not request.keep_empty_rows:
        rows = [row for row in rows if any(row.figures(ask.numbers))]
    for row in rows[ask.offset : ask.offset + ask.limit]:
        _add(response.rows, ask, row.texts, row.span, row.figures(shown))
    response.row_count = len(rows)
    for span in ask.spans:
        own = [row for row in rows if row.span is span]
        if not own or not shown:
            continue
        figures = [row.figures(shown) for row in own]
        if _TOTAL in request.metric_aggregations:
            whole = Sums()
            for row in own:
                whole.merge(row.sums)
            total = Row((), span, whole).figures(shown)
            _add(response.totals, ask, _reserved(ask, "TOTAL"), span, total)
        for kind, into, name, pick in (
            (_MAXIMUM, response.maximums, "MAX", max),
            (_MINIMUM, response.minimums, "MIN", min),
        ):
            if kind in request.metric_aggregations:
                picked = [pick(column) for column in zip(*figures, strict=True)]
                _add(into, ask, _reserved(ask, name), span, picked)


def _reserved(ask: Ask, name: str) -> Combination:
    return (f"RESERVED_{name}",) * len(ask.columns)


def _add(into: Any, ask: Ask, texts: Combination, span: Span, figures: Sequence[float]) -> None:
    row = into.add()
    for text in texts:
        row.dimension_values.add(value=text)
    if len(ask.spans) > 1:
        row.dimension_values.add(value=span.name)
    for figure in figures:
        row.metric_values.add(value=number_text(figure))
