"""Who visited the site, as GA4 tells it: the visits behind the leads, and those that became none.

Every lead that came over the site has its visit, with the tags, the page and the day of its form.
The others follow from clicks that the networks report and, where nobody pays, from how often a
visit of the channel becomes a lead. Chance has a source of its own, so that no other figure moves.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from include.sandbox.generator.campaigns import GOOGLE, META, Campaign
from include.sandbox.generator.capture import SITE, Capture
from include.sandbox.generator.forms import FORM_KINDS
from include.sandbox.generator.frame import (
    DAY,
    HOUR,
    TIME_ZONE,
    Frame,
    Record,
    State,
    day_text,
    instant,
    local_day_of,
    noise,
    season,
)
from include.sandbox.generator.people import LeadRecord, Person

Lines = Iterator[tuple[str, Record]]

PROPERTY = "properties/330417205"
KEY_EVENT = "generate_lead"
# The UTC hour of the next morning at which a day is there.
_KNOWN_HOUR = 5
# channel: the share of its visits that become a lead, and the sources and mediums GA4 sees.
FREE: dict[str, tuple[float, tuple[tuple[str, str], ...]]] = {
    "Organic Search": (0.020, (("google", "organic"), ("bing", "organic"))),
    "Direct": (0.016, (("(direct)", "(none)"),)),
    "Email": (0.035, (("newsletter", "email"), ("hubspot", "email"))),
    "Organic Social": (0.011, (("linkedin.com", "referral"), ("linkedin", "social"))),
    "Referral": (0.040, (("softwareguide", "referral"), ("blog.cfo-weekly.example", "referral"))),
    "Partner": (0.060, (("kessler-consulting", "partner"),)),
    "Events": (0.080, (("fair-desk", "event"),)),
    "Content Syndication": (0.030, (("techtarget", "content-syndication"),)),
    "Outbound": (0.050, (("outreach", "outbound"),)),
}  # fmt: skip
# Of the clicks of a campaign, so many arrive; of one with forms on the network fewer.
_ARRIVING, _ARRIVING_BESIDE_FORMS = 0.84, 0.55
_PAGES = ("/", "/demo", "/pricing", "/product/planning", "/resources/budget-template",
          "/resources/forecast-guide", "/webinars/planning-live")  # fmt: skip
_COUNTRIES = ("Germany", "Germany", "United States", "United Kingdom", "Austria", "Switzerland")
_DEVICES = ("desktop", "desktop", "desktop", "mobile", "mobile", "tablet")
_CHANNEL_GROUPS = {"PERFORMANCE_MAX": "Cross-network", "VIDEO": "Paid Video"}
_SEARCHERS = {"www.google.com": "google", "www.google.de": "google", "www.bing.com": "bing",
              "duckduckgo.com": "duckduckgo"}  # fmt: skip


@dataclass(frozen=True)
class Came:
    """How a visit came: what GA4 sees of it, and the channel it truly belongs to."""

    channel: str
    stated: Mapping[str, str]


@dataclass
class _Count:
    """What is true of a month and channel, as known at the world's clock."""

    sessions: int = 0
    key_events: int = 0
    people: int = 0
    users: dict[str, int] = field(default_factory=dict)


