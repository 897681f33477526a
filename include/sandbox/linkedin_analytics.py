"""LinkedIn's adAnalytics: sums of the daily lines by pivot and time.

https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/ads-reporting. There
is no paging, and an answer is cut at 15,000 elements without a word.
"""

import calendar
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from include.sandbox.dataset import Record, World

MOST_ELEMENTS = 15_000
MOST_FIELDS = 20
PIVOTS = {
    "ACCOUNT": "account",
    "CAMPAIGN_GROUP": "campaignGroup",
    "CAMPAIGN": "campaign",
    "CREATIVE": "creative",
}
GRANULARITIES = ("DAILY", "MONTHLY", "YEARLY", "ALL")
FACETS = {
    "accounts": "account",
    "campaignGroups": "campaignGroup",
    "campaigns": "campaign",
    "creatives": "creative",
}
_DECIMALS = frozenset(
    {
        "costInLocalCurrency",
        "costInUsd",
        "conversionValueInLocalCurrency",
        "qualifiedLeadsCostInLocalCurrency",
    }
)
_COUNT_NAMES = """
    actionClicks adUnitClicks approximateMemberReach approximateUniqueImpressions cardClicks
    cardImpressions clicks commentLikes comments companyPageClicks documentCompletions
    documentFirstQuartileCompletions documentMidpointCompletions
    documentThirdQuartileCompletions downloadClicks externalWebsiteConversions
    externalWebsitePostClickConversions externalWebsitePostViewConversions follows
    fullScreenPlays headlineClicks headlineImpressions impressions jobApplications
    jobApplyClicks landingPageClicks leadGenerationMailContactInfoShares
    leadGenerationMailInterestedClicks likes oneClickLeadFormOpens oneClickLeads opens
    otherEngagements postClickJobApplications postClickJobApplyClicks postClickRegistrations
    postViewJobApplications postViewJobApplyClicks postViewRegistrations qualifiedLeads
    reactions registrations sends shares subscriptionClicks talentLeads textUrlClicks
    totalEngagements validWorkEmailLeads videoCompletions videoFirstQuartileCompletions
    videoMidpointCompletions videoStarts videoThirdQuartileCompletions videoViews
    viralCardClicks viralCardImpressions viralClicks viralCommentLikes viralComments
    viralCompanyPageClicks viralDocumentCompletions viralDocumentFirstQuartileCompletions
    viralDocumentMidpointCompletions viralDocumentThirdQuartileCompletions viralDownloadClicks
    viralExternalWebsiteConversions viralExternalWebsitePostClickConversions
    viralExternalWebsitePostViewConversions viralFollows viralFullScreenPlays viralImpressions
    viralJobApplications viralJobApplyClicks viralLandingPageClicks viralLikes
    viralOneClickLeadFormOpens viralOneClickLeads viralOtherEngagements
    viralPostClickJobApplications viralPostClickJobApplyClicks viralPostClickRegistrations
    viralPostViewJobApplications viralPostViewJobApplyClicks viralPostViewRegistrations
    viralReactions viralRegistrations viralShares viralTotalEngagements viralVideoCompletions
    viralVideoFirstQuartileCompletions viralVideoMidpointCompletions viralVideoStarts
    viralVideoThirdQuartileCompletions viralVideoViews
"""
_COUNTS = frozenset(_COUNT_NAMES.split())
_OTHER = frozenset({"dateRange", "pivotValues", "pivot"})
# Known to the API, never in an answer here: they are averages and objects, no sums.
_UNSERVED = frozenset(
    {
        "averageDailyReachMetrics",
        "averageDwellTime",
        "audiencePenetration",
        "averagePreviousSevenDayReachMetrics",
        "costPerQualifiedLead",
        "averagePreviousThirtyDayReachMetrics",
    }
)

Number = int | Decimal


class BadParameter(Exception):
    """A parameter the API refuses: its name, and why."""

    def __init__(
        self, field: str, reason: str = "Invalid value for param; wrong type or other syntax error"
    ) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


@dataclass(frozen=True)
class _Line:
    day: date
    urns: dict[str, str]
    metrics: dict[str, Number]


def analytics(world: World, parameters: Record) -> bytes:
    """The JSON answer of q=analytics or q=statistics, encoded once for a clock and question.

    `parameters` as restli.decode gives them. Raises BadParameter.
    """
    key = ("linkedin.analytics", json.dumps(parameters, sort_keys=True))
    if key not in world.cache:
        elements = _elements(world, parameters)[:MOST_ELEMENTS]
        answer = {"paging": {"start": 0, "count": 10, "links": []}, "elements": elements}
        world.cache[key] = json.dumps(answer, ensure_ascii=False).encode()
    found: bytes = world.cache[key]
    return found


def _elements(world: World, parameters: Record) -> list[Record]:
    pivots, names = _pivots(parameters), _fields(parameters)
    first, last = _dates(world, parameters)
    granularity = _plain(parameters, "timeGranularity")
    if granularity not in GRANULARITIES:
        raise BadParameter("timeGranularity")
    sums: dict[tuple[Any, ...], dict[str, Number]] = {}
    for line in _wanted(world, parameters, first, last):
        values = tuple(line.urns.get(PIVOTS[pivot], "") for pivot in pivots)
        if "" in values:
            continue
        key = (_period(line.day, granularity, first, last), values)
        held = sums.setdefault(key, {})
        for name, value in line.metrics.items():
            held[name] = held.get(name, 0) + value
    elements = []
    asked = [name for name in names if name not in _OTHER]  # where all of them are 0: no element
    for (period, values), held in sorted(sums.items(), key=lambda item: item[0]):
        if any(held.get(name) for name in asked or held):
            elements.append(_element(names, period, values, held))
    order = parameters.get("sortBy")
    if isinstance(order, dict) and order.get("field"):
        head, *rest = order["field"].lower().split("_")
        name = head + "".join(part.title() for part in rest)
        elements.sort(
            key=lambda element: Decimal(str(element.get(name, 0))),
            reverse=order.get("order") == "DESCENDING",
        )
    return elements


