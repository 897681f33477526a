"""Deals: whose they are, when they closed, what they are worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from tests.opinion.money import Rate, Rates
from tests.opinion.people import People, Person, Record
from tests.opinion.world import Row, World, blank, by, second, word


@dataclass
class Deal:
    """A deal that lives, with all that is known of it."""

    row: Row
    type_group: str
    people: list[Person]
    people_rule: str
    closed_at: datetime | None
    closed_at_from: str | None
    rate: Rate | None
    is_new_customer: bool = False

    @property
    def opportunity_id(self) -> str:
        return self.row["opportunity_id"]

    @property
    def created_at(self) -> datetime:
        return self.row["created_at"]

    @property
    def outcome(self) -> str:
        if not self.row["is_closed"]:
            return "open"
        return "won" if self.row["is_won"] else "lost"

    @property
    def amount(self) -> Decimal | None:
        return self.row["amount"]

    @property
    def amount_base(self) -> Decimal | None:
        if self.amount is None or self.rate is None:
            return None
        return self.rate.of(self.amount, 2)


class Deals:
    """Every living deal of a world."""

    def __init__(self, world: World, people: People, rates: Rates) -> None:
        self._world, self._people = world, people
        self.all = [
            self._deal(row, rates)
            for row in world.rows("stg_crm_opportunities")
            if not row["is_deleted"]
        ]
        self._mark_new_customers()

    def _deal(self, row: Row, rates: Rates) -> Deal:
        closed_at, source = self._closed(row)
        people, rule = self._people_of(row, closed_at)
        day = min(row["close_date"], self._world.as_of_day)
        if not row["is_closed"]:
            day = self._world.as_of_day
        rate = rates.of(row["currency_code"], day)
        return Deal(row, self._type_group(row), people, rule, closed_at, source, rate)

    # Whose it is

    @cached_property
    def _roles(self) -> dict[str, list[Row]]:
        roles = [row for row in self._world.rows("stg_crm_contact_roles") if not row["is_deleted"]]
        roles.sort(key=lambda row: (row["created_at"], row["contact_role_id"].encode()))
        return by(roles, "opportunity_id")

    def _person_id(self, role: Row) -> str | None:
        person = self._people.of(role["contact_id"])
        return person.person_id if person else None

    @cached_property
    def _records(self) -> list[Record]:
        """The living records, earliest first."""
        return sorted(
            self._people.records.values(),
            key=lambda record: (record.created_at, record.record_id.encode()),
        )

    def _people_of(self, deal: Row, closed_at: datetime | None) -> tuple[list[Person], str]:
        known = self._roles.get(deal["opportunity_id"], [])
        roles = [
            role
            for role in known
            if closed_at is None or second(role["created_at"]) <= second(closed_at)
        ]
        late = {role["contact_id"] for role in known if role not in roles}
        primary = {self._person_id(role) for role in roles if role["is_primary"]}
        roles.sort(key=lambda role: self._person_id(role) not in primary)
        named = deal["contact_id"]  # the CRM's copy of the primary role
        converted = [] if named in late else [named]
        converted += [
            record.record_id
            for record in self._records
            if record.kind == "lead"
            and record.row["converted_opportunity_id"] == deal["opportunity_id"]
        ]
        colleagues = [
            record.record_id
            for record in self._records
            if record.kind == "contact"
            and not blank(deal["crm_account_id"])
            and record.row["crm_account_id"] == deal["crm_account_id"]
        ]
        for rule, record_ids in (
            ("contact_role", [role["contact_id"] for role in roles]),
            ("converted_from", converted),
            ("account_contacts", colleagues),
        ):
            people: list[Person] = []
            for record_id in record_ids:
                person = self._people.of(record_id)
                if person is not None and person not in people:
                    people.append(person)
            if people:
                return people, rule
        return [], "none"

    # What it is

    @cached_property
    def _type_groups(self) -> dict[str, str]:
        return {
            row["opportunity_type"]: row["type_group"]
            for row in self._world.rows("seed_deal_types")
        }

    @cached_property
    def _record_types(self) -> dict[str, str]:
        return {
            row["record_type_id"]: row["record_type_name"]
            for row in self._world.rows("stg_crm_record_types")
        }

    def _type_group(self, deal: Row) -> str:
        by_type = self._type_groups.get(word(deal["opportunity_type"]))
        record_type = self._record_types.get(deal["record_type_id"])
        return by_type or self._type_groups.get(word(record_type)) or "new_business"

    # When it closed

    @cached_property
    def _outcomes(self) -> dict[str, str]:
        """What a stage means for the deal, the CRM's own word before the seed's."""
        outcomes = {
            row["stage_name"]: row["stage_group"]
            for row in self._world.rows("seed_opportunity_stages")
            if row["stage_group"] in ("won", "lost")
        }
        for row in self._world.rows("stg_crm_opportunity_stages"):
            if not row["is_deleted"]:
                closed = "won" if row["is_won"] else "lost"
                outcomes[word(row["stage_name"])] = closed if row["is_closed"] else "open"
        return outcomes

    @cached_property
    def _history(self) -> dict[str, list[Row]]:
        rows = [
            row for row in self._world.rows("stg_crm_opportunity_history") if not row["is_deleted"]
        ]
        rows.sort(key=lambda row: (row["created_at"], row["opportunity_history_id"].encode()))
        return by(rows, "opportunity_id")

    def _closed(self, deal: Row) -> tuple[datetime | None, str | None]:
        if not deal["is_closed"]:
            return None, None
        outcome = "won" if deal["is_won"] else "lost"
        entered, before = None, None
        for line in self._history.get(deal["opportunity_id"], []):
            now = self._outcomes.get(word(line["stage_name"]), "open")
            if now != outcome:
                entered = None
            elif before != outcome:
                entered = line["created_at"]
            before = now
        if entered is not None:
            return entered, "history"
        return self._world.last_second(deal["close_date"]), "record"

    def _mark_new_customers(self) -> None:
        won = [deal for deal in self.all if deal.outcome == "won"]
        won = [deal for deal in won if deal.type_group == "new_business"]
        won.sort(
            key=lambda deal: (
                deal.row["close_date"],
                deal.created_at,
                deal.opportunity_id.encode(),
            )
        )
        customers = set()
        for deal in won:
            customer = self._customer(deal)
            deal.is_new_customer = customer not in customers
            customers.add(customer)

    def _customer(self, deal: Deal) -> tuple[str, str]:
        """The company, merged ones being one; else the main person; else the deal itself."""
        company = deal.row["crm_account_id"]
        if not blank(company):
            seen = set()
            while company in self._merged and company not in seen:
                seen.add(company)
                company = self._merged[company]
            return "company", company
        if deal.people:
            return "person", deal.people[0].person_id
        return "deal", deal.opportunity_id

    @cached_property
    def _merged(self) -> dict[str, str]:
        """Where the companies that lost a merge went."""
        return {
            row["crm_account_id"]: row["master_record_id"]
            for row in self._world.rows("stg_crm_accounts")
            if row["is_deleted"] and not blank(row["master_record_id"])
        }
