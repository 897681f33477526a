"""What a Google Ads query gives over the data set: rows as protobuf, 10,000 to a page.

Reporting rules: https://developers.google.com/google-ads/api/docs/reporting/overview, zero rows:
https://developers.google.com/google-ads/api/docs/reporting/zero-metrics. Metrics are the exact sums
of the daily lines that carry the id of the resource asked for.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from include.sandbox.dataset import Record, World
from include.sandbox.gaql import Condition, Query, field_of, parse
from include.sandbox.gaql_conditions import test_of
from include.sandbox.google_accounts import Account, Number, client_tree, segment
from include.sandbox.google_checks import SERVED, check, day_range, group_of, is_by_action
from include.sandbox.google_encoding import Encoder

PAGE_ROWS = 10_000

_DEPTH = {"customer": 0, "campaign": 1, "ad_group": 2, "ad_group_ad": 3}
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
            group: [condition for condition in query.where if group_of(condition.name) == group]
            for group in ("metrics", "segments", "")
        }
        self.metrics = [name for name in query.select if group_of(name) == "metrics"]
        self.segments = [name for name in query.select if group_of(name) == "segments"]
        self.attributes = [name for name in query.select if not group_of(name)]
        check(query, version, account.customer["manager"])
        self.first, self.last = day_range(query, version, self.today)
        self.places = {name: place for place, name in enumerate(self._needed())}

    def _test(self, condition: Condition) -> Callable[[Any], bool]:
        return test_of(condition, field_of(condition.name, self.version)[-1], self.today)

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
            *(name for name, _ in self.query.order_by if group_of(name) == "metrics"),
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
        lines = self.account.conversions if is_by_action(self.query) else self.account.lines
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
            if group_of(name) == "metrics":
                return self._figure(row[2], name.split(".", 1)[1])
            if group_of(name) == "segments":
                return row[1][self.segments.index(name)] if name in self.segments else None
            return _value(row[0], field_of(name, self.version))

        return lambda row: ((held := value(row)) is not None, held if held is not None else 0)


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
