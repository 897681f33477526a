"""LinkedIn's adAnalytics: sums of the daily lines by pivot and time.

https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/ads-reporting. There
is no paging, and an answer is cut at 15,000 elements without a word.
"""

import calendar
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from typing import Any

from include.sandbox.dataset import Record, World

MOST_ELEMENTS = 15_000
MOST_FIELDS = 20
PIVOTS = {
    "ACCOUNT": "account",
    "CAMPAIGN_GROUP": "campaignGroup",
    "CAMPAIGN": "campaign",
    "CREATIVE": "creative",
    "CONVERSION": "conversion",
}
# By these, too, the API divides; of none has a data set figures.
BARE_PIVOTS = (
    "CARD_INDEX",
    "COMPANY",
    "CONVERSATION_NODE",
    "CONVERSATION_NODE_OPTION_INDEX",
    "EVENT_STAGE",
    "IMPRESSION_DEVICE_TYPE",
    "MEMBER_COMPANY",
    "MEMBER_COMPANY_SIZE",
    "MEMBER_COUNTRY_V2",
    "MEMBER_COUNTY",
    "MEMBER_INDUSTRY",
    "MEMBER_JOB_FUNCTION",
    "MEMBER_JOB_TITLE",
    "MEMBER_REGION_V2",
    "MEMBER_SENIORITY",
    "PLACEMENT_NAME",
    "SERVING_LOCATION",
    "SHARE",
)
GRANULARITIES = ("DAILY", "MONTHLY", "YEARLY", "ALL")
FACETS = {
    "accounts": "account",
    "campaignGroups": "campaignGroup",
    "campaigns": "campaign",
    "creatives": "creative",
}
DECIMALS = frozenset(
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
# A day, its account, campaign group, campaign, creative and conversion, and the data set's line.
_Line = tuple[date, str, str | None, str, str | None, str | None, Record]
_PLACE = {part: place for place, part in enumerate(PIVOTS.values(), 1)}
_CACHED_BYTES = 2**30  # 2,000,000 rows by ad and day


class BadParameter(Exception):
    """A parameter the API refuses: its name, and why."""

    def __init__(
        self, field: str, reason: str = "Invalid value for param; wrong type or other syntax error"
    ) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


@dataclass
class _Answers:
    """Encoded answers by question, as many as fit."""

    held: dict[str, bytes] = field(default_factory=dict)
    size: int = 0

    def keep(self, question: str, answer: bytes) -> None:
        if self.size + len(answer) > _CACHED_BYTES:
            self.held.clear()
            self.size = 0
        self.held[question] = answer
        self.size += len(answer)


def analytics(world: World, parameters: Record) -> bytes:
    """The JSON answer of q=analytics or q=statistics, encoded once for a clock and question.

    `parameters` as restli.decode gives them. Raises BadParameter.
    """
    answers: _Answers = world.cache.setdefault("linkedin.analytics", _Answers())
    question = json.dumps(parameters, sort_keys=True)
    if question not in answers.held:
        elements = ",".join(_elements(world, parameters)[:MOST_ELEMENTS])
        paging = '{"start":0,"count":10,"links":[]}'
        answers.keep(question, f'{{"paging":{paging},"elements":[{elements}]}}'.encode())
    return answers.held[question]


def _elements(world: World, parameters: Record) -> list[str]:
    """The encoded elements in order of days and pivots, or as `sortBy` says."""
    pivots, names = _pivots(parameters), _fields(parameters)
    first, last = _dates(world, parameters)
    granularity = _plain(parameters, "timeGranularity")
    if granularity not in GRANULARITIES:
        raise BadParameter("timeGranularity")
    wanted = _wanted(world, parameters, first, last)
    if any(pivot in BARE_PIVOTS for pivot in pivots):
        return []
    values_of = itemgetter(*(_PLACE[PIVOTS[pivot]] for pivot in pivots))
    is_single = len(pivots) == 1
    found: dict[tuple[Any, ...], list[Record]] = {}
    for line in wanted:
        values = (values_of(line),) if is_single else values_of(line)
        if None not in values:
            key = (_period(line[0], granularity, first, last), values)
            found.setdefault(key, []).append(line[-1])
    metrics = [name for name in names if name not in _OTHER]
    encode = _encoder(names)
    elements = []
    for key in sorted(found):
        records = found[key]
        sums = _sums(metrics, records)
        # Where every figure asked for is 0 there is no element.
        if any(sums.values()) if metrics else any(map(_has_figures, records)):
            elements.append((key, sums))
    order = parameters.get("sortBy")
    if isinstance(order, dict) and order.get("field"):
        head, *rest = order["field"].lower().split("_")
        name = head + "".join(part.title() for part in rest)
        elements.sort(
            key=lambda element: element[1].get(name, 0),
            reverse=order.get("order") == "DESCENDING",
        )
    return [encode(key, sums) for key, sums in elements]


def _encoder(names: list[str]) -> Callable[[tuple[Any, ...], dict[str, Number]], str]:
    """How an element with those fields is written; ranges of days are written once."""
    ranges: dict[tuple[date, date], str] = {}

    def encode(key: tuple[Any, ...], sums: dict[str, Number]) -> str:
        period, values = key
        parts = []
        for name in names:
            if name == "dateRange":
                if period not in ranges:
                    ranges[period] = json.dumps(
                        {
                            side: {"year": day.year, "month": day.month, "day": day.day}
                            for side, day in zip(("start", "end"), period, strict=True)
                        }
                    )
                parts.append(f'"dateRange":{ranges[period]}')
            elif name == "pivotValues":
                parts.append(f'"pivotValues":{json.dumps(values)}')
            elif name in DECIMALS:
                parts.append(f'"{name}":"{sums[name]:f}"')
            elif name in _COUNTS:
                parts.append(f'"{name}":{sums[name]}')
        return f"{{{','.join(parts)}}}"

    return encode


def _sums(metrics: list[str], records: list[Record]) -> dict[str, Number]:
    """The exact sum of each figure; what a line lacks is 0."""
    if len(records) == 1:
        held = records[0]
        return {name: _number(name, held.get(name, 0)) for name in metrics}
    return {
        name: sum(
            [_number(name, record[name]) for record in records if name in record],
            Decimal(0) if name in DECIMALS else 0,
        )
        for name in metrics
    }


def _has_figures(record: Record) -> bool:
    return any(_number(name, value) for name, value in record.items() if name in DECIMALS | _COUNTS)


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
        if pivot not in PIVOTS and pivot not in BARE_PIVOTS:
            raise BadParameter(name)
    return asked


def _fields(parameters: Record) -> list[str]:
    """What an element carries: without `fields` impressions and clicks alone."""
    text = parameters.get("fields", "")
    names = [name.strip() for name in text.split(",") if name.strip()] or ["impressions", "clicks"]
    for name in names:
        if name not in DECIMALS | _COUNTS | _OTHER | _UNSERVED:
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
    places = [(_PLACE[part], asked) for part, asked in facets.items() if part != "account"]
    return (
        line
        for lines, days in _of_accounts(world, facets.get("account"))
        for line in lines[bisect_left(days, first) : bisect_right(days, last)]
        if all(line[place] in asked for place, asked in places)
    )


def _of_accounts(
    world: World, accounts: set[str] | None
) -> Iterator[tuple[list[_Line], list[date]]]:
    """Each account's lines in order of days, and those days.

    A campaign's group is looked up where a line lacks it; one that nobody describes has none.
    """
    if "linkedin.lines" not in world.cache:
        groups = {
            f"urn:li:sponsoredCampaign:{record['id']}": record.get("campaignGroup")
            for record in world.records("linkedin/campaigns")
        }
        of_account: dict[str, list[_Line]] = {}
        days: dict[str, date] = {}
        for record in world.records("linkedin/analytics"):
            text = record["date"]
            day = days.get(text) or days.setdefault(text, date.fromisoformat(text))
            campaign = record["campaign"]
            line = (
                day,
                record["account"],
                record.get("campaignGroup") or groups.get(campaign),
                campaign,
                record.get("creative"),
                record.get("conversion"),
                record,
            )
            of_account.setdefault(record["account"], []).append(line)
        for lines in of_account.values():
            lines.sort(key=itemgetter(0))
        world.cache["linkedin.lines"] = {
            account: (lines, [line[0] for line in lines]) for account, lines in of_account.items()
        }
    found: dict[str, tuple[list[_Line], list[date]]] = world.cache["linkedin.lines"]
    for account in found if accounts is None else accounts & found.keys():
        yield found[account]


def _number(name: str, value: Any) -> Number:
    if type(value) is int and name not in DECIMALS:
        return value
    try:
        return Decimal(str(value)) if name in DECIMALS else int(value)
    except (InvalidOperation, ValueError):
        return 0
