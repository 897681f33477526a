"""An invented company as the marts would know it at a clock a year back, and what came after.

The rows that estimates learn from are made from the truth and the CRM's versions, not loaded: that
the pipeline concludes what the truth expects is held by its own tests, and a load of each of a
hundred companies would take hours.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.generator import generate
from include.sandbox.generator.frame import PER_EURO

ZONE = ZoneInfo("Europe/Berlin")
CLOCK = datetime(2025, 11, 20, 12, tzinfo=UTC)
END = datetime(2026, 11, 20, 12, tzinfo=UTC)

Row = dict[str, Any]


@dataclass(frozen=True)
class Deal:
    """A deal of new business as the CRM shows it at a clock."""

    opportunity_id: str
    company: str
    channel: str
    touched_at: datetime | None
    created_at: datetime
    closed_at: datetime | None
    is_won: bool
    amount: Decimal
    is_new_customer: bool = False

    @property
    def outcome(self) -> str:
        if self.closed_at is None:
            return "open"
        return "won" if self.is_won else "lost"

    @property
    def cohort_month(self) -> date:
        return month_of(self.touched_at or self.created_at)


@dataclass(frozen=True)
class Company:
    """One generated folder; ``people`` are (channel, first touch or when they were known)."""

    name: str
    seed: int
    folder: Path

    def lines(self, path: str) -> Iterator[Row]:
        """The records of one of its files."""
        with (self.folder / f"{path}.jsonl").open(encoding="utf-8") as file:
            yield from map(json.loads, file)

    @cached_property
    def people(self) -> list[tuple[str, datetime]]:
        """Everybody but our own people, to the end."""
        known: dict[str, datetime] = {}
        for path in ("salesforce/Lead", "salesforce/Contact"):
            for line in self.lines(path):
                known.setdefault(line["Id"], _instant(line["CreatedDate"]))
        found = []
        for line in self.lines("truth/people"):
            if not line["is_internal"] and not line["is_deleted"]:
                first = line["expected"]
                at = _instant(first["at"]) if first["at"] else known[line["person_id"]]
                found.append((first["channel"], at))
        return found

    @cached_property
    def spend(self) -> Counter[tuple[str, date]]:
        """Euros by channel and month, as last known."""
        channels = {
            (line["platform"], line["account_id"], line["campaign_id"]): line["channel"]
            for line in self.lines("truth/campaigns")
        }
        found: Counter[tuple[str, date]] = Counter()
        for line in self.lines("truth/spend"):
            key = (line["platform"], line["account_id"], line["campaign_id"])
            month = date.fromisoformat(line["date"]).replace(day=1)
            if key in channels:
                found[channels[key], month] += float(line["spend"]) / PER_EURO[line["currency"]]
        return found

    @cached_property
    def _versions(self) -> dict[str, list[Row]]:
        found = defaultdict(list)
        for line in self.lines("salesforce/Opportunity"):
            found[line["Id"]].append(line)
        return found

    def deals(self, clock: datetime) -> list[Deal]:
        """New business as the CRM shows it at a clock."""
        found = []
        for line in self.lines("truth/opportunities"):
            if line["type_group"] != "new_business":
                continue
            known = [
                one
                for one in self._versions[line["opportunity_id"]]
                if _instant(one["_known_from"]) <= clock
            ]
            if not known or known[-1]["IsDeleted"]:
                continue
            now, closed_at = known[-1], None
            for one in reversed(known):
                if not now["IsClosed"] or (one["IsClosed"], one["IsWon"]) != (True, now["IsWon"]):
                    break
                closed_at = _instant(one["_known_from"])
            first = line["expected"]
            euros = Decimal(str(now.get("Amount", 0))) / Decimal(str(PER_EURO[line["currency"]]))
            found.append(
                Deal(
                    line["opportunity_id"],
                    now["AccountId"],
                    first["channel"],
                    _instant(first["at"]) if first["at"] else None,
                    _instant(line["created_at"]),
                    closed_at,
                    bool(now["IsWon"]),
                    euros.quantize(Decimal("0.01")),
                )
            )
        return _with_new_customers(found)


def _with_new_customers(deals: list[Deal]) -> list[Deal]:
    won = sorted(
        (deal for deal in deals if deal.is_won and deal.closed_at),
        key=lambda deal: (deal.closed_at, deal.created_at, deal.opportunity_id),
    )
    first = {deal.company: deal.opportunity_id for deal in reversed(won)}
    return [
        replace(deal, is_new_customer=first.get(deal.company) == deal.opportunity_id)
        for deal in deals
    ]


@contextmanager
def invented(name: str, seed: int) -> Iterator[Company]:
    """A company of a preset, in a folder that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="closed-loop-company-") as folder:
        generate(Path(folder) / "data", preset=name, seed=seed)
        yield Company(name, seed, Path(folder) / "data")


