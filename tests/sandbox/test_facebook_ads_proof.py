"""Whatever page loses its rows and whatever number is not what it was: Facebook's load fails, or
what it brings is what it would have brought."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from include.sources import Row, SourceUnavailable, Window
from include.sources.facebook_ads import FACEBOOK_ADS
from tests.sandbox.facebook_data import FILES
from tests.sandbox.facebook_reading import (
    NORTH,
    REPORTS,
    STREAMS,
    connected,
    in_order,
    read,
)
from tests.sandbox.running import Sandbox

DAYS = Window(date(2026, 10, 31), date(2026, 11, 1))
LISTS = [stream for stream in STREAMS if stream not in REPORTS]


@pytest.fixture(scope="module")
def served(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES)


@pytest.fixture
def sandbox(served: Sandbox) -> Sandbox:
    served.reset()
    return served


def outcome(sandbox: Sandbox, stream: str, **do: Any) -> tuple[list[Row] | str, int]:
    """The rows, or the sentence in place of them, when one call is answered wrongly; and how many
    calls were made."""
    sandbox.reset()
    sandbox.set_faults([{"nth": do.pop("nth"), "do": do}])
    client = connected(sandbox, retry_seconds=2, page=5)
    try:
        records = read(sandbox, stream, window=DAYS, client=client)
    except SourceUnavailable as error:
        return str(error), len(client.answers)
    return in_order(FACEBOOK_ADS.parse(NORTH, stream, records)), len(client.answers)


def clean(sandbox: Sandbox, stream: str) -> tuple[list[Row], list[int]]:
    """The rows as they should be, and how many figures each answer on the way holds."""
    client = connected(sandbox, page=5)
    records = read(sandbox, stream, window=DAYS, client=client)
    return in_order(FACEBOOK_ADS.parse(NORTH, stream, records)), client.figure_counts()


@pytest.mark.parametrize("stream", [stream for stream in STREAMS if stream != "accounts"])
def test_5_a_page_without_its_rows_is_noticed(sandbox: Sandbox, stream: str) -> None:
    rows, answers = clean(sandbox, stream)
    pages = {
        number
        for number, call in enumerate(sandbox.log(), 1)
        if call["path"].endswith(("s", "/insights"))
        and call["method"] == "GET"
        and '"spend"' not in call["query"]  # the totals' own row is no part of them
        and '"actions"' not in call["query"]
    }
    assert rows
    assert pages
    for number in range(1, len(answers) + 1):
        found, asked = outcome(sandbox, stream, nth=number, kind="lose_rows")
        if not isinstance(found, str):
            assert found == rows
            # Where actions alone are asked for, what lacks is asked for again, apart.
            assert number not in pages or asked > len(answers), "a page was lost in silence"


@pytest.mark.parametrize("stream", REPORTS)
def test_5_an_altered_number_is_noticed(sandbox: Sandbox, stream: str) -> None:
    rows, counts = clean(sandbox, stream)
    assert sum(counts) >= 3 * 3, "the reading holds figures"
    for number, count in enumerate(counts, 1):
        for which in range(1, count + 1):
            found, asked = outcome(sandbox, stream, nth=number, kind="alter_number", which=which)
            if not isinstance(found, str):
                assert found == rows, f"figure {which} of answer {number} gave other rows"
                assert asked > len(counts), f"figure {which} of answer {number} went unnoticed"


@pytest.mark.parametrize("stream", LISTS)
def test_5_a_wrong_count_of_a_list_is_noticed(sandbox: Sandbox, stream: str) -> None:
    _, counts = clean(sandbox, stream)
    for number, count in enumerate(counts, 1):
        for which in range(1, count + 1):
            found, _ = outcome(sandbox, stream, nth=number, kind="alter_number", which=which)
            assert isinstance(found, str)
            assert "counts" in found, "Meta's count stood one too high"
    assert sum(counts) or stream == "accounts"


@pytest.mark.parametrize("kind", ["lose_rows", "alter_number"])
def test_an_account_that_is_missing_from_the_list_is_noticed(sandbox: Sandbox, kind: str) -> None:
    assert [each.account_id for each in FACEBOOK_ADS.discover(connected(sandbox))] == [*"1234"]
    sandbox.set_faults([{"nth": 1, "do": {"kind": kind}}])
    with pytest.raises(SourceUnavailable, match=r"counts \d adaccounts of me but gave"):
        FACEBOOK_ADS.discover(connected(sandbox))
