"""Invents a believable B2B software company as a data set: ad accounts, a CRM, and the truth.

`generate` writes the folder that `python -m include.sandbox serve` serves, and a `truth/` folder
beside it. See ../README.md. The same arguments give the same bytes, whatever the day or the Python.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from include.sandbox.generator.campaigns import invent_campaigns
from include.sandbox.generator.companies import HISTORY, PRESETS, Company
from include.sandbox.generator.deals import Desk, worth_of
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
from include.sandbox.generator.needs import audience_lines
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
    months: int | None = None,
    scale: float = 1.0,
    preset: str | None = None,
    progress: Callable[[str], None] = _silent,
) -> None:
    """Writes an invented data set to the folder `out`, whole or not at all.

    `months` counts calendar months back from the fixed as-of day, 2026-11-20, its own included: 24,
    or 48 of a `preset`, which is another company (one of PRESETS) with its response curves, delays
    and rates told in the truth. `scale` multiplies leads, deals and (above a minimum of eight)
    campaigns. `progress` is told in a sentence what has been done. Raises ValueError for a preset
    that is none and for months or a scale that make no world, and FileExistsError when `out` holds
    something that is not a data set.
    """
    if preset is not None and preset not in PRESETS:
        raise ValueError(f"{preset} is no preset: there are {', '.join(PRESETS)}.")
    if months is None:
        months = HISTORY if preset else 24
    if not 1 <= months <= 120:
        raise ValueError(f"{months} months: a world has between 1 and 120.")
    if not 0 < scale <= 1_000:
        raise ValueError(f"Scale {scale}: it must be above 0 and at most 1000.")
    frame = Frame(seed, months, scale)
    if preset:
        frame = replace(frame, scale=scale * PRESETS[preset].size)
        frame = replace(frame, company=Company(preset, frame))
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
    if frame.company:
        frame.company.settle(campaigns)
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
    writer.write(audience_lines(frame, crm.people))
    if frame.company:
        writer.write(frame.company.truth_lines(campaigns, worth_of(crm, frame.company)))
    progress("the truth beside them")