def month_of(at: datetime) -> date:
    """First day of an instant's month in the reporting zone."""
    return at.astimezone(ZONE).date().replace(day=1)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _days(later: datetime, sooner: datetime) -> int:
    return max((later - sooner).days, 0)


def outcomes(company: Company) -> list[Row]:
    """The rows of ``build.int_outcomes`` at CLOCK: people and deals."""
    people = Counter(
        (channel, month_of(at), _days(CLOCK, at)) for channel, at in company.people if at < CLOCK
    )
    rows = [
        {
            "kind": "people", "channel": channel, "outcome": None, "cohort_month": month,
            "event_month": month, "close_month": None, "age_days": age, "delay_days": 0,
            "open_days": None, "people_or_deals": number, "customers": 0, "amount_base": None,
        }
        for (channel, month, age), number in people.items()
    ]  # fmt: skip
    for deal in company.deals(CLOCK):
        began = deal.touched_at or deal.created_at
        rows.append(
            {
                "kind": "deals", "channel": deal.channel, "outcome": deal.outcome,
                "cohort_month": deal.cohort_month, "event_month": month_of(deal.created_at),
                "close_month": month_of(deal.closed_at) if deal.closed_at else None,
                "age_days": _days(CLOCK, began), "delay_days": _days(deal.created_at, began),
                "open_days": _days(deal.closed_at or CLOCK, deal.created_at),
                "people_or_deals": 1, "customers": int(deal.is_new_customer),
                "amount_base": deal.amount,
            }
        )  # fmt: skip
    return rows


def cohorts(rows: list[Row]) -> list[Row]:
    """The cohorts of these rows, as ``mart_cohort_outlook`` reads them of the returns."""
    found: dict[tuple[str, date], list[Any]] = defaultdict(lambda: [0, 0, Decimal(0)])
    for row in rows:
        told = found[row["channel"], row["cohort_month"]]
        if row["kind"] == "people":
            told[0] += row["people_or_deals"]
        elif row["outcome"] == "won":
            told[1] += row["customers"]
            told[2] += row["amount_base"]
    return [
        {
            "kind": "cohorts", "channel": channel, "outcome": None, "cohort_month": month,
            "age_days": (CLOCK.date() - month).days, "delay_days": None, "open_days": None,
            "people_or_deals": people, "customers": customers, "amount_base": revenue,
            "is_too_early": None,  # SQL's to tell; no measure asks
        }
        for (channel, month), (people, customers, revenue) in found.items()
    ]  # fmt: skip


def monthly(company: Company, rows: list[Row]) -> list[Row]:
    """The rows of ``build.int_monthly_outcomes`` at CLOCK."""
    under_way = month_of(CLOCK)
    empty = {
        "channel": None, "outcome": None, "cohort_month": None, "close_month": None,
        "people_or_deals": 0, "customers": 0, "amount_base": None,
    }  # fmt: skip
    told = [{**empty, "kind": "as_of", "month": under_way}]
    told += [{**row, "month": row["event_month"]} for row in rows]
    for (channel, month), euros in company.spend.items():
        if month <= under_way:
            spent = {"amount_base": Decimal(f"{euros:.2f}")}
            told.append({**empty, "kind": "spend", "channel": channel, "month": month, **spent})
    return told


def came(company: Company) -> dict[str, Counter[tuple[str, date]]]:
    """What truly came, by metric, channel and month, to the end."""
    found: dict[str, Counter[tuple[str, date]]] = defaultdict(Counter)
    for channel, at in company.people:
        found["leads"][channel, month_of(at)] += 1
    for deal in company.deals(END):
        found["opportunities"][deal.channel, month_of(deal.created_at)] += 1
        if deal.closed_at and deal.is_won:
            closed = deal.channel, month_of(deal.closed_at)
            found["customers"][closed] += int(deal.is_new_customer)
            found["won_revenue"][closed] += float(deal.amount)
    found["spend"] = company.spend
    return found
