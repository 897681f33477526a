"""Opportunities: from converted leads, from sales, from customers; their roles, stages and ends."""

from dataclasses import dataclass, field
from math import sqrt

from include.sandbox.generator.capture import NOTHING, Capture, free_visit
from include.sandbox.generator.companies import Company, Worth, win_rate
from include.sandbox.generator.frame import (
    AS_OF,
    DAY,
    PER_EURO,
    day_of,
    day_text,
    instant,
    noise,
    skewed,
    working_time,
)
from include.sandbox.generator.journeys import DAYS_TO_DEAL, DEAL_RATE, Crm, Plan
from include.sandbox.generator.people import ContactRecord, Org, Person

NEW, RENEWAL, EXPANSION = "New Business", "Renewal", "Expansion"
TYPE_GROUPS = {NEW: "new_business", RENEWAL: "renewal", EXPANSION: "expansion"}
STAGES = (("Prospecting", 10), ("Qualification", 20), ("Needs Analysis", 35),
          ("Proposal/Price Quote", 65), ("Negotiation/Review", 85))  # fmt: skip
# How many there are in 24 months at scale 1.
_SALES_FOUND, _TOUCHED_LATER, _NOBODY, _CUSTOMERS = 150, 45, 40, 170
DAYS_TO_CLOSE = (25, 360)
_FOUND_THROUGH = ("Outbound", "Outbound", "Partner", "Referral", "Events", "Direct")
_ROLES = ("Decision Maker", "Economic Buyer", "Evaluator", "Business User", "Influencer")


@dataclass
class Role:
    """A contact on a deal; `changes` are (instant, fields)."""

    role_id: str
    contact: ContactRecord
    person: Person
    created: int
    is_primary: bool
    title: str
    changes: list[tuple[int, dict[str, object]]] = field(default_factory=list)
    deleted_at: int | None = None


@dataclass
class Deal:
    """An opportunity. `stages` are (instant, fields) in order of time, creation first; `closed_at`
    is the instant of its last close, `is_won` None while it is open."""

    opportunity_id: str
    name: str
    org: Org
    kind: str
    created: int
    amount_cents: int | None
    lead_source: str | None
    owner: str
    stages: list[tuple[int, dict[str, object]]] = field(default_factory=list)
    closed_at: int | None = None
    is_won: bool | None = None
    roles: list[Role] = field(default_factory=list)
    converted_from: Person | None = None
    found_by_sales: bool = False
    deleted_at: int | None = None

    @property
    def currency(self) -> str:
        return self.org.currency

    @property
    def close_date(self) -> str:
        """The day it closed or is expected to."""
        return str([fields for _, fields in self.stages if "CloseDate" in fields][-1]["CloseDate"])


