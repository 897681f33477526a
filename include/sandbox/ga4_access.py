"""Who may read which GA4 property, what a request costs, and the form of a refusal: shared by gRPC
and REST. Texts are those of the API; quotas are
https://developers.google.com/analytics/devguides/reporting/data/v1/quotas.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.dataset import World
from include.sandbox.ga4_data import Property, properties
from include.sandbox.google_access import STATUS, bearer
from include.sandbox.tokens import claims_of, google_tokens

SERVICE = "google.analytics.data.v1beta.BetaAnalyticsData"
HOST = "analyticsdata.googleapis.com"
_SCOPES = (
    "https://www.googleapis.com/auth/analytics",
    "https://www.googleapis.com/auth/analytics.readonly",
)
_DOCS = "https://developers.google.com/analytics/devguides/reporting/data/v1"
_PROPERTY_ID = f"To learn more about Property ID, see {_DOCS}/property-id."
_UNDER_AN_HOUR = "These quota tokens will return in under an hour."
_HOUR, _DAY, _PROJECT = "tokensPerHour", "tokensPerDay", "tokensPerProjectPerHour"
# A standard property's allowance, with what is said when it is used up.
QUOTAS: dict[str, tuple[int, str]] = {
    _DAY: (
        200_000,
        "Exhausted property tokens per day. These quota tokens will return in under 24 hours.",
    ),
    _HOUR: (40_000, f"Exhausted property tokens per hour. {_UNDER_AN_HOUR}"),
    "concurrentRequests": (
        10,
        "Exhausted concurrent requests quota. Please send fewer requests concurrently.",
    ),
    "serverErrorsPerProjectPerHour": (10, f"Exhausted server errors quota. {_UNDER_AN_HOUR}"),
    "potentiallyThresholdedRequestsPerHour": (
        120,
        f"Exhausted potentially thresholded requests quota. {_UNDER_AN_HOUR}",
    ),
    _PROJECT: (14_000, f"Exhausted property tokens for a project per hour. {_UNDER_AN_HOUR}"),
}
_PACIFIC = ZoneInfo("America/Los_Angeles")


class Ga4Refusal(Exception):
    """A refusal: the name of a gRPC status, a text, and details in their JSON form."""

    def __init__(
        self,
        message: str,
        status: str = "INVALID_ARGUMENT",
        details: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.details = message, status, details or []

    @property
    def http_status(self) -> int:
        return 501 if self.status == "UNIMPLEMENTED" else STATUS[self.status][0]


def not_served(what: str) -> Ga4Refusal:
    """The sandbox's own answer to what the real API knows and this one does not."""
    return Ga4Refusal(f"{what} is not served by this sandbox.", "UNIMPLEMENTED")


def violation(text: str, field: str = "") -> dict[str, Any]:
    """One fault of a request's form, as google.rpc.BadRequest tells it."""
    return {"field": field, "description": text} if field else {"description": text}


def _info(reason: str, method: str) -> list[dict[str, Any]]:
    return [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "googleapis.com",
            "metadata": {"method": f"{SERVICE}.{method}", "service": HOST},
        }
    ]


def authorize(
    world: World,
    headers: Mapping[str, str],
    method: str,
    fault: Mapping[str, Any] | None = None,
) -> None:
    """Refuses a call without a living token of the right scope, or by a planned fault
    (`expire_token`; `refuse` with `status` and `message`; `quota` with the `quota` used up).

    Raises Ga4Refusal. Header names in lower case; `method` as gRPC names it.
    """
    token, tokens = bearer(headers), google_tokens(world)
    if fault and fault["kind"] == "expire_token":
        tokens.expire(token)
    if not token:
        text = STATUS["UNAUTHENTICATED"][1].replace(
            "had invalid authentication credentials",
            "is missing required authentication credential",
        )
        raise Ga4Refusal(text, "UNAUTHENTICATED", _info("CREDENTIALS_MISSING", method))
    scope = tokens.scope_of(token) if tokens.accepts(token) else _self_signed(token)
    if scope is None:
        raise Ga4Refusal(STATUS["UNAUTHENTICATED"][1], "UNAUTHENTICATED")
    if not set(scope.split()) & set(_SCOPES):
        raise Ga4Refusal(
            "Request had insufficient authentication scopes.",
            "PERMISSION_DENIED",
            _info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", method),
        )
    if fault and fault["kind"] == "refuse":
        raise Ga4Refusal(fault.get("message", ""), fault.get("status", "INVALID_ARGUMENT"))
    if fault and fault["kind"] == "quota":
        raise _exhausted(fault.get("quota", _PROJECT))


