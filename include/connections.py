"""What a person wants to know of a connection before a night depends on it.

Logs in, lists the accounts, reads one small thing of each kind, and says in sentences what is
wrong. Nothing is landed or staged, and no secret leaves: not in a sentence, not in a table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from itertools import islice
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from include import planning
from include.run import Run
from include.settings import Settings
from include.sources import (
    Account,
    Login,
    Request,
    Source,
    SourceRefused,
    SourceUnavailable,
    Stream,
    Window,
)
from include.sources.versions import sunset_warning, version_in_use

# A person is waiting: what does not answer within this is reported, not waited for.
PATIENCE_SECONDS = 30
WARN_AHEAD = timedelta(days=30)
# How networks call accounts in which ads can run; others are still read, and remarked upon.
_OPEN = {None, "ACTIVE", "ENABLED"}
_PUBLIC = {
    "host", "login", "username", "api_version", "account_ids", "customer_ids", "login_customer_id",
    "endpoint", "token_uri", "token_url", "app_id", "impersonated_email", "lead_forms",
    "property_ids",
}  # fmt: skip

Verdict = Literal["works", "works, with remarks", "does not work"]


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """An account the login shows; ``reads`` says of each stream tried how it went."""

    account_id: str
    account_name: str | None
    account_status: str | None
    currency_code: str
    time_zone: str
    reads: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found out about one connection.

    ``wrong`` holds sentences on what keeps it from being read, ``remarks`` on what will or should
    be mended. Empty ``wrong``: of the first account every stream could be read, and of each other
    one its figures and what its platform grants apart from them (lead forms, clicks).
    """

    connection_id: str
    title: str
    api_version: str
    user: str | None = None
    scopes: tuple[str, ...] | None = None
    expires_at: str | None = None
    accounts: tuple[AccountSeen, ...] = ()
    wrong: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """One glance's worth."""
        if self.wrong:
            return "does not work"
        return "works, with remarks" if self.remarks else "works"

    def to_json(self) -> dict[str, Any]:
        """Plain values, for whoever shows them."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return {**plain, "verdict": self.verdict}


def check(settings: Settings, source: Source, credentials: Mapping[str, str], run: Run) -> Checked:
    """Try one connection.

    Every stream is read of the first account; of each other one what proves its days, and what is
    granted account by account. Failures of the source become sentences; only what is no failure of
    the source is raised.
    """
    version = credentials.get("api_version") or _version_of(source)
    remarks: list[str] = []
    wrong: list[str] = []
    seen: tuple[AccountSeen, ...] = ()
    if warning := sunset_warning(source.name, credentials.get("api_version"), run.as_of):
        remarks.append(warning)
    login = Login(version)
    hurried = replace(settings, retry_seconds=min(settings.retry_seconds, PATIENCE_SECONDS))
    try:
        client = source.connect(credentials, hurried)
        accounts = source.discover(client)
        if source.look_at_login:
            login = source.look_at_login(client)
        remarks += [*login.remarks, *_remarks_on(source, login, run)]
        if not accounts:
            wrong.append(
                f"{source.title} shows the login of the connection {source.connection_id} no "
                "account; give its user access to one"
            )
        seen = tuple(
            _look_at(hurried, source, client, account, run, is_first=place == 0)
            for place, account in enumerate(accounts)
        )
        for each in seen:
            wrong += _what_is_wrong(source, each)
            remarks += _what_is_odd(source, each)
    except (SourceRefused, SourceUnavailable) as failure:
        wrong.append(_sentence(source, failure))
    return _without_secrets(
        Checked(
            source.connection_id,
            source.title,
            login.api_version,
            login.user,
            login.scopes,
            login.expires_at.strftime("%Y-%m-%d %H:%M UTC") if login.expires_at else None,
            seen,
            tuple(dict.fromkeys(wrong)),
            tuple(dict.fromkeys(remarks)),
        ),
        credentials,
    )


class DoesNotWork(Exception):
    """A connection cannot be read; the message is what is wrong, one sentence a line."""


def not_there(source: Source, refusal: SourceRefused) -> Checked:
    """The report on a connection that cannot even be tried."""
    if source.is_optional:
        told = f"{source.title} is not connected, and nothing of it is read; {refusal}"
        return Checked(source.connection_id, source.title, _version_of(source), remarks=(told,))
    return Checked(source.connection_id, source.title, _version_of(source), wrong=(str(refusal),))


def render(reports: Sequence[Mapping[str, Any]]) -> str:
    """Reports (``to_json``) as Markdown: what is wrong first, then what was seen."""
    lines = [
        "| connection | verdict | API version | user | scopes | log-in ends |",
        "|" + "---|" * 6,
    ]
    for report in reports:
        scopes = "not told" if report["scopes"] is None else ", ".join(report["scopes"]) or "none"
        lines.append(
            _row(
                report["connection_id"],
                report["verdict"],
                report["api_version"],
                report["user"] or "not told",
                scopes,
                report["expires_at"] or "not told",
            )
        )
    for report in reports:
        lines += ["", f"### {report['connection_id']}: {report['verdict']}", ""]
        lines += [f"- **wrong**: {_one_line(each)}" for each in report["wrong"]]
        lines += [f"- remark: {_one_line(each)}" for each in report["remarks"]]
        if report["accounts"]:
            lines += ["", "| account | name | status | currency | time zone | reads |"]
            lines.append("|" + "---|" * 6)
        for account in report["accounts"]:
            reads = ", ".join(
                f"{stream}: {outcome}" for stream, outcome in account["reads"].items()
            )
            lines.append(
                _row(
                    account["account_id"],
                    account["account_name"] or "",
                    account["account_status"] or "",
                    account["currency_code"],
                    account["time_zone"],
                    reads,
                )
            )
    return "\n".join(lines)


def require_working(reports: Sequence[Mapping[str, Any]]) -> None:
    """Raise DoesNotWork if any report (``to_json``) says that something is wrong."""
    if sentences := [sentence for report in reports for sentence in report["wrong"]]:
        raise DoesNotWork("\n".join(sentences))


def _version_of(source: Source) -> str:
    try:
        return version_in_use(source.name)
    except KeyError:
        return "not told"


def _remarks_on(source: Source, login: Login, run: Run) -> Iterable[str]:
    if login.expires_at and login.expires_at - run.as_of < WARN_AHEAD:
        yield (
            f"The log-in of the connection {source.connection_id} ends on "
            f"{login.expires_at:%Y-%m-%d}; renew it before"
        )


def _look_at(
    settings: Settings, source: Source, client: Any, account: Account, run: Run, *, is_first: bool
) -> AccountSeen:
    streams = planning.streams_to_read(source, settings)
    if not is_first:
        proofs = [stream for stream in streams if stream.controls] or streams
        streams = proofs[:1] + [stream for stream in streams if stream.granted_apart]
    reads: dict[str, str] = {}
    for stream in streams:
        try:
            request = _small(stream, account, run)
            read = len(list(islice(source.extract(client, account, request), 1)))
            reads[stream.name] = "read" if read else "read, empty"
        except (SourceRefused, SourceUnavailable) as failure:
            reads[stream.name] = _sentence(source, failure)
    return AccountSeen(
        account.account_id,
        account.account_name,
        account.account_status,
        account.currency_code,
        account.time_zone,
        reads,
    )


def _small(stream: Stream, account: Account, run: Run) -> Request:
    """The least that can be asked of a stream: yesterday, the last hour, or its beginning."""
    if stream.kind == "daily":
        day = planning.yesterday(account, run.as_of)
        return Request(stream.name, Window(day, day))
    if stream.kind == "changes":
        return Request(stream.name, since=run.as_of - timedelta(hours=1))
    return Request(stream.name)


def _what_is_wrong(source: Source, account: AccountSeen) -> Iterable[str]:
    for stream, outcome in account.reads.items():
        if not outcome.startswith("read"):
            yield f"{source.title} account {account.account_id}, {stream}: {outcome}"


def _what_is_odd(source: Source, account: AccountSeen) -> Iterable[str]:
    if account.account_status not in _OPEN:
        yield (
            f"{source.title} account {account.account_id} is {account.account_status}: what it "
            "spent is still read, new spend will not come until it is open again; to leave it out, "
            f"list the others in the connection {source.connection_id}"
        )
    try:
        ZoneInfo(account.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield (
            f"{source.title} account {account.account_id} keeps its days in {account.time_zone!r}, "
            "which is no IANA time zone; correct the account's time zone on its platform"
        )


def _sentence(source: Source, failure: Exception) -> str:
    said = str(failure)
    if isinstance(failure, SourceRefused):
        return said
    return (
        f"{said}. Nothing is wrong with the connection {source.connection_id} as far as is known; "
        "check again later, and that the machine it runs on reaches the internet"
    )


def _without_secrets(report: Checked, credentials: Mapping[str, str]) -> Checked:
    """The report without any secret that a source may have let into a sentence."""
    secrets = [
        value for name, value in credentials.items() if name not in _PUBLIC and len(value) > 3
    ]

    def clean(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, "…")
        return text

    return replace(
        report,
        wrong=tuple(map(clean, report.wrong)),
        remarks=tuple(map(clean, report.remarks)),
        accounts=tuple(
            replace(each, reads={name: clean(text) for name, text in each.reads.items()})
            for each in report.accounts
        ),
    )


def _row(*cells: str) -> str:
    return "| " + " | ".join(_one_line(cell).replace("|", "\\|") for cell in cells) + " |"


def _one_line(text: str) -> str:
    return " ".join(str(text).split())