def _element(
    names: list[str], period: tuple[date, date], values: tuple[str, ...], sums: dict[str, Number]
) -> Record:
    element: Record = {}
    for name in names:
        if name == "dateRange":
            element[name] = {
                side: {"year": day.year, "month": day.month, "day": day.day}
                for side, day in zip(("start", "end"), period, strict=True)
            }
        elif name == "pivotValues":
            element[name] = list(values)
        elif name in _DECIMALS:
            element[name] = format(Decimal(sums.get(name, 0)), "f")
        elif name in _COUNTS:
            element[name] = int(sums.get(name, 0))
    return element


def _plain(parameters: Record, name: str) -> str:
    """A text; some clients wrap an enum as (value:X)."""
    value = parameters.get(name, "")
    if isinstance(value, dict):
        value = value.get("value", "")
    if not isinstance(value, str):
        raise BadParameter(name)
    return value


def _pivots(parameters: Record) -> list[str]:
    if parameters.get("q") == "analytics":
        asked = [_plain(parameters, "pivot")]
        name = "pivot"
    else:
        asked, name = parameters.get("pivots", []), "pivots"
        if not isinstance(asked, list) or not 1 <= len(asked) <= 3:
            raise BadParameter(name)
    for pivot in asked:
        if pivot not in PIVOTS:
            raise BadParameter(name)
    return asked


def _fields(parameters: Record) -> list[str]:
    """What an element carries: without `fields` impressions and clicks alone."""
    text = parameters.get("fields", "")
    names = [name.strip() for name in text.split(",") if name.strip()] or ["impressions", "clicks"]
    for name in names:
        if name not in _DECIMALS | _COUNTS | _OTHER | _UNSERVED:
            raise BadParameter("fields", f"Unrecognized field {name}")
    if len(names) > MOST_FIELDS:
        raise BadParameter(
            "fields", f"At most {MOST_FIELDS} fields can be requested, {len(names)} were"
        )
    return names


def _dates(world: World, parameters: Record) -> tuple[date, date]:
    given = parameters.get("dateRange")
    if not isinstance(given, dict) or "start" not in given:
        raise BadParameter("dateRange")
    today = world.clock.date()
    try:
        first, last = (
            date(*(int(given[side][part]) for part in ("year", "month", "day")))
            if side in given
            else today
            for side in ("start", "end")
        )
    except (KeyError, ValueError, TypeError) as error:
        raise BadParameter("dateRange") from error
    if first > last:
        raise BadParameter("dateRange", "Start date must not be after the end date")
    return first, last


def _period(day: date, granularity: str, first: date, last: date) -> tuple[date, date]:
    if granularity == "DAILY":
        return day, day
    if granularity == "ALL":
        return first, last
    low, high = date(day.year, 1, 1), date(day.year, 12, 31)
    if granularity == "MONTHLY":
        low = day.replace(day=1)
        high = day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return max(low, first), min(high, last)


def _wanted(world: World, parameters: Record, first: date, last: date) -> Iterator[_Line]:
    facets: dict[str, set[str]] = {}
    for name, part in FACETS.items():
        if name in parameters:
            asked = parameters[name]
            if not isinstance(asked, list) or not asked:
                raise BadParameter(name)
            if not all(
                isinstance(urn, str) and urn.startswith("urn:li:sponsored") for urn in asked
            ):
                raise BadParameter(name)
            facets[part] = set(asked)
    if not facets:
        raise BadParameter(
            "accounts", "At least one of accounts, campaignGroups, campaigns, creatives is required"
        )
    lines, days = _lines(world)
    for line in lines[bisect_left(days, first) : bisect_right(days, last)]:
        if all(line.urns.get(part) in asked for part, asked in facets.items()):
            yield line


def _lines(world: World) -> tuple[list[_Line], list[date]]:
    """The daily lines in order of days; a campaign's group is looked up where a line lacks it."""
    if "linkedin.lines" not in world.cache:
        groups = {
            f"urn:li:sponsoredCampaign:{record['id']}": record.get("campaignGroup")
            for record in world.records("linkedin/campaigns")
        }
        lines = []
        for record in world.records("linkedin/analytics"):
            urns = {part: record[part] for part in PIVOTS.values() if record.get(part)}
            if "campaignGroup" not in urns and groups.get(record["campaign"]):
                urns["campaignGroup"] = groups[record["campaign"]]
            metrics: dict[str, Number] = {
                name: _number(name, record[name])
                for name in record
                if name in _COUNTS or name in _DECIMALS
            }
            lines.append(_Line(date.fromisoformat(record["date"]), urns, metrics))
        lines.sort(key=lambda line: line.day)
        world.cache["linkedin.lines"] = lines, [line.day for line in lines]
    found: tuple[list[_Line], list[date]] = world.cache["linkedin.lines"]
    return found


def _number(name: str, value: Any) -> Number:
    try:
        return Decimal(str(value)) if name in _DECIMALS else int(value)
    except (InvalidOperation, ValueError):
        return 0
