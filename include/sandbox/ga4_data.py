"""The visits of a GA4 property, added up: sessions and events are sums, users are distinct people.

A line of `ga4/sessions` tells of one user, or of a group of users who behave alike, on one day.
Lines that name the same user are the same people, so that users of a week are fewer than the sum
of its days; see README.md.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.dataset import Record, World
from include.sandbox.ga4_schema import OTHER, date_value, values_of

Combination = tuple[str, ...]
_FIRST_USER = "firstUser"
# Distinct combinations of a day's values beyond which the rarest are told as one, unless the
# property says otherwise: https://support.google.com/analytics/answer/13331684
_ROW_LIMIT = 50_000


@dataclass(frozen=True, slots=True)
class Visit:
    """A line of the data: the day, who it was, the value of every dimension, and the figures."""

    day: date
    user: str
    values: Mapping[str, str]
    metrics: Mapping[str, Any]
    key_events: Mapping[str, Any]

    def value(self, dimension: str) -> str:
        """The value of a dimension."""
        return date_value(dimension, self.day) or self.values[dimension]


@dataclass(frozen=True)
class Property:
    """A GA4 property. `key_events` are the events that count as such."""

    record: Record
    key_events: tuple[str, ...]
    days: Mapping[date, Sequence[Visit]]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.record["timeZone"])

    def today(self, clock: datetime) -> date:
        """The property's present day."""
        return clock.astimezone(self.zone).date()


@dataclass
class Sums:
    """What lines add up to. Of a user, or group, seen on several lines the most that came at once
    are counted."""

    totals: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    events: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    users: dict[str, int] = field(default_factory=dict)
    active: dict[str, int] = field(default_factory=dict)

    def add(self, visit: Visit) -> None:
        """Counts a line."""
        totals, metrics = self.totals, visit.metrics
        sessions = int(metrics.get("sessions", 0))
        users = int(metrics.get("totalUsers", 1))
        engaged, new = int(metrics.get("engagedSessions", 0)), int(metrics.get("newUsers", 0))
        totals["sessions"] += sessions
        totals["engagedSessions"] += engaged
        totals["newUsers"] += new
        totals["duration"] += float(metrics.get("averageSessionDuration", 0)) * sessions
        for name in ("screenPageViews", "eventCount", "userEngagementDuration"):
            totals[name] += float(metrics.get(name, 0))
        for event, number in visit.key_events.items():
            self.events[event] += float(number)
        active = int(metrics.get("activeUsers", users if engaged or new else 0))
        self._count(self.users, visit.user, users)
        self._count(self.active, visit.user, active)

    def merge(self, other: "Sums") -> None:
        """Counts what another has counted."""
        for name, number in other.totals.items():
            self.totals[name] += number
        for event, number in other.events.items():
            self.events[event] += number
        for mine, its in ((self.users, other.users), (self.active, other.active)):
            for user, number in its.items():
                self._count(mine, user, number)

    @staticmethod
    def _count(users: dict[str, int], user: str, number: int) -> None:
        if number > users.get(user, 0):
            users[user] = number

    def figure(self, metric: str) -> float:
        """The value of a metric; a ratio without its denominator is 0, as the API gives it."""
        totals, sessions = self.totals, self.totals["sessions"]
        if metric == "totalUsers":
            return sum(self.users.values())
        if metric == "activeUsers":
            return sum(self.active.values())
        if metric.startswith("keyEvents"):
            event = metric.partition(":")[2]
            return self.events[event] if event else sum(self.events.values())
        ratios: dict[str, tuple[float, float]] = {
            "engagementRate": (totals["engagedSessions"], sessions),
            "bounceRate": (sessions - totals["engagedSessions"], sessions),
            "averageSessionDuration": (totals["duration"], sessions),
            "screenPageViewsPerSession": (totals["screenPageViews"], sessions),
            "sessionsPerUser": (sessions, sum(self.active.values())),
        }
        if metric in ratios:
            part, whole = ratios[metric]
            return part / whole if whole else 0.0
        return totals[metric]


