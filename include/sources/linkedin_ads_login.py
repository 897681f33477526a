"""The access token of a log-in to LinkedIn: renewed once for all threads, rotated ones kept.

https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens;
https://learn.microsoft.com/en-us/linkedin/shared/authentication/token-introspection.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from include.settings import Settings
from include.sources import Login, SourceRefused, SourceUnavailable, for_header, patiently
from include.sources.kept_tokens import KeptToken

NAME = "linkedin_ads"

_WARN_DAYS = 30  # before a refresh token's year ends
_SCOPES = {
    "r_ads": "accounts, campaigns and ads",
    "r_ads_reporting": "costs and figures",
    "r_marketing_leadgen_automation": "the answers to lead forms",
    "r_organization_social": "the landing pages of sponsored posts",
}

_REFUSED = {
    "invalid_client": "it knows no such application; correct login (client id) and password "
    "(client secret)",
    "invalid_grant": "the refresh_token, which lives for a year, has ended or was revoked; let the "
    "member authorize the application again and write the new one there",
}

log = logging.getLogger(__name__)

Send = Callable[..., tuple[int, Any, float | None]]


class AccessToken:
    """The token that calls carry: ``value``.

    ``send(method, url, data=…)`` gives status, decoded body and Retry-After in seconds. Raises
    SourceRefused when the connection lacks something, its token is refused, or the home cannot
    keep a rotated one; SourceUnavailable when the token endpoint does not answer.
    """

    def __init__(
        self, credentials: Mapping[str, str], settings: Settings, token_url: str, send: Send
    ) -> None:
        self._given = dict(credentials)
        self._settings, self._token_url, self._send = settings, token_url, send
        self._renewing = threading.Lock()
        self._refresh_seconds: int | None = None
        self._outdated: str | None = None
        self.can_be_renewed = bool(credentials.get("refresh_token"))
        if self.can_be_renewed:
            self._kept = KeptToken(settings.home, NAME, credentials["refresh_token"])
            self.value = self._renewed()
        else:
            self.value = for_header(NAME, "access_token", needed(credentials, "access_token"))

    def renew(self, used: str) -> None:
        """Replace the token, unless another thread has replaced the ``used`` one meanwhile."""
        with self._renewing:
            if self.value == used:
                self.value = self._renewed()

    def look(self, api_version: str) -> Login:
        """What LinkedIn says of the token; its scopes only where the client's secret is known."""
        remarks = [self._outdated] if self._outdated else []
        if not self._given.get("login") or not self._given.get("password"):
            return Login(api_version, remarks=tuple(remarks))
        url = self._token_url.replace("accessToken", "introspectToken")
        status, body, wait = self._send("POST", url, data={**self._client(), "token": self.value})
        if status != 200 or not isinstance(body, dict):
            raise SourceUnavailable(
                f"LinkedIn's introspection of the token answered {status}", wait
            )
        if not body.get("active"):
            raise SourceRefused(
                f"LinkedIn says that the access token of the connection {NAME} is "
                f"{body.get('status', 'not active')}; let the member authorize the application "
                "again"
            )
        scopes = tuple(str(body.get("scope", "")).replace(",", " ").split())
        remarks += [
            f"The scope {scope} is not granted, so {what} cannot be read"
            for scope, what in _SCOPES.items()
            if scope not in scopes and scope.replace("r_", "rw_", 1) not in scopes
        ]
        return Login(
            api_version,
            scopes=scopes,
            expires_at=self._end(body),
            remarks=tuple(remarks),
        )

    def _end(self, known: Mapping[str, Any]) -> datetime | None:
        """When the log-in ends by itself: with the refresh token, reckoned from the moment that
        LinkedIn made the access token beside it; without one with the access token."""
        if not self.can_be_renewed:
            seconds = known.get("expires_at")
        elif self._refresh_seconds is None or not isinstance(known.get("created_at"), int):
            seconds = None
        else:
            seconds = known["created_at"] + self._refresh_seconds
        if not isinstance(seconds, int):
            return None
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)

    def _client(self) -> dict[str, str]:
        return {
            "client_id": needed(self._given, "login"),
            "client_secret": needed(self._given, "password"),
        }

    def _renewed(self) -> str:
        return patiently(
            self._exchanged, self._settings.retry_seconds, self._settings.retry_first_wait
        )

    def _exchanged(self) -> str:
        """A fresh access token, for the newest refresh token that lives."""
        client = self._client()
        try:
            with self._kept.alone():
                for token in self._kept.candidates():
                    form = {"grant_type": "refresh_token", **client, "refresh_token": token}
                    status, body, wait = self._send("POST", self._token_url, data=form)
                    body = body if isinstance(body, dict) else {}
                    if status == 200 and body.get("access_token"):
                        self._follow(token, body)
                        return str(body["access_token"])
                    if body.get("error") != "invalid_grant":
                        break
        except OSError as error:
            raise SourceRefused(
                f"{self._kept.path} cannot be used to keep a refresh token ({error.strerror}); "
                "give the user who runs the pipeline the right to write there"
            ) from None
        if status in (400, 401, 403):
            reason = str(body.get("error", status))
            raise SourceRefused(
                f"LinkedIn refused the log-in of the connection {NAME} ({reason}): "
                + _REFUSED.get(
                    reason,
                    "check its login (client id), password (client secret) and refresh_token",
                )
            )
        raise SourceUnavailable(f"LinkedIn's token endpoint answered {status}", wait)

    def _follow(self, used: str, body: Mapping[str, Any]) -> None:
        """Keep what a refresh says of the refresh token, and tell who must act."""
        given = body.get("refresh_token")
        if given and given != used:
            self._kept.keep(str(given))
        if (given or used) != self._given["refresh_token"]:
            self._outdated = (
                f"The connection {NAME} holds an outdated refresh_token; the living one is kept "
                f"in {self._kept.path}: write it into the connection"
            )
            log.warning("%s", self._outdated)
        seconds = body.get("refresh_token_expires_in")
        if isinstance(seconds, int):
            self._refresh_seconds = seconds
            if seconds < _WARN_DAYS * 86_400:
                log.warning(
                    "The refresh_token of the connection %s expires in %d days; let the member "
                    "authorize the application again before that",
                    NAME,
                    seconds // 86_400,
                )


def needed(credentials: Mapping[str, str], name: str) -> str:
    """A value of the connection; SourceRefused if it is empty."""
    value = credentials.get(name)
    if not value:
        what = {
            "login": " (client id)",
            "password": " (client secret)",
            "access_token": " and no refresh_token",
        }.get(name, "")
        raise SourceRefused(f"The connection {NAME} has no {name}{what}: fill it in there")
    return value
