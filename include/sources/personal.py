"""What becomes of personal data before it leaves an extractor.

An e-mail address becomes a keyed hash, alike in every source so that one person's records meet, and
its domain; one that stands in some other text is taken out of it.
"""

from __future__ import annotations

import hmac
import re
from typing import Any

EMAIL_HASH, EMAIL_DOMAIN = "email_hash", "email_domain"

# An address: before its sign whatever RFC 5321 and 6531 allow, within a text no sign that parts the
# values of a URL; or a quoted text (quotes within need no telling apart). The sign is plain,
# full-width, written as HTML does, or percent-encoded however many times; so may be what is not
# ASCII in the domain. Lengths are bounded lest a long text take long.
_AT = (
    r"(?:@|＠|﹫|&(?:#0*64|#x0*40|commat);|%(?:25)*40|%(?:25)*EF%(?:25)*BC%(?:25)*A0"
    r"|%(?:25)*EF%(?:25)*B9%(?:25)*AB)"
)
SIGNS = ("@", "＠", "﹫", "&", "%")  # a text without any of them holds no address
_QUOTED = r'(?:"[^\r\n]{1,66}?"|&quot;[^\r\n]{1,66}?&quot;)'
_LABEL = r"(?:[^\x00-,./:-@\[-^`{-\x7f\s＠﹫。．｡]|%(?:25)*[89A-F][0-9A-F]){1,250}"
_LITERAL = r"\[[\w.:-]+\]"
_DOMAIN = rf"(?:{_LABEL}(?:(?:[.。．｡]|%(?:25)*2E){_LABEL})+|{_LITERAL})"
_NO_PART = r'\s@＠﹫<>()\[\]\\,:;"'
_EMAIL = re.compile(rf"(?:{_QUOTED}|[^{_NO_PART}&=/?#|]{{1,250}}){_AT}{_DOMAIN}", re.IGNORECASE)
_QUERY = r"\?[\w.~%-]+="  # an address may hold it, and does not where a page's may
_WHOLE = re.compile(rf"(?!.*{_QUERY})(?:{_QUOTED}|[^{_NO_PART}]+){_AT}{_DOMAIN}\.?", re.IGNORECASE)
_HINT = re.compile(_AT, re.IGNORECASE)


def hashed(address: Any, hash_key: bytes) -> dict[str, str]:
    """``email_hash`` and ``email_domain`` of an address: trimmed, lower case, plus-tag removed.
    Empty for what is no address."""
    local, at, domain = str(address).strip().lower().rpartition("@")
    if not at or not local or not domain:
        return {}
    plain = f"{local.partition('+')[0] or local}@{domain}"
    return {
        EMAIL_HASH: hmac.digest(hash_key, plain.encode(), "sha256").hex(),
        EMAIL_DOMAIN: domain,
    }


def without_addresses(text: str) -> str:
    """A text with every e-mail address in it taken out, however it is encoded."""
    if not _HINT.search(text):
        return text
    return "(e-mail removed)" if is_address(text) else _EMAIL.sub("(e-mail removed)", text)


def is_address(text: str) -> bool:
    """Whether a text is an e-mail address and nothing else."""
    return _WHOLE.fullmatch(text.strip()) is not None
