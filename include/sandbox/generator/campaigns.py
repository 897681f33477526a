"""The ad accounts and the campaigns, in one shape for all three networks.

LinkedIn's campaign group is the campaign here, its campaign the ad group, its creative the ad.
"""

from dataclasses import dataclass, field
from random import Random

from include.sandbox.generator.frame import PER_EURO, Frame

GOOGLE, META, LINKEDIN = "google_ads", "facebook_ads", "linkedin_ads"
_GOOGLE_CHANNELS = {
    "SEARCH": "Paid Search",
    "DISPLAY": "Display",
    "VIDEO": "Display",
    "PERFORMANCE_MAX": "Paid Other",
}


@dataclass(frozen=True)
class AdAccount:
    """One ad account. `known_hour` is the UTC hour at which yesterday's figures are there: the
    morning in the account's zone, and before noon UTC."""

    platform: str
    account_id: str
    name: str
    currency: str
    time_zone: str
    known_hour: int


@dataclass(frozen=True)
class Ad:
    ad_id: str
    name: str
    share: float


@dataclass(frozen=True)
class AdGroup:
    group_id: str
    name: str
    ads: tuple[Ad, ...]


@dataclass
class Campaign:
    """One campaign. `names` are (first ordinal day, name); `tagging` says how its links are tagged:
    by id, by name, by both, or by a hand-written slug. `budget` is in account currency a day, `cpl`
    the euros a lead costs there, `quality` how readily its leads buy (1 is usual)."""

    account: AdAccount
    campaign_id: str
    kind: str
    names: list[tuple[int, str]]
    first_day: int
    last_day: int
    budget: float
    cpl: float
    quality: float
    tagging: str
    final_status: str
    groups: list[AdGroup]
    pauses: list[tuple[int, int]] = field(default_factory=list)

    @property
    def platform(self) -> str:
        return self.account.platform

    @property
    def channel(self) -> str:
        """The channel its visitors truly belong to."""
        if self.platform != GOOGLE:
            return "Paid Social"
        return _GOOGLE_CHANNELS[self.kind]

    @property
    def tagged_channel(self) -> str:
        """The channel that its tags alone tell, to one who does not know the campaign."""
        return "Paid Search" if self.kind == "PERFORMANCE_MAX" else self.channel

    @property
    def name(self) -> str:
        """The present name."""
        return self.names[-1][1]

    def name_on(self, day: int) -> str:
        """The name it bore on a day."""
        return [name for since, name in self.names if since <= day or since == self.names[0][0]][-1]

    def runs(self, day: int) -> bool:
        """Whether it spends on a day."""
        if not self.first_day <= day <= self.last_day:
            return False
        return not any(start <= day < end for start, end in self.pauses)

    @property
    def slug(self) -> str:
        """What somebody types by hand instead of the name; nobody can tell it from the name."""
        words = self.names[0][1].lower().replace("|", " ").replace("-", " ").split()
        return "_".join([*(word[:4] for word in words), "q" + self.campaign_id[-1]])


ACCOUNTS = (
    AdAccount(GOOGLE, "4815162342", "Fernhill US", "USD", "America/Chicago", 11),
    AdAccount(GOOGLE, "7203344918", "Fernhill EMEA", "GBP", "Europe/London", 6),
    AdAccount(META, "1048576001234517", "Fernhill US", "USD", "America/New_York", 10),
    AdAccount(META, "2048576009876523", "Fernhill Europe", "EUR", "Europe/Berlin", 5),
    AdAccount(LINKEDIN, "512345678", "Fernhill Software EMEA", "EUR", "UTC", 7),
    AdAccount(LINKEDIN, "512349876", "Fernhill Software US", "USD", "UTC", 7),
)
MANAGER_ID = "9001002003"

