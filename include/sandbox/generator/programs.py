"""Marketing programs: campaigns of the CRM (webinars, fairs, white papers, mailings)."""

from dataclasses import dataclass
from random import Random

from include.sandbox.generator.frame import Frame, day_text, month_of
from include.sandbox.generator.names import Ids

# The channel that a response to each kind of program belongs to.
PROGRAM_CHANNELS = {
    "Webinar": "Events",
    "Trade Show": "Events",
    "Email": "Email",
    "Content Syndication": "Content Syndication",
    "White Paper": "Other",
}
_TOPICS = (
    "Rolling Forecasts", "Month End Close", "Planning Beyond Excel", "Scenario Planning",
    "Cash Forecasting", "Driver-based Budgets", "Group Consolidation", "Workforce Planning",
)  # fmt: skip
_FAIRS = ("CFO Forum Berlin", "Finance Days London", "FP&A Summit Chicago", "ControllerKongress")


@dataclass(frozen=True)
class Program:
    """One campaign of the CRM, held or sent on a day."""

    campaign_id: str
    name: str
    kind: str
    day: int
    cost: int


def invent_programs(frame: Frame, ids: Ids) -> list[Program]:
    """A webinar and a mailing every month; a paper, a fair or syndicated content in turn."""
    rng = frame.chance("programs")
    programs = []
    month, months = frame.first_day, []
    while month <= frame.last_day:
        months.append(month)
        month += 1
        while month_of(month) == month_of(month - 1):
            month += 1
    for place, first in enumerate(months):
        planned = [("Webinar", _named(rng, "Webinar"), 5, 1_500)]
        planned.append(("Email", f"Newsletter {day_text(first)[:7]}", 12, 300))
        third = (
            ("White Paper", _named(rng, "White Paper"), 3, 4_000),
            ("Trade Show", _FAIRS[place // 3 % len(_FAIRS)], 16, 22_000),
            ("Content Syndication", f"Syndication: {rng.choice(_TOPICS)}", 1, 6_000),
        )[place % 3]
        for kind, name, after, cost in [*planned, third]:
            day = first + after + int(rng.random() * 6)
            if day <= frame.last_day:
                programs.append(Program(ids.new("Campaign"), name, kind, day, cost))
    return programs


def _named(rng: Random, kind: str) -> str:
    return f"{kind}: {rng.choice(_TOPICS)}"