class Desk:
    """The sales desk: opens deals, plays them to their end, and follows up on customers."""

    def __init__(self, crm: Crm) -> None:
        self.crm = crm
        self.rng = crm.frame.chance("deals")
        self.deals: list[Deal] = []

    # The parts of a deal

    def open(
        self, org: Org, kind: str, at: int, quality: float, person: Person | None,
        lead_source: str | None = None,
    ) -> Deal:  # fmt: skip
        """A deal of a firm, opened at an instant and played to its end or to the clock."""
        rng = self.rng
        if org.account_id is None:
            org.account_id, org.account_created = self.crm.ids.new("Account"), at
            self.crm.accounts.append(org)
        label = f"{org.name} - {kind}" + ("" if kind == NEW else f" {day_text(day_of(at))[:4]}")
        deal = Deal(
            self.crm.ids.new("Opportunity"), label, org, kind, at, self._amount(org, kind),
            lead_source, rng.choice(self.crm.users),
        )  # fmt: skip
        self._play(deal, quality, person.pace if person else 1.0)
        if person and person.contact:
            self._cast(deal, person, person.contact)
        self.deals.append(deal)
        return deal

    def _amount(self, org: Org, kind: str) -> int | None:
        chance = self.rng.random()
        if chance < 0.02:
            return None
        if chance < 0.03:
            return 0
        share = 0.3 if kind == EXPANSION else 1.0
        euros = _listed(org) * noise(self.rng, 0.5) * share
        cents = int(euros * PER_EURO[org.currency] / 50) * 5_000
        return cents * 87 // 100 + 99 if self.rng.random() < 0.25 else cents

    def _play(self, deal: Deal, quality: float, pace: float) -> None:
        rng, clock = self.rng, self.crm.frame.clock
        if deal.kind == NEW:
            shortest, longest = DAYS_TO_CLOSE
            days, rate = skewed(rng, shortest, longest * pace), win_rate(quality)
        elif deal.kind == RENEWAL:
            days, rate = 70 + rng.random() * 40, 0.88
        else:
            days, rate = skewed(rng, 15, 120), 0.55
        close = working_time(rng, day_of(deal.created) + int(days))
        won = rng.random() < rate
        first = 3 if deal.kind == RENEWAL else 0
        last = len(STAGES) if won else rng.choice((first + 1, len(STAGES), len(STAGES)))
        path = STAGES[first:last]
        hoped = close + int((rng.random() - 0.6) * 60) * DAY
        for place, (stage, probability) in enumerate(path):
            at = deal.created + (close - deal.created) * place // len(path)
            fields: dict[str, object] = {
                "StageName": stage, "Probability": probability, "IsClosed": False, "IsWon": False
            }  # fmt: skip
            if place == 0:
                fields |= {"Amount": deal.amount_cents, "CloseDate": _date(max(hoped, at + DAY))}
            elif rng.random() < 0.15 and deal.amount_cents:
                # The customer wants more, or less.
                deal.amount_cents = max(5_000, int(deal.amount_cents * noise(rng, 0.3)))
                fields["Amount"] = deal.amount_cents
            if place + 1 == len(path):
                fields["CloseDate"] = _date(max(hoped, at + DAY, close))
            deal.stages.append((at, fields))
        self._end(deal, close, won)
        if not won and deal.kind == NEW and rng.random() < 0.04:
            again = self.crm.after(close, 10, 60)
            reopened = {**_stage(4), "CloseDate": _date(again + 30 * DAY)}
            deal.stages.append((again, reopened))
            if rng.random() < 0.8:
                self._end(deal, self.crm.after(again, 5, 60), rng.random() < 0.6)
        deal.stages = [stage for stage in deal.stages if stage[0] < clock]
        known: dict[str, object] = {}
        for at, fields in deal.stages:
            known |= fields
            deal.closed_at = at if known["IsClosed"] else None
        amount = known["Amount"]
        deal.amount_cents = amount if isinstance(amount, int) else None
        deal.is_won = bool(known["IsWon"]) if known["IsClosed"] else None
        if rng.random() < 0.012:
            deal.deleted_at = self.crm.happened(self.crm.after(deal.stages[-1][0], 3, 60))

    def _end(self, deal: Deal, at: int, won: bool) -> None:
        deal.stages.append((
            at,
            {
                "StageName": "Closed Won" if won else "Closed Lost",
                "Probability": 100 if won else 0,
                "IsClosed": True, "IsWon": won, "CloseDate": _date(at),
            },
        ))  # fmt: skip

    def _role(
        self, deal: Deal, person: Person, contact: ContactRecord, at: int, is_primary: bool
    ) -> Role:
        title = self.rng.choice(_ROLES)
        role_id = self.crm.ids.new("OpportunityContactRole")
        role = Role(role_id, contact, person, at, is_primary, title)
        deal.roles.append(role)
        return role

    def _cast(self, deal: Deal, person: Person, contact: ContactRecord) -> None:
        """Who is on the deal: nobody, one, several; some only after it is over."""
        rng, clock = self.rng, self.crm.frame.clock
        chance = rng.random()
        if chance >= 0.12:
            first = self._role(deal, person, contact, max(deal.created, contact.created), True)
            if chance < 0.32:
                self._second(deal, first)
        if deal.closed_at and rng.random() < 0.05:
            at = self.crm.after(deal.closed_at, 2, 40)
            colleague = self._colleague(deal, at)
            if colleague and at < clock:
                assert colleague.contact is not None
                self._role(deal, colleague, colleague.contact, at, False)

    def _second(self, deal: Deal, first: Role) -> None:
        rng, clock = self.rng, self.crm.frame.clock
        at = deal.created + int((1 + rng.random() * 20) * DAY)
        if at >= min(clock, deal.closed_at or clock):
            return
        colleague = self._colleague(deal, at)
        if colleague is None:
            colleague = self.crm.directory.person(deal.org, 0.0)
            self.crm.add_contact(colleague, at, NOTHING, own_touch=False)
        assert colleague.contact is not None
        second = self._role(deal, colleague, colleague.contact, at, False)
        swap = at + 5 * DAY
        if rng.random() < 0.15 and swap < clock:
            first.changes.append((swap, {"IsPrimary": False}))
            second.changes.append((swap, {"IsPrimary": True}))
        elif rng.random() < 0.1 and swap < clock:
            second.deleted_at = swap

    def _colleague(self, deal: Deal, at: int) -> Person | None:
        """Somebody of the firm who came as a lead before the deal, converted for the occasion."""
        on_deal = {role.person.number for role in deal.roles}
        for person in deal.org.people:
            if person.number in on_deal or person.is_internal or len(person.leads) != 1:
                continue
            lead = person.leads[0]
            if person.contacts or lead.deleted_at or lead.created >= deal.created:
                continue
            if person.number not in self.planned and at < self.crm.frame.clock:
                self.crm.convert(person, at)
                return person
        return None

    # Where deals come from

    def work(self, plans: list[Plan]) -> None:
        """Does in order of time what is planned with people."""
        self.planned = {number for _, number, _, _ in plans}
        for at, _, kind, person in plans:
            if kind == "contact":
                self.crm.add_contact(person, at, NOTHING, own_touch=False)
                continue
            lead = self.crm.convert(person, at)
            if lead is None or kind == "convert":
                continue
            deal = self.open(
                person.org, NEW, at, person.quality, person, lead.capture.fields.get("LeadSource")
            )
            deal.converted_from = person
            lead.opportunity_id, lead.sql_at = deal.opportunity_id, at
            self._again(deal, person)

    def _again(self, deal: Deal, person: Person) -> None:
        """A lost deal is sometimes tried again: one contact on two deals."""
        if deal.is_won is False and deal.closed_at and self.rng.random() < 0.12:
            at = self.crm.after(deal.closed_at, 40, 250)
            if at < self.crm.frame.clock:
                self.open(person.org, NEW, at, person.quality, person)

    def find(self) -> None:
        """Deals that sales found: by its own contact, before any form, or without a name."""
        frame, rng = self.crm.frame, self.rng
        for _ in range(frame.count(_SALES_FOUND)):
            at = self._some_time()
            channel = rng.choice(_FOUND_THROUGH)
            chance = rng.random()
            capture = NOTHING if chance < 0.15 else _typed(free_visit(rng, channel))
            person = self._stranger()
            self.crm.add_contact(person, at, capture, own_touch=True)
            # One in ten in the same second.
            opened = at if chance > 0.9 else self.crm.after(at, 0, 20)
            if opened < frame.clock:
                self.open(person.org, NEW, opened, 1.0, person, capture.fields.get("LeadSource"))
        for _ in range(frame.count(_TOUCHED_LATER)):
            at = self._some_time()
            person = self._stranger()
            self.crm.add_contact(person, at, NOTHING, own_touch=False)
            opened = self.crm.after(at, 0, 3)
            later = self.crm.after(opened, 3, 90)
            if later < frame.clock:
                self.open(person.org, NEW, opened, 0.8, person, "Cold Call").found_by_sales = True
                self.crm.add_lead(person, later, person.email, free_visit(rng, "Organic Search"))
                if rng.random() < 0.5 and (at := self.crm.after(later, 1, 30)) < frame.clock:
                    self.crm.convert(person, at)
        for _ in range(frame.count(_NOBODY)):
            org = self.crm.directory.org("EMEA", joining=0.0)
            deal = self.open(org, NEW, self._some_time(), 0.7, None)
            deal.found_by_sales = True

    def keep(self) -> None:
        """Customers older than the world, renewals, and growth of those just won."""
        frame, rng = self.crm.frame, self.rng
        for _ in range(max(2, round(_CUSTOMERS * frame.scale))):
            person = self._stranger()
            since = working_time(rng, frame.first_day - 30 - int(rng.random() * 1_200))
            capture = NOTHING
            if rng.random() < 0.45:
                channel = rng.choice(("Events", "Referral", "Partner", "Outbound"))
                capture = Capture(
                    {"LeadSource": "Trade Show" if channel == "Events" else channel},
                    "lead_source_only", NOTHING.true._replace(channel=channel),
                    NOTHING.true._replace(channel=channel),
                )  # fmt: skip
            self.crm.add_contact(person, since, capture, own_touch=True)
            person.org.customer_at = since
            due = frame.first_day + 35 + int(rng.random() * 365)
            while due < AS_OF.toordinal() + 80:
                opened = working_time(rng, due - 90)
                if since < opened < frame.clock:
                    self.open(person.org, RENEWAL, opened, 1.0, person)
                due += 365
            self._grow(person, instant(frame.first_day))
        for deal in [one for one in self.deals if one.kind == NEW and one.is_won]:
            if deal.deleted_at or deal.closed_at is None:
                continue
            deal.org.customer_at = min(deal.org.customer_at or deal.closed_at, deal.closed_at)
            people = [role.person for role in deal.roles if role.created <= deal.closed_at]
            customer = people[0] if people else deal.converted_from
            if customer is None or customer.contact is None:
                continue
            opened = working_time(rng, day_of(deal.closed_at) + 275)
            if opened < frame.clock:
                self.open(deal.org, RENEWAL, opened, 1.0, customer)
            self._grow(customer, deal.closed_at)

    def _grow(self, person: Person, since: int) -> None:
        if self.rng.random() < 0.4:
            at = self.crm.after(since, 60, 420, 1)
            if at < self.crm.frame.clock:
                self.open(person.org, EXPANSION, at, 1.0, person)

    def _stranger(self) -> Person:
        """Somebody of a firm nobody else is known of."""
        region = self.rng.choice(("US", "DACH", "UK", "EMEA"))
        return self.crm.directory.person(self.crm.directory.org(region, joining=0.0), 1.0)

    def _some_time(self) -> int:
        frame = self.crm.frame
        day = frame.first_day + int(self.rng.random() * frame.days)
        while frame.company and self.rng.random() * frame.company.most_trend > frame.company.trend(
            day
        ):
            day = frame.first_day + int(self.rng.random() * frame.days)
        return working_time(self.rng, day)


