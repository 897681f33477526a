"""The shape every source has.

A source is a module that declares what it is (a ``Source``) and brings four functions: ``connect``,
``discover``, ``extract`` and ``parse``. It knows its API and nothing of the pipeline around it.
Sources never import each other, and import a vendor's SDK only inside functions.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeVar

import tenacity

from include.contracts.shape import Table
from include.settings import Settings

log = logging.getLogger(__name__)
T = TypeVar("T")
_STOP: ContextVar[threading.Event | None] = ContextVar("stop", default=None)

Record = dict[str, Any]
"""A raw record as the API gave it, JSON-serializable (money as text or Decimal, never float)."""

Row = dict[str, Any]
"""A typed row for a staging table, stamps aside, by column name."""


class SourceUnavailable(Exception):
    """The source cannot answer now; trying later may help.

    ``retry_after`` is the wait in seconds that the source asked for, when it did.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceQuotaExhausted(SourceUnavailable):
    """A daily allowance is used up: nothing helps before it is renewed."""


class SourceRefused(Exception):
    """The source says no, and will until a person acts; the message says what to do."""


def for_header(connection_id: str, name: str, value: str) -> str:
    """A connection's value that a header is to carry. Raises SourceRefused, which does not show
    it, where a header cannot, for that would end in a trace."""
    if value.isascii() and value.isprintable() and " " not in value:
        return value
    raise SourceRefused(
        f"The {name} of the connection {connection_id} holds a blank, a line break or a letter "
        "beyond ASCII, which none has; it was changed on its way: copy it there once more"
    )


def is_wanted(connection_id: str, name: str, credentials: Mapping[str, str]) -> bool:
    """What a connection's extra says to yes or no, in any of the words in which forms, JSON and
    YAML hand them on; yes where it says nothing. Raises SourceRefused for other words."""
    word = credentials.get(name, "").strip().lower()
    if word in ("no", "false", "off", "0"):
        return False
    if word in ("", "yes", "true", "on", "1"):
        return True
    raise SourceRefused(
        f"{name} in the extra of the connection {connection_id} is neither yes nor no; write one "
        "of these words there"
    )


@contextmanager
def stopped_by(stop: threading.Event) -> Iterator[None]:
    """Within it, on this thread, ``wait`` and ``patiently`` end once ``stop`` is set."""
    token = _STOP.set(stop)
    try:
        yield
    finally:
        _STOP.reset(token)


def wait(seconds: float) -> None:
    """Wait, such as between two looks at a job. Raises SourceUnavailable once the load is given
    up."""
    if (_STOP.get() or threading.Event()).wait(seconds):
        raise SourceUnavailable("another request of this load failed, so this one was given up")


def patiently(call: Callable[[], T], seconds: float, first_wait: float = 0.5) -> T:
    """What ``call`` returns, tried again after SourceUnavailable: eight times at the most, and for
    at most ``seconds`` in all.

    Waits grow from ``first_wait`` seconds and are jittered, and are never shorter than what the
    source asked for; a wait that does not fit into ``seconds`` is left to the scheduler, and a
    used-up quota is not retried.
    """
    growing = tenacity.wait_exponential_jitter(initial=first_wait, max=60, jitter=first_wait)

    def pause(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, SourceUnavailable) else None
        return max(growing(state), asked or 0)

    def is_worth_it(error: BaseException) -> bool:
        return isinstance(error, SourceUnavailable) and not isinstance(error, SourceQuotaExhausted)

    def tell(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("%s; trying again in %.1f s", error, state.upcoming_sleep)

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(is_worth_it),
        wait=pause,
        sleep=wait,
        stop=tenacity.stop_before_delay(seconds) | tenacity.stop_after_attempt(8),
        before_sleep=tell,
        reraise=True,
    )
    return retrying(call)


