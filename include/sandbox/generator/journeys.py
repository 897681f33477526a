"""What becomes of people in the CRM: duplicates, merges, deletions, qualification, conversion.

Everything here has happened by the world's clock: what would come later is not invented.
"""

from dataclasses import dataclass, field

from include.sandbox.generator.capture import NOTHING, Capture, Place
from include.sandbox.generator.frame import (
    DAY,
    HOUR,
    Frame,
    day_of,
    instant,
    local_day_of,
    midnight,
    skewed,
    working_time,
)
from include.sandbox.generator.names import Ids
from include.sandbox.generator.people import (
    Arrival,
    ContactRecord,
    Directory,
    LeadRecord,
    Org,
    Person,
    Touch,
    later_capture,
    spelled_again,
)
from include.sandbox.generator.programs import PROGRAM_CHANNELS, Program

USERS = 18
DEAL_RATE, _CONTACT_RATE = 0.096, 0.05
DAYS_TO_DEAL = (1, 80)
# (instant, number of the person, "contact" | "convert" | "deal", person)
Plan = tuple[int, int, str, Person]


@dataclass
class Membership:
    """A person in a program: on a lead, or on a contact. `responded_day` None: never answered."""

    member_id: str
    program: Program
    person: Person
    lead: LeadRecord | None
    contact: ContactRecord | None
    created: int
    responded_day: int | None
    vanished_at: int | None = None


@dataclass
class Crm:
    """The CRM being invented: who is in it, and the means to add to it."""

    frame: Frame
    ids: Ids
    programs: list[Program]
    users: list[str] = field(default_factory=list)
    accounts: list[Org] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = self.frame.chance("people")
        self.directory = Directory(self.frame.chance("names"))
        self.users = [self.ids.new("User") for _ in range(USERS)]

    @property
    def people(self) -> list[Person]:
        return self.directory.people

    def happened(self, moment: int) -> int | None:
        """The instant, or None when the clock has not reached it."""
        return moment if moment < self.frame.clock else None

    def after(self, moment: int, low: float, high: float, power: int = 2) -> int:
        """An office instant some days later (strictly), sooner rather than later."""
        day = day_of(moment) + int(skewed(self.rng, low, high, power))
        later = working_time(self.rng, day)
        return later if later > moment else moment + HOUR

    def add_lead(self, person: Person, at: int, email: str, capture: Capture) -> LeadRecord:
        """A lead record and the touch its form is (one without evidence, if it is left blank);
        a form of the network's own is a touch before that."""
        owner = self.rng.choice(self.users)
        lead = LeadRecord(self.ids.new("Lead"), at, email, capture, owner)
        person.leads.append(lead)
        if capture.form and capture.form.is_kept:
            true, form = capture.true, capture.form
            person.touches.append(Touch(form.at, form.response_id, "lead_form", true, true))
        evidence = capture.evidence if capture.evidence != "crm_campaign" else "lead_source_only"
        person.touches.append(
            Touch(at, lead.lead_id, evidence, capture.true, capture.expected, capture.untidy)
        )
        return lead

    def add_contact(
        self, person: Person, at: int, capture: Capture, own_touch: bool
    ) -> ContactRecord:
        """A contact of the person's firm, which becomes an account if it is none yet."""
        org = person.org
        if org.account_id is None:
            org.account_id, org.account_created = self.ids.new("Account"), at
            self.accounts.append(org)
        contact = ContactRecord(
            self.ids.new("Contact"), at, person.email, org, self.rng.choice(self.users), capture,
            own_touch,
        )  # fmt: skip
        person.contacts.append(contact)
        if own_touch and capture.fields:
            person.touches.append(
                Touch(at, contact.contact_id, capture.evidence, capture.true, capture.expected)
            )
        return contact

    def convert(self, person: Person, at: int) -> LeadRecord | None:
        """Converts the standing lead into the person's contact, made now if there is none."""
        lead = person.open_lead
        if lead is None or lead.created >= at:
            return None
        contact = person.contact or self.add_contact(person, at, lead.capture, own_touch=False)
        lead.converted_at, lead.closed_at = at, None
        lead.contact_id, lead.account_id = contact.contact_id, person.org.account_id
        if lead.mql_at is None or lead.mql_at > at:
            lead.mql_at = max(lead.created + 1, at - HOUR)
        return lead

    def respond(self, person: Person, program: Program, at: int, responded: bool) -> Membership:
        """A person in a program, on the contact once there is one, else on the lead."""
        contact = person.contact
        if contact and contact.created > at:
            contact = None
        lead = None if contact else next(one for one in person.leads if _standing(one, at))
        membership = Membership(
            self.ids.new("CampaignMember"), program, person, lead, contact, at,
            day_of(at) if responded else None,
        )  # fmt: skip
        self.memberships.append(membership)
        return membership


