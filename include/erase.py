"""``make erase PERSON=…``: one person taken out of everything the pipeline keeps.

``PERSON`` is an e-mail address, its hash, or the id of a lead, a contact or a filled form. What
leads to the person (ids, hashes, click ids) is replaced by tokens, alike everywhere: so every sum
stands, and nothing says of whom it speaks. What a source sends of them again is replaced before it
is landed, for good (``include/erased.py``).

Each step can be repeated: an erasure that was broken off is finished by the same command.
"""

from __future__ import annotations

import html
import json
import logging
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress

from include import erased, holds, landing, notes, quality, warehouse, which_warehouse
from include.contracts.marts import MART_TABLES
from include.registry import SOURCES
from include.run import Run
from include.settings import Settings, SettingsError
from include.sources import Record, Row, Source
from include.sources.crm_ids import long_form
from include.sources.personal import EMAIL_HASH, hashed
from include.warehouse import erasing
from include.warehouse.engine import engine_of
from include.warehouse.erasing import TELLING, Person
from include.warehouse.models import audits, models

log = logging.getLogger(__name__)

_HASH = re.compile(r"[0-9a-f]{64}")
_ADDRESS = re.compile(r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+")
_CRM_ID = re.compile(r"[0-9A-Za-z]{15}|[0-9A-Za-z]{18}")
_TELLING = {"person_id", "touchpoint_id", "opportunity_id", "content_id", "segment"}
_TOTALS = [
    f"marts.{table.name}"
    for table in MART_TABLES
    if table.name.startswith("mart_") and not _TELLING & set(table.column_names)
]
"""Marts that speak of nobody, nor of a page or a need that was somebody's alone: an erasure must
leave them as they are."""

_TELL = ("failures/*/*", "notices/*", "reports/*", "report.html")
"""Files of the home with texts that may speak of a person."""

_NOT_YET = (
    "the marts still show the person, for {why}: trigger closed_loop, and when it has published, "
    "run this command again"
)


class NotErased(Exception):
    """There is nobody to erase; the message says what was looked for."""


def erase(settings: Settings, transformer: Settings, who: str) -> Iterator[str]:
    """Erase a person, telling what was done, sentence by sentence.

    ``transformer``: the settings with which marts are made. Raises NotErased when nobody is found,
    erased.AtWork while landed batches are used, WarehouseError and LandingError as their rooms do.
    """
    with erased.erasing(settings):
        landing.finish_rewrites(settings)
        known = erased.read(settings)
        person = next(filter(None, (_found(settings, name) for name in names(who))), Person())
        if not person.keys and not any(_is_erased(known, name) for name in names(who)):
            raise NotErased("nobody of that address or id is known here; nothing was erased")
        tokens = _tokens(person, known, erasing.shared_domains(settings, person))
        known = erased.add(settings, tokens)
        changed = erasing.replace_keys(settings, tokens, known, SOURCES)
        if tokens:
            _fence_builds(settings, transformer)
        if told := erasing.replace_told(settings, tokens):
            changed["ops.mart_changes"] = told
        yield from (f"{name}: {rows} rows" for name, rows in changed.items())
        engine_of(settings).forget(erasing.bearing(settings, tokens, SOURCES))
        _rewrite_told(settings, tokens, known)
        _remove_leftovers(settings)
        # Last, for an erasure that was broken off knows the person's keys from these alone.
        yield f"landing: {_rewrite_batches(settings, tokens, known)} batches written anew"
    yield from _published_anew(settings, transformer)


def names(who: str) -> tuple[str, ...]:
    """By what to look for whom a person names: a CRM id of 15 characters stands as one of 18; one
    of digits alone may be a filled form's."""
    long = long_form(who)
    return (who, long) if who.isdecimal() and long != who else (long,)


def _found(settings: Settings, who: str) -> Person | None:
    """All that staging, rows set aside and landed batches know of a person, if they do."""
    person = Person()
    if "@" in who:
        person.hashes |= {hashed(who, settings.hash_key()).get(EMAIL_HASH, "")}
    elif _HASH.fullmatch(who):
        person.hashes.add(who)
    else:
        person.records.add(who)
    size = -1
    while size != (size := len(person.keys) + len(person.deals)):
        erasing.learn_from_staging(settings, person)
        erasing.learn_from_rejected(settings, person, SOURCES)
        _learn_from_landing(settings, person)
    return person if person.is_known else None


def _learn_from_landing(settings: Settings, person: Person) -> None:
    words = [key.encode() for key in person.keys]
    for source, batch in _batches(settings):
        stream = source.stream(batch.request.stream)
        if stream.table.name not in TELLING or stream.kind == "keys":
            continue
        if landing.mentions(batch, words):
            records = (each for each in batch.records() if _bears(each, person.keys))
            for row in source.parse(batch.account, stream.name, records):
                person.learn(stream.table, _whole(stream.table.column_names, row))


def _batches(settings: Settings) -> Iterator[tuple[Source, landing.Batch]]:
    for source in SOURCES:
        for batch in landing.batches(settings, source.name):
            yield source, batch


def _bears(record: Record, keys: set[str]) -> bool:
    return any(isinstance(value, str) and value in keys for value in record.values())


def _whole(columns: tuple[str, ...], row: Row) -> Row:
    return dict.fromkeys(columns) | row


def _is_erased(known: erased.Erased, who: str) -> bool:
    if "@" in who and known.tokens:
        who = hashed(who, known.hash_key).get(EMAIL_HASH, "")
    return bool(known.tokens) and known.token(who) is not None


def _tokens(
    person: Person, known: erased.Erased, shared_domains: set[str]
) -> dict[str, str | None]:
    """What takes each key's place. Of one person tokens sort as the keys did, so that what was the
    first of two at one instant stays it."""
    drawn = secrets.token_hex(4)
    tokens: dict[str, str | None] = {}
    for number, key in enumerate(sorted(person.keys)):
        prefix = f"{key[:3]}-" if _CRM_ID.fullmatch(key) and not key.isdecimal() else ""
        token = known.token(key) if known.tokens else None
        tokens[key] = token or f"{prefix}erased-{drawn}-{number:04}"
    for domain in person.domains - shared_domains:
        tokens[domain] = f"erased-{drawn}.invalid"
    return {**dict.fromkeys(person.deals), **tokens}


def _rewrite_batches(
    settings: Settings, tokens: Mapping[str, str | None], known: erased.Erased
) -> int:
    """Write every batch anew that bears a key, its manifest true, and check it again.

    Of an erasure that was broken off here every record is looked at: what the batches that it had
    written anew told of the person's keys only the list of the erased still knows.
    """
    unfinished = settings.home / "erasing.unfinished"
    is_unfinished = unfinished.exists()
    words = [key.encode() for key in tokens]
    if words:
        notes.replace(unfinished, "")
    count = 0
    for source, batch in list(_batches(settings)):
        if not is_unfinished and not (words and landing.mentions(batch, words)):
            continue
        was_checked = (batch.folder / "checked").exists()
        after = landing.rewrite(
            batch, lambda record: known.masked(record, record.get("Id") or record.get("id"))
        )
        if after is None:
            continue
        count += 1
        if was_checked:
            with suppress(quality.ContractBroken):  # as it was before
                quality.check(settings, source, after)
    unfinished.unlink(missing_ok=True)
    return count


def _fence_builds(settings: Settings, transformer: Settings) -> None:
    """Stop a ``closed_loop`` at work: what it has built shows the person, and so would what its
    publish tells of changes."""
    (latest,) = warehouse.read(settings, "select max(loaded_at) as loaded_at from ops.load_ledger")
    if at := latest["loaded_at"]:
        warehouse.lease_marts(transformer, Run("erase", at, at))


def _rewrite_told(
    settings: Settings, tokens: Mapping[str, str | None], known: erased.Erased
) -> None:
    """What was noted and told of failed tasks, and reports, may name a record or an address."""

    def address(found: re.Match[str]) -> str:
        hash_of_it = hashed(found[0], settings.hash_key()).get(EMAIL_HASH, "")
        return "(erased)" if known.token(hash_of_it) else found[0]

    forms = {
        form: token
        for key, token in tokens.items()
        for form in (key, json.dumps(key)[1:-1], html.escape(key))
    }
    for file in (each for pattern in _TELL for each in settings.home.glob(pattern)):
        with suppress(FileNotFoundError):  # a draft, by now in its place
            before = file.read_text(encoding="utf-8", errors="surrogateescape")
            after = erasing.replace_in(_ADDRESS.sub(address, before), forms)
            if after != before:
                notes.replace(file, after)


def _remove_leftovers(settings: Settings) -> None:
    """What killed publishes and rebuilds left; none is at work while an erasure is."""
    engine_of(settings).clear_orphans()
    for folder in settings.home.glob("rebuild-*"):
        shutil.rmtree(folder)


def _published_anew(settings: Settings, transformer: Settings) -> Iterator[str]:
    """Make and publish the marts, unless loads came in that no publish has shown yet: those may be
    held for a person to look at, and are for ``closed_loop`` to publish."""
    try:
        (info,) = warehouse.read_marts(transformer, "select * from marts.build_info")
    except warehouse.WarehouseError:
        yield "no marts are published yet"
        return
    newer = warehouse.read(
        settings,
        "select 1 as one from ops.load_ledger where loaded_at > :published_at limit 1",
        {"published_at": info["published_at"]},
    )
    if newer:
        yield _NOT_YET.format(why="loads came in since they were published")
        return
    before = warehouse.fingerprint(transformer, _TOTALS)
    run = Run("erase", info["as_of_at"], info["published_at"])
    lease = warehouse.lease_marts(transformer, run)
    (version,) = warehouse.read(transformer, "select version from ops.staging_version")
    warehouse.build(transformer, *(model.name for model in models()), lease=lease)
    warehouse.require_clean(transformer, audits(), version["version"], lease)
    if holds.question(holds.look(transformer, run, lease)):
        yield _NOT_YET.format(why="the spend they would show waits for a person's approval")
        return
    warehouse.publish(transformer, run, lease)
    engine_of(transformer).forget([f"marts.{table.name}" for table in MART_TABLES])
    moved = [name for name, print_ in warehouse.fingerprint(transformer, _TOTALS).items()
             if print_ != before[name]]  # fmt: skip
    if moved:
        yield (
            f"the marts are published without the person; {', '.join(moved)} differ from before, "
            "for a tie between this person and another at one instant was decided otherwise, or "
            "a seed was changed"
        )
    else:
        yield "the marts are published without the person, and every total stands"


def main(environment: Mapping[str, str]) -> int:
    """Erase whom ``PERSON`` names; 1 and a sentence when that cannot be done."""
    who = environment.get("PERSON", "").strip()
    if not who:
        sys.stderr.write("say whom: make erase PERSON=<e-mail address or CRM id>\n")
        return 1
    try:
        settings, transformer = which_warehouse.settings_and_transformer(environment)
        sys.stdout.write(f"warehouse: {which_warehouse.told(settings.warehouse_url)}\n")
        for sentence in erase(settings, transformer, who):
            sys.stdout.write(f"{sentence}\n")
    except (
        NotErased,
        SettingsError,
        erased.AtWork,
        warehouse.WarehouseError,
        landing.LandingError,
    ) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
