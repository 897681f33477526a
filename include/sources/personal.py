"""What becomes of personal data before it leaves an extractor.

An e-mail address becomes a keyed hash, alike in every source so that one person's records meet, and
its domain; one that stands in some other text is taken out of it.
"""

from __future__ import annotations

import hmac
import re
from typing import Any

EMAIL_HASH, EMAIL_DOMAIN = "email_hash", "email_domain"

# An address, its sign plain, full-width, or percent-encoded however many times.
_AT = r"(?:@|＠|﹫|%(?:25)*40|%(?:25)*EF%(?:25)*BC%(?:25)*A0)"
_EMAIL = re.compile(rf"[\w.+%-]+{_AT}[\w-]+(?:(?:\.|%(?:25)*2E)[\w-]+)+", re.IGNORECASE)
_HINT = re.compile(_AT, re.IGNORECASE)


def hashed(address: Any, hash_key: bytes) -> dict[str, str]:
    """``email_hash`` and ``email_domain`` of an address: trimmed, lower case, plus-tag removed.
    Empty for what is no address."""
    local, at, domain = str(address).strip().lower().rpartition("@")
    if not at or not local or not domain:
        return {}
    plain = f"{local.partition('+')[0]}@{domain}"
    return {
        EMAIL_HASH: hmac.digest(hash_key, plain.encode(), "sha256").hex(),
        EMAIL_DOMAIN: domain,
    }


def without_addresses(text: str) -> str:
    """A text with every e-mail address in it taken out, however it is encoded."""
    return _EMAIL.sub("(e-mail removed)", text) if _HINT.search(text) else text


def is_address(text: str) -> bool:
    """Whether a text is an e-mail address and nothing else."""
    return _EMAIL.fullmatch(text.strip()) is not None
