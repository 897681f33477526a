"""Who runs the pipeline is told when a DAG fails, fails again, and works again: once each.

By mail (connection ``smtp``) and by a webhook that takes Slack's form (connection ``webhook``);
without them nothing is sent. What each was told last is kept under the home, one file a DAG: one
that refuses a notice is tried again with the next run, the other is not told twice.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from include import notes
from include.run import failures_file
from include.settings import LOOPBACK_HOSTS, Settings, load_settings

log = logging.getLogger(__name__)

TELL_AGAIN_AFTER = timedelta(hours=20)
"""A DAG that fails each hour for the same reasons is told of once a day."""

CHANNELS = ("smtp", "webhook")
"""The connections for notices."""

_WAIT_SECONDS = 10
_SENTENCES_TOLD = 20
_TASKS_NAMED = 3
_YES = {"1", "true", "yes", "on"}

Callback = Callable[[Mapping[str, Any]], None]


class NoticeRefused(Exception):
    """A connection for notices cannot be used; the message says what to write there."""


@dataclass
class _Trouble:
    """What is known of a DAG that fails: how often in a row, since when, and what each connection
    for notices was told, and when; ``is_over`` of one that works again, while somebody is to be
    told so."""

    failures: int = 0
    since: str = ""
    told: dict[str, list[str]] = field(default_factory=dict)
    told_at: dict[str, str] = field(default_factory=dict)
    is_over: bool = False
    run_id: str = ""
    read: int = 0
    """How many notes of that run's failures are known, of a run that failed and was cleared."""


def callbacks(stands: str) -> dict[str, Callback]:
    """The arguments that have a DAG tell of itself, once a run, when it has ended.

    ``stands`` says what a failure leaves as it was.
    """
    return {
        "on_failure_callback": lambda context: tell_failure(context, stands),
        "on_success_callback": tell_success,
    }


def tell_failure(context: Mapping[str, Any], stands: str) -> None:
    """Tell that a run failed: what happened, what was left as it was, what to do.

    A run that failed for the very reasons told of less than 20 hours ago is counted only.
    """
    settings, dag_id = load_settings(), context["dag"].dag_id
    trouble = _read(settings, dag_id)
    sentences = _sentences(settings, trouble, context)
    began = _began(context)
    if trouble.is_over:
        trouble = _Trouble(run_id=trouble.run_id, read=trouble.read)
    trouble.failures += 1
    trouble.since = trouble.since or began
    due = [
        name
        for name in CHANNELS
        if sentences != trouble.told.get(name) or _is_long_ago(trouble.told_at.get(name, ""), began)
    ]
    if due:
        again = f" again, {trouble.failures} times since {_day(trouble.since)}"
        sent = send(
            context,
            f"{dag_id} failed{again if trouble.failures > 1 else ''}",
            [
                ("What happened", sentences),
                ("What was done", [stands]),
                (
                    "What to do",
                    [
                        "What the sentences above say; each known failure is in the "
                        f"documentation of the DAG {dag_id}.",
                        _where(context),
                    ],
                ),
            ],
            due,
        )
        for name in (name for name, is_taken in sent.items() if is_taken):
            trouble.told[name], trouble.told_at[name] = sentences, began
    _write(settings, dag_id, trouble)


def tell_success(context: Mapping[str, Any]) -> None:
    """Tell whoever was told of a failure that the DAG works again; else nobody."""
    settings, dag_id = load_settings(), context["dag"].dag_id
    trouble = _read(settings, dag_id)
    if not trouble.failures:
        return
    runs = "one failed run" if trouble.failures == 1 else f"{trouble.failures} failed runs"
    sent = send(
        context,
        f"{dag_id} works again",
        [
            ("What happened", [f"A run went well, after {runs} since {_day(trouble.since)}."]),
            ("What to do", ["Nothing.", _where(context)]),
        ],
        trouble.told,
    )
    trouble.told = {name: trouble.told[name] for name, is_taken in sent.items() if not is_taken}
    trouble.is_over = True
    if trouble.told:
        _write(settings, dag_id, trouble)
    else:
        _file(settings, dag_id).unlink(missing_ok=True)


def send(
    context: Mapping[str, Any],
    subject: str,
    parts: Iterable[tuple[str, Iterable[str]]],
    channels: Collection[str] = CHANNELS,
) -> dict[str, bool]:
    """Send headed sentences by those of the connections for notices, ``channels``, that there are.

    ``context`` is Airflow's. Gives which of them took it. Nothing is raised: what went wrong is
    logged, without the address, which for a webhook is its secret.
    """
    if "conn" not in context:
        log.error("no notice: Airflow gave no connections with %s", context.get("run_id"))
        return dict.fromkeys(channels, False)
    subject = f"Closed Loop: {' '.join(subject.split())}"
    text = "\n\n".join(
        "\n".join([head, *(f"- {sentence}" for sentence in sentences if sentence)])
        for head, sentences in parts
    )
    # Half a surrogate pair, as an API's text may have, is nothing that can be sent.
    subject, text = (each.encode(errors="replace").decode() for each in (subject, text))
    outcomes = {}
    for name, by in zip(CHANNELS, (_mail, _post), strict=True):
        connection = context["conn"].get(name, None) if name in channels else None
        if connection is None:
            continue
        try:
            by(connection, load_settings(), subject, text)
            outcomes[name] = True
        except NoticeRefused as error:
            log.error("no notice by the connection %s: %s", name, error)
            outcomes[name] = False
        except Exception as error:
            log.error("no notice by the connection %s: %s", name, type(error).__name__)
            outcomes[name] = False
    return outcomes


