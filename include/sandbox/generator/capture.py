"""What a visitor leaves in the CRM: tags, click ids, pages, as untidy as they are in life.

Every capture also says what truly happened and what the evidence allows one to conclude under the
first-touch rules of the product (present names; click views and lead forms as far back as the
networks still answer them at the world's clock).
"""

from dataclasses import dataclass
from random import Random
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from include.sandbox.generator.campaigns import GOOGLE, LINKEDIN, META, Ad, AdGroup, Campaign
from include.sandbox.generator.frame import AS_OF
from include.sandbox.generator.names import token

SITE = "https://www.fernhill.example"
# Google answers click views of fewer days before today than this, in whatever zone it is asked.
CLICK_VIEW_DAYS = 90


class Place(NamedTuple):
    """Where a touch came from."""

    channel: str
    platform: str | None = None
    account_id: str | None = None
    campaign_id: str | None = None


UNATTRIBUTED = Place("Unattributed")


@dataclass(frozen=True)
class Click:
    """A Google click whose gclid reached the CRM."""

    campaign: Campaign
    group: AdGroup | None
    ad: Ad | None
    gclid: str
    day: int

    @property
    def is_kept(self) -> bool:
        """Whether Google still answers it at the world's clock."""
        return self.day > AS_OF.toordinal() - CLICK_VIEW_DAYS


@dataclass(frozen=True)
class FormFill:
    """A form filled on the network itself, which brings the lead to the CRM some time later.

    `is_kept`: whether the network still answers it at the world's clock.
    """

    campaign: Campaign
    group: AdGroup
    ad: Ad
    response_id: str
    at: int
    is_kept: bool


@dataclass(frozen=True)
class Capture:
    """The fields of one form, what they prove, and what was true.

    `evidence` names the best thing left behind, `untidy` what was done to it.
    """

    fields: dict[str, str]
    evidence: str
    true: Place
    expected: Place
    untidy: tuple[str, ...] = ()
    click: Click | None = None
    form: FormFill | None = None


NOTHING = Capture({}, "none", UNATTRIBUTED, UNATTRIBUTED)

_UTM = {
    "utm_source": "UTM_Source__c", "utm_medium": "UTM_Medium__c",
    "utm_campaign": "UTM_Campaign__c", "utm_content": "UTM_Content__c", "utm_term": "UTM_Term__c",
    "utm_id": "UTM_Id__c", "gclid": "GCLID__c", "fbclid": "FBCLID__c", "li_fat_id": "LI_FAT_ID__c",
}  # fmt: skip
_PAGES = ("/", "/demo", "/pricing", "/product/planning", "/resources/budget-template",
          "/resources/forecast-guide", "/webinars/planning-live")  # fmt: skip
_SOURCES = {
    GOOGLE: ("google",) * 7 + ("Google", "GOOGLE", "google.com"),
    META: ("facebook",) * 4 + ("fb", "Facebook", "Facebook.com", "ig", "instagram", "FB"),
    LINKEDIN: ("linkedin",) * 6 + ("LinkedIn", "linkedin.com", "LINKEDIN"),
}
_MEDIUMS = {
    "Paid Search": ("cpc",) * 7 + ("CPC", "ppc", "Cpc"),
    "Paid Social": ("paid_social",) * 4 + ("paidsocial", "paid-social", "cpc", "Paid_Social"),
    "Display": ("display",) * 4 + ("cpm", "Display"),
}
_MACROS = {
    GOOGLE: ("{campaignid}", "{campaign_name}"),
    META: ("{{campaign.id}}", "{{campaign.name}}", "%7B%7Bcampaign.name%7D%7D"),
    LINKEDIN: ("{{CAMPAIGN_GROUP_ID}}", "{{CAMPAIGN_GROUP_NAME}}"),
}


def normalized(name: str) -> str:
    """A campaign name without case and with single spaces."""
    return " ".join(name.lower().split())


