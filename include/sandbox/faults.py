"""Fault plans: which call, the how-manieth time, fails in which way. Deterministic.

A plan is a list of rules; README.md describes them. HTTP faults are applied by the server's
middleware, gRPC ones by its interceptor; both ask `pick` once per call. The kinds in API_KINDS need
the API's own form and are left to its module, which finds them in `request["fault"]`.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from include.sandbox import ga4_faults, google_faults, meta_presets, salesforce_faults

Fault = dict[str, Any]

API_KINDS = {
    "empty_page",
    "short_page",
    "duplicate_page",
    "lose_rows",
    "alter_number",
    "expire_token",
    "rotate_token",
    "fewer_actions",
    "refuse",
    "hang",
    "quota",
    "threshold",
    "other_row",
    "sample",
}
WIRE_KINDS = {"status", "delay", "trickle", "drop", "truncate", "html", "grpc_status"}

_META_PAGE = {"api": "meta", "method": "GET", "path": "/insights$"}
_LINKEDIN_REPORT = {"api": "linkedin", "path": "/rest/adAnalytics$"}
_LINKEDIN_TOKEN = {"api": "linkedin", "path": "/oauth/v2/accessToken$"}

# Numbers are those of the list of faults seen in the wild (README.md). Any key of a rule but `do`
# may be given beside the preset's name to aim it elsewhere.
PRESETS: dict[str, list[dict[str, Any]]] = {
    **meta_presets.PRESETS,
    **google_faults.PRESETS,
    **ga4_faults.PRESETS,
    **salesforce_faults.PRESETS,
    # 7: what proxies and load balancers put in the API's place.
    "html-502": [{"match": {"api": "meta"}, "nth": 1, "do": {"kind": "html", "status": 502}}],
    "truncated-200": [{"match": _META_PAGE, "nth": 1, "do": {"kind": "truncate"}}],
    "non-json-200": [{"match": {"api": "meta"}, "nth": 1, "do": {"kind": "html", "status": 200}}],
    # 7, LinkedIn: a report that is HTML, cut short and declared whole, or cut short by a hang-up.
    "linkedin-html-502": [
        {"match": _LINKEDIN_REPORT, "nth": 1, "do": {"kind": "html", "status": 502}}
    ],
    "linkedin-non-json-200": [
        {"match": _LINKEDIN_REPORT, "nth": 1, "do": {"kind": "html", "status": 200}}
    ],
    "linkedin-truncated-200": [{"match": _LINKEDIN_REPORT, "nth": 1, "do": {"kind": "truncate"}}],
    "linkedin-hang-up": [
        {"match": _LINKEDIN_REPORT, "nth": 1, "do": {"kind": "truncate", "hang_up": True}}
    ],
    # 20: a version ends between two requests.
    "linkedin-version-ends": [
        {
            "match": _LINKEDIN_REPORT,
            "do": {
                "kind": "status",
                "status": 426,
                "body": {
                    "status": 426,
                    "code": "NONEXISTENT_VERSION",
                    "message": "Requested version 20261001 is not active",
                },
            },
        }
    ],
    # 20: 429 to whoever has more than one request under way.
    "linkedin-throttle-concurrency": [
        {
            "match": {"api": "linkedin", "path": "^/rest/"},
            "do": {"kind": "quota", "concurrent": 1},
        }
    ],
    # 20: two requests in a row are told that a living token was revoked.
    "linkedin-false-revoked": [
        {
            "match": _LINKEDIN_REPORT,
            "nth": [1, 2],
            "do": {
                "kind": "status",
                "status": 401,
                "body": {
                    "status": 401,
                    "serviceErrorCode": 65601,
                    "code": "REVOKED_ACCESS_TOKEN",
                    "message": "The token used in the request has been revoked by the user",
                },
            },
        }
    ],
    # 20: the token endpoint throttles as well.
    "linkedin-token-throttle": [
        {"match": _LINKEDIN_TOKEN, "nth": 1, "do": {"kind": "status", "status": 429}}
    ],
    # A refresh gives a new refresh token, and the one used is dead from then on.
    "linkedin-rotating-refresh-token": [{"match": _LINKEDIN_TOKEN, "do": {"kind": "rotate_token"}}],
}


class FaultPlanError(Exception):
    """A plan that cannot be followed; the message is one sentence."""


@dataclass
class _Rule:
    api: str | None
    method: str | None
    path: re.Pattern[str]
    query: re.Pattern[str]
    nth: Container[int] | None
    times: int | None
    do: Fault
    seen: int = 0
    done: int = 0

    def fires(self, api: str, method: str, path: str, query: str) -> bool:
        if self.api not in (None, api) or self.method not in (None, method.upper()):
            return False
        if not self.path.search(path) or not self.query.search(query):
            return False
        self.seen += 1
        if self.nth is not None and self.seen not in self.nth:
            return False
        return self.times is None or self.done < self.times


def _rule(number: int, text: Mapping[str, Any]) -> _Rule:
    def refuse(reason: str) -> FaultPlanError:
        return FaultPlanError(f"Fault plan, rule {number}: {reason}.")

    unknown = set(text) - {"match", "nth", "times", "do"}
    if unknown:
        raise refuse(f"unknown key {sorted(unknown)[0]!r}")
    match, nth, times, do = (
        text.get("match", {}),
        text.get("nth", "every"),
        text.get("times"),
        text.get("do"),
    )
    if not isinstance(do, Mapping) or do.get("kind") not in API_KINDS | WIRE_KINDS:
        kinds = ", ".join(sorted(API_KINDS | WIRE_KINDS))
        raise refuse(f"`do` needs a kind out of {kinds}")
    if not isinstance(match, Mapping) or set(match) - {"api", "method", "path", "query"}:
        raise refuse("`match` takes api, method, path and query")
    if times is not None and (not isinstance(times, int) or times < 1):
        raise refuse("`times` is not a positive number")
    if isinstance(nth, int):
        calls: Container[int] | None = range(nth, nth + (times or 1))
    elif nth == "every":
        calls = None
    elif isinstance(nth, list) and all(isinstance(call, int) for call in nth):
        calls = frozenset(nth)
    else:
        raise refuse('`nth` is neither a number, nor a list of numbers, nor "every"')
    try:
        path, query = re.compile(match.get("path", "")), re.compile(match.get("query", ""))
    except (re.error, TypeError) as error:
        raise refuse(f"not a regular expression ({error})") from error
    method = match.get("method")
    return _Rule(
        match.get("api"), method.upper() if method else None, path, query, calls, times, dict(do)
    )


def _expanded(plan: Sequence[Any]) -> list[Mapping[str, Any]]:
    rules: list[Mapping[str, Any]] = []
    for number, entry in enumerate(plan, 1):
        if not isinstance(entry, Mapping):
            raise FaultPlanError(f"Fault plan, rule {number}: not an object.")
        if "preset" not in entry:
            rules.append(entry)
            continue
        changes = {key: value for key, value in entry.items() if key != "preset"}
        if entry["preset"] not in PRESETS:
            names = ", ".join(sorted(PRESETS))
            raise FaultPlanError(
                f"Fault plan, rule {number}: no preset {entry['preset']!r}; there are {names}."
            )
        rules.extend({**rule, **changes} for rule in PRESETS[entry["preset"]])
    return rules


class Faults:
    """The plan in force. Raises FaultPlanError for a plan that cannot be followed."""

    def __init__(self, plan: Sequence[Any] = ()) -> None:
        self._rules: list[_Rule] = []
        self.replace(plan)

    def replace(self, plan: Sequence[Any]) -> None:
        """Put another plan in force; counting starts anew. An empty plan: no faults."""
        if not isinstance(plan, list | tuple):
            raise FaultPlanError("A fault plan is a JSON list of rules.")
        self._rules = [_rule(number, rule) for number, rule in enumerate(_expanded(plan), 1)]

    def pick(self, *, api: str, method: str, path: str, query: str = "") -> Fault | None:
        """What happens to this call: the `do` of the first rule that fires, or None. Every rule
        that matches counts the call. `query` is the decoded query string and body."""
        firing = [rule for rule in self._rules if rule.fires(api, method, path, query)]
        if not firing:
            return None
        firing[0].done += 1
        return firing[0].do
