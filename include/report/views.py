"""The page's views: which question each answers, and with which tables.

A table is a query of ``queries/``, a select a file; its ``:names`` are parameters of
``parameters.py`` or are fixed here. What several queries rest on is a select of
``queries/shared/``, read as ``shared.<file>``. All tables of one answer are read from one build.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from include.report import parameters
from include.warehouse.engine import Answer, Question, Session

QUERIES = Path(__file__).parent / "queries"
_SOURCE = re.compile(r"\b(?:from|join) ((?:marts|ops)\.\w+)")
_SHARED = re.compile(r"\b(from|join) shared\.(\w+)")
_WITH = re.compile(r"^with$", re.MULTILINE)
_PARAMETER = re.compile(r"(?<![:\w]):(\w+)")
AT_MOST = 200
"""Rows that the page shows of a list that may be long."""
_FIXED = frozenset({"with_campaigns", "at_most"})
"""Parameters of queries that nobody chooses."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a view.

    ``query`` names the file in ``queries/``. Where ``level`` is given, the table is those rows of
    the query whose column ``level`` says so, and ``omits`` are columns that mean nothing there.
    ``is_compared``: asked a second time for the period before. Only where one of ``needs`` is
    chosen, and none of ``gives_way_to``, is it asked at all; else it has no rows. Without
    ``with_campaigns`` the query is spared what it would tell of each campaign.
    """

    query: str
    level: str | None = None
    omits: frozenset[str] = frozenset()
    is_compared: bool = False
    needs: tuple[str, ...] = ()
    gives_way_to: tuple[str, ...] = ()
    with_campaigns: bool = True

    def is_asked(self, values: Mapping[str, Any]) -> bool:
        """Whether it has anything to tell of what is chosen."""
        wanted = not self.needs or any(values[name] for name in self.needs)
        return wanted and not any(values[name] for name in self.gives_way_to)


@dataclass(frozen=True, slots=True)
class View:
    """One view of the page: the question it answers, and its tables by name.

    ``is_to_day``: without a choice its period ends with the month under way, not with the last
    whole one.
    """

    question: str
    tables: Mapping[str, Table]
    is_to_day: bool = False


_TELLS_APART: Mapping[str, tuple[str, ...]] = {
    "total": (),
    "month": ("cohort_month",),
    "channel": ("channel",),
    "network": ("platform",),
    "platform": ("channel", "platform"),
    "campaign": (
        "channel",
        "platform",
        "account_id",
        "account_name",
        "campaign_id",
        "campaign_name",
        "campaign_status",
        "first_day",
        "last_day",
        "spend_without_touch_base",
        "months_without_touch",
    ),
}
"""The columns that tell the rows of ``returns`` apart, or mean something there alone, by level."""
_PLACES = frozenset({"level"}.union(*_TELLS_APART.values()))


def _returns(level: str, *, is_compared: bool = False, with_campaigns: bool = True) -> Table:
    return Table(
        "returns",
        level,
        _PLACES - {*_TELLS_APART[level]},
        is_compared,
        with_campaigns=with_campaigns,
    )


_OPENED = ("opportunity_id", "person_id")

VIEWS: Mapping[str, View] = {
    "choices": View(
        "What is there to choose from, and do the books close?",
        {
            name: Table(f"choice_{name}")
            for name in (
                "channels",
                "platforms",
                "accounts",
                "campaigns",
                "currencies",
                "months",
                "models",
                "checks",
                "missing",
            )
        },
    ),
    "overview": View(
        "Which channels bring customers, and is the trend good?",
        {
            "total": _returns("total", is_compared=True, with_campaigns=False),
            "paid": Table("paid", is_compared=True),
            "months": _returns("month", with_campaigns=False),
            "networks": _returns("network", is_compared=True, with_campaigns=False),
            "channels": _returns("channel", is_compared=True, with_campaigns=False),
            "judged_networks": Table("judged_returns", "network", frozenset({"level", "channel"})),
            "judged_channels": Table(
                "judged_returns",
                "channel",
                frozenset({"level", "platform", "paid_won_revenue"}),
            ),
            "closed": Table("closed_months"),
            "checks": Table("checks"),
            "missing": Table("unsettled_days", "missing", frozenset({"level"})),
            "restating": Table("unsettled_days", "restating", frozenset({"level"})),
            "evidence": Table("evidence"),
            "changes": Table("changes"),
            "typical": Table("cohort_typical"),
            "comparison": Table("comparison"),
        },
    ),
    "channels": View(
        "What does each channel, network and campaign cost, and what comes back?",
        {
            "total": _returns("total", is_compared=True),
            "networks": _returns("network"),
            "channels": _returns("channel", is_compared=True),
            "platforms": _returns("platform"),
            "campaigns": _returns("campaign"),
            "ad_groups": Table(
                "ads", "ad_group", frozenset({"level", "ad_id", "ad_name"}), needs=("campaign_id",)
            ),
            "ads": Table("ads", "ad", frozenset({"level"}), needs=("campaign_id",)),
            "billed": Table("billed"),
            "days": Table("spend_days", needs=("campaign_id",)),
            "comparison": Table("comparison"),
        },
    ),
    "cohorts": View(
        "When has a month's spend earned itself back?",
        {
            "cohorts": Table("cohorts"),
            "revenue": Table("cohort_revenue"),
            "typical": Table("cohort_typical"),
        },
    ),
    "funnel": View(
        "How do visitors become leads, and leads customers, by channel?",
        {
            "total": Table("funnel", "total", frozenset({"level", "channel", "cohort_month"})),
            "channels": Table("funnel", "channel", frozenset({"level", "cohort_month"})),
            "months": Table("funnel", "month", frozenset({"level", "channel"})),
            "goals": Table("funnel_goals"),
            "typical": Table("cohort_typical"),
            "comparison": Table("comparison"),
        },
    ),
    "audience": View(
        "Who buys, what begins and moves deals, and whom should sales call?",
        {
            "segments": Table("audience_segments"),
            "contents": Table("audience_contents"),
            "briefs": Table("audience_briefs"),
        },
        is_to_day=True,  # whom sales should call came lately
    ),
    "goals": View(
        "Are we on course, and what would the goals take?",
        {
            "goals": Table("goals"),
            "days": Table("goal_days"),
            "plan": Table("goal_plan"),
        },
    ),
    "advice": View(
        "What should run, and what should pause?",
        {
            "channels": Table("advice_channels"),
            "campaigns": Table("advice_campaigns"),
            "record": Table("advice_record"),
        },
    ),
    "budget": View(
        "Where should the next euro go?",
        {
            "plan": Table("budget_plan"),
            "response": Table("budget_response"),
            "tests": Table("budget_tests"),
        },
    ),
    "forecast": View(
        "What will the next twelve months bring?",
        {
            "months": Table("forecast_months"),
            "past": Table("forecast_past"),
            "channels": Table("forecast_channels"),
        },
    ),
    "models": View(
        "Which campaigns look different by another model, and by how much?",
        {
            "channels": Table(
                "models",
                "channel",
                frozenset(
                    {
                        "level",
                        "platform",
                        "account_id",
                        "account_name",
                        "campaign_id",
                        "campaign_name",
                    }
                ),
            ),
            "campaigns": Table("models", "campaign", frozenset({"level"})),
            "comparison": Table("comparison"),
        },
    ),
    "journeys": View(
        "Where did this deal or person come from, and what led to the purchase?",
        {
            "closed": Table("journey_closed", gives_way_to=("search", *_OPENED)),
            "credited": Table("journey_credited", gives_way_to=("search", *_OPENED)),
            "opportunities": Table("journey_opportunities", gives_way_to=("search", *_OPENED)),
            "found": Table("journey_found", needs=("search",), gives_way_to=_OPENED),
            "deal": Table("journey_deal", needs=("opportunity_id",)),
            "person": Table("journey_person", needs=("person_id",)),
            "steps": Table("journey_steps", needs=_OPENED),
            "credits": Table("journey_credits", needs=("opportunity_id",)),
            "touches": Table("journey_touches", needs=_OPENED),
        },
    ),
    "health": View(
        "Can the figures be trusted: is everything loaded, and do the books close?",
        {
            "sources": Table("health_sources"),
            "days": Table("health_days"),
            "checks": Table("health_checks"),
            "control": Table("health_control"),
            "rejected": Table("health_rejected"),
            "restated": Table("health_restated"),
            "schema_changes": Table("health_schema_changes"),
            "api_usage": Table("health_api_usage"),
            "holds": Table("health_holds"),
            "model_runs": Table("health_model_runs"),
        },
        is_to_day=True,  # whether last night loaded is what it is asked first
    ),
    "unplaced": View(
        "What could the books not place, in money, and what would mend it?",
        {
            "findings": Table("unplaced_findings"),
            "tags": Table("unplaced_tags"),
            "deals": Table("unplaced_deals"),
            "gaps": Table("unplaced_gaps"),
            "unpriced": Table("unplaced_unpriced"),
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Answered:
    """One table as read: its columns in order and its rows, and those of the period before."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    before: list[tuple[Any, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Build:
    """Which build an answer speaks of, and how far the books were then. Instants in UTC.

    ``first_month`` is when they begin: ``queries/shared/begun.sql``.
    """

    run_id: str
    first_month: date | None
    publish_number: int
    staging_version: int | None
    holds: int
    decided_at: datetime | None
    as_of_at: datetime
    published_at: datetime


