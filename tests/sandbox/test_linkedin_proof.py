"""Mutations of LinkedIn's answers: a page that is lost, a number that is changed, in the rows or in
what they are held against, makes the load fail; different rows are never taken."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from include.sources import Account, SourceUnavailable
from include.sources.linkedin_ads import LINKEDIN_ADS
from tests.sandbox.linkedin_data import (
    EURO,
    NOVEMBER_1,
    STREAM_FILES,
    creative_urn,
    day,
    group,
    response,
)
from tests.sandbox.linkedin_reading import account_of, connect, extracted
from tests.sandbox.running import Sandbox

MINUTE = 60_000
# Two pages of each list that has pages.
FILES = {
    **STREAM_FILES,
    "linkedin/campaign_groups": [group(number) for number in range(600, 1_700)],
    "linkedin/creatives": [
        {**STREAM_FILES["linkedin/creatives"][0], "id": creative_urn(number)}
        for number in range(801, 952)
    ],
    "linkedin/lead_form_responses": [
        response(number, NOVEMBER_1 + number * MINUTE, 901, "X", f"x{number}@x.example")
        for number in range(150)
    ],
    "linkedin/analytics": [
        *STREAM_FILES["linkedin/analytics"],
        day("2026-11-03", "1", viralRegistrations=2),
    ],
}
# How many answers of rows and how many figures in all of them each report has: a figure a metric
# and element, in the days and in the totals.
FIGURES = {
    "campaign_daily": [2 * 7, 4 * 7],
    "account_daily": [1 * 7, 3 * 7],
    "ad_daily": [2 * 7, 4 * 7],
    # 18 kinds of conversion in one request; the 19th and the value in another.
    "conversion_daily": [1 * 18, 1 * 2, 1 * 18, 1 * 2],
}
# How many pages each list takes to read twice, and those of what it joins.
PAGED = "(adCampaignGroups|adCampaigns|creatives)$"
LISTS = {"campaigns": 4, "ad_groups": 2, "ads": 10, "lead_forms": 2}


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES)


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> Any:
    return connect(sandbox)


@pytest.fixture(scope="module")
def account(client: Any) -> Account:
    return account_of(client, EURO)


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox) -> Iterator[None]:
    sandbox.reset()
    yield
    sandbox.reset()


def mutated(sandbox: Sandbox, path: str, nth: int, **do: Any) -> None:
    sandbox.set_faults([{"match": {"api": "linkedin", "path": path}, "nth": nth, "do": do}])


@pytest.mark.parametrize(
    ("stream", "nth"),
    [(stream, nth) for stream, held in FIGURES.items() for nth in range(1, len(held) + 1)],
)
def test_5_a_report_that_loses_an_answers_rows_is_refused(
    sandbox: Sandbox, client: Any, account: Account, stream: str, nth: int
) -> None:
    mutated(sandbox, "adAnalytics", nth, kind="lose_rows")
    with pytest.raises(SourceUnavailable, match=f"LinkedIn account {EURO}, 2026-11-01 to 2026-11"):
        extracted(client, account, stream)
    assert [call["fault"] for call in sandbox.log()].count("lose_rows") == 1


@pytest.mark.parametrize(
    ("stream", "nth", "which"),
    [
        (stream, nth, which)
        for stream, held in FIGURES.items()
        for nth, figures in enumerate(held, 1)
        for which in range(1, figures + 1)
    ],
)
def test_5_a_report_with_an_altered_number_is_refused(
    sandbox: Sandbox, client: Any, account: Account, stream: str, nth: int, which: int
) -> None:
    mutated(sandbox, "adAnalytics", nth, kind="alter_number", which=which)
    with pytest.raises(SourceUnavailable, match=r" in all but .* by days; figures moved"):
        extracted(client, account, stream)


@pytest.mark.parametrize("stream", list(FIGURES))
def test_there_are_no_more_figures_than_were_altered(
    sandbox: Sandbox, client: Any, account: Account, stream: str
) -> None:
    whole = extracted(client, account, stream)
    held = FIGURES[stream]
    asked = [call for call in sandbox.log() if "adAnalytics" in call["path"]]
    assert len(asked) == len(held)
    for nth, figures in enumerate(held, 1):
        mutated(sandbox, "adAnalytics", nth, kind="alter_number", which=figures + 1)
        assert extracted(client, account, stream) == whole


@pytest.mark.parametrize(
    ("stream", "nth"),
    [(stream, nth) for stream, answers in LISTS.items() for nth in range(1, answers + 1)],
)
def test_5_a_list_that_loses_a_page_is_refused(
    sandbox: Sandbox, client: Any, account: Account, stream: str, nth: int
) -> None:
    mutated(sandbox, PAGED, nth, kind="lose_rows")
    with pytest.raises(SourceUnavailable, match="LinkedIn listed"):
        extracted(client, account, stream)
    assert [call["fault"] for call in sandbox.log()].count("lose_rows") == 1


@pytest.mark.parametrize("nth", [1, 2])
def test_a_page_that_comes_without_what_the_total_counts_is_asked_for_again(
    sandbox: Sandbox, client: Any, account: Account, nth: int
) -> None:
    whole = extracted(client, account, "lead_forms")
    mutated(sandbox, "leadFormResponses$", nth, kind="lose_rows")
    assert extracted(client, account, "lead_forms") == whole
    assert [call["fault"] for call in sandbox.log()].count("lose_rows") == 1


def test_lists_take_as_many_answers_as_were_lost(
    sandbox: Sandbox, client: Any, account: Account
) -> None:
    for stream, answers in LISTS.items():
        sandbox.reset()
        extracted(client, account, stream)
        asked = [call for call in sandbox.log() if re.search(PAGED, call["path"])]
        assert len(asked) == answers, stream


@pytest.mark.parametrize("stream", ["campaigns", "ad_groups", "lead_forms"])
def test_a_list_has_no_figures_of_which_rows_are_made(
    sandbox: Sandbox, client: Any, account: Account, stream: str
) -> None:
    whole = list(LINKEDIN_ADS.parse(account, stream, extracted(client, account, stream)))
    mutated(sandbox, "^/rest/", 1, kind="alter_number", which=1)
    found = list(LINKEDIN_ADS.parse(account, stream, extracted(client, account, stream)))
    assert found == whole


def test_accounts_that_go_missing_while_listed_are_noticed(sandbox: Sandbox, client: Any) -> None:
    for nth in (1, 2):
        mutated(sandbox, "adAccounts$", nth, kind="lose_rows")
        with pytest.raises(SourceUnavailable, match="LinkedIn listed"):
            LINKEDIN_ADS.discover(client)