def properties(world: World) -> Mapping[str, Property]:
    """The properties by name (`properties/1`), as known at the clock."""
    if "ga4.properties" not in world.cache:
        world.cache["ga4.properties"] = _properties(world)
    found: Mapping[str, Property] = world.cache["ga4.properties"]
    return found


def _properties(world: World) -> dict[str, Property]:
    lines: dict[str, list[Record]] = defaultdict(list)
    for record in world.records("ga4/sessions"):
        lines[record["property"]].append(record)
    found = {}
    for record in world.records("ga4/properties"):
        own = lines[record["name"]]
        events = {event for line in own for event in line.get("keyEvents", ())}
        key_events = tuple(sorted(events | set(record.get("keyEvents", ()))))
        found[record["name"]] = Property(record, key_events, _days(own))
    return found


def _days(lines: Sequence[Record]) -> dict[date, list[Visit]]:
    """The lines by day. Whoever first acquired a user is told by the user's first line, unless a
    line says it itself."""
    first: dict[str, dict[str, str]] = {}
    for line in sorted(lines, key=lambda line: line["date"]):
        if line["user"] not in first:
            stated = line.get("dimensions", {})
            first[line["user"]] = {
                name.replace("session", _FIRST_USER): value
                for name, value in stated.items()
                if name.startswith("session")
            }
    days: dict[date, list[Visit]] = defaultdict(list)
    known: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    for line in lines:
        stated = {**first[line["user"]], **line.get("dimensions", {})}
        key = tuple(sorted(stated.items()))
        if key not in known:
            known[key] = values_of(stated)
        day = date.fromisoformat(line["date"])
        days[day].append(
            Visit(day, line["user"], known[key], line["metrics"], line.get("keyEvents", {}))
        )
    return days


@dataclass(frozen=True)
class Table:
    """Sums by the combination of the dimensions' values, and whether rare ones became one."""

    rows: dict[Combination, Sums]
    is_condensed: bool


def table(
    source: Property,
    days: Iterable[date],
    dimensions: Sequence[str],
    kept: Callable[[Mapping[str, str]], bool],
    needed: Sequence[str],
    row_limit: int | None = None,
) -> Table:
    """The sums of some days by `dimensions`, of lines whose `needed` values (those asked for and
    those filtered by) are `kept`. On a day with more combinations of them than `row_limit` the
    rarest are one, `(other)`, before any filter sees them."""
    limit = row_limit or int(source.record.get("rowLimit", _ROW_LIMIT))
    places = [needed.index(name) for name in dimensions]
    rows: dict[Combination, Sums] = {}
    is_condensed = False
    for day in days:
        visits = source.days.get(day, ())
        combinations = [tuple(visit.value(name) for name in needed) for visit in visits]
        if len(visits) > limit and (renamed := _condensed(visits, combinations, needed, limit)):
            combinations = [renamed.get(values, values) for values in combinations]
            is_condensed = True
        decided: dict[Combination, bool] = {}
        for visit, values in zip(visits, combinations, strict=True):
            if values not in decided:
                decided[values] = kept(dict(zip(needed, values, strict=True)))
            if decided[values]:
                key = tuple(values[place] for place in places)
                if key not in rows:
                    rows[key] = Sums()
                rows[key].add(visit)
    return Table(rows, is_condensed)


def _condensed(
    visits: Sequence[Visit],
    combinations: Sequence[Combination],
    needed: Sequence[str],
    limit: int,
) -> dict[Combination, Combination]:
    """What the rarest combinations of a day are told as; of equally rare ones the later in the
    alphabet."""
    weight: dict[Combination, float] = defaultdict(float)
    for visit, values in zip(visits, combinations, strict=True):
        weight[values] += float(visit.metrics.get("sessions", 0))
    if len(weight) <= limit:
        return {}
    ranked = sorted(weight, key=lambda values: (-weight[values], values))
    day = visits[0].day
    other = tuple(date_value(name, day) or OTHER for name in needed)
    return dict.fromkeys(ranked[limit:], other)
