"""Who may call Meta's Graph API: tokens, the app's proof of its secret, and how much is used.

https://developers.facebook.com/docs/graph-api/guides/secure-requests
"""

import hashlib
import hmac
import json
from collections.abc import Mapping

from include.sandbox.dataset import Record
from include.sandbox.faults import Fault
from include.sandbox.meta_graph import GraphError

ACCESS_TOKEN = "sandbox-meta-token"
APP_ID, APP_SECRET = "1000000001", "sandbox-meta-secret"
USER: Record = {"id": "1001", "name": "Sandbox System User"}
SCOPES = ("ads_read", "ads_management", "business_management", "leads_retrieval")


def usage(account_id: str, kind: str, minutes: int = 0) -> dict[str, str]:
    """The rate-limit headers of one ad account; `minutes` until it may be asked again."""
    full = 100 if minutes else 1
    return {
        "x-ad-account-usage": json.dumps(
            {
                "acc_id_util_pct": float(full),
                "reset_time_duration": minutes * 60,
                "ads_api_access_tier": "standard_access",
            }
        ),
        "x-business-use-case-usage": json.dumps(
            {
                account_id: [
                    {
                        "type": kind,
                        "call_count": full,
                        "total_cputime": full,
                        "total_time": full,
                        "estimated_time_to_regain_access": minutes,
                        "ads_api_access_tier": "standard_access",
                    }
                ]
            }
        ),
        "x-fb-ads-insights-throttle": json.dumps(
            {
                "app_id_util_pct": 0.1,
                "acc_id_util_pct": float(full) - 0.9,
                "ads_api_access_tier": "standard_access",
            }
        ),
    }


def authorize(path: str, params: Mapping[str, str], fault: Fault | None) -> None:
    """https://developers.facebook.com/docs/graph-api/guides/secure-requests"""
    if fault and fault["kind"] == "expire_token":
        raise GraphError(
            "Error validating access token: Session has expired on Friday, 20-Nov-26 04:00:00 PST."
            " The current time is Friday, 20-Nov-26 05:12:11 PST.",
            190,
            error_subcode=463,
        )
    if fault and fault["kind"] == "quota":
        account = path.partition("/")[0].removeprefix("act_")
        raise GraphError(
            "(#17) User request limit reached",
            17,
            error_subcode=2446079,
            is_transient=True,
            error_user_title="Ad Account Has Too Many API Calls",
            error_user_msg="There have been too many calls to this ad-account. Wait a bit and try "
            "again.",
            headers=usage(account, "ads_insights", int(fault.get("minutes", 1))),
        )
    token = params.get("access_token")
    if not token:
        raise GraphError("An access token is required to request this resource.", 104)
    if token not in (ACCESS_TOKEN, f"{APP_ID}|{APP_SECRET}"):
        raise GraphError("Invalid OAuth access token - Cannot parse access token", 190)
    proof = params.get("appsecret_proof")
    expected = hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
    if proof is not None and not hmac.compare_digest(proof, expected):
        raise GraphError(
            "Invalid appsecret_proof provided in the API argument", 100, kind="GraphMethodException"
        )


def minted(params: Mapping[str, str]) -> Record:
    if (params.get("client_id"), params.get("client_secret")) != (APP_ID, APP_SECRET):
        raise GraphError("Error validating client secret.", 1)
    grant = params.get("grant_type")
    if grant == "client_credentials":
        return {"access_token": f"{APP_ID}|{APP_SECRET}", "token_type": "bearer"}
    if grant == "fb_exchange_token" and params.get("fb_exchange_token") == ACCESS_TOKEN:
        return {"access_token": ACCESS_TOKEN, "token_type": "bearer", "expires_in": 5183944}
    raise GraphError("Invalid verification code format.", 100)


def described_token(token: str) -> Record:
    """https://developers.facebook.com/docs/graph-api/reference/debug_token"""
    if token != ACCESS_TOKEN:
        return {
            "error": {"code": 190, "message": "Invalid OAuth access token."},
            "is_valid": False,
            "scopes": [],
        }
    return {
        "app_id": APP_ID,
        "type": "SYSTEM_USER",
        "application": "Sandbox",
        "is_valid": True,
        "data_access_expires_at": 0,
        "expires_at": 0,
        "issued_at": 1700000000,
        "scopes": list(SCOPES),
        "user_id": USER["id"],
    }
