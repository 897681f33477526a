"""Salesforce's own faults: what may befall a page or a chunk, and the presets."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Fault = Mapping[str, Any]

_API = {"api": "salesforce"}
_ROWS = {**_API, "query": "ORDER BY"}
_MORE = {**_API, "method": "GET", "path": r"/query/[^/]+$"}
_TOKEN = {**_API, "path": "/services/oauth2/token$"}
_CHUNK = {**_API, "path": "/results$"}
_LOOK = {**_API, "method": "GET", "path": "/jobs/query/[^/]+$"}


def _refused(code: str, message: str, status: int = 400) -> dict[str, Any]:
    body = [{"errorCode": code, "message": message}]
    return {"kind": "status", "status": status, "body": body}


def _ended(state: str, message: str) -> dict[str, Any]:
    body = {"id": "750000000000000AAA", "state": state, "errorMessage": message}
    return {"kind": "status", "status": 200, "body": body}


_SLOW = "Your query request was running for too long."
_MOVED = {"kind": "status", "status": 302, "headers": {"Location": "https://evil.example/"}}

# Numbers are those of the list of faults seen in the wild.
PRESETS: dict[str, list[dict[str, Any]]] = {
    # 7: something else in an answer's place, or half of it.
    "salesforce-html-502": [{"match": _ROWS, "nth": 1, "do": {"kind": "html", "status": 502}}],
    "salesforce-non-json-200": [{"match": _ROWS, "nth": 1, "do": {"kind": "html", "status": 200}}],
    "salesforce-truncated-200": [{"match": _ROWS, "nth": 1, "do": {"kind": "truncate"}}],
    "salesforce-hang-up": [
        {"match": _ROWS, "nth": 1, "do": {"kind": "truncate", "hang_up": True}}
    ],
    # 20: the token endpoint throttles.
    "salesforce-token-throttle": [
        {"match": _TOKEN, "nth": 1, "do": {"kind": "status", "status": 429}}
    ],
    # 21: the session dies between two pages; a locator belongs to its session.
    "salesforce-session-dies": [{"match": _MORE, "nth": 1, "do": {"kind": "expire_token"}}],
    "salesforce-locator-lost": [
        {"match": _MORE, "nth": 1,
         "do": _refused("INVALID_QUERY_LOCATOR", "invalid query locator")}
    ],
    # 22: the session ends between a job and its results.
    "salesforce-token-dies-before-results": [
        {"match": _CHUNK, "nth": 1, "do": {"kind": "expire_token"}}
    ],
    # 23: a chunk cut short.
    "salesforce-chunk-truncated": [{"match": _CHUNK, "nth": 1, "do": {"kind": "truncate"}}],
    # 24: a field that describe still shows is gone.
    "salesforce-field-gone": [
        {"match": _ROWS, "nth": 1,
         "do": _refused("INVALID_FIELD", "No such column 'GCLID__c' on entity 'Lead'.")}
    ],
    # 25: the daily allowance ends at the third page; one chunk of several cannot be had.
    "salesforce-quota-at-page": [{"match": _MORE, "nth": 2, "do": {"kind": "quota"}}],
    "salesforce-chunk-fails": [
        {"match": _CHUNK, "nth": 2, "times": 1_000, "do": {"kind": "status", "status": 500}}
    ],
    # Queries and jobs that take too long, or that Salesforce gives up.
    "salesforce-query-timeout": [
        {"match": _ROWS, "nth": 1, "do": _refused("QUERY_TIMEOUT", _SLOW)}
    ],
    "salesforce-job-timeout": [
        {"match": _LOOK, "nth": 1, "do": _ended("Failed", f"QUERY_TIMEOUT: {_SLOW}")}
    ],
    "salesforce-job-given-up": [
        {"match": _LOOK, "nth": 1,
         "do": _ended("Failed", "InternalServerError : Retried more than fifteen times")}
    ],
    # A redirect to a host that would get the token.
    "salesforce-redirect": [{"match": _ROWS, "do": _MOVED}],
    "salesforce-login-redirect": [{"match": _TOKEN, "do": _MOVED}],
}  # fmt: skip


def page_of(fault: Fault | None, start: int, end: int) -> tuple[int, int, int]:
    """(first row, row after the last, where the next page begins) of a page or a chunk that holds
    the rows from `start` to `end` unless a fault spoils it."""
    kind = fault["kind"] if fault else None
    if kind == "empty_page":
        return start, start, start
    if kind == "lose_rows":
        return start, start, end
    if kind == "short_page":
        half = start + (end - start) // 2
        return start, half, half
    if kind == "duplicate_page":
        return start, end, start
    return start, end, end


def altered_records(records: bytes, fault: Fault | None) -> bytes:
    """The inside of a JSON list of records; `alter_number` adds 1 to figure `which` (1: the first):
    numbers of fields of numeric type, and of aggregates."""
    if fault is None or fault["kind"] != "alter_number":
        return records
    rows = json.loads(b"[%b]" % records)
    places = [
        (row, name)
        for row in rows
        for name, value in row.items()
        if type(value) in (int, float) and name not in ("OldValue", "NewValue")
    ]
    if len(places) >= (which := fault.get("which", 1)):
        row, name = places[which - 1]
        row[name] += 1
    return json.dumps(rows, ensure_ascii=False).encode("utf-8", "surrogatepass")[1:-1]


def altered_cells(
    rows: Sequence[list[Any]], columns: Sequence[str], fault: Fault | None
) -> Sequence[list[Any]]:
    """The same of the cells of a chunk."""
    if fault is None or fault["kind"] != "alter_number":
        return rows
    places = [
        (row, n)
        for row in rows
        for n, (name, value) in enumerate(zip(columns, row, strict=True))
        if type(value) in (int, float) and name not in ("OldValue", "NewValue")
    ]
    if len(places) >= (which := fault.get("which", 1)):
        row, n = places[which - 1]
        row[n] += 1
    return rows