class Visits:
    """Invents the visits of one world. `clicks` are those of (place in campaigns, day)."""

    def __init__(
        self,
        frame: Frame,
        campaigns: list[Campaign],
        clicks: Mapping[tuple[int, int], int],
        people: list[Person],
    ) -> None:
        self._frame, self._campaigns, self._clicks = frame, campaigns, clicks
        self._people = [person for person in people if not person.is_internal]
        self._rng = frame.chance("visits")
        self._by_id = {(one.platform, one.campaign_id): one for one in campaigns}
        self._truth: dict[tuple[str, str], _Count] = defaultdict(_Count)
        self._number = 0

    def lines(self) -> Lines:
        """The property, its visits, and what is true of them."""
        yield "ga4/properties", {
            "name": PROPERTY, "displayName": "fernhill.example", "timeZone": TIME_ZONE,
            "currencyCode": "EUR", "keyEvents": [KEY_EVENT],
        }  # fmt: skip
        brought: dict[tuple[str, int], int] = defaultdict(int)
        yield from self._of_leads(brought)
        yield from self._of_clicks(brought)
        yield from self._of_nobody(brought)
        yield from self._told_truth()

    # --- leads ----------------------------------------------------------------------------------

    def _of_leads(self, brought: dict[tuple[str, int], int]) -> Lines:
        """The visit in which each form was filled, and, of four in ten, one some days before.

        Counts in `brought` the visits with a form by channel, or campaign, and day."""
        rng = self._rng
        for person in self._people:
            if person.leads:
                first = local_day_of(person.leads[0].created)
                self._count(first, person.leads[0].capture.true.channel).people += 1
            is_new = True
            for lead in person.leads:
                if not came_over_the_site(lead):
                    continue
                day, capture = local_day_of(lead.created), lead.capture
                true = self._true(capture, day)
                came = DIRECT if capture.evidence == "cookie_lost" else true
                before = day - 1 - int(rng.random() * 10)
                is_second = capture.evidence == "cookie_lost" or rng.random() < 0.4
                common = {"country": person.org.country, "deviceCategory": rng.choice(_DEVICES)}
                page = _page(capture) or rng.choice(_PAGES)
                user = f"p{person.number}"
                if is_second and before >= self._frame.first_day:
                    yield from self._line(before, user, true, common, rng.choice(_PAGES), {
                        **_figures(1, 1, 1, 2 + int(rng.random() * 3)), "newUsers": int(is_new),
                    })  # fmt: skip
                    is_new = False
                yield from self._line(
                    day, user, came, common, page,
                    {**_figures(1, 1, 1, 2 + int(rng.random() * 5)), "newUsers": int(is_new)},
                    key_events=1,
                )  # fmt: skip
                is_new = False
                brought[came.stated.get("id") or came.channel, day] += 1

    def _true(self, capture: Capture, day: int) -> Came:
        true = capture.true
        if true.platform and true.campaign_id:
            return paid(self._by_id[true.platform, true.campaign_id], day)
        return free(capture)

    # --- visits that became nothing -------------------------------------------------------------

    def _of_clicks(self, brought: Mapping[tuple[str, int], int]) -> Lines:
        rng = self._rng
        for (place, day), clicks in sorted(self._clicks.items()):
            campaign = self._campaigns[place]
            came = paid(campaign, day)
            share = _ARRIVING_BESIDE_FORMS if campaign.kind in FORM_KINDS else _ARRIVING
            arrived = int(clicks * share * noise(rng, 0.08))
            arrived -= brought.get((came.stated["id"], day), 0)
            yield from self._crowd(day, came, arrived, engaged=0.35 + 0.1 * campaign.quality)

    def _of_nobody(self, brought: Mapping[tuple[str, int], int]) -> Lines:
        """Visits that nobody paid for: on a lively day more, in all as many as the channel's share
        of leads wants."""
        rng, days = self._rng, range(self._frame.first_day, self._frame.last_day + 1)
        lively = sum(map(season, days))
        for channel, (share, sources) in FREE.items():
            filled = sum(number for (name, _), number in brought.items() if name == channel)
            for day in days:
                wanted = filled / share * season(day) / lively * noise(rng, 0.25)
                arrived = int(wanted + rng.random()) - brought.get((channel, day), 0)
                source, medium = rng.choice(sources)
                stated = {"sessionSource": source, "sessionMedium": medium}
                if channel == "Email":
                    stated["sessionCampaignName"] = f"news_{1 + int(rng.random() * 12):02}"
                yield from self._crowd(day, Came(channel, stated), arrived, engaged=0.55)

    def _crowd(self, day: int, came: Came, arrived: int, *, engaged: float) -> Lines:
        """A day's visits of people nobody knows, who read one page in common; some return."""
        if arrived <= 0:
            return
        rng = self._rng
        self._number += 1
        user, page = f"v{self._number}", rng.choice(_PAGES)
        users = max(1, int(arrived * (0.88 + 0.12 * rng.random())))
        stayed = min(arrived, int(arrived * engaged * noise(rng, 0.2) + rng.random()))
        common = {"country": rng.choice(_COUNTRIES), "deviceCategory": rng.choice(_DEVICES)}
        figures = _figures(arrived, users, stayed, arrived + 2 * stayed)
        new = int(users * (0.6 + 0.3 * rng.random()))
        yield from self._line(day, user, came, common, page, {**figures, "newUsers": new})
        again, later = users // 4, day + 1 + int(rng.random() * 6)
        if again and rng.random() < 0.3 and later <= self._frame.last_day:
            back = _figures(again, again, again // 2, again * 2)
            yield from self._line(later, user, DIRECT, common, page, back)

    # --- lines ----------------------------------------------------------------------------------

    def _line(
        self,
        day: int,
        user: str,
        came: Came,
        common: Mapping[str, str],
        page: str,
        metrics: Mapping[str, int],
        key_events: int = 0,
    ) -> Lines:
        """The versions of a line: known the next morning, and of every seventh crowd more a day or
        two later. Counts in the truth what is known at the clock."""
        stated = {name: value for name, value in came.stated.items() if name != "id"}
        record: Record = {
            "property": PROPERTY, "date": day_text(day), "user": user,
            "dimensions": {**stated, "landingPagePlusQueryString": page, **common},
            "metrics": {name: value for name, value in metrics.items() if value},
        }  # fmt: skip
        if key_events:
            record["keyEvents"] = {KEY_EVENT: key_events}
        known = instant(day + 1, _KNOWN_HOUR * HOUR)
        states: list[State] = [(known, record)]
        if metrics["sessions"] > 3 and self._rng.random() < 0.15:
            early = {name: int(value * 0.9) for name, value in record["metrics"].items()}
            early["averageSessionDuration"] = metrics["averageSessionDuration"]
            late = known + DAY * (1 + int(self._rng.random() * 2))
            states = [(known, {**record, "metrics": early}), (late, record)]
        told = [state for since, state in states if since <= self._frame.clock]
        if told:
            count, figures = self._count(day, came.channel), told[-1]["metrics"]
            count.sessions += figures["sessions"]
            count.key_events += key_events
            count.users[user] = max(count.users.get(user, 0), figures["totalUsers"])
        for version in self._frame.versions(states):
            yield "ga4/sessions", version

    def _count(self, day: int, channel: str) -> _Count:
        return self._truth[day_text(day)[:7], channel]

    def _told_truth(self) -> Lines:
        for (month, channel), count in sorted(self._truth.items()):
            users = sum(count.users.values())
            yield "truth/visitors", {
                "month": month, "channel": channel, "sessions": count.sessions, "users": users,
                "key_events": count.key_events, "people": count.people,
                "lead_rate": f"{count.key_events / users:.6f}" if users else None,
            }  # fmt: skip


DIRECT = Came("Direct", {"sessionSource": "(direct)", "sessionMedium": "(none)"})


def came_over_the_site(lead: LeadRecord) -> bool:
    """Whether a form of the site made the lead: it left more than a picklist value."""
    return bool(lead.capture.fields.keys() - {"LeadSource"})


def paid(campaign: Campaign, day: int) -> Came:
    """A visit that a campaign paid for. Google's own tag tells id and name; other campaigns what
    their links are tagged with. `id` is the campaign's for the generator alone."""
    stated = {
        "sessionSource": {GOOGLE: "google", META: "facebook"}.get(campaign.platform, "linkedin"),
        "sessionMedium": "cpc" if campaign.platform == GOOGLE else "paid_social",
        "id": f"{campaign.platform}/{campaign.account.account_id}/{campaign.campaign_id}",
    }
    if campaign.kind in ("DISPLAY", "VIDEO"):
        stated["sessionMedium"] = campaign.kind.lower()
    is_google = campaign.platform == GOOGLE
    if is_google or campaign.tagging in ("id", "both"):
        stated["sessionCampaignId"] = campaign.campaign_id
    if is_google or campaign.tagging in ("name", "both"):
        stated["sessionCampaignName"] = campaign.name_on(day)
    elif campaign.tagging == "slug":
        stated["sessionCampaignName"] = campaign.slug
    if group := _CHANNEL_GROUPS.get(campaign.kind):
        stated["sessionDefaultChannelGroup"] = group
    return Came(campaign.channel, stated)


def free(capture: Capture) -> Came:
    """A visit that nobody paid for, as its tags or its referrer tell it."""
    fields, channel = capture.fields, capture.true.channel
    if source := fields.get("UTM_Source__c"):
        stated = {"sessionSource": source, "sessionMedium": fields["UTM_Medium__c"]}
        if campaign := fields.get("UTM_Campaign__c"):
            stated["sessionCampaignName"] = campaign
        return Came(channel, stated)
    if host := urlsplit(fields.get("Referrer__c", "")).hostname:
        engine = _SEARCHERS.get(host)
        stated = {
            "sessionSource": engine or host.removeprefix("www."),
            "sessionMedium": "organic" if engine else "referral",
        }
        return Came(channel, stated)
    return DIRECT


def _page(capture: Capture) -> str:
    """The path of the page a form stood on; "" where the CRM does not know it."""
    page: str = capture.fields.get("Landing_Page__c", "")
    return page.removeprefix(SITE).partition("?")[0]


def _figures(sessions: int, users: int, engaged: int, views: int) -> dict[str, int]:
    return {
        "sessions": sessions, "totalUsers": users, "activeUsers": min(users, engaged),
        "engagedSessions": engaged, "screenPageViews": views, "eventCount": 3 * sessions + views,
        "averageSessionDuration": 15 + 90 * engaged // sessions,
    }  # fmt: skip
