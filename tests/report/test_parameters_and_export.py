"""What a reader may choose, and how a table leaves the page as a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.report import document, parameters, views
from include.report.columns import described
from include.report.export import csv_of
from include.report.parameters import PARAMETERS, BadParameter, before, chosen, once
from tests.report.reading import reader

AS_OF = date(2026, 11, 20)
TEXTS = st.text(max_size=250)
MONTHS = st.dates(date(1, 1, 1), date(9999, 12, 31)).map(lambda day: f"{day:%Y-%m}".zfill(7))


def test_without_a_choice_the_period_is_the_last_twelve_whole_months_by_first_touch() -> None:
    values = chosen({}, AS_OF)
    assert (values["from_month"], values["to_month"]) == (date(2025, 11, 1), date(2026, 10, 1))
    assert values["model"] == "first_touch"
    assert {name for name, value in values.items() if value is not None} == {
        "from_month",
        "to_month",
        "model",
    }
    assert before(values)["from_month"] == date(2024, 11, 1)
    assert before(values)["to_month"] == date(2025, 10, 1)


@pytest.mark.parametrize(
    ("given_", "as_of", "is_to_day", "period"),
    [
        ({}, date(2026, 11, 1), False, ("2025-11", "2026-10")),
        ({}, date(2026, 10, 31), False, ("2025-10", "2026-09")),
        ({}, date(2026, 1, 15), False, ("2025-01", "2025-12")),
        ({}, AS_OF, True, ("2025-12", "2026-11")),
        ({"from_month": "2026-11"}, AS_OF, False, ("2026-11", "2026-11")),
        ({"from_month": "2026-10"}, AS_OF, False, ("2026-10", "2026-10")),
        ({"to_month": "2026-11"}, AS_OF, False, ("2025-12", "2026-11")),
    ],
)
def test_the_month_under_way_is_chosen_or_left_out(
    given_: dict[str, str], as_of: date, is_to_day: bool, period: tuple[str, str]
) -> None:
    values = chosen(given_, as_of, is_to_day=is_to_day)
    assert (f"{values['from_month']:%Y-%m}", f"{values['to_month']:%Y-%m}") == period


@pytest.mark.parametrize(
    ("first_month", "given_", "is_to_day", "period"),
    [
        (date(2026, 11, 1), {}, False, ("2026-11", "2026-11")),  # no month is over yet
        (date(2026, 11, 1), {"to_month": "2026-10"}, False, ("2025-11", "2026-10")),
        (date(2024, 11, 1), {}, False, ("2025-11", "2026-10")),
        (date(2024, 12, 1), {}, False, ("2025-12", "2026-10")),
        (date(2025, 1, 1), {}, False, ("2025-12", "2026-10")),
        (date(2026, 9, 1), {}, False, ("2026-10", "2026-10")),
        (date(2026, 10, 1), {}, False, ("2026-10", "2026-10")),
        (date(2024, 12, 1), {}, True, ("2025-12", "2026-11")),
        (date(2024, 12, 1), {"to_month": "2026-10"}, False, ("2025-11", "2026-10")),
        (date(2026, 9, 1), {"from_month": "2026-09"}, False, ("2026-09", "2026-10")),
    ],
)
def test_without_a_choice_as_many_months_lie_before_as_are_shown(
    first_month: date, given_: dict[str, str], is_to_day: bool, period: tuple[str, str]
) -> None:
    values = chosen(given_, AS_OF, first_month, is_to_day=is_to_day)
    assert (f"{values['from_month']:%Y-%m}", f"{values['to_month']:%Y-%m}") == period


@pytest.mark.parametrize(
    ("given_", "sentence"),
    [
        ({"from_month": "2026-13"}, "from_month must be a month such as 2026-03"),
        ({"from_month": "٢٠٢٦-٠١"}, "from_month must be a month such as 2026-03"),
        ({"to_month": "2026-01'--"}, "to_month must be a month such as 2026-03"),
        ({"to_month": "0000-01"}, "to_month must be a month such as 2026-03"),
        ({"from_month": "2026-12"}, "from_month must not lie after to_month"),
        ({"from_month": "2016-10"}, "the period must not be longer than ten years"),
        ({"to_month": "0001-01"}, "the period must lie within the years 1 to 9999"),
        ({"currency_code": "eur"}, "currency_code must be a currency's three letters"),
        ({"channel": "x" * 201}, "channel must be a text of at most 200 characters"),
        ({"search": "a\0b"}, "search must be a text of at most 200 characters"),
        ({"model": "best"}, "model must be one of first_touch"),
        ({"1=1; drop": "x", "order_by": "y"}, "there is no choice called 1=1; drop, order_by"),
    ],
)
def test_25_what_cannot_be_chosen_is_refused_with_a_sentence(
    given_: dict[str, str], sentence: str
) -> None:
    with pytest.raises(BadParameter) as refused:
        chosen(given_, AS_OF)
    assert str(refused.value).startswith(sentence)


def test_25_a_choice_is_made_once() -> None:
    assert once([("channel", "Email"), ("model", "linear")]) == {
        "channel": "Email",
        "model": "linear",
    }
    with pytest.raises(BadParameter, match="channel must be given once"):
        once([("channel", "Email"), ("model", "linear"), ("channel", "Email")])


@given(st.dictionaries(st.one_of(st.sampled_from(sorted(PARAMETERS)), TEXTS), TEXTS | MONTHS))
def test_25_whatever_is_given_is_refused_or_a_checked_value(given_: dict[str, str]) -> None:
    try:
        values = chosen(given_, AS_OF)
        earlier = before(values)
    except BadParameter:
        return
    assert set(values) == set(PARAMETERS)
    for name, value in values.items():
        if name.endswith("_month"):
            assert value.day == 1
        else:
            assert value is None or (len(value) <= parameters.LONGEST and "\0" not in value)
    length = parameters.months_between(values["from_month"], values["to_month"])
    assert 0 <= length < 120
    assert parameters.months_between(earlier["from_month"], earlier["to_month"]) == length
    assert parameters.months_later(earlier["to_month"], 1) == values["from_month"]


def test_25_queries_are_files_and_name_only_what_can_be_chosen() -> None:
    named = {table.query for view in views.VIEWS.values() for table in view.tables.values()}
    named |= {"build"} | set(re.findall(r'\bTable\("(\w+)"', Path(document.__file__).read_text()))
    assert named == {path.stem for path in views.QUERIES.glob("*.sql")}
    told = "".join(path.read_text() for path in views.QUERIES.glob("*.sql"))
    shared = {path.stem for path in (views.QUERIES / "shared").glob("*.sql")}
    assert shared == set(re.findall(r"\bshared\.(\w+)", told))
    for view in views.VIEWS.values():
        assert views.used_by(view) <= set(PARAMETERS)
    assert {name for view in views.VIEWS.values() for name in views.used_by(view)} <= set(
        PARAMETERS
    )


def read(text: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), delimiter=delimiter))


FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "＝1+1",
    '=HYPERLINK("http://evil.example","x")',
    "a;=1+1",
    'a";=1+1',
    "a\n=1+1",
    "a\t @SUM(A1)",
)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("text", FORMULAS)
def test_27_no_cell_of_an_export_is_a_formula_however_a_spreadsheet_parts_it(
    text: str, delimiter: str
) -> None:
    """A spreadsheet of many a country parts cells at the semicolon, quoted or not."""
    made = csv_of(["name", "spend"], [(Decimal("1.5"), text), (text, 2)])
    for line in made.decode("utf-8-sig").replace("\r", "\n").split("\n"):
        for cell in line.split(delimiter):
            assert cell.strip(' "\t')[:1] not in tuple("=+@＝＋－＠"), line
            assert not cell.strip(' "\t').startswith("-"), line


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=4))
def test_27_a_text_comes_back_as_it_was_but_for_the_apostrophes(rows: list[list[str]]) -> None:
    made = read(csv_of(["a", "b"], rows))
    assert len(made) == len(rows) + 1
    for row, back in zip(rows, made[1:], strict=True):
        for text, cell in zip(row, back, strict=True):
            plain = text.encode(errors="replace").decode()
            assert cell.replace("'", "") == plain.replace("'", "")


def test_numbers_days_and_nothing_in_an_export() -> None:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    made = csv_of(["Spend (EUR)"], [(Decimal("-0.000001"), -3, True, None, AS_OF, at, 'Ö,"x"')])
    assert (
        made
        == (
            "\ufeffSpend (EUR)\r\n"
            '-0.000001,-3,true,,2026-11-20,2026-11-20T12:00:00+00:00,"Ö,""x"""\r\n'
        ).encode()
    )


