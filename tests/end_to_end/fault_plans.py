"""Fault plans drawn at random: what may befall an API, and where."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

from include.sandbox.faults import PRESETS

Rule = dict[str, Any]
Call = Mapping[str, Any]
"""An entry of the sandbox's request log."""

LIES = {"lose_rows", "alter_number", "fewer_actions"}
"""Answers that look right and are not. A plan tells one, once: a network that says the same wrong
thing whenever and however it is asked cannot be told from one that is right."""

_SESSIONS_AND_KEY_EVENTS = (1, 3)
"""Of GA4's five figures a row, those whose days add up to totals asked apart. Users of two ways are
fewer than their sum, so of them no wrong number can be told."""

_HTTP: Sequence[Rule] = (
    *({"kind": "status", "status": status} for status in (400, 401, 403, 404, 429, 500, 503)),
    {"kind": "html", "status": 502},
    {"kind": "html", "status": 200},
    {"kind": "drop"},
    {"kind": "truncate"},
    {"kind": "truncate", "hang_up": True},
    {"kind": "truncate", "bytes": 0},
    {"kind": "delay", "seconds": 0.01},
    {"kind": "trickle", "bytes": 400, "seconds": 0.001},
)
_GRPC: Sequence[Rule] = (
    *(
        {"kind": "grpc_status", "code": code, "after": after}
        for code in (
            "UNAVAILABLE",
            "INTERNAL",
            "DEADLINE_EXCEEDED",
            "RESOURCE_EXHAUSTED",
            "ABORTED",
        )
        for after in (0, 1)
    ),
    {"kind": "grpc_status", "code": "PERMISSION_DENIED"},
    {"kind": "grpc_status", "code": "UNAUTHENTICATED"},
    {"kind": "drop"},
    {"kind": "drop", "after": 1},
    {"kind": "delay", "seconds": 0.01},
    {"kind": "hang", "after": 1, "seconds": 0.05},
    {"kind": "hang", "after": 1, "seconds": 60},
)
_PAGES: Sequence[Rule] = (
    {"kind": "empty_page"},
    {"kind": "short_page"},
    {"kind": "duplicate_page"},
    {"kind": "expire_token"},
)
_OWN: Mapping[str, Sequence[Rule]] = {
    "meta": ({"kind": "quota", "minutes": 60}, {"kind": "fewer_actions", "fields": 6}),
    "google": (
        {"kind": "quota", "seconds": 2},
        {"kind": "quota", "seconds": 0},
        {"kind": "quota", "daily": True, "seconds": 30_000},
        {"kind": "refuse", "group": "request_error", "code": "EXPIRED_PAGE_TOKEN"},
        {"kind": "refuse", "group": "internal_error", "code": "TRANSIENT_ERROR"},
    ),
    "linkedin": (
        {"kind": "quota"},
        {"kind": "quota", "daily": True},
        {"kind": "quota", "concurrent": 1},
        {"kind": "rotate_token"},
    ),
    "salesforce": ({"kind": "quota"},),
    "ga4": (
        *({"kind": "quota", "quota": name} for name in ("concurrentRequests", "tokensPerDay")),
        {"kind": "quota"},
        {"kind": "refuse", "status": "UNAVAILABLE"},
        {"kind": "refuse", "status": "RESOURCE_EXHAUSTED"},
        {"kind": "refuse", "status": "PERMISSION_DENIED"},
        {"kind": "threshold"},
        {"kind": "threshold", "users": 2},
        {"kind": "other_row"},
        {"kind": "other_row", "rows": 2},
        {"kind": "sample"},
    ),
}


def plan(api: str, calls: Sequence[Call], seed: int) -> list[Rule]:
    """A plan of one to three faults, befalling calls like those that a sound run made."""
    dice = random.Random(f"{api} {seed}")
    rules = [_rule(api, calls, dice) for _ in range(dice.choice((1, 1, 2, 3)))]
    lies = [rule for rule in rules if rule.get("do", {}).get("kind") in LIES]
    return [rule for rule in rules if rule not in lies[1:]]


def kinds(rules: Sequence[Rule]) -> set[str]:
    """The kinds and presets of a plan."""
    return {rule.get("preset") or rule["do"]["kind"] for rule in rules}


def kinds_of(api: str) -> set[str]:
    """Every kind that is drawn for an API; of those that log in alone by HTTP, gRPC's."""
    wire = _GRPC if api in ("google", "ga4") else _HTTP
    return {fault["kind"] for fault in (*wire, *_PAGES, *_OWN[api])} | (LIES - {"fewer_actions"})


def presets(api: str) -> list[str]:
    """The presets made for an API."""
    return [name for name, rules in PRESETS.items() if rules[0]["match"]["api"] == api]


def _rule(api: str, calls: Sequence[Call], dice: random.Random) -> Rule:
    if dice.random() < 0.2:
        name = dice.choice(presets(api))
        is_lasting = "nth" not in PRESETS[name][0]
        return {"preset": name} if is_lasting else {"preset": name, "nth": dice.randint(1, 6)}
    at = dice.randrange(len(calls))
    call = calls[at]
    like = [n for n, each in enumerate(calls) if each["path"] == call["path"]]
    match = {"api": api, "path": f"^{re.escape(call['path'])}$"}
    fault = _fault(api, call, dice)
    if api == "ga4" and fault["kind"] == "alter_number":
        match["query"] = "landingPage"
        return {"match": match, "nth": 1, "times": 1, "do": fault}
    times = 1 if fault["kind"] in LIES else dice.choice((1, 1, 1, 2, 3, 1_000))
    if fault["kind"] in ("hang", "rotate_token"):
        times = 1
    return {"match": match, "nth": like.index(at) + 1, "times": times, "do": fault}


def _fault(api: str, call: Call, dice: random.Random) -> Rule:
    wire = _GRPC if call["method"] == "GRPC" else _HTTP
    which = dice.randint(1, 20)
    if api == "ga4":
        which = 5 * (which % 4) + dice.choice(_SESSIONS_AND_KEY_EVENTS)
    lies = ({"kind": "lose_rows"}, {"kind": "alter_number", "which": which})
    group = dice.choice((wire, wire, (*_PAGES, *_OWN[api]), lies))
    return dict(dice.choice(group))