def build_of(session: Session) -> Build:
    """The build that this session reads."""
    (row,) = session.answer(query("build"))[1]
    return Build(*row)


def as_of_date(build: Build, reporting_zone: str) -> date:
    """The day in the reporting zone at which the build's data ends."""
    return build.as_of_at.astimezone(ZoneInfo(reporting_zone)).date()


_COLUMNS: dict[Table, tuple[str, ...]] = {}
"""The columns of the tables seen so far: a query's text alone says them, so they are told even
where it is not asked."""


class Reading:
    """The tables of one answer, for the values chosen (``parameters.chosen``).

    Tables that show levels of one query share it: it is asked once. ``is_whole``: of lists longer
    than AT_MOST every row.
    """

    def __init__(
        self, session: Session, values: Mapping[str, Any], *, is_whole: bool = False
    ) -> None:
        self._session = session
        self.values = values
        self._at_most = None if is_whole else AT_MOST
        self._asked: dict[tuple[str, bool, bool], Answer] = {}

    def ask(self, tables: Iterable[Table]) -> None:
        """Ask for several tables at once, side by side where that can be, for ``of`` to tell."""
        questions = {
            (table.query, table.with_campaigns, is_before): self._question(table, is_before)
            for table in tables
            if table.is_asked(self.values)
            for is_before in ((False, True) if table.is_compared else (False,))
        }
        answers = self._session.answers(list(questions.values()))
        self._asked |= dict(zip(questions, answers, strict=True))

    def of(self, table: Table) -> Answered:
        """One table."""
        if table in _COLUMNS and not table.is_asked(self.values):
            return Answered(_COLUMNS[table], [])
        columns, rows = self._shown(table, is_before=False)
        _COLUMNS[table] = columns
        if not table.is_asked(self.values):
            return Answered(columns, [])
        earlier = self._shown(table, is_before=True)[1] if table.is_compared else None
        return Answered(columns, rows, earlier)

    def _shown(self, table: Table, *, is_before: bool) -> Answer:
        columns, rows = self._answer(table, is_before)
        if table.level is None:
            return columns, rows
        level = columns.index("level")
        kept = [place for place, name in enumerate(columns) if name not in table.omits]
        return tuple(columns[place] for place in kept), [
            tuple(row[place] for place in kept) for row in rows if row[level] == table.level
        ]

    def _answer(self, table: Table, is_before: bool) -> Answer:
        asked = (table.query, table.with_campaigns, is_before)
        if asked not in self._asked:
            (self._asked[asked],) = self._session.answers([self._question(table, is_before)])
        return self._asked[asked]

    def _question(self, table: Table, is_before: bool) -> Question:
        values = parameters.before(self.values) if is_before else self.values
        fixed = {"with_campaigns": table.with_campaigns, "at_most": self._at_most}
        every = {**values, **fixed}
        return Question(
            query(table.query), {name: every[name] for name in sorted(_parameters_of(table.query))}
        )


