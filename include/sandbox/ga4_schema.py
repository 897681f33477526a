"""What a GA4 property can be asked for: dimensions, metrics, and which of them go together.

Names, types and categories are those of
https://developers.google.com/analytics/devguides/reporting/data/v1/api-schema, a small part of
them. Channels follow the published rules of the default channel group, whose lists of sites are
shorter here (https://support.google.com/analytics/answer/9756891).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

NOT_SET = "(not set)"
OTHER = "(other)"
# Dimensions that a line of the data may state; every other one follows from these and the day.
STATED = (
    "sessionSource",
    "sessionMedium",
    "sessionCampaignName",
    "sessionCampaignId",
    "sessionDefaultChannelGroup",
    "landingPagePlusQueryString",
    "deviceCategory",
    "country",
    "firstUserSource",
    "firstUserMedium",
    "firstUserCampaignName",
    "firstUserCampaignId",
    "firstUserDefaultChannelGroup",
)
# Figures that a line of the data may carry, beside its key events.
CARRIED = (
    "sessions",
    "totalUsers",
    "activeUsers",
    "newUsers",
    "engagedSessions",
    "screenPageViews",
    "eventCount",
    "averageSessionDuration",
    "userEngagementDuration",
)
KEY_EVENT = "keyEvents:"
# Attribution of the key event, not of the session: asked for with key events alone.
_OF_KEY_EVENTS = {
    "source": "sessionSource",
    "medium": "sessionMedium",
    "sourceMedium": "sessionSourceMedium",
    "campaignName": "sessionCampaignName",
    "campaignId": "sessionCampaignId",
    "defaultChannelGroup": "sessionDefaultChannelGroup",
}
_DATES: dict[str, Callable[[date], str]] = {
    "date": lambda day: day.strftime("%Y%m%d"),
    "year": lambda day: day.strftime("%Y"),
    "yearMonth": lambda day: day.strftime("%Y%m"),
    "month": lambda day: day.strftime("%m"),
    "day": lambda day: day.strftime("%d"),
    "dayOfWeek": lambda day: str(day.isoweekday() % 7),
}
_SEARCH = re.compile(r"^(google|bing|yahoo|duckduckgo|ecosia|baidu|yandex|qwant)(\.|$)", re.I)
_SOCIAL = re.compile(
    r"^((www|l|lm|m|business)\.)?(facebook|fb|instagram|ig|linkedin|lnkd|twitter|x|t|reddit|"
    r"pinterest|tiktok|xing)(\.\w+)*$",
    re.I,
)
_VIDEO = re.compile(r"^(www\.)?(youtube|vimeo|dailymotion|twitch)(\.\w+)*$", re.I)
_PAID = re.compile(r"^(.*cp.*|ppc|retargeting|paid.*)$", re.I)
_DISPLAY = ("display", "banner", "expandable", "interstitial", "cpm")
_SOCIAL_MEDIUMS = ("social", "social-network", "social-media", "sm", "social network")
_EMAIL = re.compile(r"^(e-?mail|e[_ ]mail)$", re.I)


@dataclass(frozen=True)
class Field:
    """A dimension or a metric as `getMetadata` tells it; `type` names a metric's MetricType."""

    name: str
    ui_name: str
    category: str
    description: str
    type: str = ""
    deprecated: tuple[str, ...] = ()


def _fields(text: str) -> dict[str, Field]:
    rows = (line.split("|") for line in text.strip().splitlines())
    found = {}
    for name, ui_name, category, kind, deprecated, description in rows:
        old = tuple(deprecated.split()) if deprecated else ()
        found[name] = Field(name, ui_name, category, description, kind, old)
    return found


