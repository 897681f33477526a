"""Google's own faults: what may befall an answer after it was made, and the presets.

Kinds are those of README.md. In a stream `after` counts the messages that go out unharmed; an
answer of Search is one message.
"""

import asyncio
from collections.abc import Mapping
from itertools import chain
from typing import Any

Fault = Mapping[str, Any]

_STREAM = {"api": "google", "path": "[sS]earchStream$"}
_SEARCH = {"api": "google", "path": "[/:][sS]earch$"}
_DAILY = {**_STREAM, "query": "segments.date"}

# Numbers are those of the list of faults seen in the wild.
PRESETS: dict[str, list[dict[str, Any]]] = {
    # 14: the access token lives for an hour, a long answer may not.
    "google-token-expires-mid-stream": [
        {"match": _DAILY, "nth": 1, "do": {"kind": "expire_token", "after": 1}}
    ],
    # 15: a page token that was not used in time; only the first page can be asked for again.
    "google-page-token-expires": [
        {
            "match": _SEARCH,
            "nth": 2,
            "do": {
                "kind": "refuse",
                "group": "request_error",
                "code": "EXPIRED_PAGE_TOKEN",
                "message": "Page token has expired.",
            },
        }
    ],
    # 16: an account that was closed, or never opened, after it was listed.
    "google-account-not-enabled": [
        {
            "match": {"api": "google", "path": "[sS]earch"},
            "do": {
                "kind": "refuse",
                "group": "authorization_error",
                "code": "CUSTOMER_NOT_ENABLED",
                "status": "PERMISSION_DENIED",
                "message": "The customer account can't be accessed because it is not yet enabled "
                "or has been deactivated.",
            },
        }
    ],
    # 17: the connection breaks after rows came; a stream that neither goes on nor ends.
    "google-stream-dropped": [{"match": _DAILY, "nth": 1, "do": {"kind": "drop", "after": 1}}],
    "google-stream-hangs": [
        {"match": _DAILY, "nth": 1, "do": {"kind": "hang", "after": 1, "seconds": 600}}
    ],
    # 18: a throttle that says how long, and the allowance of a day.
    "google-throttled": [{"match": _DAILY, "nth": 1, "do": {"kind": "quota", "seconds": 2}}],
    "google-daily-quota": [
        {"match": _DAILY, "do": {"kind": "quota", "daily": True, "seconds": 30_000}}
    ],
}


def at_once(fault: Fault | None) -> Fault | None:
    """The fault if it befalls the call before its first message."""
    return None if fault and fault.get("after") else fault


async def hang(fault: Fault | None) -> None:
    """Waits for as long as a `hang` says."""
    if fault and fault["kind"] == "hang":
        await asyncio.sleep(fault.get("seconds", 600))


def spoil(messages: list[Any], fault: Fault | None) -> list[Any]:
    """The messages of an answer as a fault leaves them; the given ones may be changed.

    `lose_rows` takes the rows out of message `after`; `duplicate_page` sends that message twice,
    `empty_page` one without rows before it. `alter_number` adds 1 to figure `which` (1: the first)
    of the answer: the metrics of all rows in order, then those of the summary row, then the count
    of results.
    """
    if not fault:
        return messages
    at = min(fault.get("after", 0), len(messages) - 1)
    kind = fault["kind"]
    if kind == "lose_rows":
        messages[at].ClearField("results")
    elif kind == "duplicate_page":
        messages.insert(at, messages[at])
    elif kind == "empty_page":
        messages.insert(at, type(messages[at])())
    elif kind == "alter_number":
        figures = _figures(messages)
        which = fault.get("which", 1)
        if which <= len(figures):
            holder, name = figures[which - 1]
            setattr(holder, name, getattr(holder, name) + 1)
    return messages


def _figures(messages: list[Any]) -> list[tuple[Any, str]]:
    """Every figure of an answer: the message that holds it, and its name there."""
    rows = chain.from_iterable(message.results for message in messages)
    summaries = [message.summary_row for message in messages if message.HasField("summary_row")]
    return [
        *(
            (row.metrics, field.name)
            for row in chain(rows, summaries)
            for field, _ in row.metrics.ListFields()
        ),
        *(
            (message, "total_results_count")
            for message in messages
            if getattr(message, "total_results_count", 0)
        ),
    ]
