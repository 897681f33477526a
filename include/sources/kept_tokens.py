"""Refresh tokens that their issuer replaces at use, kept where the next process finds them.

An issuer that rotates refresh tokens kills the one a connection holds at its first use. The one it
gave instead is kept under the home, readable by its owner alone, as long as the connection still
holds the token it descends from.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class KeptToken:
    """The living descendant of the refresh token ``given`` in the connection ``name``.

    ``path`` is where it is kept. Processes and threads that share a connection take turns:
    ``alone`` holds all others off from reading a token to keeping the one that replaced it.
    """

    def __init__(self, home: Path, name: str, given: str) -> None:
        self.path = home / "tokens" / f"{name}.json"
        self._given = given
        self._ancestor = hashlib.sha256(given.encode()).hexdigest()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold everyone else who uses this connection's token; waits for its turn."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def candidates(self) -> list[str]:
        """The tokens that may live, the likeliest first."""
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            kept = {}
        if isinstance(kept, dict) and kept.get("ancestor") == self._ancestor:
            return [str(kept["refresh_token"]), self._given]
        return [self._given]

    def keep(self, token: str) -> None:
        """Keep the token that replaced the one used; durable when it returns."""
        draft = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"ancestor": self._ancestor, "refresh_token": token}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