def _standing(lead: LeadRecord, at: int) -> bool:
    return lead.created <= at and (lead.merged_at is None or lead.merged_at > at)


def meet(crm: Crm, arrivals: list[Arrival]) -> list[Plan]:
    """Makes the people of all arrivals. Gives what sales will do with them, in order of time:
    a contact typed in by sales, a conversion, a conversion with a deal."""
    rng, plans = crm.rng, []
    for arrival in arrivals:
        is_internal = arrival.program is None and rng.random() < 0.006
        org = crm.directory.org(arrival.region)
        person = crm.directory.person(org, arrival.quality, is_internal)
        if crm.frame.company:
            person.pace = crm.frame.company.pace(arrival.capture.true.channel)
        lead = crm.add_lead(person, arrival.at, person.email, arrival.capture)
        person.program = arrival.program or _paper(crm, arrival)
        if person.program:
            crm.respond(person, person.program, arrival.at + 60, responded=True)
        if is_internal:
            continue
        plan = _plan(crm, person, lead)
        plans += plan
        _qualify(crm, lead, bool(plan))
        converted = next((at for at, _, kind, _ in plan if kind != "contact"), crm.frame.clock)
        if rng.random() < 0.07:
            _duplicate(crm, person, converted)
        elif not plan and not person.program and rng.random() < 0.025:
            _delete(crm, lead)
    return sorted(plans, key=lambda plan: plan[:2])


def _paper(crm: Crm, arrival: Arrival) -> Program | None:
    """The white paper for which the form was filled, if that is what it was filled for."""
    if arrival.capture.fields.get("LeadSource") != "White Paper":
        return None
    papers = [
        program
        for program in crm.programs
        if program.kind == "White Paper" and program.day <= day_of(arrival.at)
    ]
    return papers[-1] if papers else None


def _plan(crm: Crm, person: Person, lead: LeadRecord) -> list[Plan]:
    chance = crm.rng.random()
    company = crm.frame.company
    buys = company.buys(person.org.employees) if company else 1.0
    rate = min(0.6, DEAL_RATE * person.quality * buys)
    if chance >= rate + _CONTACT_RATE:
        return []
    shortest, longest = DAYS_TO_DEAL
    at = crm.after(lead.created, shortest, longest * person.pace)
    if at >= crm.frame.clock:
        return []
    plan = [(at, person.number, "deal" if chance < rate else "convert", person)]
    if crm.rng.random() < 0.04:
        # Sales knew the person before, without knowing from where.
        known = lead.created - int((1 + crm.rng.random() * 90) * DAY)
        if known > instant(crm.frame.first_day):
            plan.append((known, person.number, "contact", person))
    return plan


def _qualify(crm: Crm, lead: LeadRecord, wanted: bool) -> None:
    """MQL, and for leads nobody will convert, often the end."""
    if wanted or crm.rng.random() < 0.3:
        lead.mql_at = crm.happened(crm.after(lead.created, 0, 25))
    if not wanted and crm.rng.random() < 0.4:
        lead.closed_at = crm.happened(crm.after(lead.mql_at or lead.created, 5, 90))


