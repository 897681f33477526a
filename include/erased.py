"""What stands in place of an erased person's keys, wherever records of theirs come by.

``<home>/erased.json`` keeps, for every key erased (ids, hashes of addresses, click ids), a keyed
hash of it and the token that took its place: enough to know the key when a source sends it again,
and nothing to read it from. It is what keeps erased persons erased: keep it with the hash key.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from include import landing
from include.settings import Settings
from include.sources import Record
from include.sources.personal import EMAIL_HASH

CLICK_IDS = ("gclid", "fbclid", "li_fat_id")
_TEXTS = frozenset(
    {
        "Company",
        "company_name",
        "Name",
        "opportunity_name",
        "Title",
        "job_title",
        "stated_product",
        "stated_problem",
        "stated_timeframe",
    }
)
_GONE = "(erased)"
_AND = re.compile(r"&amp;|&")
_PLACE = re.compile(r"\s*((?:[A-Za-z][A-Za-z0-9+.-]*:)?//)?([^/?#]*)(\S*)")
_HOST = re.compile(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d*)?")


class AtWork(Exception):
    """An erasure and what reads landed batches exclude each other; the message says what to do."""


@dataclass(frozen=True)
class Erased:
    """The keys erased so far: each one's keyed hash and its token, None where it stays as it is and
    only the texts beside it are erased (deals)."""

    hash_key: bytes
    tokens: Mapping[str, str | None]
    lengths: frozenset[int]

    def passing(self, records: Iterable[Record]) -> Iterator[Record]:
        """Raw records of a source on their way to landing, erased persons' keys replaced."""
        if not self.tokens:
            return iter(records)
        return (self.masked(each, each.get("Id") or each.get("id")) for each in records)

    def masked(self, record: Mapping[str, Any], own_id: Any) -> Record:
        """A raw record, or a row of staging, as it may be kept.

        Of the erased person's own records (``own_id`` is one of the keys) texts go too, as far as
        no figure hangs on them. What else bears the person's address was made since: it loses the
        address's hash, and so does not lead back to what was erased.
        """
        kept = {name: self._value(value) for name, value in record.items()}
        address = record.get(EMAIL_HASH)
        if not self._knows(own_id):
            if address and self._knows(address):
                kept[EMAIL_HASH] = None
            return kept
        if address and not self._knows(address):
            kept[EMAIL_HASH] = self._made_up(address)
        for name, value in kept.items():
            if not isinstance(value, str) or not value:
                continue
            if name in _TEXTS:
                kept[name] = _GONE
            elif name in CLICK_IDS and value == record[name]:
                kept[name] = self._made_up(value)
            elif name == "landing_page_url":
                kept[name] = self._page(value)
            elif name == "referrer_url":
                kept[name] = self._page(value, keeps_tags=False)
        return kept

    def token(self, key: str) -> str | None:
        """The token of a key that is erased; None where there is none."""
        return self.tokens.get(_digest(self.hash_key, key))

    def _knows(self, value: Any) -> bool:
        return (
            isinstance(value, str)
            and len(value) in self.lengths
            and _digest(self.hash_key, value) in self.tokens
        ) or is_token(value)

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            if len(value) in self.lengths and (token := self.token(value)):
                return token
        elif isinstance(value, dict):
            return {name: self._value(each) for name, each in value.items()}
        elif isinstance(value, list):
            return [self._value(each) for each in value]
        return value

    def _made_up(self, value: str) -> str:
        return value if is_token(value) else f"erased-{_digest(self.hash_key, value)[:16]}"

    def _page(self, url: str, *, keeps_tags: bool = True) -> str:
        """A page's scheme and host and the tags of campaigns and clicks, click ids replaced.

        All else is one token in the path's place: two pages that differed go on to, as captures
        are compared by theirs.
        """
        scheme, authority, rest = _PLACE.findall(url)[0]
        host = authority.rpartition("@")[2]
        place = scheme + (host if _HOST.fullmatch(host) and (scheme or "." in host) else "")
        path, _, query = rest.partition("#")[0].partition("?")
        kept = []
        for part in _AND.split(query) if keeps_tags else ():
            name, _, value = part.partition("=")
            lowered = name.lower()
            if lowered in _click_ids():
                kept.append(f"{name}={self.token(value) or self._made_up(value)}")
            elif lowered in _campaign_tags() or lowered.startswith("utm_"):
                kept.append(part)
        tags = f"?{'&'.join(kept)}" if kept else ""
        if f"{place}{path}{tags}" == url and (path in ("", "/") or is_token(path)):
            return url
        return f"{place}/erased-{_digest(self.hash_key, url)[:16]}{tags}"


def is_token(value: Any) -> bool:
    """Whether a value stands where an erased key stood."""
    return isinstance(value, str) and "erased-" in value[:11]


def read(settings: Settings) -> Erased:
    """The keys erased in this home so far."""
    path = _file(settings)
    known = json.loads(path.read_text()) if path.exists() else {"keys": {}, "lengths": []}
    hash_key = settings.hash_key() if known["keys"] else b""
    return Erased(hash_key, known["keys"], frozenset(known["lengths"]))


def add(settings: Settings, tokens: Mapping[str, str | None]) -> Erased:
    """Add keys with their tokens to what is erased, durably; those that have a token keep it."""
    before, hash_key = read(settings), settings.hash_key()
    keys = {_digest(hash_key, key): token for key, token in tokens.items()}
    after = Erased(
        hash_key, {**keys, **before.tokens}, before.lengths | {len(key) for key in tokens}
    )
    path = _file(settings)
    draft = path.with_name(f"{path.name}.next")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump({"keys": after.tokens, "lengths": sorted(after.lengths)}, file, indent=1)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
    return after


@cache
def _click_ids() -> frozenset[str]:
    from include.registry import SOURCES

    told = (source.tagging.click_ids for source in SOURCES if source.tagging)
    return frozenset(CLICK_IDS).union(*told)


@cache
def _campaign_tags() -> frozenset[str]:
    from include.registry import SOURCES

    told = (source.tagging.campaign_id_parameters for source in SOURCES if source.tagging)
    return frozenset[str]().union(*told)


@contextmanager
def loading(settings: Settings) -> Iterator[None]:
    """Within it no erasure begins; one that is at work is waited for."""
    with landing.locked(_lock(settings), fcntl.LOCK_SH):
        yield


@contextmanager
def erasing(settings: Settings) -> Iterator[None]:
    """Within it nothing is landed, checked or staged. Raises AtWork while something is."""
    try:
        with landing.locked(_lock(settings), fcntl.LOCK_EX | fcntl.LOCK_NB):
            yield
    except BlockingIOError:
        raise AtWork(
            "a load, a rebuild, a clean-up or another erasure is at work, which may hold what is "
            "to be erased; nothing was erased: do it again once that has ended"
        ) from None


def _lock(settings: Settings) -> Path:
    return settings.home / "erasing.lock"


def _file(settings: Settings) -> Path:
    return settings.home / "erased.json"


def _digest(hash_key: bytes, value: str) -> str:
    return hmac.digest(hash_key, b"erased:" + value.encode(errors="surrogatepass"), "sha256").hex()
