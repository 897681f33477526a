"""`make models FOLDER=…`: a folder of touches and deals, put through the production SQL.

``python -m include.trial <folder>`` reads ``touches.csv``, ``deals.csv`` and, where it is there,
``people.csv`` (their columns are TOUCHES, DEALS and PEOPLE below), fills a throwaway DuckDB with
them, builds the models of attribution as the nightly run does, under the owner's settings and
seeds, prints the credits, and writes them to ``credits.csv`` in the folder.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from include import warehouse
from include.contracts.choices import ATTRIBUTION_MODELS, CHANNELS
from include.contracts.ops import LOAD_LEDGER
from include.contracts.shape import Column, Type
from include.contracts.values import Unfit, arrow_schema, fit_one
from include.settings import Settings, SettingsError, load_settings
from include.warehouse.engine import engine_of

TOUCHES = (
    Column("person", Type.TEXT, "Whoever was touched", is_required=True),
    Column("instant", Type.TIMESTAMP, "When", is_required=True),
    Column("channel", Type.TEXT, "How", one_of=CHANNELS, is_required=True),
    Column("campaign", Type.TEXT, "By which campaign, if any"),
)
DEALS = (
    Column("deal", Type.TEXT, "The deal's name or id", is_required=True),
    Column("created", Type.TIMESTAMP, "When sales created it", is_required=True),
    Column("closed", Type.TIMESTAMP, "When it closed; empty: it is open"),
    Column("won", Type.TEXT, "Whether it was won; empty: it is open", one_of=("yes", "no")),
    Column("amount", Type.CRM_MONEY, "What it is worth; empty: unknown"),
    Column("people", Type.TEXT, "Its people, with ; between them"),
)
PEOPLE = (
    Column("person", Type.TEXT, "The person", is_required=True),
    Column("lead", Type.TIMESTAMP, "When they became a lead", is_required=True),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would take for a formula."""
CREDITS = (
    "model",
    "deal",
    "basis",
    "line",
    "person",
    "instant",
    "channel",
    "campaign",
    "weight",
    "amount",
)

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Instants before and from here on are slips of the pen; windows around them leave the calendar."""

Rows = list[dict[str, Any]]


class Refused(Exception):
    """The folder cannot be used; the message names file, line and reason."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The three files as read: a row per line, with the line's number under ``line``."""

    touches: Rows
    deals: Rows
    people: Rows

    @property
    def as_of(self) -> datetime:
        """The latest instant told: for open deals it is now."""
        instants = [touch["instant"] for touch in self.touches]
        instants += [deal["closed"] or deal["created"] for deal in self.deals]
        return max([*instants, *(deal["created"] for deal in self.deals)])