DIMENSIONS = _fields("""
campaignId|Campaign ID|Attribution|||The identifier of the marketing campaign of the key event.
campaignName|Campaign|Attribution|||The name of the marketing campaign of the key event.
country|Country|Geography|||The country from which the user activity originated.
date|Date|Time|||The date of the event, formatted as YYYYMMDD.
day|Day|Time|||The day of the month, a two-digit number from 01 to 31.
dayOfWeek|Day of week|Time||dayOfWeekZero|The integer day of the week, from 0 (Sunday) to 6.
defaultChannelGroup|Default channel group|Attribution|||The key event's default channel group.
deviceCategory|Device category|Platform / Device|||The type of device: desktop, tablet, or mobile.
firstUserCampaignId|First user campaign ID|Traffic Source|||Identifier of the first campaign.
firstUserCampaignName|First user campaign|Traffic Source|||Campaign that first acquired the user.
firstUserDefaultChannelGroup|First user default channel group|Traffic Source|||Its channel group.
firstUserMedium|First user medium|Traffic Source|||The medium that first acquired the user.
firstUserSource|First user source|Traffic Source|||The source that first acquired the user.
firstUserSourceMedium|First user source / medium|Traffic Source|||Both of them together.
landingPage|Landing page|Page / Screen|||The page path of the first pageview in a session.
landingPagePlusQueryString|Landing page + query string|Page / Screen|||With its query string.
medium|Medium|Attribution|||The medium attributed to the key event.
month|Month|Time|||The month of the event, a two digit integer from 01 to 12.
sessionCampaignId|Session campaign ID|Traffic Source|||The marketing campaign ID of a session.
sessionCampaignName|Session campaign|Traffic Source|||The marketing campaign name of a session.
sessionDefaultChannelGroup|Session default channel group|Traffic Source||\
sessionDefaultChannelGrouping|The session's default channel group.
sessionMedium|Session medium|Traffic Source|||The medium that initiated a session.
sessionSource|Session source|Traffic Source|||The source that initiated a session.
sessionSourceMedium|Session source / medium|Traffic Source|||Both of them together.
source|Source|Attribution|||The source attributed to the key event.
sourceMedium|Source / medium|Attribution|||The key event's source and medium together.
year|Year|Time|||The four-digit year of the event.
yearMonth|Year month|Time|||The four digit year and month of the event, YYYYMM.
""")
METRICS = _fields("""
activeUsers|Active users|User|TYPE_INTEGER||The number of distinct users who were active.
averageSessionDuration|Average session duration|Session|TYPE_SECONDS||Mean seconds of a session.
bounceRate|Bounce rate|Session|TYPE_FLOAT||The share of sessions that were not engaged.
engagedSessions|Engaged sessions|Session|TYPE_INTEGER||Sessions of 10 seconds, 2 views, a key event.
engagementRate|Engagement rate|Session|TYPE_FLOAT||The share of sessions that were engaged.
eventCount|Event count|Event|TYPE_INTEGER||The count of events.
keyEvents|Key events|Event|TYPE_FLOAT|conversions|The count of key events.
newUsers|New users|User|TYPE_INTEGER||Users who interacted for the first time.
screenPageViews|Views|Page / Screen|TYPE_INTEGER||The number of pages or screens viewed.
screenPageViewsPerSession|Views per session|Page / Screen|TYPE_FLOAT||Views divided by sessions.
sessions|Sessions|Session|TYPE_INTEGER||The number of sessions that began.
sessionsPerUser|Sessions per active user|Session|TYPE_FLOAT||Sessions divided by active users.
totalUsers|Total users|User|TYPE_INTEGER||The number of distinct users with an event.
userEngagementDuration|User engagement|User|TYPE_SECONDS||Seconds the site was in the foreground.
""")
OLD_NAMES = {
    old: field.name
    for field in (*DIMENSIONS.values(), *METRICS.values())
    for old in field.deprecated
}
_USERS = {"totalUsers", "activeUsers", "newUsers", "sessionsPerUser"}


def metric_field(name: str, key_events: tuple[str, ...]) -> Field | None:
    """The metric of a name, one of a property's own key events included; None: there is none."""
    found = METRICS.get(OLD_NAMES.get(name, name))
    event = name.removeprefix(KEY_EVENT)
    if found is None and event != name and event in key_events:
        return Field(name, event, "Event", f"The count of the key event {event}.", "TYPE_FLOAT")
    return found


def counts_users(metrics: list[str]) -> bool:
    """Whether a report of these metrics tells of users, which thresholds protect."""
    return not _USERS.isdisjoint(metrics)


def first_incompatible(dimensions: list[str], metrics: list[str]) -> str | None:
    """The field without which the rest goes together; None: all do. Dimensions that tell of a key
    event go with key events, with the day and with each other."""
    if not any(name in _OF_KEY_EVENTS for name in dimensions):
        return None
    others = [name for name in metrics if name.partition(":")[0] != "keyEvents"]
    others += [name for name in dimensions if name not in _OF_KEY_EVENTS and name not in _DATES]
    return others[0] if others else None