class Tagger:
    """Makes captures of paid visits; knows which present names are unique within their platform."""

    def __init__(self, campaigns: list[Campaign]) -> None:
        self._bearers: dict[tuple[str, str], list[Campaign]] = {}
        for campaign in campaigns:
            key = (campaign.platform, normalized(campaign.name))
            self._bearers.setdefault(key, []).append(campaign)

    def visit(self, rng: Random, campaign: Campaign, day: int) -> Capture:
        """The capture of a lead that a campaign brought on a day (in the account's zone)."""
        true = Place(
            campaign.channel, campaign.platform, campaign.account.account_id, campaign.campaign_id
        )
        platform_only = Place(campaign.tagged_channel, campaign.platform)
        mishap = rng.random()
        click = _click(rng, campaign, day)
        searching = campaign.kind in ("SEARCH", "PERFORMANCE_MAX")
        if mishap < 0.01:
            return Capture({}, "none", true, UNATTRIBUTED)
        if mishap < 0.04:
            # The visitor comes back later, without the tags.
            fields = {"LeadSource": "Web", "Landing_Page__c": SITE + rng.choice(_PAGES)}
            return Capture(fields, "cookie_lost", true, Place("Direct"))
        if mishap < 0.08:
            fields = {"LeadSource": campaign.tagged_channel}
            expected = Place(campaign.tagged_channel)
            return Capture(fields, "lead_source_only", true, expected)
        if mishap < 0.18 and searching and click:
            fields = {"GCLID__c": click.gclid, "LeadSource": "Web"}
            fields["Landing_Page__c"] = f"{SITE}{rng.choice(_PAGES)}?gclid={click.gclid}"
            if click.is_kept:
                return Capture(fields, "click_id_harvestable", true, true, click=click)
            return Capture(fields, "click_id_too_old", true, platform_only, click=click)
        tags = {
            "utm_source": rng.choice(_SOURCES[campaign.platform]),
            "utm_medium": "video"
            if campaign.kind == "VIDEO"
            else rng.choice(_MEDIUMS[campaign.tagged_channel]),
        }
        untidy: list[str] = []
        if mishap < 0.22:
            tags["utm_campaign"] = rng.choice(_MACROS[campaign.platform])
            evidence, expected = "unexpanded_macro", platform_only
        elif mishap < 0.25:
            evidence, expected = "channel_only", platform_only
        else:
            evidence, expected = self._tag(rng, campaign, day, tags, untidy)
        if evidence == "campaign_id" and searching and click and rng.random() < 0.04:
            tags.pop("utm_medium")
            untidy.append("missing_medium")
        if campaign.groups and rng.random() < 0.5:
            tags["utm_content"] = rng.choice(campaign.groups).ads[0].ad_id
        if campaign.kind == "SEARCH" and rng.random() < 0.6:
            tags["utm_term"] = rng.choice(_KEYWORDS)
        tags.update(_click_tags(rng, campaign, click))
        fields = _form(rng, tags, untidy)
        fields.update(_lead_source(rng, campaign.tagged_channel))
        clicked = click if "gclid" in tags else None
        if clicked and clicked.is_kept and expected != true:
            untidy.append(evidence)
            evidence, expected = "click_id_harvestable", true
        return Capture(fields, evidence, true, expected, tuple(untidy), clicked)

    def _tag(
        self, rng: Random, campaign: Campaign, day: int, tags: dict[str, str], untidy: list[str]
    ) -> tuple[str, Place]:
        """Adds the campaign's own tags; gives the evidence and what follows from it."""
        full = Place(
            campaign.channel, campaign.platform, campaign.account.account_id, campaign.campaign_id
        )
        unknown = Place(campaign.tagged_channel, campaign.platform)
        name = campaign.name_on(day)
        if campaign.tagging == "slug":
            tags["utm_campaign"] = campaign.slug
            return "alias_needed", unknown
        if campaign.tagging in ("id", "both"):
            spelled = _spelled_id(rng, campaign, untidy)
            own = campaign.tagging == "id" and rng.random() < 0.35
            tags["utm_campaign" if own else "utm_id"] = spelled
            if campaign.tagging == "both":
                tags["utm_campaign"] = _spelled_name(rng, name, untidy)
            return "campaign_id", full
        tags["utm_campaign"] = _spelled_name(rng, name, untidy)
        bearers = [
            bearer
            for bearer in self._bearers.get((campaign.platform, normalized(name)), [])
            if bearer.first_day <= day
        ]
        if len(bearers) > 1:
            return "ambiguous_name", unknown
        return ("campaign_name", full) if bearers else ("campaign_name_before_rename", unknown)


_KEYWORDS = (
    "planning software", "controlling software", "fp&a tools", "budget template", "forecasting",
    "month end close", "financial consolidation",
)  # fmt: skip


def _click(rng: Random, campaign: Campaign, day: int) -> Click | None:
    if campaign.platform != GOOGLE:
        return None
    group = rng.choice(campaign.groups) if campaign.groups else None
    ad = rng.choice(group.ads) if group else None
    gclid = f"Cj0KCQ{token(rng, 38)}_wcB"
    # Some think it over for a few days before they fill the form.
    clicked = day - int(rng.random() * 9) if rng.random() < 0.15 else day
    if not campaign.runs(clicked):
        clicked = day
    return Click(campaign, group, ad, gclid, clicked)


def _click_tags(rng: Random, campaign: Campaign, click: Click | None) -> dict[str, str]:
    if click:
        # The medium "video" does not say that somebody paid: there the click id must.
        tagged = campaign.kind == "VIDEO" or rng.random() < 0.85
        return {"gclid": click.gclid} if tagged else {}
    if campaign.platform == META and rng.random() < 0.8:
        return {"fbclid": f"IwAR{token(rng, 28)}"}
    if campaign.platform == LINKEDIN and rng.random() < 0.5:
        parts = [token(rng, length).lower() for length in (8, 4, 4, 4, 12)]
        return {"li_fat_id": "-".join(parts)}
    return {}


def _spelled_id(rng: Random, campaign: Campaign, untidy: list[str]) -> str:
    chance = rng.random()
    if chance < 0.1:
        untidy.append("id_as_decimal")
        return f"{campaign.campaign_id}.0"
    if chance < 0.3 and campaign.platform == LINKEDIN:
        untidy.append("id_as_urn")
        return f"urn:li:sponsoredCampaignGroup:{campaign.campaign_id}"
    return campaign.campaign_id