# account (place above) · kind · name · later name · start and end as shares of the months · euros a
# day · euros a lead · quality · tagging. The first lines are what a small world has.
_PLANS: tuple[tuple[int, str, str, str, float, float, int, int, float, str], ...] = (
    (0, "SEARCH", "US | Search | Brand", "", 0.0, 1.0, 70, 48, 1.9, "id"),
    (1, "SEARCH", "DACH | Search | Controlling Software", "DACH | Search | Planning Software",
     0.0, 1.0, 95, 105, 1.4, "name"),
    (2, "OUTCOME_LEADS", "US - Leads - Budget Template", "", 0.0, 1.0, 75, 62, 0.45, "both"),
    (3, "OUTCOME_LEADS", "DACH - Leads - Budgetvorlage", "DACH - Leads - Vorlage 2026",
     0.0, 1.0, 70, 58, 0.6, "name"),
    (4, "LEAD_GENERATION", "DACH | CFO | Demo", "", 0.0, 1.0, 120, 165, 2.1, "id"),
    (5, "LEAD_GENERATION", "US | CFO | Demo", "US | Finance Chiefs | Demo",
     0.0, 1.0, 130, 175, 1.8, "both"),
    (1, "PERFORMANCE_MAX", "EMEA | PMax | Trial", "", 0.1, 1.0, 90, 74, 0.7, "id"),
    (0, "DISPLAY", "US | Display | Retargeting", "", 0.0, 1.0, 35, 140, 0.5, "name"),
    (1, "SEARCH", "EMEA | Search | Brand", "", 0.0, 1.0, 60, 42, 1.8, "id"),
    (0, "SEARCH", "US | Search | FP&A Software", "US | Search | Planning & Forecasting",
     0.0, 1.0, 140, 130, 1.3, "both"),
    (3, "OUTCOME_LEADS", "Retargeting - Site Visitors", "", 0.05, 1.0, 40, 80, 1.0, "name"),
    (2, "OUTCOME_LEADS", "Retargeting - Site Visitors", "", 0.1, 1.0, 45, 85, 0.9, "name"),
    (4, "LEAD_GENERATION", "DACH | Controller | Whitepaper", "", 0.05, 0.8, 85, 88, 0.8, "name"),
    (5, "LEAD_GENERATION", "US | FP&A | Planning Guide", "", 0.0, 0.7, 95, 96, 0.8, "name"),
    (0, "SEARCH", "US | Search | Competitors", "", 0.1, 1.0, 110, 190, 1.1, "slug"),
    (1, "DISPLAY", "EMEA | Brand | Always On", "", 0.0, 1.0, 45, 210, 0.35, "name"),
    (4, "BRAND_AWARENESS", "EMEA | Brand | Always On", "", 0.15, 1.0, 60, 260, 0.5, "name"),
    (2, "OUTCOME_LEADS", "US - Lookalike - Customers", "", 0.0, 0.55, 80, 92, 0.3, "id"),
    (3, "OUTCOME_LEADS", "DACH - Lookalike - Kunden", "DACH - Lookalike - Bestandskunden",
     0.1, 0.85, 65, 84, 0.4, "both"),
    (0, "VIDEO", "US | YouTube | Product Tour", "", 0.2, 1.0, 55, 230, 0.6, "id"),
    (1, "SEARCH", "UK | Search | Forecasting", "UK | Search | Forecasting Tools",
     0.0, 0.95, 75, 118, 1.2, "both"),
    (5, "LEAD_GENERATION", "US | Enterprise | ABM 200", "", 0.25, 1.0, 150, 320, 3.0, "id"),
    (4, "LEAD_GENERATION", "EMEA | Finance Leaders | Webinar", "EMEA | Finance Leaders | Live",
     0.1, 1.0, 70, 90, 0.9, "name"),
    (2, "OUTCOME_LEADS", "US - Leads - Close Checklist", "US - Leads - Month End Checklist",
     0.3, 1.0, 60, 66, 0.55, "name"),
    (3, "OUTCOME_AWARENESS", "EMEA - Awareness - Reach", "", 0.3, 0.75, 90, 400, 0.15, "slug"),
    (0, "PERFORMANCE_MAX", "US | PMax | Demo Requests", "US | PMax | Demo + Pricing",
     0.35, 1.0, 105, 98, 0.8, "both"),
    (1, "SEARCH", "DACH | Search | Konzernplanung", "", 0.0, 1.0, 65, 150, 2.2, "name"),
    (5, "LEAD_GENERATION", "US | Controllers | Webinar", "", 0.2, 0.9, 65, 94, 0.7, "slug"),
    (4, "LEAD_GENERATION", "DACH | Mid Market | Conversations", "", 0.4, 0.8, 75, 240, 0.4, "id"),
    (0, "SEARCH", "US | Search | Budgeting Tools", "", 0.0, 0.6, 80, 122, 0.9, "id"),
    (1, "VIDEO", "DACH | YouTube | Kundenstimmen", "", 0.3, 0.9, 40, 240, 0.5, "name"),
    (2, "OUTCOME_TRAFFIC", "US - Video - Product Tour", "", 0.4, 0.95, 50, 150, 0.3, "id"),
    (3, "OUTCOME_LEADS", "DACH - Leads - Whitepaper Forecast", "", 0.5, 1.0, 55, 70, 0.7, "id"),
    (0, "SEARCH", "US | Search | Excel Alternative", "US | Search | Beyond Spreadsheets",
     0.25, 1.0, 85, 112, 1.0, "name"),
    (1, "SEARCH", "UK | Search | Month End Close", "", 0.45, 1.0, 60, 108, 1.1, "id"),
    (4, "LEAD_GENERATION", "EMEA | Retargeting | Case Study", "", 0.5, 1.0, 45, 120, 1.5, "both"),
    (5, "LEAD_GENERATION", "US | Retargeting | Pricing", "", 0.45, 1.0, 50, 125, 1.6, "name"),
    (2, "OUTCOME_LEADS", "US - Leads - Planning Webinar", "", 0.6, 0.8, 70, 75, 0.5, "slug"),
    (3, "OUTCOME_LEADS", "UK - Leads - Planning Kit", "", 0.55, 1.0, 55, 72, 0.65, "both"),
    (5, "BRAND_AWARENESS", "US | Brand | Thought Leadership", "", 0.5, 1.0, 80, 350, 0.25, "name"),
)  # fmt: skip
# How campaigns that have stopped are left.
_ENDS = {
    GOOGLE: ("PAUSED", "REMOVED"),
    META: ("PAUSED", "ARCHIVED"),
    LINKEDIN: ("PAUSED", "ARCHIVED"),
}
_ADS = ("Headline A", "Headline B", "Customer quote", "Product shot")
_AUDIENCES = ("Core", "Expansion", "Job titles", "Interests", "Exact", "Phrase")


