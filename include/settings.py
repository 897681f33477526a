"""Every setting of the product, read once from ``CLOSED_LOOP_*`` variables."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


class SettingsError(ValueError):
    """A setting cannot be used; the message names the variable and what to write there."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the owner decides about one installation.

    ``home`` holds all state. ``warehouse_url`` is ``duckdb:///<file>`` or a SQLAlchemy URL of
    PostgreSQL. ``reporting_currency`` and ``reporting_zone`` are those of the marts.
    ``history_start`` is the first ad day ever fetched (None: 1 January, two years before the year
    of the run). ``look_back_days`` overrides a source's own look-back by its name.
    ``concurrent_requests`` overrides, by source, how many requests of one account are in flight
    together. ``extra_streams`` names streams that are not read by default (``salesforce.tasks``).
    ``attribution_look_back_days`` bounds how old a touch may be to earn a deal.
    ``fiscal_year_start_month`` is the month, 1 to 12, in which the owner's fiscal year begins.
    ``roi_bar`` is the return on spend that a campaign shall have: 0 earns it back, 1 doubles it.
    ``rates`` says where exchange rates come from: ``seed`` (currency_rates.csv) or ``crm`` (the
    CRM's dated rates).
    ``crm_currency`` is the currency of an org that keeps no ``CurrencyIsoCode``.
    ``salesforce_fields`` maps our column names to the org's API field names, per object:
    ``{"Lead": {"utm_source": "UTM_Source__c"}}``; what it leaves out is found by describe.
    ``retry_seconds`` bounds how long one call to a source is retried before the task fails, the
    first time after ``retry_first_wait`` seconds, then at growing intervals;
    ``task_retries`` is how often Airflow then tries the task again.
    ``landing_days`` is how many days a landed batch stays at least.
    ``fresh_by`` is the hour in the reporting zone at which a night's news are missed.
    ``closed_accounts`` names accounts, each as ``source/account``, that nobody shall miss.
    ``hold_below`` and ``hold_above`` are the shares of an account's usual spend beyond which a day
    is held from being published; ``hold_hours`` is how long a person is waited for (0: not asked).
    """

    home: Path
    warehouse_url: str
    reporting_currency: str
    reporting_zone: str
    rates: str
    crm_currency: str
    history_start: date | None
    look_back_days: Mapping[str, int]
    concurrent_requests: Mapping[str, int]
    extra_streams: frozenset[str]
    attribution_look_back_days: int
    fiscal_year_start_month: int
    roi_bar: Decimal
    retry_seconds: int
    retry_first_wait: float
    task_retries: int
    landing_days: int
    fresh_by: time
    closed_accounts: frozenset[str]
    hold_below: Decimal
    hold_above: Decimal
    hold_hours: int
    salesforce_fields: Mapping[str, Mapping[str, str]]
    seeds: Path
    ca_file: str | None
    is_sandbox: bool
    as_of: str | None

    @property
    def landing(self) -> Path:
        """Folder of the raw batches."""
        return self.home / "landing"

    @property
    def marts_file(self) -> Path:
        """The published DuckDB file that BI tools open (DuckDB engine only)."""
        return self.home / "marts.duckdb"

    @property
    def crm_reading(self) -> str:
        """Fingerprint of what decides how a CRM record becomes a row."""
        decided = {"currency": self.crm_currency, "fields": self.salesforce_fields}
        text = json.dumps(decided, sort_keys=True, default=dict)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def hash_key(self) -> bytes:
        """Secret with which e-mail addresses are hashed.

        Taken from ``CLOSED_LOOP_HASH_KEY``, else from ``hash.key`` under the home, which is made on
        first use, readable by its owner alone. Losing it splits every person known by e-mail from
        the next record that bears the same address.
        """
        if given := os.environ.get("CLOSED_LOOP_HASH_KEY"):
            return given.encode()
        path = self.home / "hash.key"
        if not path.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f"hash.key.{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_hex(32))
            try:
                os.link(draft, path)  # never replaces a key that another process made meanwhile
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_text().strip().encode()


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from ``environment`` (default: the process's own).

    Raises SettingsError with a sentence that names the variable at fault.
    """
    env = os.environ if environment is None else environment
    home = Path(env.get("CLOSED_LOOP_HOME") or ".closed_loop").absolute()
    warehouse_url = env.get("CLOSED_LOOP_WAREHOUSE_URL") or f"duckdb:///{home}/warehouse.duckdb"
    if not warehouse_url.startswith(("duckdb:///", "postgresql://", "postgresql+psycopg://")):
        raise SettingsError(
            "CLOSED_LOOP_WAREHOUSE_URL must start with duckdb:/// or postgresql+psycopg://"
        )
    zone = env.get("CLOSED_LOOP_TIME_ZONE") or "Europe/Berlin"
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsError(
            f"CLOSED_LOOP_TIME_ZONE is {zone!r}, which is no IANA time zone; write for example "
            "Europe/Berlin"
        ) from None
    currency = _currency(env, "CLOSED_LOOP_CURRENCY", "EUR")
    return Settings(
        home=home,
        warehouse_url=warehouse_url,
        reporting_currency=currency,
        reporting_zone=zone,
        rates=_one_of(env, "CLOSED_LOOP_RATES", ("seed", "crm")),
        crm_currency=_currency(env, "CLOSED_LOOP_CRM_CURRENCY", currency),
        history_start=_day(env, "CLOSED_LOOP_HISTORY_START"),
        look_back_days={
            source: _whole_number("CLOSED_LOOP_LOOK_BACK_DAYS", days)
            for source, days in _mapping(env, "CLOSED_LOOP_LOOK_BACK_DAYS").items()
        },
        concurrent_requests={
            source: _at_least_one("CLOSED_LOOP_CONCURRENT_REQUESTS", number)
            for source, number in _mapping(env, "CLOSED_LOOP_CONCURRENT_REQUESTS").items()
        },
        extra_streams=frozenset(
            (env.get("CLOSED_LOOP_EXTRA_STREAMS") or "").replace(",", " ").split()
        ),
        attribution_look_back_days=_whole_number(
            "CLOSED_LOOP_ATTRIBUTION_LOOK_BACK_DAYS",
            env.get("CLOSED_LOOP_ATTRIBUTION_LOOK_BACK_DAYS") or 730,
        ),
        fiscal_year_start_month=_month(env, "CLOSED_LOOP_FISCAL_YEAR_START_MONTH"),
        roi_bar=_share(env, "CLOSED_LOOP_ROI_BAR", "0"),
        retry_seconds=_whole_number(
            "CLOSED_LOOP_RETRY_SECONDS", env.get("CLOSED_LOOP_RETRY_SECONDS") or 600
        ),
        retry_first_wait=_number(
            "CLOSED_LOOP_RETRY_FIRST_WAIT", env.get("CLOSED_LOOP_RETRY_FIRST_WAIT") or "0.5"
        ),
        task_retries=_whole_number(
            "CLOSED_LOOP_TASK_RETRIES", env.get("CLOSED_LOOP_TASK_RETRIES") or 3
        ),
        fresh_by=_hour(env, "CLOSED_LOOP_FRESH_BY", "10:00"),
        closed_accounts=frozenset(
            (env.get("CLOSED_LOOP_CLOSED_ACCOUNTS") or "").replace(",", " ").split()
        ),
        landing_days=_at_least_one(
            "CLOSED_LOOP_LANDING_DAYS", env.get("CLOSED_LOOP_LANDING_DAYS") or 90
        ),
        hold_below=_share(env, "CLOSED_LOOP_HOLD_BELOW", "0.2"),
        hold_above=_share(env, "CLOSED_LOOP_HOLD_ABOVE", "5"),
        hold_hours=_whole_number("CLOSED_LOOP_HOLD_HOURS", env.get("CLOSED_LOOP_HOLD_HOURS") or 20),
        salesforce_fields=_fields(env, "CLOSED_LOOP_SALESFORCE_FIELDS"),
        seeds=Path(env.get("CLOSED_LOOP_SEEDS") or Path(__file__).parent / "seeds").absolute(),
        ca_file=env.get("CLOSED_LOOP_CA_FILE") or None,
        is_sandbox=env.get("CLOSED_LOOP_SANDBOX") == "1",
        as_of=env.get("CLOSED_LOOP_AS_OF") or None,
    )


def _currency(env: Mapping[str, str], name: str, default: str) -> str:
    code = env.get(name) or default
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        raise SettingsError(f"{name} is {code!r}; write an ISO 4217 code such as EUR")
    return code


def _one_of(env: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    word = env.get(name) or words[0]
    if word not in words:
        raise SettingsError(f"{name} is {word!r}; write {' or '.join(words)}")
    return word


def _day(env: Mapping[str, str], name: str) -> date | None:
    if not (text := env.get(name)):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{name} is {text!r}; write a day as YYYY-MM-DD") from None


def _whole_number(name: str, value: object) -> int:
    text = str(value)
    if not text.isdecimal():
        raise SettingsError(f"{name} holds {text!r}; write a whole number")
    return int(text)


def _month(env: Mapping[str, str], name: str) -> int:
    text = env.get(name) or "1"
    if not (text.isdecimal() and 1 <= int(text) <= 12):
        raise SettingsError(f"{name} holds {text!r}; write a month as a number from 1 to 12")
    return int(text)


def _hour(env: Mapping[str, str], name: str, default: str) -> time:
    text = env.get(name) or default
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text, re.ASCII):
        raise SettingsError(f"{name} is {text!r}; write an hour such as 10:00")
    return time.fromisoformat(text)


def _number(name: str, text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        raise SettingsError(f"{name} holds {text!r}; write a number such as 0.5")
    return float(text)


def _share(env: Mapping[str, str], name: str, default: str) -> Decimal:
    text = env.get(name) or default
    _number(name, text)
    return Decimal(text)


def _at_least_one(name: str, value: object) -> int:
    if (number := _whole_number(name, value)) < 1:
        raise SettingsError(f"{name} holds {value}; write 1 or more")
    return number


def _mapping(env: Mapping[str, str], name: str) -> dict:
    try:
        value = json.loads(env.get(name) or "{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise SettingsError(f"{name} must be a JSON object")
    return value


def _fields(env: Mapping[str, str], name: str) -> dict[str, dict[str, str]]:
    value = _mapping(env, name)
    for fields in value.values():
        if not isinstance(fields, dict) or not all(
            isinstance(each, str) for each in fields.values()
        ):
            raise SettingsError(
                f"{name} must say, for each object, which field fills which column, as in "
                '{"Lead": {"utm_source": "Quelle__c"}}'
            )
    return value
