"""Who may ask Google Ads what, and the form of a refusal: shared by gRPC and REST.

Access model: https://developers.google.com/google-ads/api/docs/concepts/call-structure. Customers
that no other customer manages are those the sandbox's user has direct access to; a client below a
manager is reached with that manager (or one above it) in `login-customer-id`.
"""

import secrets
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from include.sandbox.dataset import World
from include.sandbox.gaql import GoogleAdsRefusal
from include.sandbox.google_accounts import Account, accounts
from include.sandbox.tokens import google_tokens

DEVELOPER_TOKEN = "sandbox-developer-token"
_CREDENTIAL = (
    "Expected OAuth 2 access token, login cookie or other valid authentication "
    "credential. See https://developers.google.com/identity/sign-in/web/"
    "devconsole-project."
)
# What the transport says beside the details, by gRPC status; with the HTTP status of the REST form.
STATUS = {
    "INVALID_ARGUMENT": (400, "Request contains an invalid argument."),
    "UNAUTHENTICATED": (401, f"Request had invalid authentication credentials. {_CREDENTIAL}"),
    "PERMISSION_DENIED": (403, "The caller does not have permission"),
    "NOT_FOUND": (404, "Requested entity was not found."),
    "RESOURCE_EXHAUSTED": (429, "Resource has been exhausted (e.g. check quota)."),
    "INTERNAL": (500, "Internal error encountered."),
    "UNAVAILABLE": (503, "The service is currently unavailable."),
}


def request_id() -> str:
    """A fresh id as the API puts on every answer: 22 characters."""
    return secrets.token_urlsafe(16)


def bearer(headers: Mapping[str, str]) -> str:
    """The access token of a call, "" when there is none. Header names in lower case."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def authorize(
    world: World, headers: Mapping[str, str], fault: Mapping[str, Any] | None = None
) -> None:
    """Refuses a call without a living access token or the developer token, or by a planned fault
    (`expire_token`; `quota` with `seconds` to wait, or `daily`; `refuse` with the `group`, `code`,
    `status` and `message` of an error).

    Raises GoogleAdsRefusal. Header names in lower case.
    """
    token, tokens = bearer(headers), google_tokens(world)
    if fault and fault["kind"] == "expire_token":
        tokens.expire(token)
    if not tokens.accepts(token):
        code = (
            "OAUTH_TOKEN_EXPIRED"
            if tokens.was_alive(token)
            else "OAUTH_TOKEN_INVALID"
            if token
            else "AUTHENTICATION_ERROR"
        )
        raise GoogleAdsRefusal(
            "authentication_error", code, STATUS["UNAUTHENTICATED"][1], "UNAUTHENTICATED"
        )
    developer = headers.get("developer-token", "")
    if not developer:
        raise GoogleAdsRefusal(
            "request_error",
            "DEVELOPER_TOKEN_PARAMETER_MISSING",
            "Developer token parameter was missing in the request.",
        )
    if developer != DEVELOPER_TOKEN:
        raise GoogleAdsRefusal(
            "authentication_error",
            "DEVELOPER_TOKEN_INVALID",
            "The developer token is not valid.",
            "UNAUTHENTICATED",
        )
    login = headers.get("login-customer-id", "")
    if login and not (login.isdecimal() and len(login) == 10):
        raise GoogleAdsRefusal(
            "header_error",
            "INVALID_LOGIN_CUSTOMER_ID",
            "The login customer ID could not be validated.",
        )
    if fault and fault["kind"] == "refuse":
        raise GoogleAdsRefusal(
            fault["group"],
            fault["code"],
            fault.get("message", ""),
            fault.get("status", "INVALID_ARGUMENT"),
        )
    if fault and fault["kind"] == "quota":
        seconds = int(fault.get("seconds", 1))
        code = "RESOURCE_EXHAUSTED" if fault.get("daily") else "RESOURCE_TEMPORARILY_EXHAUSTED"
        raise GoogleAdsRefusal(
            "quota_error",
            code,
            f"Too many requests. Retry in {seconds} seconds.",
            "RESOURCE_EXHAUSTED",
            seconds,
        )


def accessible(world: World) -> list[str]:
    """Resource names of the customers the user has direct access to."""
    return [account.name for account in accounts(world).values() if not account.managers]


def customer(world: World, number: str, headers: Mapping[str, str]) -> Account:
    """The customer a call is about.

    Raises GoogleAdsRefusal: INVALID_CUSTOMER_ID, USER_PERMISSION_DENIED, CUSTOMER_NOT_ENABLED.
    """
    if not (number.isdecimal() and len(number) == 10):
        raise GoogleAdsRefusal(
            "request_error", "INVALID_CUSTOMER_ID", f"Invalid customer ID '{number}'."
        )
    index = accounts(world)
    account = index.get(number)
    login = headers.get("login-customer-id", "")
    if account is None or not (_above(index, number) & {login} if login else not account.managers):
        raise GoogleAdsRefusal(
            "authorization_error",
            "USER_PERMISSION_DENIED",
            "User doesn't have permission to access customer. Note: If you're accessing a client "
            "customer, the manager's customer id must be set in the 'login-customer-id' header. "
            "See https://developers.google.com/google-ads/api/docs/concepts/call-structure#cid",
            "PERMISSION_DENIED",
        )
    if account.customer["status"] not in ("ENABLED", "SUSPENDED"):
        raise GoogleAdsRefusal(
            "authorization_error",
            "CUSTOMER_NOT_ENABLED",
            "The customer account can't be accessed because it is not yet enabled or has been "
            "deactivated.",
            "PERMISSION_DENIED",
        )
    return account


def _above(index: Mapping[str, Account], number: str) -> set[str]:
    """The customer and every manager above it."""
    found, queue = {number}, [number]
    for below in queue:
        for manager in index[below].managers - found:
            found.add(manager)
            queue.append(manager)
    return found


def internal_error() -> GoogleAdsRefusal:
    """The API's answer to a failure of its own."""
    return GoogleAdsRefusal(
        "internal_error", "INTERNAL_ERROR", "An internal error has occurred.", "INTERNAL"
    )


def failure(version: str, refusal: GoogleAdsRefusal, request: str) -> Any:
    """The GoogleAdsFailure message of a refusal."""
    message = import_module(f"google.ads.googleads.{version}.errors.types.errors")
    found = message.GoogleAdsFailure.pb()(request_id=request)
    error = found.errors.add(message=refusal.message)
    field = error.error_code.DESCRIPTOR.fields_by_name[refusal.group]
    setattr(error.error_code, refusal.group, field.enum_type.values_by_name[refusal.code].number)
    if refusal.group == "quota_error":
        error.details.quota_error_details.retry_delay.seconds = refusal.retry_after
        error.details.quota_error_details.rate_name = "Requests per service per method"
        error.details.quota_error_details.rate_scope = 2  # ACCOUNT
    return found
