"""What LinkedIn's resources share: refusals, pages, field projections, faults of an answer."""

import base64
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from include.sandbox.dataset import Record
from include.sandbox.linkedin_analytics import DECIMALS, BadParameter

Fault = dict[str, Any] | None


class LinkedInRefusal(Exception):
    """An error answer: HTTP status, code, message and, where there is one, serviceErrorCode."""

    def __init__(
        self, status: int, code: str, message: str, service_code: int | None = None, **more: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: Record = {"status": status, "code": code, "message": message, **more}
        if service_code is not None:
            self.body["serviceErrorCode"] = service_code


def bad(field: str, reason: str, code: str = "PARAM_INVALID") -> LinkedInRefusal:
    """The refusal of one parameter, in the API's own form."""
    return LinkedInRefusal(
        400,
        "ILLEGAL_ARGUMENT",
        "Invalid param. Please see errorDetails for more information.",
        errorDetailType="com.linkedin.common.error.BadRequest",
        errorDetails={
            "inputErrors": [
                {"code": code, "description": reason, "input": {"inputPath": {"fieldPath": field}}}
            ]
        },
    )


# --- projections: https://linkedin.github.io/rest.li/Projections --------------------------------


def project(record: Record, fields: str) -> Record:
    """The fields asked for, in their order: `id,form:(name,content:(questions))`; "": all."""
    if not fields:
        return record
    found: Record = {}
    for part in _split(fields):
        name, _, below = part.partition(":")
        if name in record:
            value = record[name]
            inner = below.removeprefix("(").removesuffix(")")
            found[name] = project(value, inner) if inner and isinstance(value, dict) else value
    return found


def _split(fields: str) -> list[str]:
    """At the commas outside brackets."""
    parts, depth = [""], 0
    for sign in fields:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


# --- pages ---------------------------------------------------------------------------------------


def whole_number(parameters: Record, name: str, default: int, least: int, most: int) -> int:
    """A parameter as a number within bounds."""
    try:
        value = int(parameters.get(name, default))
    except (TypeError, ValueError):
        value = least - 1
    if not least <= value <= most:
        raise bad(name, f"{name} must be between {least} and {most}")
    return value


def token_page(records: Sequence[Record], parameters: Record, largest: int, fault: Fault) -> Record:
    """A page by `pageSize` and `pageToken`; a token belongs to its question."""
    size = whole_number(parameters, "pageSize", min(100, largest), 1, largest)
    about = json.dumps(
        {key: value for key, value in parameters.items() if key != "pageToken"}, sort_keys=True
    )
    start = _start(parameters["pageToken"], about) if parameters.get("pageToken") else 0
    shown, end = _shown(records, start, size, fault)
    fields = parameters.get("fields", "")
    answer: Record = {"elements": [project(record, fields) for record in shown], "metadata": {}}
    if end < len(records):
        token = base64.urlsafe_b64encode(json.dumps([end, about]).encode()).decode()
        answer["metadata"]["nextPageToken"] = token
    return answer


def counted_page(records: Sequence[Record], parameters: Record, fault: Fault) -> Record:
    """A page by `start` and `count`, with the total."""
    size = whole_number(parameters, "count", 10, 1, 1_000)
    start = whole_number(parameters, "start", 0, 0, 10**9)
    shown, _ = _shown(records, start, size, fault)
    fields = parameters.get("fields", "")
    return {
        "paging": {"start": start, "count": size, "links": [], "total": len(records)},
        "elements": [project(record, fields) for record in shown],
    }


def _shown(
    records: Sequence[Record], start: int, size: int, fault: Fault
) -> tuple[Sequence[Record], int]:
    """The page's records, and where the next one begins."""
    shown, kind = records[start : start + size], fault["kind"] if fault else None
    if kind == "empty_page":
        return [], start
    if kind == "short_page":
        half = max(1, len(shown) // 2)
        return shown[:half], start + half
    if kind == "duplicate_page":
        return records[max(0, start - size) : start] or shown, start
    return shown, start + size


def _start(token: Any, about: str) -> int:
    try:
        start, belongs = json.loads(base64.urlsafe_b64decode(token))
    except (TypeError, ValueError):
        start = belongs = None
    if belongs != about:
        raise BadParameter("pageToken")
    return int(start)


# --- faults of a whole answer --------------------------------------------------------------------

# What is a number on the wire and yet no figure.
_NO_FIGURES = {"id", "dateRange", "paging", "questionId", "versionId", "runSchedule"}


def distorted(answer: Record, fault: Fault) -> Record:
    """The answer as `lose_rows` or `alter_number` leaves it."""
    rows = answer.get("elements")
    if fault is None or not isinstance(rows, list):
        return answer
    if fault["kind"] == "lose_rows":
        return {**answer, "elements": []}
    if fault["kind"] == "alter_number":
        answer = json.loads(json.dumps(answer))
        places = [place for row in answer["elements"] for place in _figures(row)]
        if len(places) >= (which := fault.get("which", 1)):
            holder, name = places[which - 1]
            value = holder[name]
            holder[name] = value + 1 if isinstance(value, int) else f"{Decimal(value) + 1:f}"
    return answer


def _figures(row: Record) -> list[tuple[Record, str]]:
    """Every place in a row that holds a figure, in order."""
    places: list[tuple[Record, str]] = []
    for name, value in row.items():
        if name in _NO_FIGURES or name.endswith("At"):
            continue
        if isinstance(value, dict):
            places += _figures(value)
        elif (isinstance(value, int) and not isinstance(value, bool)) or name in DECIMALS:
            places.append((row, name))
    return places
