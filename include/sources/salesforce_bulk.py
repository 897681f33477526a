"""Bulk API 2.0: one query as a job whose result is fetched in chunks of CSV.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
"""

from __future__ import annotations

import csv
import hashlib
import io
import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import IO, Any

from include.sources import Record, SourceRefused, SourceUnavailable, wait
from include.sources.salesforce_client import Answer, Client, TooSlow, meaning

log = logging.getLogger(__name__)

CHUNK_RECORDS = 10_000
_FIRST_LOOK, _LONGEST_WAIT = 0.05, 10.0  # seconds between two looks at a job
_JOB_SECONDS = 1_800
_ATTEMPTS = 3
_TURNS = 5  # in which chunks may lead to the same place
_DONE = "null"  # the locator of the last chunk


def rows(client: Client, soql: str, types: Mapping[str, str], *, deleted: bool) -> Iterator[Record]:
    """The records of a query, values as text but for booleans; empty texts are nulls, for
    Salesforce has no others.

    A chunk counts only once it is here whole; the next one is fetched while it is read. ``types``:
    describe's type of each field. Raises FieldGone or TooSlow before the first record;
    SourceUnavailable when a chunk cannot be had.
    """
    job = _completed(client, soql, deleted)
    try:
        yield from _records(client, job, {name for name in types if types[name] == "boolean"})
    finally:
        _remove(client, job)


def _completed(client: Client, soql: str, deleted: bool) -> str:
    """The id of a job that has run the query; one that Salesforce gave up is begun again."""
    for attempt in range(1, _ATTEMPTS + 1):
        asked = {"operation": "queryAll" if deleted else "query", "query": soql,
                 "contentType": "CSV", "columnDelimiter": "COMMA", "lineEnding": "LF"}  # fmt: skip
        job = str(client.call("POST", "jobs/query", body=asked, read=_told)["id"])
        told = _ended(client, job)
        if told["state"] == "JobComplete":
            return job
        _remove(client, job)
        message = str(told.get("errorMessage") or "")
        code, _, words = message.partition(":")
        known = meaning(code.strip(), words.strip())
        if known:
            raise known
        log.warning("Salesforce gave up a query job (%s); attempt %d", message, attempt)
    raise SourceUnavailable(f"Salesforce gives up the query job again and again ({message})")


def _ended(client: Client, job: str) -> dict[str, Any]:
    """What Salesforce says of a job that has ended. One that does not end is too slow."""
    pause, deadline = _FIRST_LOOK, time.monotonic() + _JOB_SECONDS
    while True:
        told = client.call("GET", f"jobs/query/{job}", read=_told)
        if told["state"] in ("JobComplete", "Failed", "Aborted"):
            return told
        if time.monotonic() > deadline:
            client.call("PATCH", f"jobs/query/{job}", body={"state": "Aborted"}, read=_told)
            _remove(client, job)
            raise TooSlow("the job does not end")
        wait(pause)
        pause = min(pause * 1.5, _LONGEST_WAIT)


def _told(answer: Answer) -> dict[str, Any]:
    with answer.file:
        told = answer.json()
    if not isinstance(told, dict) or "id" not in told or "state" not in told:
        raise SourceUnavailable("Salesforce says nothing of the query job")
    return told


def _remove(client: Client, job: str) -> None:
    """Results hold personal data; Salesforce would keep them for a week."""
    try:
        client.call("DELETE", f"jobs/query/{job}", read=lambda answer: answer.file.close())
    except (SourceUnavailable, SourceRefused) as error:
        log.warning("the query job %s was not removed: %s", job, error)


@dataclass(frozen=True, slots=True)
class _Chunk:
    file: IO[bytes]
    locator: str
    digest: bytes


def _records(client: Client, job: str, flags: set[str]) -> Iterator[Record]:
    def fetch(locator: str) -> _Chunk:
        where = {"locator": locator} if locator else {}
        return client.call(
            "GET",
            f"jobs/query/{job}/results",
            parameters={"maxRecords": CHUNK_RECORDS, **where},
            read=_chunk,
        )

    with ThreadPoolExecutor(1, thread_name_prefix="salesforce_bulk") as ahead:
        coming: Future[_Chunk] | None = ahead.submit(copy_context().run, fetch, "")
        before, led_to = b"", Counter[str]()
        while coming:
            chunk = coming.result()
            led_to[chunk.locator] += 1
            if led_to[chunk.locator] > _TURNS:
                raise SourceUnavailable("Salesforce's chunks lead in a circle")
            coming = None
            if chunk.locator != _DONE:
                coming = ahead.submit(copy_context().run, fetch, chunk.locator)
            with chunk.file:
                if chunk.digest != before:  # else it is the one before, served twice
                    yield from _parsed(chunk.file, flags)
            before = chunk.digest


def _chunk(answer: Answer) -> _Chunk:
    """A chunk that holds as many records as its header says; SourceUnavailable otherwise."""
    told = answer.headers.get("Sforce-NumberOfRecords", "")
    ends, is_quoted, digest = 0, False, hashlib.sha256()
    while block := answer.file.read(1 << 20):
        digest.update(block)
        # Within quotes a line's end is text; a quote in a text is doubled, and changes nothing.
        parts = block.split(b'"')
        ends += b"".join(parts[int(is_quoted) :: 2]).count(b"\n")
        is_quoted ^= len(parts) % 2 == 0
    answer.file.seek(0)
    if is_quoted or not told.isdecimal() or max(ends - 1, 0) != int(told):
        answer.file.close()
        raise SourceUnavailable("Salesforce's result was broken off, or is no CSV")
    return _Chunk(answer.file, answer.headers.get("Sforce-Locator", _DONE), digest.digest())


def _parsed(file: IO[bytes], flags: set[str]) -> Iterator[Record]:
    with io.TextIOWrapper(file, "utf-8", errors="surrogatepass", newline="") as text:
        lines = csv.reader(text)
        names = next(lines, [])
        found = [name for name in names if name in flags]
        try:
            for line in lines:
                record: Record = dict(zip(names, line, strict=True))
                for name in found:
                    record[name] = record[name] == "true"
                yield record
        except (csv.Error, ValueError, KeyError) as error:
            raise SourceUnavailable(
                f"Salesforce's result is no CSV that we can read ({error})"
            ) from None