def main() -> int:
    """Print the credits of the folder named on the command line; 0 if there are any to print."""
    if len(sys.argv) != 2 or not sys.argv[1]:
        print("usage: make models FOLDER=<folder with touches.csv and deals.csv>", file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    try:
        trial = read_trial(folder)
        credits, learned = credit(trial, load_settings())
        write_credits(folder / "credits.csv", credits)
    except (Refused, SettingsError, warehouse.WarehouseError) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    print(render(credits, learned))
    for note in notes(trial):
        print(f"\nNote: {note}")
    print(f"\nCredits: {folder / 'credits.csv'}")
    return 0


def read_trial(folder: Path) -> Trial:
    """The folder's files; raises Refused with file, line and reason."""
    touches = _read(folder / "touches.csv", TOUCHES)
    deals = _read(folder / "deals.csv", DEALS, key="deal")
    people_file = folder / "people.csv"
    people = _read(people_file, PEOPLE, key="person") if people_file.exists() else []
    if not deals:
        raise Refused(f"{folder / 'deals.csv'}: there is no deal in it")
    for deal in deals:
        place = f"{folder / 'deals.csv'}, line {deal['line']}"
        if (deal["closed"] is None) != (deal["won"] is None):
            raise Refused(
                f"{place}: a closed deal says in closed when and in won yes or no; an open one "
                "leaves both empty"
            )
        names = [name.strip() for name in (deal["people"] or "").split(";")]
        deal["people"] = [name for name in names if name]
        if len(set(deal["people"])) != len(deal["people"]):
            raise Refused(f"{place}: people names somebody twice")
    return Trial(touches, deals, people)


def credit(trial: Trial, settings: Settings) -> tuple[Rows, Rows]:
    """The credits (columns CREDITS) and what the data-driven models learned of each channel.

    ``settings`` give seeds, look-back, currency and zone; its home and warehouse stay untouched.
    """
    with tempfile.TemporaryDirectory(prefix="closed_loop_models_") as home:
        throwaway = replace(
            settings, home=Path(home), warehouse_url=f"duckdb:///{home}/warehouse.duckdb"
        )
        warehouse.prepare(throwaway, ())
        with engine_of(throwaway).write("prepare") as session:
            ledger = pa.Table.from_pylist([_load(trial.as_of)], schema=arrow_schema(LOAD_LEDGER))
            session.load("ops.load_ledger", LOAD_LEDGER.column_names, ledger)
        given = _given(trial, settings)
        for name in _needed("fct_attribution", "int_channel_values"):
            warehouse.build(throwaway, name)
            if rows := given.pop(name, []):
                with engine_of(throwaway).write(name) as session:
                    session.load(f"build.{name}", list(rows[0]), pa.Table.from_pylist(rows))
        if given:
            raise AssertionError(f"credit does not depend on {', '.join(given)}")
        credits = warehouse.read(
            throwaway,
            "select model, opportunity_id, basis, touchpoint_id, channel, weight, amount "
            "from build.fct_attribution",
        )
        learned = warehouse.read(
            throwaway, "select model, channel, value from build.int_channel_values"
        )
    learned.sort(key=lambda row: (_place(row["model"]), row["channel"]))
    return list(_told(trial, credits)), learned


def notes(trial: Trial) -> Iterator[str]:
    """What is no fault and may be a slip: somebody named whom no touch names."""
    touched = {touch["person"] for touch in trial.touches}
    named = [("deals.csv", deal["line"], name) for deal in trial.deals for name in deal["people"]]
    named += [("people.csv", person["line"], person["person"]) for person in trial.people]
    for file, line, name in named:
        if name not in touched:
            yield f"{file}, line {line}: {name} has no touch in touches.csv"


def write_credits(path: Path, credits: Rows) -> None:
    """The credits as a CSV file; a name that a spreadsheet would take for a formula gets an
    apostrophe before it (https://owasp.org/www-community/attacks/CSV_Injection)."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CREDITS)
        writer.writerows([_cell(row[name]) for name in CREDITS] for row in credits)


def render(credits: Rows, learned: Rows) -> str:
    """Credits by model and deal, totals by model and channel, and what was learned, as text."""
    totals: dict[tuple[str, ...], tuple[Decimal, Decimal | None]] = {}
    for row in credits:
        key = (row["model"], row["basis"], row["channel"])
        deals, amount = totals.get(key, (Decimal(0), None))
        if row["amount"] is not None:
            amount = (amount or Decimal(0)) + row["amount"]
        totals[key] = (deals + row["weight"], amount)
    return "\n\n".join(
        [
            _table(CREDITS, ([_text(row[name]) for name in CREDITS] for row in credits)),
            _table(
                ("model", "basis", "channel", "deals", "amount"),
                ([*key, *map(_text, totals[key])] for key in sorted(totals, key=_by_model)),
            ),
            _table(
                ("model", "channel", "value learned"),
                ([r["model"], r["channel"], f"{r['value'] / 10**9:.9f}"] for r in learned),
            ),
        ]
    )


def _read(path: Path, columns: Sequence[Column], key: str | None = None) -> Rows:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            lines = [(reader.line_num, fields) for fields in reader if any(fields)]
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise Refused(f"{path} is no CSV in UTF-8: {error}") from error
    names = [column.name for column in columns]
    if sorted(header) != sorted(names):
        raise Refused(f"{path}, line 1: the columns must be {', '.join(names)}")
    rows: Rows = []
    seen: dict[str, int] = {}
    for number, fields in lines:
        place = f"{path}, line {number}"
        if len(fields) != len(header):
            raise Refused(f"{place}: {len(fields)} fields where {len(header)} belong")
        texts = dict(zip(header, (field.strip() for field in fields), strict=True))
        try:
            row = {column.name: _value(column, texts[column.name] or None) for column in columns}
        except Unfit as unfit:
            raise Refused(f"{place}: {unfit}") from None
        if key and (earlier := seen.setdefault(row[key], number)) != number:
            raise Refused(f"{place}: line {earlier} has the same {key}")
        rows.append({"line": number, **row})
    return rows


def _value(column: Column, text: str | None) -> Any:
    try:
        value = fit_one(column, text)
    except Unfit as unfit:
        if column.type is Type.TIMESTAMP:
            raise Unfit(f"{unfit}; write it as 2026-01-31T09:30:00Z") from None
        raise
    if value is None and column.is_required:
        raise Unfit(f"{column.name} is missing")
    if isinstance(value, datetime) and not EARLIEST <= value < LATEST:
        raise Unfit(f"{column.name} is before {EARLIEST.year} or after {LATEST.year - 1}")
    if value is not None and column.one_of and value not in column.one_of:
        raise Unfit(f"{column.name} is none of {', '.join(column.one_of)}")
    if isinstance(value, Decimal) and value != Decimal(str(text)):
        raise Unfit(f"{column.name} is finer than a cent")
    return value


def _load(as_of: datetime) -> dict[str, Any]:
    """The load from whose ledger row the models know the as-of instant."""
    return {
        "source": "trial",
        "account_id": "trial",
        "stream": "trial",
        "scope": "all",
        "status": "loaded",
        "rows_staged": 0,
        "rows_rejected": 0,
        "as_of_at": as_of,
        "batch_id": "trial",
        "loaded_at": as_of,
    }


def _given(trial: Trial, settings: Settings) -> dict[str, Rows]:
    """What the nightly run finds out about people, touches and deals, as the folder tells it."""
    zone = ZoneInfo(settings.reporting_zone)
    leads = {row["person"]: row["lead"] for row in trial.people}
    for touch in sorted(trial.touches, key=lambda touch: touch["instant"]):
        leads.setdefault(touch["person"], touch["instant"])
    for deal in trial.deals:
        for person in deal["people"]:
            leads.setdefault(person, deal["created"])
    return {
        "int_people": [
            {"person_id": person, "crm_records": 1, "is_internal": False, "lead_at": lead}
            for person, lead in leads.items()
        ],
        "int_touchpoints": [
            {
                "touchpoint_id": _touchpoint_id(touch["line"]),
                "person_id": touch["person"],
                "crm_campaign_id": touch["campaign"],
                "evidence": "form",
                "told_channel": touch["channel"],
                "offer_type": "other",
                "match_method": "utm",
                "match_confidence": Decimal("0.6"),
                "has_conflict": False,
                "is_internal": False,
                "touched_at": touch["instant"].replace(microsecond=0),
            }
            for touch in trial.touches
        ],
        "int_deals": [
            {
                "opportunity_id": deal["deal"],
                "type_group": "new_business",
                "stage_name": "trial",
                "currency_code": settings.reporting_currency,
                "close_date": (deal["closed"] or trial.as_of).astimezone(zone).date(),
                "created_date": deal["created"].astimezone(zone).date(),
                "fx_rate_date": trial.as_of.astimezone(zone).date(),
                "amount": deal["amount"],
                "amount_base": deal["amount"],
                "fx_rate": Decimal(1),
                "is_closed": deal["closed"] is not None,
                "is_won": deal["won"] == "yes",
                "created_at": deal["created"],
                "closed_at": deal["closed"],
            }
            for deal in trial.deals
        ],
        "int_opportunity_people": [
            {
                "opportunity_id": deal["deal"],
                "person_id": person,
                "people_rule": "contact_role",
                "person_rank": rank,
                "is_primary": rank == 1,
            }
            for deal in trial.deals
            for rank, person in enumerate(deal["people"], 1)
        ],
    }


def _touchpoint_id(line: int) -> str:
    """An id by whose order touches of one instant stand as they do in the file."""
    return f"touch:{line:09d}"


def _needed(*names: str) -> Iterator[str]:
    """These models and all that they depend on, in the order they build."""
    order = warehouse.models.models()
    needed = set(names)
    for model in reversed(order):
        if model.name in needed:
            needed.update(model.depends_on)
    return (model.name for model in order if model.name in needed)


def _told(trial: Trial, credits: Rows) -> Iterator[dict[str, Any]]:
    """Credits in the words of the folder, by model, deal and touch."""
    touches = {_touchpoint_id(touch["line"]): touch for touch in trial.touches}
    places = {deal["deal"]: deal["line"] for deal in trial.deals}
    nobody = dict.fromkeys(("line", "person", "instant", "campaign"))
    told = [
        {
            **touches.get(row["touchpoint_id"], nobody),
            "model": row["model"],
            "deal": row["opportunity_id"],
            "basis": row["basis"],
            "channel": row["channel"],
            "weight": row["weight"],
            "amount": row["amount"],
        }
        for row in credits
    ]
    told.sort(key=lambda row: row["line"] or 0)
    told.sort(key=lambda row: (row["instant"] or trial.as_of).replace(microsecond=0))
    told.sort(key=lambda row: (_place(row["model"]), places[row["deal"]]))
    return iter(told)


def _place(model: str) -> int:
    return ATTRIBUTION_MODELS.index(model)


def _by_model(key: tuple[str, ...]) -> tuple[Any, ...]:
    return (_place(key[0]), *key[1:])


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return "" if value is None else str(value)


def _cell(value: Any) -> str:
    if not isinstance(value, str):
        return _text(value)
    text = value.replace("\r", "\n")  # which csv quotes
    return f"'{text}" if value.startswith(FORMULA) else text


def _table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [list(header), *map(list, lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    numeric = [name in ("line", "weight", "amount", "deals", "value learned") for name in header]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if is_number else cell.ljust(width)
            for cell, width, is_number in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in rows
    )


if __name__ == "__main__":
    sys.exit(main())
