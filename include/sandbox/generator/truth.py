"""What the generator knows: the right answers, written beside the data and never served.

A first touch is judged twice: what was true, and what the evidence left in the CRM allows one to
conclude (`expected`) when ad campaigns are known by id and present name, and click views and lead
forms as far back as the networks still answer them. README.md describes the files.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from include.sandbox.generator.capture import UNATTRIBUTED, Place
from include.sandbox.generator.deals import TYPE_GROUPS, Deal
from include.sandbox.generator.frame import DAY, Frame, Record, day_text, iso, money
from include.sandbox.generator.people import Person, Touch
from include.sandbox.generator.spend import MetricRow

Lines = Iterator[tuple[str, Record]]

LOOK_BACK = 730 * DAY
_NO_EVIDENCE = "none"
# Of two touches in one second a response to a program goes before these.
_WEAKER_THAN_A_RESPONSE = (
    "lead_source_only", "lead_form_too_old", "referrer_only", "direct", "cookie_lost",
)  # fmt: skip


def _place(place: Place, at: int | None) -> Record:
    return {
        "channel": place.channel,
        "platform": place.platform,
        "account_id": place.account_id,
        "campaign_id": place.campaign_id,
        "at": iso(at) if at is not None else None,
    }


def _rank(touch: Touch) -> int:
    if touch.evidence == "crm_campaign":
        return 1
    return 2 if touch.evidence in _WEAKER_THAN_A_RESPONSE else 0


def _judged(touches: list[Touch]) -> Record:
    """First touch, evidence and expectation of touches that count; none: no touch is known."""
    ordered = sorted(touches, key=lambda touch: (touch.at, _rank(touch), touch.record_id))
    seen = [touch for touch in ordered if touch.evidence != _NO_EVIDENCE]
    first = ordered[0] if ordered else None
    shown = seen[0] if seen else None
    return {
        "first_touch": _place(first.true, first.at) if first else None,
        "evidence": first.evidence if first else _NO_EVIDENCE,
        "untidy": list(first.untidy) if first else [],
        "record_id": first.record_id if first else None,
        "expected": _place(shown.expected, shown.at) if shown else _place(UNATTRIBUTED, None),
    }


def _people(people: Iterable[Person]) -> Lines:
    for person in people:
        records = [(lead.created, lead.lead_id) for lead in person.leads]
        records += [(contact.created, contact.contact_id) for contact in person.contacts]
        yield (
            "truth/people",
            {
                "person_id": person.person_id,
                "record_ids": [record for _, record in sorted(records)],
                "is_internal": person.is_internal,
                "is_deleted": person.is_deleted,
                **_judged(person.touches),
            },
        )


def _deal_people(deal: Deal, contacts: dict[str, list[Person]]) -> tuple[str, list[Person]]:
    """Whose touches count for a deal, and by which rule."""
    roles = [
        role for role in deal.roles
        if role.deleted_at is None and (deal.closed_at is None or role.created <= deal.closed_at)
    ]  # fmt: skip
    if roles:
        return "contact_role", [role.person for role in roles]
    if deal.converted_from:
        return "converted_from", [deal.converted_from]
    assert deal.org.account_id is not None
    people = contacts.get(deal.org.account_id, [])
    return ("account_contacts", people) if people else ("none", [])


def _judged_deal(deal: Deal, people: list[Person]) -> Record:
    touches = [touch for person in people for touch in person.touches]
    before = [touch for touch in touches if touch.at <= deal.created]
    eligible = [touch for touch in before if touch.at >= deal.created - LOOK_BACK]
    judged = _judged(eligible)
    if not people:
        judged["evidence"] = "no_person"
    elif not eligible and touches:
        judged["evidence"] = "outside_lookback" if before else "touch_after_creation"
        judged["first_touch"] = _judged(before)["first_touch"]
    if deal.found_by_sales:
        judged["first_touch"] = _place(Place("Outbound"), None)
    return judged


def _opportunities(deals: Iterable[Deal], people: Iterable[Person]) -> Lines:
    contacts: dict[str, list[Person]] = defaultdict(list)
    for person in people:
        if person.contact and person.org.account_id:
            contacts[person.org.account_id].append(person)
    for deal in deals:
        rule, on_deal = _deal_people(deal, contacts)
        status = {None: "open", True: "won", False: "lost"}[deal.is_won]
        yield (
            "truth/opportunities",
            {
                "opportunity_id": deal.opportunity_id,
                "people_rule": rule,
                "people": [person.person_id for person in on_deal],
                **_judged_deal(deal, on_deal),
                "amount": money(deal.amount_cents) if deal.amount_cents is not None else None,
                "currency": deal.currency,
                "type_group": TYPE_GROUPS[deal.kind],
                "created_at": iso(deal.created),
                "close_date": deal.close_date,
                "status": "deleted" if deal.deleted_at else status,
            },
        )


def _won(deals: Iterable[Deal]) -> Lines:
    totals: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for deal in deals:
        if deal.is_won and not deal.deleted_at:
            total = totals[(deal.close_date[:7], deal.currency, TYPE_GROUPS[deal.kind])]
            total[0] += 1
            total[1] += deal.amount_cents or 0
    for (month, currency, group), (number, cents) in sorted(totals.items()):
        yield "truth/won", {
            "month": month, "currency": currency, "type_group": group, "deals": number,
            "revenue": money(cents),
        }  # fmt: skip


class SpendTruth:
    """Adds up the spend of each campaign and day, as last known at the world's clock."""

    def __init__(self, frame: Frame) -> None:
        self._clock = frame.clock
        self._micros: dict[tuple[str, str, str, int, str], int] = defaultdict(int)

    def add(self, row: MetricRow) -> None:
        """Counts one metric row."""
        figures = row.at(self._clock)
        if figures:
            account = row.campaign.account
            key = (
                account.platform, account.account_id, row.campaign.campaign_id, row.day,
                account.currency,
            )  # fmt: skip
            self._micros[key] += figures.spend_micros

    def lines(self) -> Lines:
        """One line per campaign and day that has a row."""
        for (platform, account, campaign, day, currency), micros in sorted(self._micros.items()):
            yield "truth/spend", {
                "platform": platform, "account_id": account, "campaign_id": campaign,
                "date": day_text(day), "currency": currency,
                "spend": f"{micros // 1_000_000}.{micros % 1_000_000:06}",
            }  # fmt: skip


def truth_lines(people: list[Person], deals: list[Deal]) -> Lines:
    """People, opportunities and won revenue."""
    yield from _people(people)
    yield from _opportunities(deals, people)
    yield from _won(deals)
