"""Who came, when, from where: people, their firms, and the first thing the CRM saw of each."""

from dataclasses import dataclass, field
from itertools import accumulate
from random import Random

from include.sandbox.generator.campaigns import Campaign
from include.sandbox.generator.capture import Capture, Place, Tagger, free_visit
from include.sandbox.generator.forms import LeadForms
from include.sandbox.generator.frame import (
    DAY,
    DOMAIN,
    HOUR,
    Frame,
    instant,
    season,
    working_time,
)
from include.sandbox.generator.names import (
    FREE_MAIL,
    INDUSTRIES,
    TITLES,
    ascii_slug,
    firm_name,
    person_name,
)
from include.sandbox.generator.programs import Program

LEADS = 20_000
_PAID_SHARE = 0.46
# channel: its share of the people no campaign brought, how readily they buy.
FREE_CHANNELS = {
    "Organic Search": (0.26, 1.2), "Direct": (0.16, 1.3), "Email": (0.10, 0.9),
    "Organic Social": (0.08, 0.6), "Referral": (0.09, 2.2), "Partner": (0.04, 1.9),
    "Events": (0.14, 1.2), "Content Syndication": (0.06, 0.25), "Outbound": (0.06, 0.7),
    "Other": (0.01, 0.5),
}  # fmt: skip
_PROGRAM_TYPES = {
    "Events": ("Webinar", "Trade Show"),
    "Content Syndication": ("Content Syndication",),
    "Email": ("Email",),
}
_COUNTRIES = {
    "US": ("United States",) * 9 + ("United Kingdom",),
    "DACH": ("Germany",) * 7 + ("Austria", "Switzerland"),
    "UK": ("United Kingdom",),
    "EMEA": ("Germany",) * 4 + ("United Kingdom", "United Kingdom", "France", "Austria"),
}
_CURRENCY = {"United States": "USD", "United Kingdom": "GBP"}


@dataclass
class Org:
    """A firm; it becomes an account of the CRM when its first person is converted."""

    name: str
    domain: str
    country: str
    industry: str
    employees: int
    people: list["Person"] = field(default_factory=list)
    account_id: str | None = None
    account_created: int = 0
    customer_at: int | None = None

    @property
    def currency(self) -> str:
        return _CURRENCY.get(self.country, "EUR")


@dataclass(frozen=True)
class Touch:
    """A point of contact as the CRM can show it, with what is true of it."""

    at: int
    record_id: str
    evidence: str
    true: Place
    expected: Place
    untidy: tuple[str, ...] = ()


@dataclass
class LeadRecord:
    """A lead and what happens to it; instants in seconds, None: never."""

    lead_id: str
    created: int
    email: str
    capture: Capture
    owner: str
    mql_at: int | None = None
    sql_at: int | None = None
    closed_at: int | None = None
    converted_at: int | None = None
    contact_id: str | None = None
    account_id: str | None = None
    opportunity_id: str | None = None
    master: "LeadRecord | None" = None
    merged_at: int | None = None
    deleted_at: int | None = None
    undeleted_at: int | None = None


@dataclass
class ContactRecord:
    """A contact; `capture` is its own evidence when no lead stands behind it."""

    contact_id: str
    created: int
    email: str
    org: Org
    owner: str
    capture: Capture
    own_touch: bool
    master: "ContactRecord | None" = None
    merged_at: int | None = None


@dataclass
class Person:
    """One human."""

    number: int
    first_name: str
    last_name: str
    email: str
    title: str
    org: Org
    quality: float
    is_internal: bool = False
    pace: float = 1.0
    program: Program | None = None
    leads: list[LeadRecord] = field(default_factory=list)
    contacts: list[ContactRecord] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)

    @property
    def contact(self) -> ContactRecord | None:
        """The contact that stands (merge losers left out)."""
        return next((one for one in self.contacts if one.master is None), None)

    @property
    def open_lead(self) -> LeadRecord | None:
        """The lead that stands at last, if it has not been converted or deleted."""
        standing = [lead for lead in self.leads if lead.master is None and not lead.deleted_at]
        return standing[0] if standing and not standing[0].converted_at else None

    @property
    def is_deleted(self) -> bool:
        """Whether nothing of it is left in the CRM."""
        return not self.contacts and all(
            lead.deleted_at and not lead.undeleted_at for lead in self.leads
        )

    @property
    def person_id(self) -> str:
        """The id of its earliest-created record."""
        records = [(lead.created, lead.lead_id) for lead in self.leads]
        records += [(contact.created, contact.contact_id) for contact in self.contacts]
        return min(records)[1]


@dataclass(frozen=True)
class Arrival:
    """The first contact of a person to come: the form's instant and what it leaves."""

    at: int
    capture: Capture
    region: str
    quality: float
    program: Program | None = None


