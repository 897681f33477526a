"""What a Google Ads query gives over the data set: rows as protobuf, 10,000 to a page.

Reporting rules: https://developers.google.com/google-ads/api/docs/reporting/overview, zero rows:
https://developers.google.com/google-ads/api/docs/reporting/zero-metrics. Metrics are the exact sums
of the daily lines that carry the id of the resource asked for.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from include.sandbox.dataset import Record, World
from include.sandbox.gaql import (
    CORE_DATES,
    Condition,
    GoogleAdsRefusal,
    Query,
    date_range,
    field_of,
    parse,
    row_message,
    test_of,
)
from include.sandbox.google_accounts import Account, Number, client_tree, segment
from include.sandbox.google_encoding import Encoder

PAGE_ROWS = 10_000

# Resources that can stand in FROM, and those whose fields may be selected along with them.
SERVED: dict[str, tuple[str, ...]] = {
    "customer": ("customer",),
    "campaign": ("customer", "campaign", "campaign_budget", "bidding_strategy"),
    "ad_group": ("customer", "campaign", "ad_group"),
    "ad_group_ad": ("customer", "campaign", "ad_group", "ad_group_ad"),
    "click_view": ("customer", "campaign", "ad_group", "click_view"),
    "customer_client": ("customer", "customer_client"),
}
_DEPTH = {"customer": 0, "campaign": 1, "ad_group": 2, "ad_group_ad": 3}
# Segments by which conversions alone can be told apart, and the metrics that go with them:
# https://developers.google.com/google-ads/api/docs/conversions/reporting
_ACTIONS = {
    "segments.conversion_action",
    "segments.conversion_action_category",
    "segments.conversion_action_name",
    "segments.external_conversion_source",
}
_BY_ACTION = {
    "metrics.all_conversions",
    "metrics.all_conversions_value",
    "metrics.conversions",
    "metrics.conversions_value",
    "metrics.value_per_conversion",
}
_RATIOS = {  # metric: numerator, denominator, factor
    "ctr": ("clicks", "impressions", 1),
    "average_cpc": ("cost_micros", "clicks", 1),
    "average_cpm": ("cost_micros", "impressions", 1000),
    "average_cost": ("cost_micros", "interactions", 1),
    "interaction_rate": ("interactions", "impressions", 1),
    "cost_per_conversion": ("cost_micros", "conversions", 1),
    "value_per_conversion": ("conversions_value", "conversions", 1),
    "conversions_from_interactions_rate": ("conversions", "interactions", 1),
}


@dataclass(frozen=True)
class Report:
    """An answer: pages of at most 10,000 rows, each a serialized SearchGoogleAdsStreamResponse
    without request id; the serialized summary row, None when there are no metrics to sum."""

    pages: list[bytes]
    total: int
    summary: bytes | None


# --- running a query --------------------------------------------------------------------------


def report(world: World, account: Account, text: str, version: str) -> Report:
    """The answer to a query, encoded once for a clock, customer, query and version.

    Raises GoogleAdsRefusal for what the API refuses.
    """
    key = ("google.report", account.id, text, version)
    if key not in world.cache:
        world.cache[key] = _Run(world, account, parse(text), version).report()
    found: Report = world.cache[key]
    return found


Row = tuple[Record, tuple[Any, ...], Sequence[Number]]  # entity, segment values, sums


class _Run:
    def __init__(self, world: World, account: Account, query: Query, version: str) -> None:
        self.world, self.account, self.query, self.version = world, account, query, version
        self.today = account.today(world)
        self.where = {
            group: [condition for condition in query.where if _group(condition.name) == group]
            for group in ("metrics", "segments", "")
        }
        self.metrics = [name for name in query.select if _group(name) == "metrics"]
        self.segments = [name for name in query.select if _group(name) == "segments"]
        self.attributes = [name for name in query.select if not _group(name)]
        self.has_actions = any(
            name in _ACTIONS for name in (*query.select, *(c.name for c in query.where))
        )
        self._check()
        self.first, self.last = self._dates()
        self.places = {name: place for place, name in enumerate(self._needed())}

    def _check(self) -> None:
        query, resource = self.query, self.query.resource
        known = row_message(self.version).DESCRIPTOR.fields_by_name
        if resource not in known or resource in ("metrics", "segments"):
            raise _refuse(
                "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE",
                f"Invalid resource type in FROM clause: '{resource}'.",
            )
        for clause, names in (
            ("SELECT", query.select),
            ("WHERE", [condition.name for condition in query.where]),
            ("SELECT", [name for name, _ in query.order_by]),
        ):
            for name in names:
                field_of(name, self.version)
                top = name.split(".")[0]
                if top in ("metrics", "segments"):
                    if resource == "customer_client" or (
                        resource == "click_view" and top == "metrics" and name != "metrics.clicks"
                    ):
                        kind = top.upper().removesuffix("S")
                        raise _refuse(
                            f"PROHIBITED_{kind}_IN_SELECT_OR_WHERE_CLAUSE",
                            f"The following {top} cannot be selected or filtered on: '{name}', "
                            "since it is incompatible with the resource in the FROM clause.",
                        )
                elif resource in SERVED and top not in SERVED[resource]:
                    raise _refuse(
                        f"PROHIBITED_RESOURCE_TYPE_IN_{clause}_CLAUSE",
                        f"Cannot use fields from the following resource in the {clause} clause: "
                        f"'{top.upper()}', since the resource is incompatible with the resource "
                        "in FROM clause.",
                    )
        self._check_order()
        unselected = [
            condition.name
            for condition in self.where["segments"]
            if condition.name not in (*query.select, *CORE_DATES)
        ]
        if unselected:
            raise _refuse(
                "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE",
                f"The following field must be present in SELECT clause: '{unselected[0]}'.",
            )
        asked = (*query.select, *(condition.name for condition in query.where))
        costly = [name for name in asked if _group(name) == "metrics" and name not in _BY_ACTION]
        if self.has_actions and costly:
            raise _refuse(
                "PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE",
                "Cannot select or filter on the following segments: 'segments.conversion_action' "
                f"(unsupported metrics: '{costly[0]}'), since the segments are incompatible with "
                "the metrics in the SELECT or WHERE clause.",
            )
        if self.account.customer["manager"] and any(_group(name) == "metrics" for name in asked):
            raise _refuse(
                "REQUESTED_METRICS_FOR_MANAGER",
                "Metrics cannot be requested for a manager account. To retrieve metrics, "
                "issue separate requests against each client account under the manager "
                "account.",
            )

    def _check_order(self) -> None:
        """https://developers.google.com/google-ads/api/docs/query/ordering-limiting"""
        selected = {self.query.resource, *(name.split(".")[0] for name in self.query.select)}
        for name, _ in self.query.order_by:
            if any(field.is_repeated for field in field_of(name, self.version)):
                raise _refuse(
                    "PROHIBITED_FIELD_IN_ORDER_BY_CLAUSE",
                    f"Cannot sort by the following field: '{name}'.",
                )
            named = name in self.query.select if _group(name) else name.split(".")[0] in selected
            if not named:
                raise _refuse(
                    "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE",
                    f"The following field must be present in SELECT clause: '{name}'.",
                )

    def _dates(self) -> tuple[str, str]:
        """First and last day the conditions on core dates leave, as texts."""
        core = [condition for condition in self.query.where if condition.name in CORE_DATES]
        used = core or any(name in CORE_DATES for name in self.query.select)
        closed = {
            "=": "<>",
            "IN": "<>",
            "BETWEEN": "<>",
            "DURING": "<>",
            ">": ">",
            ">=": ">",
            "<": "<",
            "<=": "<",
        }
        sides = {side for condition in core for side in closed.get(condition.operator, "")}
        if (used and len(sides) < 2) or (self.query.resource == "click_view" and not core):
            raise _refuse(
                "EXPECTED_FILTERS_ON_DATE_RANGE",
                "Expects filters on the following field to limit a finite date range: "
                "'segments.date'.",
            )
        first, last = date.min, date.max
        for condition in core:
            low, high = self._bounds(condition)
            first, last = max(first, low), min(last, high)
        if core and first > last:
            raise _refuse(
                "DATE_RANGE_TOO_NARROW", "Filters on date have a start date after the end date."
            )
        if self.query.resource == "click_view":
            if first != last:
                raise _refuse(
                    "DATE_RANGE_TOO_WIDE",
                    "Queries on click_view must have a filter limiting the results to one day.",
                )
            if first < self.today - timedelta(days=90):
                raise _refuse(
                    "BAD_VALUE",
                    "click_view can be requested for dates back to 90 days "
                    "before the time of the request.",
                )
        return first.isoformat(), last.isoformat()

    def _test(self, condition: Condition) -> Callable[[Any], bool]:
        return test_of(condition, field_of(condition.name, self.version)[-1], self.today)

    def _bounds(self, condition: Condition) -> tuple[date, date]:
        if condition.name != "segments.date":
            return date.min, date.max  # held against each line instead
        operator, value = condition.operator, condition.value
        self._test(condition)  # refuses what is no day
        if operator == "DURING":
            return date_range(str(value), self.today)
        days = [
            date.fromisoformat(str(item))
            for item in (value if isinstance(value, list) else [value])
        ]
        one = timedelta(days=1)
        # No day is beyond the last or before the first; what is asked for there is checked by line.
        return {
            "=": (days[0], days[0]),
            "IN": (min(days), max(days)),
            "BETWEEN": (days[0], days[-1]),
            ">=": (days[0], date.max),
            ">": (min(days[0], date.max - one) + one, date.max),
            "<=": (date.min, days[0]),
            "<": (date.min, max(days[0], date.min + one) - one),
        }.get(operator, (date.min, date.max))

    def report(self) -> Report:
        tests = [
            (condition.name.split(".", 1)[1], self._test(condition))
            for condition in self.where["metrics"]
        ]
        rows = [
            row
            for row in self._rows()
            if all(test(self._figure(row[2], name)) for name, test in tests)
        ]
        for name, descending in reversed(self.query.order_by):
            rows.sort(key=self._order(name), reverse=descending)
        total = len(rows)
        rows = rows[: self.query.limit]
        encoder = Encoder(self.query, self.version, self.places, self._figure)
        pages = [
            encoder.page(rows[start : start + PAGE_ROWS])
            for start in range(0, max(len(rows), 1), PAGE_ROWS)
        ]
        if not self.metrics:
            return Report(pages, total, None)
        totals = [sum(sums) for sums in zip(*(row[2] for row in rows), strict=True)]
        return Report(pages, total, encoder.summary(totals or [0] * len(self.places)))

    def _figure(self, sums: Sequence[Number], name: str) -> Number:
        """A metric, without prefix, out of a row's sums."""
        place = self.places.get(name)
        if place is not None:
            return sums[place]
        above, below, factor = _RATIOS[name]
        bottom = Decimal(sums[self.places[below]])
        return Decimal(sums[self.places[above]]) * factor / bottom if bottom else Decimal(0)

    # rows

    def _rows(self) -> Iterator[Row]:
        resource, account = self.query.resource, self.account
        tests = [
            (field_of(condition.name, self.version), self._test(condition))
            for condition in self.where[""]
        ]

        def fits(parts: Record) -> bool:
            return all(test(_value(parts, chain)) for chain, test in tests)

        if resource not in SERVED:
            return
        if resource == "click_view":
            yield from self._clicks(fits)
            return
        if resource == "customer_client":
            yield from (
                (parts, (), ()) for parts in client_tree(self.world, account) if fits(parts)
            )
            return
        depth = _DEPTH[resource]
        wanted = {
            ids: parts
            for ids, parts in account.entities.items()
            if len(ids) == depth and fits(parts)
        }
        if not self.places and not self.segments:
            yield from ((parts, (), ()) for parts in wanted.values())
            return
        sums = self._sums(wanted, depth)
        if self.segments:
            yield from (row for row in sums if any(row[2]))
            return
        found = {id(parts): row for row in sums for parts in (row[0],)}
        zeros = [0] * len(self.places)
        yield from (found.get(id(parts), (parts, (), zeros)) for parts in wanted.values())

    def _needed(self) -> list[str]:
        """Names, without prefix, of the metrics to sum for this query."""
        asked = [
            *self.metrics,
            *(condition.name for condition in self.where["metrics"]),
            *(name for name, _ in self.query.order_by if _group(name) == "metrics"),
        ]
        if self.segments and not self.metrics:
            asked.append("metrics.impressions")  # a day is there when something happened on it
        names: dict[str, None] = {}
        for name in asked:
            plain = name.split(".", 1)[1]
            for base in _RATIOS[plain][:2] if plain in _RATIOS else (plain,):
                names[base] = None
        return list(names)

    def _sums(self, wanted: dict[tuple[str, ...], Record], depth: int) -> Iterator[Row]:
        """A row for each entity and combination of segment values that any line is of."""
        lines = self.account.conversions if self.has_actions else self.account.lines
        tests = [
            (condition.name.split(".")[1], self._test(condition))
            for condition in self.where["segments"]
        ]
        names = [name.split(".")[1] for name in self.segments]
        # What the lines name by number, brought to what the query tells apart; None: left out.
        rows_of: list[Record | None] = [
            wanted.get(ids[:depth]) if len(ids) >= depth else None for ids in lines.ids
        ]
        values_of: list[tuple[Any, ...] | None] = [
            tuple([segment(held, name) for name in names])
            if all(test(segment(held, name)) for name, test in tests)
            else None
            for held in lines.kinds
        ]
        columns = [lines.column(name) for name in self.places]
        groups: dict[tuple[int, tuple[Any, ...]], Row] = {}
        span = range(bisect_left(lines.days, self.first), bisect_right(lines.days, self.last))
        entities, segments = lines.entities, lines.segments
        for at in span:
            parts, values = rows_of[entities[at]], values_of[segments[at]]
            if parts is None or values is None:
                continue
            key = (id(parts), values)
            row = groups.get(key)
            if row is None:
                groups[key] = (parts, values, [column[at] for column in columns])
            else:
                sums: list[Number] = row[2]  # type: ignore[assignment]
                for place, column in enumerate(columns):
                    sums[place] += column[at]
        yield from groups.values()

    def _clicks(self, fits: Callable[[Record], bool]) -> Iterator[Row]:
        account = self.account
        tests = [
            (condition.name.split(".")[1], self._test(condition))
            for condition in self.where["segments"]
        ]
        segments = [name.split(".")[1] for name in self.segments]
        for record in account.clicks.get(self.first, ()):
            held = record["segments"]
            if not all(test(segment(held, name)) for name, test in tests):
                continue
            ids = [str(record[part]["id"]) for part in ("campaign", "adGroup") if part in record]
            click = {
                "resourceName": f"{account.name}/clickViews/{held['date']}~"
                f"{record['clickView']['gclid']}",
                **record["clickView"],
            }
            parts = {**account.entity(*ids), "clickView": click}
            if fits(parts):
                clicks = int(record.get("metrics", {}).get("clicks", 1))
                yield (
                    parts,
                    tuple(segment(held, name) for name in segments),
                    [clicks if name == "clicks" else 0 for name in self.places],
                )

    def _order(self, name: str) -> Callable[[Row], Any]:
        def value(row: Row) -> Any:
            if _group(name) == "metrics":
                return self._figure(row[2], name.split(".", 1)[1])
            if _group(name) == "segments":
                return row[1][self.segments.index(name)] if name in self.segments else None
            return _value(row[0], field_of(name, self.version))

        return lambda row: ((held := value(row)) is not None, held if held is not None else 0)


def _refuse(code: str, message: str) -> GoogleAdsRefusal:
    return GoogleAdsRefusal("query_error", code, message)


def _group(name: str) -> str:
    top = name.split(".", 1)[0]
    return top if top in ("metrics", "segments") else ""


def _value(parts: Record, chain: tuple[Any, ...]) -> Any:
    """An attribute in the form conditions are held against; None when unset."""
    value: Any = parts
    for field in chain:
        value = value.get(field.json_name) if isinstance(value, dict) else None
    last = chain[-1]
    number = last.cpp_type in (last.CPPTYPE_INT64, last.CPPTYPE_INT32, last.CPPTYPE_DOUBLE)
    if value is not None and number and not last.is_repeated:
        return Decimal(str(value))
    return value