def _duplicate(crm: Crm, person: Person, converted: int) -> None:
    """The same person fills more forms; somebody merges some of the leads, in chains at times."""
    rng = crm.rng
    times = sorted(
        crm.after(person.leads[0].created, 0, 120) for _ in range(1 + (rng.random() < 0.25))
    )
    survivor, last_merge = person.leads[0], 0
    for at in times:
        if crm.happened(at) is None or at == survivor.created:
            continue
        again = crm.add_lead(person, at, spelled_again(rng, person.email), later_capture(rng))
        merged = crm.after(max(at, last_merge), 0, 15)
        if rng.random() < 0.6 and merged < min(converted, crm.frame.clock):
            winner, loser = (survivor, again) if rng.random() < 0.7 else (again, survivor)
            loser.master, loser.merged_at = winner, merged
            loser.mql_at = _before(loser.mql_at, merged)
            loser.closed_at = _before(loser.closed_at, merged)
            survivor, last_merge = winner, merged


def _before(moment: int | None, end: int) -> int | None:
    return moment if moment is not None and moment < end else None


def _delete(crm: Crm, lead: LeadRecord) -> None:
    """Cleaned up; now and then by mistake, and fetched back from the bin."""
    lead.deleted_at = crm.happened(crm.after(lead.created, 5, 200))
    if lead.deleted_at is None:
        return
    lead.mql_at = _before(lead.mql_at, lead.deleted_at)
    lead.closed_at = _before(lead.closed_at, lead.deleted_at)
    if crm.rng.random() < 0.25:
        lead.undeleted_at = crm.happened(crm.after(lead.deleted_at, 1, 10))


def merge_contacts(crm: Crm) -> None:
    """Sales typed some contacts twice; the second one is merged into the first."""
    rng = crm.frame.chance("contact merges")
    for person in crm.people:
        contact = person.contact
        if contact and rng.random() < 0.02:
            typed = crm.after(contact.created, 2, 60)
            merged = crm.after(typed, 1, 20)
            if merged < crm.frame.clock:
                again = crm.add_contact(person, typed, NOTHING, own_touch=False)
                again.email = spelled_again(rng, person.email)
                again.master, again.merged_at = contact, merged


def nurture(crm: Crm) -> None:
    """Invites people to later programs; some answer, some memberships vanish without a trace."""
    rng = crm.frame.chance("nurture")
    by_kind = [one for one in crm.programs if one.kind != "Content Syndication"]
    for person in crm.people:
        if person.is_internal or rng.random() >= 0.42:
            continue
        if any(lead.deleted_at for lead in person.leads):
            continue
        starts = [lead.created for lead in person.leads] + [one.created for one in person.contacts]
        since = day_of(min(starts)) + 1
        later = [one for one in by_kind if one.day > since and one is not person.program]
        # People known only as contacts are invited to what sales sends: never a paper.
        if not person.leads:
            later = [one for one in later if one.kind in ("Webinar", "Email")]
        for program in rng.sample(later, min(len(later), 1 + int(rng.random() * 2.2))):
            day = program.day + int(rng.random() * 4)
            at = working_time(rng, day)
            if at >= crm.frame.clock:
                continue
            responded = rng.random() < (0.25 if program.kind == "Email" else 0.45)
            membership = crm.respond(person, program, at, responded)
            if rng.random() < 0.02:
                membership.vanished_at = crm.happened(crm.after(at, 10, 150))


def count_responses(crm: Crm) -> None:
    """Makes a touch of every response the CRM still shows.

    A response has a day: that is its first second in the company's zone, or, on the day of the
    person's first record, the instant of that record.
    """
    for membership in crm.memberships:
        day, person = membership.responded_day, membership.person
        if day is None or membership.vanished_at is not None:
            continue
        met = min([one.created for one in person.leads] + [one.created for one in person.contacts])
        at = met if day in (day_of(met), local_day_of(met)) else midnight(day)
        place = Place(PROGRAM_CHANNELS[membership.program.kind])
        person.touches.append(Touch(at, membership.member_id, "crm_campaign", place, place))