def _self_signed(token: str) -> str | None:
    """The scopes of a service account's own JWT, which the client sends in a token's place
    (https://google.aip.dev/auth/4111): its claim, or all where it is made out to this API. None:
    it is no such thing, or has expired."""
    try:
        claims = claims_of(token)
        is_alive = float(claims["exp"]) > datetime.now(UTC).timestamp()
    except (ValueError, KeyError, TypeError):
        return None
    if not is_alive or not claims.get("iss") or claims.get("iss") != claims.get("sub"):
        return None
    if claims.get("aud") == f"https://{HOST}/":
        return _SCOPES[1]
    return str(claims.get("scope", ""))


def property_of(world: World, name: str) -> Property:
    """The property a call is about, by its resource name.

    Raises Ga4Refusal where it is no number, or one the user may not read.
    """
    number = name.removeprefix("properties/")
    if not number.isdecimal():
        raise Ga4Refusal(
            f"Invalid property ID: {number}. A numeric Property ID is required. {_PROPERTY_ID}"
        )
    found = properties(world).get(f"properties/{number}")
    if found is None:
        raise Ga4Refusal(
            f"User does not have sufficient permissions for this property. {_PROPERTY_ID}",
            "PERMISSION_DENIED",
        )
    return found


def _exhausted(quota: str) -> Ga4Refusal:
    return Ga4Refusal(f"{QUOTAS[quota][1]} To learn more, see {_DOCS}/quotas", "RESOURCE_EXHAUSTED")


@dataclass(frozen=True)
class Quota:
    """What a property may still spend. Tokens come back with the hour and, those of a day, at
    midnight in California, by the world's clock."""

    allowed: Mapping[str, int]
    spent: dict[str, int]

    @classmethod
    def of(cls, world: World, source: Property) -> "Quota":
        """The quota of a property at the clock."""
        clock = world.clock
        hour, day = clock.strftime("%Y%m%d%H"), clock.astimezone(_PACIFIC).strftime("%Y%m%d")
        books = world.state.setdefault("ga4.quota", {})
        name = source.record["name"]
        since = {_HOUR: hour, _PROJECT: hour, _DAY: day}
        book = books.setdefault(name, {})
        if book.get("since") != since:
            kept = {
                quota: number
                for quota, number in book.get("spent", {}).items()
                if book["since"][quota] == since[quota]
            }
            book.update(since=since, spent=dict.fromkeys(since, 0) | kept)
        own = source.record.get("quota", {})
        allowed = {quota: int(own.get(quota, QUOTAS[quota][0])) for quota in QUOTAS}
        return cls(allowed, book["spent"])

    def spend(self, tokens: int) -> None:
        """Takes the tokens of one request. Raises Ga4Refusal where none are left."""
        for quota in (_PROJECT, _HOUR, _DAY):
            if self.spent[quota] >= self.allowed[quota]:
                raise _exhausted(quota)
        for quota in self.spent:
            self.spent[quota] += tokens

    def tell(self, message: Any, tokens: int) -> None:
        """Fills a PropertyQuota message: what this request has used, and what remains."""
        for quota, allowed in self.allowed.items():
            name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in quota)
            status = getattr(message, name)
            status.consumed = tokens if quota in self.spent else 0
            status.remaining = max(0, allowed - self.spent.get(quota, 0))
            status.SetInParent()


def cost(days: int, dimensions: int, metrics: int) -> int:
    """The tokens of a report: few, and more for long spans and wide tables."""
    return 1 + days // 60 + dimensions * metrics // 40 + (metrics > 5)
