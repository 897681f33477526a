"""Invents a believable B2B software company as a data set: ad accounts, a CRM, and the truth.

`generate` writes the folder that `python -m include.sandbox serve` serves, and a `truth/` folder
beside it. See ../README.md. The same arguments give the same bytes, whatever the day or the Python.
"""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from include.sandbox.generator.campaigns import invent_campaigns
from include.sandbox.generator.deals import Desk
from include.sandbox.generator.form_records import form_lines
from include.sandbox.generator.frame import (
    AS_OF,
    COMPANY,
    CURRENCY,
    PER_EURO,
    TIME_ZONE,
    Frame,
)
from include.sandbox.generator.histories import history_lines
from include.sandbox.generator.journeys import (
    Crm,
    count_responses,
    meet,
    merge_contacts,
    nurture,
)
from include.sandbox.generator.names import Ids
from include.sandbox.generator.networks import (
    figure_lines,
    google_lines,
    linkedin_lines,
    meta_lines,
)
from include.sandbox.generator.organization import organization_lines
from include.sandbox.generator.people import invent_arrivals
from include.sandbox.generator.programs import invent_programs
from include.sandbox.generator.records import click_lines, crm_lines
from include.sandbox.generator.spend import report_spend
from include.sandbox.generator.truth import SpendTruth, truth_lines
from include.sandbox.generator.visits import Visits
from include.sandbox.generator.writer import Writer, replaced

__all__ = ["generate"]


def _silent(_: str) -> None:
    """Says nothing."""


def generate(
    out: Path,
    *,
    seed: int = 1,
    months: int = 24,
    scale: float = 1.0,
    progress: Callable[[str], None] = _silent,
) -> None:
    """Writes an invented data set to the folder `out`, whole or not at all.

    `months` counts calendar months back from the fixed as-of day, 2026-11-20, its own included;
    `scale` multiplies leads, deals and (above a minimum of eight) campaigns. `progress` is told in
    a sentence what has been done. Raises ValueError for months or a scale that make no world, and
    FileExistsError when `out` holds something that is not a data set.
    """
    if not 1 <= months <= 120:
        raise ValueError(f"{months} months: a world has between 1 and 120.")
    if not 0 < scale <= 1_000:
        raise ValueError(f"Scale {scale}: it must be above 0 and at most 1000.")
    frame = Frame(seed, months, scale)
    with replaced(out) as folder, Writer(folder) as writer:
        _invent(frame, writer, progress)
        about = {
            "company": COMPANY,
            "time_zone": TIME_ZONE,
            "currency": CURRENCY,
            "as_of": AS_OF.isoformat(),
        }
        writer.document("dataset.json", about)


def _invent(frame: Frame, writer: Writer, progress: Callable[[str], None]) -> None:
    campaigns = invent_campaigns(frame)
    for lines in (meta_lines, google_lines, linkedin_lines):
        writer.write(lines(frame, campaigns))
    progress(f"{len(campaigns)} campaigns in six ad accounts")

    places = {id(campaign): place for place, campaign in enumerate(campaigns)}
    euros: dict[tuple[int, int], float] = defaultdict(float)
    clicks: dict[tuple[int, int], int] = defaultdict(int)
    total, rows = SpendTruth(frame), 0
    for row in report_spend(frame, campaigns):
        rows += writer.write(figure_lines(frame, row))
        total.add(row)
        spend = row.told[0][1].spend_micros / 1_000_000
        clicks[places[id(row.campaign)], row.day] += row.told[0][1].clicks
        euros[places[id(row.campaign)], row.day] += spend / PER_EURO[row.campaign.account.currency]
    writer.write(total.lines())
    progress(f"{rows} lines of daily figures, restated ones included")

    ids = Ids()
    programs = invent_programs(frame, ids)
    crm = Crm(frame, ids, programs)
    plans = meet(crm, invent_arrivals(frame, campaigns, euros, programs))
    desk = Desk(crm)
    desk.work(plans)
    desk.find()
    desk.keep()
    merge_contacts(crm)
    nurture(crm)
    count_responses(crm)
    leads = sum(len(person.leads) for person in crm.people)
    progress(f"{len(crm.people)} people with {leads} leads, {len(desk.deals)} opportunities")

    rows = writer.write(organization_lines(crm))
    rows += writer.write(crm_lines(crm, desk.deals))
    rows += writer.write(history_lines(crm, desk.deals))
    rows += writer.write(click_lines(frame, crm.people))
    rows += writer.write(form_lines(frame, campaigns, crm.people))
    progress(f"{rows} lines of CRM records, clicks and lead forms, earlier versions included")
    rows = writer.write(Visits(frame, campaigns, clicks, crm.people).lines())
    progress(f"{rows} lines of visits to the site")
    writer.write(truth_lines(crm.people, desk.deals))
    progress("the truth beside them")