def used_by(view: View) -> frozenset[str]:
    """The parameters that change what a view shows."""
    return frozenset[str]().union(*(used_in(each) for each in view.tables.values()))


def used_in(table: Table) -> frozenset[str]:
    """The parameters that change what one table shows."""
    return _parameters_of(table.query) - _FIXED


def marts_of(table: Table) -> list[str]:
    """The tables of the warehouse that a table of the page is read from."""
    return _marts_of(table.query)


@cache
def _parameters_of(name: str) -> frozenset[str]:
    return frozenset(_PARAMETER.findall(query(name)))


@cache
def _marts_of(name: str) -> list[str]:
    return sorted(set(_SOURCE.findall(query(name))))


@cache
def query(name: str) -> str:
    """The text of one query, with what it shares with others as its first steps."""
    text = (QUERIES / f"{name}.sql").read_text()
    names = dict.fromkeys(name for _, name in _SHARED.findall(text))
    steps = "".join(f"\n\nshared_{name} as (\n{_shared(name)})," for name in names)
    return _WITH.sub(lambda begun: begun[0] + steps, _SHARED.sub(r"\1 shared_\2", text), count=1)


def _shared(name: str) -> str:
    return (QUERIES / "shared" / f"{name}.sql").read_text()


def plain(value: Any) -> Any:
    """A value as JSON carries it: decimals as text, exact; days and instants in ISO form."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value
