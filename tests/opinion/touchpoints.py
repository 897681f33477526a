"""The touches: forms, networks' lead forms, responses to CRM campaigns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from tests.opinion.campaigns import CampaignKey, Campaigns
from tests.opinion.deals import Deals
from tests.opinion.matching import CONFIDENCE, Match, Matcher, by_word
from tests.opinion.people import People, Person, Record
from tests.opinion.visits import visit
from tests.opinion.world import Row, World, blank, second, word

TOGETHER = (
    ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "utm_id"),
    ("gclid",),
    ("fbclid",),
    ("li_fat_id",),
    ("landing_page_url",),
    ("referrer_url",),
    ("lead_source",),
)
"""The capture fields; those of one line say something together alone."""
CAPTURED = tuple(name for names in TOGETHER for name in names)


@dataclass
class Touch:
    """One touch of one person."""

    touchpoint_id: str
    person: Person
    touched_at: datetime
    evidence: str
    match: Match
    offer_type: str
    day: date
    crm_campaign_id: str | None = None
    sales_stage: str = ""
    tags: dict[str, str | None] = field(default_factory=dict)
    lead_source: str | None = None

    @property
    def confidence(self) -> Decimal:
        return Decimal(CONFIDENCE[self.match.method])

    @property
    def order(self) -> tuple[datetime, Decimal, bytes]:
        """Time, then the surer one, then the id."""
        return self.touched_at, -self.confidence, self.touchpoint_id.encode()

    @property
    def home(self) -> tuple[str | None, str | None, str | None, str | None]:
        """Platform, account, campaign, CRM campaign."""
        campaign: CampaignKey | tuple[str | None, None, None]
        campaign = self.match.campaign or (self.match.platform, None, None)
        return *campaign, self.crm_campaign_id


class Touches:
    """Every touch of a world, in order."""

    def __init__(self, world: World, people: People, deals: Deals, campaigns: Campaigns) -> None:
        self._world, self._people, self._campaigns = world, people, campaigns
        self._matcher = Matcher(world, campaigns)
        self._offers = {
            row["lead_source"]: row["offer_type"] for row in world.rows("seed_lead_sources")
        }
        found = [*self._forms(), *self._lead_forms(), *self._responses()]
        self.all = sorted(
            (touch for touch in found if not touch.person.is_internal), key=lambda t: t.order
        )
        for touch in self.all:
            touch.sales_stage = _stage(touch, deals)
        self._of: dict[str, list[Touch]] = {}
        for touch in self.all:
            self._of.setdefault(touch.person.person_id, []).append(touch)

    def of(self, person: Person) -> list[Touch]:
        """A person's touches in order."""
        return self._of.get(person.person_id, [])

    def _forms(self) -> Iterator[Touch]:
        for record in self._people.records.values():
            capture = self._capture(record)
            if all(blank(capture[name]) for name in CAPTURED):
                continue
            seen = visit(self._world, capture)
            match = self._matcher.match(seen)
            if match is None:
                continue
            offer = self._offers.get(word(capture["lead_source"])) or "website"
            touchpoint_id = f"{record.kind}:{record.record_id}"
            touch = self._touch(touchpoint_id, record, record.created_at, match, offer)
            touch.tags, touch.lead_source = seen.tags, seen.lead_source
            yield touch

    def _capture(self, record: Record) -> Row:
        """The visit a record bears witness to, without what its leads' conversion copied.

        A lead converted into a contact that has lost a merge is one of the winner's now.
        """
        if record.kind == "lead":
            return record.row
        sources = [
            other
            for other in self._people.records.values()
            if self._people.winner(other.row.get("converted_contact_id"))
            == self._people.winner(record.record_id)
        ]
        filled = {
            name
            for names in TOGETHER
            for name in names
            if any(
                all(blank(record.row[n]) or record.row[n] == lead.row[n] for n in names)
                for lead in sources
            )
        }
        return record.row | dict.fromkeys(filled)

    def _touch(
        self, touchpoint_id: str, record: Record, at: datetime, match: Match, offer: str
    ) -> Touch:
        person = self._people.of(record.record_id)
        assert person is not None
        platform, account_id, _ = match.campaign or (None, None, None)
        day = self._campaigns.day(platform, account_id, at)
        return Touch(touchpoint_id, person, second(at), "form", match, offer, day)

    def _lead_forms(self) -> Iterator[Touch]:
        bearers = {
            record.row["email_hash"]: record
            for record in self._people.records.values()
            if not blank(record.row["email_hash"])
        }
        for row in self._world.rows("stg_lead_form_responses"):
            record = bearers.get(row["email_hash"])
            if row["is_test"] or record is None:
                continue
            platform, account_id = row["platform"], row["account_id"]
            campaign, ad_group_id = self._of_form(row)
            if campaign is not None:
                channel = self._campaigns.channel(campaign)
                match = Match("lead_form", channel, True, platform, campaign)
            else:
                kind = {"facebook_ads": "social", "linkedin_ads": "social"}.get(platform)
                channel = self._campaigns.rule(None, None, None, kind, False)
                match = Match("lead_form", channel, False)
            match = replace(match, ad_group_id=ad_group_id, ad_id=row["ad_id"])
            at = row["submitted_at"]
            touchpoint_id = f"lead_form:{platform}/{account_id}/{row['response_id']}"
            touch = self._touch(touchpoint_id, record, at, match, "other")
            touch.evidence = "lead_form"
            yield touch

    def _of_form(self, row: Row) -> tuple[CampaignKey | None, str | None]:
        """Campaign and ad group of a lead form: those it carries, else those of its ad."""
        platform, account_id = row["platform"], row["account_id"]
        ads = []
        for level in ("ad", "ad_group"):
            if row[f"{level}_id"] is not None:
                found = self._campaigns.with_id(row[f"{level}_id"], platform, level)
                mine = [place for place in found if place.campaign[1] == account_id]
                ads += mine if len(mine) == 1 else []
        campaign = next((ad.campaign for ad in ads), None)
        if row["campaign_id"] is not None:
            campaign = platform, account_id, row["campaign_id"]
        return campaign, row["ad_group_id"] or next((ad.ad_group_id for ad in ads), None)

    def _responses(self) -> Iterator[Touch]:
        types = {
            row["crm_campaign_id"]: word(row["crm_campaign_type"])
            for row in self._world.rows("stg_crm_campaigns")
        }
        meanings = {
            row["crm_campaign_type"]: row for row in self._world.rows("seed_crm_campaign_types")
        }
        for row in self._world.rows("stg_crm_campaign_members"):
            record = self._people.records.get(row["contact_id"] or row["lead_id"] or "")
            if row["is_deleted"] or not row["has_responded"] or record is None:
                continue
            meant = meanings.get(types.get(row["crm_campaign_id"]))
            match = by_word("crm_campaign", meant["channel"] if meant else "Other")
            offer = meant["offer_type"] if meant else "other"
            at = self._responded_at(row, record)
            touch = self._touch(f"member:{row['campaign_member_id']}", record, at, match, offer)
            touch.evidence, touch.crm_campaign_id = "campaign_response", row["crm_campaign_id"]
            yield touch

    def _responded_at(self, row: Row, record: Record) -> datetime:
        day = row["first_responded_date"]
        if day is None:
            return row["created_at"]
        person = self._people.of(record.record_id)
        assert person is not None
        first = person.lead_at
        if day in (first.date(), self._world.day(first)):
            return first
        return self._world.first_second(day)


def _stage(touch: Touch, deals: Deals) -> str:
    """Where sales stood; a touch in the second of a stage counts as before it."""
    mine = [deal for deal in deals.all if touch.person in deal.people]
    if touch.touched_at <= second(touch.person.lead_at):
        return "before_lead"
    opened = [deal for deal in mine if second(deal.created_at) < touch.touched_at]
    if not opened:
        return "before_opportunity"
    if any(deal.closed_at is None or touch.touched_at <= second(deal.closed_at) for deal in opened):
        return "during_opportunity"
    return "after_close"