def _digits(rng: Random, prefix: str, length: int) -> str:
    return prefix + "".join(rng.choices("0123456789", k=length - len(prefix)))


def _new_id(rng: Random, platform: str, level: str) -> str:
    if platform == META:
        return _digits(rng, "1202", 18)
    if platform == LINKEDIN:
        return _digits(rng, {"campaign": "6", "group": "3", "ad": "8"}[level], 9)
    return _digits(rng, {"campaign": "21", "group": "16", "ad": "7"}[level], 11 + (level == "ad"))


def _groups(rng: Random, platform: str, kind: str) -> list[AdGroup]:
    if kind == "PERFORMANCE_MAX":
        return []
    groups = []
    for audience in rng.sample(_AUDIENCES, 2):
        names = rng.sample(_ADS, 1 + (rng.random() < 0.35))
        weights = [0.2 + rng.random() for _ in names]
        groups.append(
            AdGroup(
                _new_id(rng, platform, "group"),
                audience,
                tuple(
                    Ad(_new_id(rng, platform, "ad"), name, weight / sum(weights))
                    for name, weight in zip(names, weights, strict=True)
                ),
            )
        )
    return groups


def invent_campaigns(frame: Frame) -> list[Campaign]:
    """All campaigns: 40 at scale 1, never fewer than the eight that make every network work."""
    rng = frame.chance("campaigns")
    number = max(8, round(len(_PLANS) * frame.scale))
    # Few campaigns must not outspend the few leads of a small world.
    thrift = len(_PLANS) * frame.scale / number
    campaigns: list[Campaign] = []
    for place in range(number):
        wave, plan = divmod(place, len(_PLANS))
        at, kind, name, later, start, end, budget, cpl, quality, tagging = _PLANS[plan]
        account = ACCOUNTS[at]
        suffix = f" | Wave {wave + 1}" if wave else ""
        first = frame.first_day + int(start * frame.days) + int(rng.random() * 9) * (start > 0)
        last = frame.last_day if end == 1.0 else frame.first_day + int(end * frame.days)
        last = max(first, last)
        names = [(first, name + suffix)]
        if later:
            renamed = first + int((0.35 + 0.3 * rng.random()) * (last - first))
            names.append((renamed, later + suffix))
        pauses = []
        if rng.random() < 0.3:
            paused = first + int((0.2 + 0.5 * rng.random()) * (last - first))
            pauses.append((paused, min(last, paused + 14 + int(rng.random() * 50))))
        campaigns.append(
            Campaign(
                account=account,
                campaign_id=_new_id(rng, account.platform, "campaign"),
                kind=kind,
                names=names,
                first_day=first,
                last_day=last,
                budget=budget * thrift * PER_EURO[account.currency],
                cpl=cpl,
                quality=quality,
                tagging=tagging,
                final_status=rng.choice(_ENDS[account.platform]),
                groups=_groups(rng, account.platform, kind),
                pauses=pauses,
            )
        )
    # Ids are unique within a platform's account only: one Google id is also a LinkedIn one.
    campaigns[6].campaign_id = campaigns[4].campaign_id
    return campaigns
