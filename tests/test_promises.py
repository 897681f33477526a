"""Every promise has its test, named after it, and tests/README.md says which."""

from __future__ import annotations

import pytest

from tests import promises
from tests.promises import GAPS, PROMISES, Test

TESTS = promises.find()


def test_every_promise_has_its_test_or_a_reason() -> None:
    assert promises.wrong(TESTS) == []


def test_the_readme_is_as_the_names_of_the_tests_make_it() -> None:
    assert promises.README.read_text() == promises.render(TESTS), "write it by make dictionary"


def test_every_row_is_there_once() -> None:
    rows = [str(number) for number in range(1, 45)] + [f"i{number}" for number in range(1, 9)]
    assert [promise.number for promise in PROMISES] == rows


@pytest.mark.parametrize(
    ("tests", "gaps", "sentence"),
    [
        ([t for t in TESTS if "14" not in t.numbers], GAPS, "row 14 .* no test bears its number"),
        ([*TESTS, Test("warehouse/x.py", "a b", ("45",))], GAPS, "names row 45, which does not"),
        (TESTS, [*GAPS, promises.Gap("14", "D", "tired")], "row 14 .* has to go: tired"),
        (TESTS, [*GAPS, promises.Gap("14", "B", "tired")], "row 14 at B, which is not asked for"),
    ],
    ids=["no test", "no row", "idle reason", "reason elsewhere"],
)
def test_what_does_not_fit_is_said(tests: list, gaps: list, sentence: str) -> None:
    import re

    said = promises.wrong(tests, gaps)
    assert any(re.search(sentence, each) for each in said), said
