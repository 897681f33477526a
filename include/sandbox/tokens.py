"""Access tokens one world has handed out, and those that were declared dead."""

import base64
import json
import secrets
from typing import Any
from weakref import WeakKeyDictionary

from include.sandbox.dataset import World


class Tokens:
    """The access tokens of one API: `first` (always there) and what `mint` gives."""

    def __init__(self, prefix: str, *first: str) -> None:
        self._prefix = prefix
        self._alive = set(first)
        self._scopes: dict[str, str] = {}
        self._dead: set[str] = set()

    def mint(self, scope: str = "") -> str:
        """A fresh access token, for scopes with blanks between them."""
        token = f"{self._prefix}{secrets.token_urlsafe(32)}"
        self._alive.add(token)
        self._scopes[token] = scope
        return token

    def scope_of(self, token: str) -> str:
        """The scopes a token was minted for."""
        return self._scopes.get(token, "")

    def accepts(self, token: str) -> bool:
        """Whether the token is alive."""
        return token in self._alive

    def was_alive(self, token: str) -> bool:
        """Whether the token was declared dead after having been alive."""
        return token in self._dead

    def expire(self, token: str) -> None:
        """Declares a token dead; one that never lived stays unknown."""
        if token in self._alive:
            self._alive.remove(token)
            self._dead.add(token)


def claims_of(assertion: str) -> dict[str, Any]:
    """What a JWT claims; its signature is not looked at, for the sandbox holds no public keys.

    Raises ValueError (binascii.Error among them) for a text that is none.
    """
    _, payload, _ = assertion.split(".")
    found: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return found


_GOOGLE: WeakKeyDictionary[World, Tokens] = WeakKeyDictionary()
_LINKEDIN: WeakKeyDictionary[World, Tokens] = WeakKeyDictionary()


def google_tokens(world: World) -> Tokens:
    """Tokens of the Google OAuth endpoint, for Google Ads and GA4."""
    return _GOOGLE.setdefault(world, Tokens("ya29.sandbox-"))


def linkedin_tokens(world: World) -> Tokens:
    """Tokens of LinkedIn; `sandbox-linkedin-token` is alive from the start."""
    return _LINKEDIN.setdefault(world, Tokens("AQsandbox-", "sandbox-linkedin-token"))