def _spelled_name(rng: Random, name: str, untidy: list[str]) -> str:
    """The name as a hidden form field ends up holding it."""
    chance = rng.random()
    if chance < 0.5:
        return name
    spellings = (
        ("lower_case", name.lower()),
        ("upper_case", name.upper()),
        ("plus", quote_plus(name)),
        ("percent", quote(name)),
        ("double_encoding", quote(quote(name))),
        ("blanks", f"  {name.replace(' ', '  ')} "),
    )
    kind, spelled = spellings[int((chance - 0.5) * 2 * len(spellings))]
    untidy.append(kind)
    return spelled


def _form(rng: Random, tags: dict[str, str], untidy: list[str]) -> dict[str, str]:
    """The form's hidden fields and its landing page."""
    page = SITE + rng.choice(_PAGES)
    # What a field holds already encoded is what the URL held; the rest is encoded on the way.
    query = "&".join(
        f"{key}={value if '%' in value else quote_plus(value)}" for key, value in tags.items()
    )
    chance = rng.random()
    if chance < 0.1:
        untidy.append("landing_page_only")
        return {"Landing_Page__c": f"{page}?{query}"}
    fields = {_UTM[key]: value for key, value in tags.items()}
    if chance < 0.9:
        fields["Landing_Page__c"] = f"{page}?{query}" if chance < 0.5 else page
    return fields


def _lead_source(rng: Random, channel: str) -> dict[str, str]:
    """The picklist value beside paid tags: one that says nothing, or the paid channel itself."""
    chance = rng.random()
    if chance < 0.1:
        return {}
    if chance < 0.18:
        return {"LeadSource": "White Paper"}
    if chance < 0.3:
        return {"LeadSource": channel}
    return {"LeadSource": "Web"}


# channel: (source, medium) tags · referrers · LeadSource values, each with its share.
_FREE: dict[str, tuple[tuple[tuple[str, str], ...], tuple[str, ...], tuple[str, ...]]] = {
    "Organic Search": (
        (("google", "organic"), ("bing", "organic"), ("Google", "Organic")),
        ("https://www.google.com/", "https://www.google.de/", "https://www.bing.com/",
         "https://duckduckgo.com/"),
        ("Organic Search",),
    ),
    "Organic Social": (
        (("linkedin", "social"), ("LinkedIn", "Social"), ("facebook", "social")),
        ("https://www.linkedin.com/", "https://lnkd.in/", "https://l.facebook.com/"),
        ("Organic Social",),
    ),
    "Email": (
        (("newsletter", "email"), ("hubspot", "email"), ("Newsletter", "Email"),
         ("nurture", "newsletter")),
        (),
        ("Email", "Newsletter"),
    ),
    "Referral": (
        (("softwareguide", "referral"), ("cfo-weekly", "referral")),
        ("https://www.softwareguide.example/planning-tools",
         "https://blog.cfo-weekly.example/2025/tools"),
        ("Referral", "Customer Referral", "Employee Referral"),
    ),
    "Partner": ((("kessler-consulting", "partner"),), (), ("Partner",)),
    "Direct": ((), (), ("Direct",)),
    "Events": ((("fair-desk", "event"),), (), ("Trade Show", "Event", "Webinar")),
    "Content Syndication": (
        (("techtarget", "content-syndication"),), (), ("Content Syndication",),
    ),
    "Outbound": ((("outreach", "outbound"),), (), ("Outbound", "Cold Call", "Purchased List")),
    "Other": ((), (), ("Other",)),
}  # fmt: skip


def free_visit(rng: Random, channel: str) -> Capture:
    """The capture of a lead that no paid campaign brought."""
    place = Place(channel)
    tagged, referrers, lead_sources = _FREE[channel]
    chance = rng.random()
    page = {"Landing_Page__c": SITE + rng.choice(_PAGES)}
    web = {"LeadSource": "Web"} if rng.random() < 0.7 else {}
    if channel in ("Outbound", "Other", "Direct") and chance < 0.05:
        return Capture({}, "none", place, UNATTRIBUTED)
    if tagged and chance < 0.4:
        source, medium = rng.choice(tagged)
        fields = {"UTM_Source__c": source, "UTM_Medium__c": medium, **page, **web}
        if channel == "Email":
            fields["UTM_Campaign__c"] = f"news_{1 + int(rng.random() * 12):02}"
        return Capture(fields, "channel_only", place, place)
    if referrers and chance < 0.8:
        referrer = rng.choice(referrers)
        fields = {"Referrer__c": referrer, **page, **web}
        if "facebook" in referrer:
            fields["FBCLID__c"] = f"IwAR{token(rng, 28)}"
        return Capture(fields, "referrer_only", place, place)
    if channel == "Direct" and chance < 0.8:
        return Capture({**page, **web}, "direct", place, place)
    return Capture({"LeadSource": rng.choice(lead_sources)}, "lead_source_only", place, place)