def worth_of(crm: Crm, company: Company) -> Worth:
    """What a lead of the company is worth, over the firms that came."""
    firms = [person.org for person in crm.people if person.leads]
    buys = [company.buys(firm.employees) for firm in firms]
    listed = sum(buy * _listed(firm) for buy, firm in zip(buys, firms, strict=True)) / sum(buys)
    # some amounts are empty or nothing, others bear a discount
    amount = listed * 0.97 * (1 - 0.25 * 0.13)
    return Worth(DEAL_RATE, sum(buys) / len(buys), amount, DAYS_TO_DEAL, DAYS_TO_CLOSE)


def _listed(org: Org) -> float:
    """Euros that a first purchase of a firm usually comes to."""
    return 3_500 + 480 * sqrt(org.employees)


def _typed(capture: Capture) -> Capture:
    """What sales knows of where somebody came from: a picklist value, and no web tags."""
    source = capture.fields.get("LeadSource")
    if source in (None, "Web"):
        return NOTHING
    return Capture({"LeadSource": str(source)}, "lead_source_only", capture.true, capture.expected)


def _stage(place: int) -> dict[str, object]:
    stage, probability = STAGES[place]
    return {"StageName": stage, "Probability": probability, "IsClosed": False, "IsWon": False}


def _date(moment: int) -> str:
    return day_text(day_of(moment))
