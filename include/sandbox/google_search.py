"""The methods of Google Ads that the sandbox has, for gRPC and REST alike.

Messages go in and come out as protobuf of the version asked for; GoogleAdsRefusal is raised for
what the API refuses. Pages: https://developers.google.com/google-ads/api/docs/reporting/paging.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from include.sandbox.dataset import World
from include.sandbox.gaql import GoogleAdsRefusal
from include.sandbox.google_access import customer
from include.sandbox.google_faults import Fault, spoil
from include.sandbox.google_reports import PAGE_ROWS, Report, report


def messages(version: str, service: str) -> Any:
    """The message types of a service, such as "google_ads_service"; imported on first use."""
    return import_module(f"google.ads.googleads.{version}.services.types.{service}")


def _answer(world: World, request: Any, headers: Mapping[str, str], version: str) -> Report:
    account = customer(world, request.customer_id, headers)
    return report(world, account, request.query, version)


def _summary(found: Report) -> bytes:
    if found.summary is None:
        raise GoogleAdsRefusal(
            "request_error",
            "CANNOT_RETURN_SUMMARY_ROW_FOR_REQUEST_WITHOUT_METRICS",
            "Cannot return a summary row for a request without metrics.",
        )
    return found.summary


def stream(
    world: World,
    request: Any,
    headers: Mapping[str, str],
    version: str,
    request_id: str,
    fault: Fault | None = None,
) -> Iterator[bytes]:
    """SearchStream: serialized SearchGoogleAdsStreamResponse messages."""
    found = _answer(world, request, headers, version)
    response = messages(version, "google_ads_service").SearchGoogleAdsStreamResponse.pb()
    setting = request.summary_row_setting  # 0–2: none, 3: with the results, 4: alone
    pages = list(found.pages) if setting < 4 else []
    if setting >= 3:
        last = response()
        last.summary_row.ParseFromString(_summary(found))
        pages.append(last.SerializeToString())
    if fault:
        spoiled = spoil([response.FromString(page) for page in pages], fault)
        pages = [message.SerializeToString() for message in spoiled]
    # Serialized messages that are joined read as one merged message (protobuf encoding guide), so
    # the cached pages need not be decoded to carry this answer's own id.
    tail = response(request_id=request_id).SerializeToString()
    for page in pages:
        yield page + tail


def search(
    world: World,
    request: Any,
    headers: Mapping[str, str],
    version: str,
    fault: Fault | None = None,
) -> Any:
    """Search: one SearchGoogleAdsResponse of at most 10,000 rows.

    A page token belongs to its query and customer and dies when the world's clock moves.
    """
    if request.page_size:
        raise GoogleAdsRefusal(
            "request_error",
            "PAGE_SIZE_NOT_SUPPORTED",
            "Setting the page size is not supported. Search Responses will have fixed page size of "
            f"'{PAGE_ROWS}' rows.",
        )
    found = _answer(world, request, headers, version)
    types = messages(version, "google_ads_service")
    response = types.SearchGoogleAdsResponse.pb()()
    if request.validate_only:
        return response
    about = hashlib.sha256(f"{request.customer_id} {request.query}".encode()).hexdigest()[:16]
    number = (
        _page_of(request.page_token, about, world.clock.isoformat()) if (request.page_token) else 0
    )
    settings = request.search_settings
    if not settings.omit_results:
        page = types.SearchGoogleAdsStreamResponse.pb().FromString(found.pages[number])
        response.results.MergeFrom(page.results)
        response.field_mask.CopyFrom(page.field_mask)
        coming = number + 1
        if fault and fault["kind"] in ("duplicate_page", "empty_page"):
            coming = number
            if fault["kind"] == "empty_page":
                response.ClearField("results")
        if coming < len(found.pages):
            response.next_page_token = _token(coming, about, world.clock.isoformat())
    if settings.return_total_results_count:
        response.total_results_count = found.total
    if settings.return_summary_row:
        summary = _summary(found)
        if not response.next_page_token:
            response.summary_row.ParseFromString(summary)
    if fault and fault["kind"] in ("lose_rows", "alter_number"):
        spoil([response], fault)
    return response


def _token(number: int, about: str, clock: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([number, about, clock]).encode()).decode()


def _page_of(token: str, about: str, clock: str) -> int:
    try:
        number, belongs, when = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError):
        belongs = number = when = None
    if belongs != about:
        raise GoogleAdsRefusal("request_error", "INVALID_PAGE_TOKEN", "Page token is invalid.")
    if when != clock:
        raise GoogleAdsRefusal("request_error", "EXPIRED_PAGE_TOKEN", "Page token has expired.")
    return int(number)