class Directory:
    """Makes people and firms; no two people share an address."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._taken: dict[str, int] = {}
        self._recent: dict[str, list[Org]] = {}
        self.people: list[Person] = []

    def org(self, region: str, joining: float = 0.5) -> Org:
        """A firm of a region: with that chance one that is already known and still small."""
        rng = self._rng
        country = rng.choice(_COUNTRIES[region])
        recent = self._recent.setdefault(country, [])
        if recent and rng.random() < joining:
            known = rng.choice(recent[-300:])
            if len(known.people) < 5:
                return known
        name = firm_name(rng, country)
        stem = ascii_slug(" ".join(name.split()[:2]))
        domain = f"{self._unique(stem, 'example')}.example"
        size = rng.choice((20, 45, 80, 150, 300, 700, 1800, 5200))
        employees = int(size * (0.7 + 0.6 * rng.random()))
        org = Org(name, domain, country, rng.choice(INDUSTRIES), employees)
        recent.append(org)
        return org

    def _unique(self, name: str, within: str) -> str:
        """The name, numbered from its second bearer on."""
        key = f"{name}@{within}"
        count = self._taken[key] = self._taken.get(key, 0) + 1
        return name if count == 1 else f"{name}-{count}"

    def person(self, org: Org, quality: float, is_internal: bool = False) -> Person:
        """A person of a firm, with an address of its own."""
        rng = self._rng
        first, last = person_name(rng)
        name = f"{ascii_slug(first)}.{ascii_slug(last)}"
        domain = org.domain
        if is_internal:
            name, domain = rng.choice(("test", "qa", name)), DOMAIN
        elif rng.random() < 0.08:
            name, domain = f"{name}.{1000 + int(rng.random() * 9000)}", rng.choice(FREE_MAIL)
        email = f"{self._unique(name, domain)}@{domain}"
        number = len(self.people)
        title = rng.choice(TITLES)
        person = Person(number, first, last, email, title, org, quality, is_internal)
        org.people.append(person)
        self.people.append(person)
        return person


def _paid_arrivals(
    frame: Frame,
    rng: Random,
    number: int,
    spend: dict[tuple[int, int], float],
    campaigns: list[Campaign],
) -> list[Arrival]:
    """People brought by campaigns: as many as the day's spend buys at the campaign's price, or as
    the company's channels answer to it."""
    tagger, forms = Tagger(campaigns), LeadForms(frame)
    places = sorted(spend)
    if frame.company:
        chosen = sorted(frame.company.brought(rng, spend, campaigns))
    else:
        weights = accumulate(spend[place] / campaigns[place[0]].cpl for place in places)
        chosen = sorted(rng.choices(places, cum_weights=list(weights), k=number)) if places else []
    arrivals = []
    for which, day in chosen:
        campaign = campaigns[which]
        second = 8 * HOUR + int(rng.random() * 13 * HOUR)
        if campaign.account.time_zone.startswith("America/") and rng.random() < 0.06:
            # Late in the evening there: already tomorrow in UTC.
            second = DAY + int(rng.random() * 3 * HOUR)
        region = next((one for one in ("US", "DACH", "UK") if one in campaign.name), "EMEA")
        visit = tagger.visit(rng, campaign, day)
        capture = forms.instead(campaign, instant(day, second)) or visit
        arrivals.append(Arrival(instant(day, second), capture, region, campaign.quality))
    return arrivals


def _free_arrivals(
    frame: Frame, rng: Random, number: int, programs: list[Program]
) -> list[Arrival]:
    """People no campaign brought, busier in busy months; many of them through a program."""
    days = range(frame.first_day, frame.last_day + 2)
    if frame.company:
        growth = [frame.company.demand(day) for day in days]
    else:
        growth = [season(day) * (0.8 + 0.5 * place / len(days)) for place, day in enumerate(days)]
    weights = list(accumulate(growth))
    channels = list(FREE_CHANNELS)
    shares = list(accumulate(share for share, _ in FREE_CHANNELS.values()))
    arrivals = []
    for _ in range(number):
        channel = rng.choices(channels, cum_weights=shares)[0]
        quality = FREE_CHANNELS[channel][1]
        (day,) = rng.choices(days, cum_weights=weights)
        region = rng.choice(("US", "DACH", "UK", "EMEA"))
        program = None
        if channel in _PROGRAM_TYPES and rng.random() < (0.25 if channel == "Email" else 0.75):
            held = [
                one for one in programs
                if one.kind in _PROGRAM_TYPES[channel] and 0 <= day - one.day < 45
            ]  # fmt: skip
            program = rng.choice(held) if held else None
        if program:
            day = min(program.day + int(rng.random() * 3), frame.last_day + 1)
            place = Place(channel)
            source = {"LeadSource": program.kind}
            capture = Capture(source, "crm_campaign", place, place)
        else:
            capture = free_visit(rng, channel)
        arrivals.append(Arrival(working_time(rng, day), capture, region, quality, program))
    return arrivals


def invent_arrivals(
    frame: Frame,
    campaigns: list[Campaign],
    spend: dict[tuple[int, int], float],
    programs: list[Program],
) -> list[Arrival]:
    """The first contacts of all people that come as leads, in order of time, up to the clock.

    `spend` is the money of (place in campaigns, day) in euros. A few more leads are duplicates,
    which come later, so there are fewer people than leads.
    """
    rng = frame.chance("arrivals")
    people = round(frame.count(LEADS) / 1.075)
    paid = round(people * _PAID_SHARE)
    free = frame.company.free_leads if frame.company else people - paid
    arrivals = _paid_arrivals(frame, rng, paid, spend, campaigns)
    arrivals += _free_arrivals(frame, rng, free, programs)
    arrivals = [arrival for arrival in arrivals if arrival.at < frame.clock - HOUR]
    return sorted(arrivals, key=lambda arrival: arrival.at)


def later_capture(rng: Random) -> Capture:
    """What somebody leaves who fills a form again: never a paid visit."""
    return free_visit(rng, rng.choice(("Email", "Direct", "Organic Search", "Email", "Events")))


def spelled_again(rng: Random, email: str) -> str:
    """The same address, typed another way."""
    name, domain = email.split("@")
    return rng.choice(
        (email, email.upper(), f"{name.title()}@{domain}", f"{name}+news@{domain}",
         f"{name}+1@{domain.upper()}")
    )  # fmt: skip
