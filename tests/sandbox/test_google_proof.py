"""Every load of Google Ads proves itself: a message without its rows, or one figure altered, is
seen, whichever it is."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from include.sources import SourceUnavailable
from include.sources.google_ads import GOOGLE_ADS
from tests.sandbox.google_data import CLIENT, customer, day
from tests.sandbox.google_reading import (
    LARGE_FILES,
    STREAM_FILES,
    account_of,
    ad,
    connect,
    group,
    rows,
)
from tests.sandbox.running import Sandbox

# What tells a stream's own queries, and how many figures its answer has: the metrics of each row
# and of the summary row, or the count of results.
ANSWERS = {
    "accounts": ("descriptive_name.* FROM customer ", 1),
    "managers": ("customer_client.level", 1),
    "campaigns": ("FROM campaign ", 1),
    "ad_groups": ("FROM ad_group ", 1),
    "ads": ("FROM ad_group_ad ", 1),
    "campaign_daily": ("campaign.id.*cost_micros", 5 * (3 + 1)),
    "account_daily": ("SELECT segments.date.*FROM customer ", 3 * (2 + 1)),
    "ad_daily": ("ad_group_ad.ad.id.*cost_micros", 5 * (3 + 1)),
    "conversion_daily": ("segments.conversion_action", 2 * (3 + 1)),
    "clicks": ("FROM click_view", 1 * (2 + 1)),
}


def aimed(stream: str, do: dict[str, Any], nth: Any = "every") -> list[dict[str, Any]]:
    return [{"match": {"api": "google", "query": ANSWERS[stream][0]}, "nth": nth, "do": do}]


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(STREAM_FILES)


@pytest.fixture(scope="module")
def large(serve_data: Callable[..., Sandbox]) -> Sandbox:
    """Two pages of every list, three messages of every stream."""
    many = range(20_001, 30_051)
    gclid = {"customer": {"id": CLIENT}, "campaign": {"id": "10001"}, "adGroup": {"id": "7"}}
    return serve_data(
        {
            **LARGE_FILES,
            "google/customers": [{"customer": customer(CLIENT, "Shop")}],
            "google/ad_groups": [group(str(number)) for number in many],
            "google/ads": [ad(str(number), str(number)) for number in many],
            "google/daily_metrics": [
                *LARGE_FILES["google/daily_metrics"],
                *(
                    day("2026-11-03", 1, group=str(number), ad=str(number), owner=CLIENT)
                    for number in many
                ),
            ],
            "google/click_views": [
                {
                    **gclid,
                    "clickView": {"gclid": f"g{number}"},
                    "segments": {"date": "2026-11-01"},
                }
                for number in many
            ],
        }
    )


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.reset()


def test_every_stream_is_proved() -> None:
    assert list(ANSWERS) == [stream.name for stream in GOOGLE_ADS.streams]


@pytest.mark.parametrize("stream", ANSWERS)
def test_5_one_altered_number_is_seen(sandbox: Sandbox, stream: str) -> None:
    client = connect(sandbox, 1)
    account = account_of(client)
    right = rows(client, stream, account=account)
    figures = ANSWERS[stream][1]
    for which in range(1, figures + 1):
        sandbox.set_faults(aimed(stream, {"kind": "alter_number", "which": which}))
        with pytest.raises(SourceUnavailable, match=r"the total is|rows came of"):
            rows(client, stream, account=account)
    sandbox.set_faults(aimed(stream, {"kind": "alter_number", "which": figures + 1}))
    assert rows(client, stream, account=account) == right, "there are no more figures than that"


@pytest.mark.parametrize("stream", ANSWERS)
def test_5_rows_that_are_lost_are_missed(sandbox: Sandbox, stream: str) -> None:
    client = connect(sandbox, 1)
    account = account_of(client)
    assert rows(client, stream, account=account)
    sandbox.set_faults(aimed(stream, {"kind": "lose_rows"}))
    with pytest.raises(SourceUnavailable, match=r"the total is|rows came of"):
        rows(client, stream, account=account)


@pytest.mark.parametrize("page", [1, 2])
@pytest.mark.parametrize("stream", ["campaigns", "ad_groups", "ads"])
def test_5_any_page_of_a_list_is_missed_and_read_anew(
    large: Sandbox, stream: str, page: int
) -> None:
    client = connect(large)
    account = account_of(client)
    large.set_faults(aimed(stream, {"kind": "lose_rows"}, page))
    found = rows(client, stream, account=account)
    assert len(found) == len({str(row) for row in found}) >= 10_050


@pytest.mark.parametrize("message", [0, 1])
@pytest.mark.parametrize("stream", ["campaign_daily", "ad_daily", "clicks"])
def test_5_any_message_of_a_stream_is_missed(large: Sandbox, stream: str, message: int) -> None:
    client = connect(large, 1)
    account = account_of(client)
    large.set_faults(aimed(stream, {"kind": "lose_rows", "after": message}))
    with pytest.raises(SourceUnavailable, match="the total is"):
        rows(client, stream, account=account)
