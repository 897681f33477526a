"""What people say they need: the fields of a form that tell product, problem and time."""

from collections.abc import Iterable, Iterator

from include.sandbox.generator.frame import Frame, Record
from include.sandbox.generator.people import Person

PRODUCTS = (
    "Planning and Budgeting", "Group Consolidation", "Cash Forecasting", "Management Reporting",
)  # fmt: skip
PROBLEMS = (
    "Planning in spreadsheets", "The close takes too long", "Figures are wrong",
    "Too many entities", "Cash is not in sight",
)  # fmt: skip
TIMEFRAMES = ("Now", "This quarter", "This year", "No date yet")
_TOLD = 0.4
"""The share of people who fill in a field that they need not."""


def stated(frame: Frame, person: Person) -> Record:
    """The fields that a person fills in, on every form alike; of a chance of its own, so that it
    moves nothing else."""
    rng = frame.chance(f"needs/{person.number}")
    fields = {}
    for name, words in (
        ("Product_Interest__c", PRODUCTS),
        ("Pain_Point__c", PROBLEMS),
        ("Purchase_Timeframe__c", TIMEFRAMES),
    ):
        word, is_told = rng.choice(words), rng.random() < _TOLD
        if is_told:
            fields[name] = word
    return fields


def audience_lines(frame: Frame, people: Iterable[Person]) -> Iterator[tuple[str, Record]]:
    """Who everybody is and what they said; of their needs only what a lead still holds."""
    for person in people:
        if person.is_internal or person.is_deleted:
            continue
        holds = any(not lead.deleted_at or lead.undeleted_at for lead in person.leads)
        said = stated(frame, person) if holds else {}
        yield "truth/audience", {
            "person_id": person.person_id, "title": person.title,
            "industry": person.org.industry, "country": person.org.country,
            "employees": person.org.employees, "product": said.get("Product_Interest__c"),
            "problem": said.get("Pain_Point__c"), "timeframe": said.get("Purchase_Timeframe__c"),
        }  # fmt: skip
