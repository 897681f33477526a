"""What the headers of Meta's answers tell of its limits.

https://developers.facebook.com/docs/graph-api/overview/rate-limiting
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_LONGEST_WAIT = 3600


def _told(headers: Mapping[str, str], name: str) -> dict[str, Any]:
    try:
        value = json.loads(headers.get(name) or "{}", parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _by_business(headers: Mapping[str, str]) -> list[dict[str, Any]]:
    """What each kind of call has used of each business's allowance."""
    told = _told(headers, "x-business-use-case-usage")
    entries = [each for value in told.values() if isinstance(value, list) for each in value]
    return [entry for entry in entries if isinstance(entry, dict)]


def shares_used(headers: Mapping[str, str]) -> dict[str, Decimal]:
    """How much of each allowance is used, in percent, as the headers of an answer tell it."""
    used = ("call_count", "total_cputime", "total_time")
    limits: dict[str, list[tuple[dict[str, Any], tuple[str, ...]]]] = {
        "app_usage_percent": [(_told(headers, "x-app-usage"), used)],
        "account_usage_percent": [(_told(headers, "x-ad-account-usage"), ("acc_id_util_pct",))],
        "business_usage_percent": [(entry, used) for entry in _by_business(headers)],
        "insights_usage_percent": [
            (_told(headers, "x-fb-ads-insights-throttle"), ("app_id_util_pct", "acc_id_util_pct"))
        ],
    }
    shares = {
        limit: [
            entry[name]
            for entry, names in told
            for name in names
            if isinstance(entry.get(name), Decimal)
        ]
        for limit, told in limits.items()
    }
    return {limit: max(known) for limit, known in shares.items() if known}


def wait_asked_for(headers: Mapping[str, str]) -> float | None:
    """Seconds until an exhausted account may be asked again, one hour at most; None if untold."""
    minutes = [entry.get("estimated_time_to_regain_access") for entry in _by_business(headers)]
    longest = max((each for each in minutes if isinstance(each, Decimal)), default=Decimal(0)) * 60
    return min(float(longest), _LONGEST_WAIT) or None