def channel_group(source: str, medium: str, campaign: str) -> str:
    """The default channel group of a source, medium and campaign name."""
    low = medium.lower()
    paid = bool(_PAID.match(medium))
    social = bool(_SOCIAL.match(source))
    video = bool(_VIDEO.match(source))
    rules: tuple[tuple[bool, str], ...] = (
        (source == "(direct)" and low in ("(none)", NOT_SET), "Direct"),
        ("cross-network" in campaign.lower(), "Cross-network"),
        (paid and low != "cpm" and bool(_SEARCH.match(source)), "Paid Search"),
        (paid and social, "Paid Social"),
        (paid and video, "Paid Video"),
        (low in _DISPLAY, "Display"),
        (paid, "Paid Other"),
        (social or low in _SOCIAL_MEDIUMS, "Organic Social"),
        (video or "video" in low, "Organic Video"),
        (low == "organic" or bool(_SEARCH.match(source)), "Organic Search"),
        (low in ("referral", "app", "link"), "Referral"),
        (bool(_EMAIL.match(medium) or _EMAIL.match(source)), "Email"),
        (low == "affiliate", "Affiliates"),
        (low == "audio", "Audio"),
        (low == "sms" or source.lower() == "sms", "SMS"),
    )
    return next((group for holds, group in rules if holds), "Unassigned")


def _campaign(medium: str) -> str:
    """What stands for the campaign of a visit without one."""
    return {"(none)": "(direct)", "organic": "(organic)", "referral": "(referral)"}.get(
        medium.lower(), NOT_SET
    )


def traffic(stated: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Source, medium, campaign and channel under a prefix (`session`, `firstUser`), completed."""
    source = stated.get(f"{prefix}Source", "(direct)")
    medium = stated.get(f"{prefix}Medium", "(none)" if source == "(direct)" else NOT_SET)
    campaign = stated.get(f"{prefix}CampaignName", _campaign(medium))
    channel = stated.get(f"{prefix}DefaultChannelGroup") or channel_group(source, medium, campaign)
    return {
        f"{prefix}Source": source,
        f"{prefix}Medium": medium,
        f"{prefix}SourceMedium": f"{source} / {medium}",
        f"{prefix}CampaignName": campaign,
        f"{prefix}CampaignId": stated.get(f"{prefix}CampaignId", _campaign(medium)),
        f"{prefix}DefaultChannelGroup": channel,
    }


def values_of(stated: Mapping[str, str]) -> dict[str, str]:
    """The value of every dimension that is no date, of a line that states these (first touch of the
    user included)."""
    session = traffic(stated, "session")
    page = stated.get("landingPagePlusQueryString", NOT_SET)
    return {
        **session,
        **traffic(stated, "firstUser"),
        **{name: session[twin] for name, twin in _OF_KEY_EVENTS.items()},
        "landingPagePlusQueryString": page,
        "landingPage": page.partition("?")[0],
        "deviceCategory": stated.get("deviceCategory", NOT_SET),
        "country": stated.get("country", NOT_SET),
    }


def date_value(name: str, day: date) -> str | None:
    """The value of a dimension that is a date; None: it is none."""
    form = _DATES.get(name)
    return form(day) if form else None


def metadata(response: Any, name: str, key_events: tuple[str, ...]) -> Any:
    """Fills a Metadata message: every dimension and metric, sorted as the API sorts them."""
    response.name = name
    for field in DIMENSIONS.values():
        describe(response.dimensions.add(), field)
    own = (metric_field(f"{KEY_EVENT}{event}", key_events) for event in sorted(key_events))
    for metric in (*METRICS.values(), *own):
        assert metric is not None
        describe(response.metrics.add(), metric)
    return response


def describe(message: Any, field: Field) -> None:
    """Fills a DimensionMetadata or MetricMetadata."""
    message.api_name, message.ui_name = field.name, field.ui_name
    message.description, message.category = field.description, field.category
    message.deprecated_api_names.extend(field.deprecated)
    if field.type:
        kind = message.DESCRIPTOR.fields_by_name["type_"]
        message.type_ = kind.enum_type.values_by_name[field.type].number