@dataclass(frozen=True, slots=True)
class Window:
    """Days from ``first`` to ``last``, both included, in the account's zone."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"window ends ({self.last}) before it begins ({self.first})")

    def days(self) -> list[date]:
        """Every day of the window in order."""
        return [self.first + timedelta(n) for n in range((self.last - self.first).days + 1)]


@dataclass(frozen=True, slots=True)
class Account:
    """One ad account, or one CRM org. Ids as the issuer writes them; zone an IANA name."""

    account_id: str
    account_name: str | None
    currency_code: str
    time_zone: str
    account_status: str | None = None


StreamKind = Literal["daily", "snapshot", "changes", "keys"]


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of record of a source and the staging table it feeds.

    ``daily``: rows per day, asked for in windows of at most ``window_days``; a load replaces its
    window. ``snapshot``: everything there is now; a load replaces the account's rows. ``changes``:
    records changed since an instant; merged by key, the later ``modified_at`` wins. ``keys``: the
    ids that exist now, one row ``{key: id}`` each; rows of ``table`` that are not among them are
    marked deleted.

    ``controls`` names the daily stream whose totals this one proves, by the columns it ``proves``:
    of each day they must agree but for ``tolerated_share`` of the total, where the source gives
    estimates. ``look_back_days`` and
    ``retention_days`` stand in for the source's own. ``history`` (snapshots) is the table that
    keeps the states each row went through. ``every_days`` (keys) is the least number of days
    between two comparisons; ``whole_every_days`` (changes) that between two readings of every
    record, for values whose change leaves no stamp. A stream that is not ``by_default`` is read
    where the settings ask for it. One that is ``granted_apart`` takes a permission of its own on
    each account, which who may read the figures need not have.
    """

    name: str
    table: Table
    kind: StreamKind
    window_days: int = 366
    controls: str | None = None
    proves: tuple[str, ...] = ("spend",)
    tolerated_share: Decimal = Decimal(0)
    look_back_days: int | None = None
    retention_days: int | None = None
    history: Table | None = None
    every_days: int = 1
    whole_every_days: int | None = None
    by_default: bool = True
    granted_apart: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """How much of a source's API one client has used: ``name`` with its unit (``requests``,
    ``daily_requests``, ``app_usage_percent``), ``allowed`` where the source tells it."""

    name: str
    used: Decimal
    allowed: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """What a source says of the login itself.

    ``scopes`` are those granted (None: the source does not tell), ``expires_at`` (aware, UTC) when
    the login ends by itself, ``remarks`` sentences on what a person should mend although reading
    works.
    """

    api_version: str
    user: str | None = None
    scopes: tuple[str, ...] | None = None
    expires_at: datetime | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One bounded question to a source; a landed batch is its answer.

    ``window`` goes with daily streams, ``since`` (aware, UTC; None: everything) with changes.
    """

    stream: str
    window: Window | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tagging:
    """How visitors who come from a network's ads are recognized.

    ``utm_sources``: values of utm_source, lower case. ``click_ids``: the URL parameters the
    network adds that prove paid traffic. ``campaign_id_parameters``: URL parameters that carry
    the id of a campaign, ad group or ad of this network. Names are in lower case.
    """

    utm_sources: tuple[str, ...]
    click_ids: tuple[str, ...] = ()
    campaign_id_parameters: tuple[str, ...] = ("utm_id",)


Connect = Callable[[Mapping[str, str], Settings], Any]
Discover = Callable[[Any], list[Account]]
Extract = Callable[[Any, Account, Request], Iterator[Record]]
Parse = Callable[[Account, str, Iterable[Record]], Iterator[Row]]
Usage = Callable[[Any], list[Measure]]
LookAtLogin = Callable[[Any], Login]


@dataclass(frozen=True)
class Source:
    """A system we extract from.

    ``connect(credentials, settings)`` logs in and returns a client; ``credentials`` is a plain
    mapping with ``host``, ``login``, ``password`` and the connection's extra values.
    ``discover(client)`` lists the accounts that can be read. ``extract(client, account, request)``
    yields raw records and raises SourceUnavailable, SourceQuotaExhausted or SourceRefused; what it
    yielded before raising is not to be used. ``parse(account, stream, records)`` is pure and yields
    rows; a value that cannot be read is passed on as it stands, for the contract to reject.

    A client may be used by several threads at once; ``concurrent_requests`` of one account are in
    flight together unless the settings say otherwise. ``usage(client)`` tells what it has used of
    the API since it was made; ``look_at_login(client)`` what the source says of the login.

    ``look_back_days``: how long the source may restate a day. ``retention_days``: how far back it
    answers at all (None: years). One that ``is_optional`` is not missed where it has no connection.
    """

    name: str
    title: str
    kind: Literal["ads", "crm", "analytics"]
    connect: Connect
    discover: Discover
    extract: Extract
    parse: Parse
    streams: tuple[Stream, ...]
    look_back_days: int
    retention_days: int | None = None
    tagging: Tagging | None = None
    concurrent_requests: int = 1
    usage: Usage | None = None
    look_at_login: LookAtLogin | None = None
    is_optional: bool = False

    @property
    def connection_id(self) -> str:
        """The Airflow connection that holds the credentials."""
        return self.name

    @property
    def staged_asset(self) -> tuple[str, str]:
        """Name and URI of the asset that a complete load updates; schedules depend on them."""
        return f"staged_{self.name}", f"closed-loop://staging/{self.name}"

    def stream(self, name: str) -> Stream:
        """The stream of that name; KeyError if there is none."""
        for stream in self.streams:
            if stream.name == name:
                return stream
        raise KeyError(f"{self.name} has no stream {name}")
