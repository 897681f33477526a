"""The second opinion: rows of the marts as the owner's rules and ``sql/README.md`` have them.

Plain loops over plain rows, in the order of the rules; slow, and in nothing akin to the SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from tests.opinion import credit, learned
from tests.opinion.campaigns import Campaigns
from tests.opinion.credit import Model
from tests.opinion.deals import Deal, Deals
from tests.opinion.money import Rates, amount_shared_out
from tests.opinion.people import People, Person
from tests.opinion.touchpoints import Touch, Touches
from tests.opinion.visits import UTM
from tests.opinion.world import Row, Rows, World

NOWHERE = {
    "platform": None,
    "account_id": None,
    "campaign_id": None,
    "crm_campaign_id": None,
}


class Opinion:
    """What the marts should say of a world."""

    def __init__(self, given: Mapping[str, Rows]) -> None:
        self.world = World(given)
        self.rates = Rates(self.world)
        self.people = People(self.world)
        self.deals = Deals(self.world, self.people, self.rates)
        self.campaigns = Campaigns(self.world)
        self.touches = Touches(self.world, self.people, self.deals, self.campaigns)
        self.models = credit.models(self.world)

    def first_touch(self, person: Person) -> Touch | None:
        """What touched a person first."""
        return next(iter(self.touches.of(person)), None)

    def eligible(self, deal: Deal, model: Model) -> list[Touch]:
        """The deal's touches that count for a model, in order."""
        return credit.eligible(self.world, self.touches, deal, model)

    def first_touch_of(self, deal: Deal) -> Touch | None:
        """A deal's first touch: what the headline model credits."""
        headline = next(model for model in self.models if model.name == "first_touch")
        return next(iter(self.eligible(deal, headline)), None)

    # fct_people

    def fct_people(self) -> Rows:
        """One row per person."""
        return [self._person(person) for person in self.people.all]

    def _person(self, person: Person) -> Row:
        first = self.first_touch(person)
        deals = [deal for deal in self.deals.all if person in deal.people]
        won = [deal for deal in deals if deal.outcome == "won"]
        won.sort(key=lambda deal: (deal.closed_at, deal.closed_at_from))
        opened = [deal.created_at for deal in deals]
        mql, sql = person.stages["mql"], person.stages["sql"]
        home = first.home if first else (None,) * 4
        return {
            "person_id": person.person_id,
            "first_touchpoint_id": first.touchpoint_id if first else None,
            "first_touch_platform": home[0],
            "first_touch_account_id": home[1],
            "first_touch_campaign_id": home[2],
            "first_touch_crm_campaign_id": home[3],
            "first_touch_channel": first.match.channel if first else "Unattributed",
            "first_touch_offer_type": first.offer_type if first else None,
            "first_touch_match_method": first.match.method if first else None,
            "lead_source": person.first_said("lead_source"),
            "email_domain": person.first_said("email_domain"),
            "country": person.first_said("country"),
            "mql_at_from": mql.source,
            "sql_at_from": sql.source,
            "customer_at_from": won[0].closed_at_from if won else None,
            "cohort_month": self.world.month(first.touched_at if first else person.lead_at),
            "crm_records": len(person.records),
            "is_internal": person.is_internal,
            "is_mql": mql.reached,
            "is_sql": sql.reached,
            "first_touch_at": first.touched_at if first else None,
            "lead_at": person.lead_at,
            "latest_lead_at": person.records[-1].created_at,
            "mql_at": mql.first,
            "latest_mql_at": mql.latest,
            "sql_at": sql.first,
            "latest_sql_at": sql.latest,
            "opportunity_at": min(opened, default=None),
            "latest_opportunity_at": max(opened, default=None),
            "customer_at": won[0].closed_at if won else None,
            "latest_customer_at": won[-1].closed_at if won else None,
        }

    # fct_touchpoints

    def fct_touchpoints(self) -> Rows:
        """One row per touch."""
        return [
            {
                "touchpoint_id": touch.touchpoint_id,
                "person_id": touch.person.person_id,
                **self._home(touch),
                "ad_group_id": touch.match.ad_group_id,
                "ad_id": touch.match.ad_id,
                "evidence": touch.evidence,
                "channel": touch.match.channel,
                "offer_type": touch.offer_type,
                "sales_stage": touch.sales_stage,
                "match_method": touch.match.method,
                "other_matches": touch.match.others,
                "lead_source": touch.lead_source,
                **{name: touch.tags.get(name) for name in UTM},
                "date_day": touch.day,
                "match_confidence": touch.confidence,
                "is_paid": touch.match.is_paid,
                "has_conflict": touch.match.has_conflict,
                "touched_at": touch.touched_at,
            }
            for touch in self.touches.all
        ]

    @staticmethod
    def _home(touch: Touch | None) -> Row:
        return dict(zip(NOWHERE, touch.home, strict=True)) if touch else dict(NOWHERE)

    # fct_opportunities

    def fct_opportunities(self) -> Rows:
        """One row per deal."""
        return [self._deal(deal) for deal in self.deals.all]

    def _deal(self, deal: Deal) -> Row:
        first = self.first_touch_of(deal)
        return {
            "opportunity_id": deal.opportunity_id,
            "primary_person_id": deal.people[0].person_id if deal.people else None,
            "first_touchpoint_id": first.touchpoint_id if first else None,
            "first_touch_channel": first.match.channel if first else "Unattributed",
            "type_group": deal.type_group,
            "people_rule": deal.people_rule,
            "closed_at_from": deal.closed_at_from,
            "fx_rate_date": deal.rate.day if deal.rate else None,
            "cohort_month": self._cohort_month(deal, first),
            "amount": deal.amount,
            "amount_base": deal.amount_base,
            "fx_rate": deal.rate.told if deal.rate else None,
            "people": len(deal.people),
            "is_new_customer": deal.is_new_customer,
            "closed_at": deal.closed_at,
            "first_touch_at": first.touched_at if first else None,
        }

    def _cohort_month(self, deal: Deal, first: Touch | None) -> object:
        return self.world.month(first.touched_at if first else deal.created_at)

    # fct_attribution

    def fct_attribution(self, values: Mapping[str, Mapping[str, int]]) -> Rows:
        """One row per deal, touch and model; ``values``: what learned models say of channels."""
        return [
            row
            for model in self.models
            for deal in self.deals.all
            if deal.outcome != "lost"
            for row in self._credits(deal, model, values.get(model.name, {}))
        ]

    def closed_paths(self, model: Model) -> list[tuple[learned.Path, bool]]:
        """What a model learns from: the paths of closed new business, and whether it was won."""
        paths = []
        for deal in self.deals.all:
            if deal.outcome != "open" and deal.type_group == "new_business":
                path = credit.journey(self.eligible(deal, model))
                if path:
                    paths.append((path, deal.outcome == "won"))
        return paths

    def _credits(self, deal: Deal, model: Model, values: Mapping[str, int]) -> Iterator[Row]:
        path = self.eligible(deal, model)
        if model.name in credit.LEARNED:
            times = [touch.match.channel for touch in path]
            shares: credit.Shares = [
                Fraction(values.get(channel, 0), times.count(channel)) for channel in times
            ]
            if not any(shares):
                shares = [1] * len(path)
        elif path:
            shares = credit.RULES[model.name](deal, path)
        else:
            shares = []
        first = self.first_touch_of(deal)
        if not any(shares):
            yield self._credit(deal, model, None, first, 10**10, deal.amount, deal.amount_base)
            return
        weights = credit.weights(shares)
        amounts = amount_shared_out(deal.amount, weights)
        bases = amount_shared_out(deal.amount_base, weights)
        for touch, weight, amount, base in zip(path, weights, amounts, bases, strict=True):
            if weight:
                yield self._credit(deal, model, touch, first, weight, amount, base)

    def _credit(
        self,
        deal: Deal,
        model: Model,
        touch: Touch | None,
        first: Touch | None,
        weight: int,
        amount: Decimal | None,
        amount_base: Decimal | None,
    ) -> Row:
        return {
            "opportunity_id": deal.opportunity_id,
            "touchpoint_id": touch.touchpoint_id if touch else "unattributed",
            "model": model.name,
            "person_id": touch.person.person_id if touch else None,
            **self._home(touch),
            "basis": deal.outcome,
            "channel": touch.match.channel if touch else "Unattributed",
            "type_group": deal.type_group,
            "currency_code": deal.row["currency_code"],
            "close_date": deal.row["close_date"],
            "cohort_month": self._cohort_month(deal, first),
            "amount": amount,
            "amount_base": amount_base,
            "fx_rate": deal.rate.told if deal.rate else None,
            "fx_rate_date": deal.rate.day if deal.rate else None,
            "weight": Decimal(weight).scaleb(-10),
            "touched_at": touch.touched_at if touch else None,
        }


def channel_values(opinions: Sequence[Opinion]) -> dict[str, dict[str, int]]:
    """Per learned model and channel: what is learned from worlds that stand in one warehouse."""
    return {
        model.name: learned.LEARNERS[model.name](
            [path for opinion in opinions for path in opinion.closed_paths(model)]
        )
        for model in opinions[0].models
        if model.name in credit.LEARNED
    }