def units(columns: tuple[str, ...], shown: str = "USD") -> dict[str, Any]:
    return {each["name"]: each["unit"] for each in described(columns, shown, "EUR")}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("spend", "cac"), {"spend": "USD", "cac": "USD"}),
        (("spend_base", "leads"), {"spend_base": "EUR", "leads": "people"}),
        (
            ("currency_code", "spend", "spend_base"),
            {"currency_code": None, "spend": "currency_code", "spend_base": "EUR"},
        ),
    ],
)
def test_money_says_in_which_currency_it_is(
    columns: tuple[str, ...], expected: dict[str, str | None]
) -> None:
    assert units(columns) == expected


@pytest.mark.parametrize(
    ("name", "label", "kind"),
    [
        ("roi", "ROI", "percent"),
        ("roas", "ROAS", "times"),
        ("won_revenue", "Won revenue", "money"),
        ("first_touch_at", "First touch at", "instant"),
        ("is_won", "Is won", "boolean"),
        ("never_heard_of", "Never heard of", "text"),
    ],
)
def test_a_column_says_what_it_is(name: str, label: str, kind: str) -> None:
    (told,) = described((name,), "EUR", "EUR")
    assert (told["label"], told["kind"]) == (label, kind)


def test_every_column_of_every_view_has_a_meaning(evidence: Callable[[str], Any]) -> None:
    client = reader(evidence("duckdb"))
    for view in views.VIEWS:
        told = client.get(f"/data/{view}").json()["tables"]
        assert told, view
        lacking = {
            f"{view}.{name}.{column['name']}"
            for name, table in told.items()
            for column in table["columns"]
            if not column["meaning"]
        }
        assert lacking == set()