def _mail(connection: Any, settings: Settings, subject: str, text: str) -> None:
    """By SMTP: TLS from the start, or STARTTLS where the extra has ``disable_ssl``.

    The fields are those of Airflow's own connections of type smtp, and ``to``.
    """
    import smtplib
    import ssl

    extra = connection.extra_dejson
    recipients = [each.strip() for each in str(extra.get("to") or "").split(",") if each.strip()]
    sender = extra.get("from_email") or connection.login
    if not recipients or not sender:
        raise NoticeRefused("its extra must say from_email and to (addresses, comma separated)")
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, sender, ", ".join(recipients)
    message.set_content(text)
    tls = ssl.create_default_context(cafile=settings.ca_file)
    is_plain, has_no_start = (
        str(extra.get(name, "")).lower() in _YES for name in ("disable_ssl", "disable_tls")
    )
    address = (connection.host or "", connection.port or (587 if is_plain else 465))
    with (
        smtplib.SMTP(*address, timeout=_WAIT_SECONDS)
        if is_plain
        else smtplib.SMTP_SSL(*address, timeout=_WAIT_SECONDS, context=tls)
    ) as server:
        if is_plain and not has_no_start:
            server.starttls(context=tls)
        if connection.login and connection.password:
            server.login(connection.login, connection.password)
        server.send_message(message)


def _post(connection: Any, settings: Settings, subject: str, text: str) -> None:
    """By a webhook in the form of Slack's: https://api.slack.com/messaging/webhooks"""
    import requests

    url = (connection.password or "").strip()
    there = urlsplit(url)
    is_loopback = there.hostname in LOOPBACK_HOSTS
    if not there.hostname or (there.scheme != "https" and not is_loopback):
        raise NoticeRefused("its password must be the webhook's URL, https://…")
    escaped = f"*{subject}*\n{text}"
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        escaped = escaped.replace(character, entity)
    answer = requests.post(
        url,
        json={"text": escaped},
        timeout=_WAIT_SECONDS,
        allow_redirects=False,
        verify=settings.ca_file or True,
    )
    if answer.status_code >= 300:
        raise NoticeRefused(f"the webhook answered {answer.status_code}")


def _sentences(settings: Settings, trouble: _Trouble, context: Mapping[str, Any]) -> list[str]:
    """What the run's tasks said when they failed, each once; of one that was cleared, the news."""
    run_id = context["run_id"]
    every = notes.read(failures_file(settings, context["dag"].dag_id, run_id))
    noted = every[trouble.read if run_id == trouble.run_id else 0 :]
    trouble.run_id, trouble.read = run_id, len(every)
    tasks: dict[str, set[str]] = {}
    for each in noted:
        tasks.setdefault(each["sentence"], set()).add(each["task_id"])
    told = [f"{_named(sorted(those))}: {sentence}" for sentence, those in tasks.items()]
    if not told:
        return [f"The run stopped without saying why ({context.get('reason') or 'no reason'})."]
    if len(told) > _SENTENCES_TOLD:
        told[_SENTENCES_TOLD:] = [f"and {len(told) - _SENTENCES_TOLD} more."]
    return told


def _named(tasks: Sequence[str]) -> str:
    named, more = ", ".join(tasks[:_TASKS_NAMED]), len(tasks) - _TASKS_NAMED
    return f"{named} and {more} more" if more > 0 else named


def _where(context: Mapping[str, Any]) -> str:
    link = getattr(context.get("ti"), "log_url", None)
    return f"The run is {context['run_id']}" + (f": {link}" if link else ".")


def _began(context: Mapping[str, Any]) -> str:
    dag_run = context.get("dag_run")
    began = dag_run and (dag_run.start_date or dag_run.run_after)
    return began.isoformat() if began else ""


def _is_long_ago(told_at: str, began: str) -> bool:
    if not told_at or not began:
        return True
    return datetime.fromisoformat(began) - datetime.fromisoformat(told_at) >= TELL_AGAIN_AFTER


def _day(instant: str) -> str:
    return instant[: len("2026-01-31")] or "an unknown day"


def _file(settings: Settings, dag_id: str) -> Path:
    return settings.home / "notices" / f"{dag_id}.json"


def _read(settings: Settings, dag_id: str) -> _Trouble:
    file = _file(settings, dag_id)
    if not file.exists():
        return _Trouble()
    try:
        kept = json.loads(file.read_text())
    except ValueError:  # of a release that did not make it durable
        return _Trouble()
    if isinstance(kept["told"], list):  # of a release that kept one for all
        everybody = CHANNELS if kept["told"] else ()
        kept |= {name: dict.fromkeys(everybody, kept[name]) for name in ("told", "told_at")}
    return _Trouble(**kept)


def _write(settings: Settings, dag_id: str, trouble: _Trouble) -> None:
    notes.replace(_file(settings, dag_id), json.dumps(asdict(trouble)))
