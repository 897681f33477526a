"""Promise 36, erase by key: no trace of one person is left anywhere, and every total stands.

Ann wrote from two addresses, became a contact, filled a form on Facebook, clicked an ad of
Google's, took part in a deal that bears her name, and has a row that was set aside. Salesforce's,
Facebook's and Google's own modules make rows of what is written down here as they would land it.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from include import erase, erased, ingestion, landing, rebuild, warehouse
from include.contracts.marts import MART_TABLES
from include.contracts.staging import STAGING_TABLES
from include.run import Run
from include.settings import Settings
from include.sources import Account, Record, Request, Source
from include.sources.facebook_ads import FACEBOOK_ADS
from include.sources.google_ads import GOOGLE_ADS
from include.sources.personal import hashed
from include.sources.salesforce import SALESFORCE
from include.warehouse.engine import Sql, compose, engine_of
from include.warehouse.models import models
from include.warehouse.replaced import REPLAYED
from tests.conftest import ENGINES
from tests.end_to_end.planted import findings
from tests.sandbox.running import ROOT

SOURCES: Sequence[Source] = (SALESFORCE, FACEBOOK_ADS, GOOGLE_ADS)
ORG = Account("00D1", "Org", "EUR", "UTC")
GOOGLE = Account("111", "Ads", "EUR", "UTC")
FACEBOOK = Account("222", "Pages", "EUR", "UTC")
BOOKS = [f"{table.schema}.{table.name}" for table in REPLAYED]
DAY = date(2026, 10, 6)
FIRST_NIGHT = datetime(2026, 11, 2, 5, tzinfo=UTC)
GCLID, FBCLID = "Cj0AnnsOwnClick1234", "IwAR0AnnsOther99"
ADDRESSES = ("Ann.Private+news@annprivate.example", "ann.old@mail.example")
LEADS = ("00QA00000000001AAA", "00QA00000000002AAA", "00QA00000000003AAA")
CONTACT, DEAL, ROLE = "003A00000000001AAA", "006A00000000001AAA", "00KA00000000001AAA"
MEMBERS = ("00vA00000000001AAA", "00vA00000000002AAA")
TASK, EVENT, CHANGE = "00TA00000000001AAA", "00UA00000000001AAA", "017A00000000001AAA"
RESPONSE = "998877665544332"
BAD_LEAD = "00QA00000000009AAA"
REAL_LEAD = "00Q5g00000AbCdEEAV"
IDS = (*LEADS, CONTACT, ROLE, *MEMBERS, TASK, EVENT, CHANGE, RESPONSE, BAD_LEAD)
BOB, COMPANY = "003B00000000001AAA", "001A00000000001AAA"
NAME = "Annabel Private"
NAMED = (NAME, "annprivate.example", "who=annabel", "/inbox/annabel", "welcome/annabel")
PAGE = "https://www.fernhill.example/welcome/annabel-private"


def instant(day: int, hour: int = 10) -> str:
    return f"2026-10-{day:02}T{hour:02}:00:00.000+0000"


def stamped(record_id: str, day: int, **more: Any) -> Record:
    return {
        "Id": record_id, "CreatedDate": instant(day), "SystemModstamp": instant(day),
        "IsDeleted": False, **more,
    }  # fmt: skip


@dataclass
class World:
    """What the three systems answer, by source and stream, and one warehouse to load it into."""

    settings: Settings
    night: int = 0

    def answers(self) -> dict[tuple[str, str], list[Record]]:
        key = self.settings.hash_key()
        ann, old = (hashed(address, key) for address in ADDRESSES)
        tags = {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "brand"}
        page = f"{PAGE};who=annabel/?utm_id=c1&gclid={GCLID}&who=annabel#annabel"
        said = {"Title": f"Deputy of {NAME}", "stated_problem": NAME}
        lead = {"Status": "Open", "IsConverted": False, "Company": NAME, **said}
        others = [
            stamped(f"00QZ{n:011}AAA", 1 + n % 20, Status="Open", IsConverted=False, **tags)
            | hashed(f"other{n}@firm{n % 7}.example", key)
            for n in range(250)
        ]
        member = {"CampaignId": "701A", "Status": "Responded", "HasResponded": True}
        answered = {"FirstRespondedDate": "2026-10-05"}
        activity = {"ActivityDate": "2026-10-07", "Type": "Call", "WhatId": DEAL}
        return {
            ("salesforce", "leads"): [
                stamped(LEADS[0], 5, **lead, **tags, gclid=GCLID, landing_page_url=page, **ann,
                        referrer_url="https://mail.google.com/inbox/annabel"),
                stamped(LEADS[1], 6, **lead, **ann, fbclid=FBCLID, ConvertedContactId=CONTACT,
                        landing_page_url=PAGE, ConvertedOpportunityId=DEAL) | {"IsConverted": True},
                stamped(LEADS[2], 4, **lead, **old, MasterRecordId=LEADS[0]) | {"IsDeleted": True},
                stamped(BAD_LEAD, 6, **lead, **ann) | {"CreatedDate": "once"},
                *others,
            ],
            ("salesforce", "contacts"): [
                stamped(CONTACT, 6, AccountId=COMPANY, landing_page_url=f"{PAGE}-again", **ann),
                stamped(BOB, 5, AccountId=COMPANY, **hashed("bob@acme.example", key)),
            ],
            ("salesforce", "accounts"): [stamped(COMPANY, 1, Name="Acme")],
            ("salesforce", "opportunities"): [
                stamped(DEAL, 8, AccountId=COMPANY, ContactId=CONTACT, StageName="Closed Won",
                        Name=f"{NAME}: 10 seats", CloseDate="2026-10-20", Amount="1234.56",
                        IsClosed=True, IsWon=True, CurrencyIsoCode="EUR"),
            ],
            ("salesforce", "contact_roles"): [
                stamped(ROLE, 8, OpportunityId=DEAL, ContactId=CONTACT, IsPrimary=True),
                stamped("00KB", 8, OpportunityId=DEAL, ContactId=BOB, IsPrimary=False),
            ],
            ("salesforce", "campaigns"): [
                stamped("701A", 1, Name="Webinar", Type="Webinar", CurrencyIsoCode="EUR"),
                stamped("701B", 1, Name="Fair", Type="Trade Show", CurrencyIsoCode="EUR"),
            ],
            ("salesforce", "campaign_members"): [
                stamped(MEMBERS[0], 5, LeadId=LEADS[0], **member, **answered),
                stamped(MEMBERS[1], 5, ContactId=CONTACT, **member, **answered)
                | {"CampaignId": "701B"},
            ],
            ("salesforce", "tasks"): [stamped(TASK, 7, WhoId=CONTACT, **activity)],
            ("salesforce", "events"): [stamped(EVENT, 7, WhoId=LEADS[0], **activity)],
            ("salesforce", "lead_history"): [
                {"Id": CHANGE, "LeadId": LEADS[1], "Field": "ConvertedContactId",
                 "NewValue": CONTACT, "IsDeleted": False, "CreatedDate": instant(6)},
            ],
            ("salesforce", "lead_ids"): [],
            ("salesforce", "leads_ids"): [{"Id": each["Id"]} for each in others]
            + [{"Id": each} for each in (*LEADS[:2], BAD_LEAD)],
            ("facebook_ads", "lead_forms"): [
                {"id": RESPONSE, "created_time": instant(6, 9), "campaign_id": "f1", "form_id": "7",
                 "is_test": False, "form_name": "Offer", **ann},
            ],
            ("google_ads", "campaigns"): [
                {"campaign": {"id": "c1", "name": "Brand", "status": "ENABLED"}},
            ],
            ("google_ads", "clicks"): [
                {"campaign": {"id": "c1"}, "adGroup": {"id": "g1"},
                 "clickView": {"gclid": GCLID}, "segments": {"date": DAY.isoformat()}},
            ],
        }  # fmt: skip

    def load(self) -> None:
        """A night: everything is sent, landed, checked and staged."""
        self.night += 1
        at = FIRST_NIGHT + timedelta(self.night)
        run = Run("load", at, at)
        warehouse.prepare(self.settings, SOURCES, at)
        for source, account in (
            (SALESFORCE, ORG), (FACEBOOK_ADS, FACEBOOK), (GOOGLE_ADS, GOOGLE),
        ):  # fmt: skip
            answers = {
                stream: records
                for (name, stream), records in self.answers().items()
                if name == source.name and stream in {each.name for each in source.streams}
            }
            window = [DAY.isoformat(), DAY.isoformat()]
            plan = {
                "account": {
                    "account_id": account.account_id, "account_name": account.account_name,
                    "currency_code": "EUR", "time_zone": "UTC", "account_status": None,
                },
                "requests": [
                    {"stream": stream, "since": None,
                     "window": window if source.stream(stream).kind == "daily" else None}
                    for stream in answers
                ],
            }  # fmt: skip
            told = answering(source, answers)
            landed = ingestion.land(self.settings, told, {}, run, plan)
            ingestion.stage(
                self.settings, source, ingestion.validate(self.settings, source, landed), run
            )

    def publish(self) -> None:
        at = FIRST_NIGHT + timedelta(self.night, hours=2)
        warehouse.build(self.settings, *(model.name for model in models()))
        warehouse.publish(self.settings, Run("publish", at, at))


def answering(source: Source, answers: dict[str, list[Record]]) -> Source:
    """The source, whose system answers what is written down."""
    return replace(
        source,
        connect=lambda credentials, settings: None,
        extract=lambda client, account, request: iter(answers[request.stream]),
        usage=None,
    )


def traces(settings: Settings) -> list[str]:
    """Where anything that leads to Ann stands: files however packed, every table, every dump."""
    key = settings.hash_key()
    hashes = [hashed(address, key)["email_hash"] for address in ADDRESSES]
    words = (*IDS, *hashes, GCLID, FBCLID, *NAMED, *ADDRESSES)
    found = findings(settings.home, words)
    if not settings.warehouse_url.startswith("duckdb"):
        with psycopg.connect(settings.warehouse_url) as connection:
            connection.execute("checkpoint")
            tables = connection.execute(
                "select oid::regclass::text, current_setting('data_directory') || '/' || "
                "pg_relation_filepath(oid) from pg_class where relkind = 'r' "
                "and relnamespace::regnamespace::text in ('staging', 'ops', 'build', 'marts')"
            ).fetchall()
            for table, file in tables:
                rows = str(connection.execute(f"select t::text from {table} as t").fetchall())  # noqa: S608
                raw = Path(file).read_bytes().decode("utf-8", "replace")
                for place, text in ((table, rows), (f"{table}, its file", raw)):
                    found += [f"{place}: {word}" for word in words if word in text]
    return found


@pytest.fixture(scope="module", params=ENGINES)
def world(
    request: pytest.FixtureRequest,
    new_settings: Callable[[str], Settings],
    tmp_path_factory: pytest.TempPathFactory,
) -> World:
    """Loaded and published, with a line of ``mart_changes`` and a failure that name Ann; so does a
    line of the owner's own seeds."""
    settings = new_settings(request.param)
    seeds = tmp_path_factory.mktemp("kept") / "seeds"
    shutil.copytree(settings.seeds, seeds)
    with (seeds / "manual_touchpoints.csv").open("a") as file:
        file.write(f"{LEADS[0]},2026-10-04,webinar,Pumps at rest,webinars,webinar,\n")
    settings = replace(
        settings,
        seeds=seeds,
        extra_streams=frozenset({"salesforce.tasks", "salesforce.events"}),
    )
    made = World(settings)
    made.load()
    made.publish()
    with engine_of(settings).write() as session:
        session.execute(
            Sql(
                "insert into ops.mart_changes (run_id, mart, row_key, figure, causes, evidence, "
                "month, publish_number, as_of_at, changed_at) values ('publish', "
                "'mart_channel_roi_monthly', 'x', 'leads', 'new person', :evidence, :month, "
                "cast(1 as bigint), :at, :at)"
            ),
            {"evidence": f"new person: {LEADS[0]}, {BOB}", "month": DAY, "at": FIRST_NIGHT},
        )
    failures = settings.home / "failures" / "ingest_salesforce"
    failures.mkdir(parents=True)
    sentence = f"the Lead {LEADS[1]} of {ADDRESSES[0].upper()} moved"
    (failures / "a.jsonl").write_text(json.dumps({"sentence": sentence}))
    for name, text in {
        "notices/ingest_salesforce.json": json.dumps({"told": {"smtp": [sentence]}}),
        "notices/.ingest_salesforce.json.99": sentence,
        "reports/000001.html": f"<p>{sentence}",
        "report.html": f"<p>{sentence}",
        "rebuild-killed/replayed.duckdb": sentence,
        f"{Path(settings.warehouse_url).name}.next-99": sentence,
        "marts.duckdb.next-99": sentence,
    }.items():
        if settings.warehouse_url.startswith("duckdb") or not name.endswith(".next-99"):
            file = settings.home / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
    return made


@dataclass
class Before:
    marts: dict[str, list[str]]
    counts: dict[str, int]


def counts(settings: Settings) -> dict[str, int]:
    with engine_of(settings).read() as session:
        return {
            table.name: session.rows(
                compose("select count(*) as n from {name}", name=f"{table.schema}.{table.name}")
            )[0]["n"]
            for table in STAGING_TABLES
        }


@pytest.fixture(scope="module")
def before(world: World) -> Before:
    found = " ".join(traces(world.settings))
    for word in (*IDS, GCLID, FBCLID, *NAMED):
        assert word in found, f"{word} was never there: the search below would search nothing"
    return Before(marts(world.settings), counts(world.settings))


def marts(settings: Settings) -> dict[str, list[str]]:
    """Every mart's rows as texts, stamps aside."""
    told = {}
    with engine_of(settings).read_marts() as session:
        for table in MART_TABLES:
            names = [column.name for column in table.columns if not column.is_stamp]
            query = compose("select {names} from {table}", names=names, table=f"marts.{table.name}")
            told[table.name] = sorted(map(str, session.rows(query)))
    return told


def with_tokens(settings: Settings, rows: list[str]) -> list[str]:
    """The rows, with what took the place of everything that leads to Ann in its place."""
    known = erased.read(settings)
    keys = (*IDS, GCLID, FBCLID, "annprivate.example", "mail.example")
    replaced = {NAME: "(erased)", f"{NAME}: 10 seats": "(erased)"}
    replaced |= {key: str(known.token(key)) for key in keys}
    assert "None" not in replaced.values()
    for key in sorted(replaced, key=len, reverse=True):
        rows = [row.replace(key, replaced[key]) for row in rows]
    return sorted(rows)


def without_pages(rows: list[str]) -> list[str]:
    """The rows, with the path of every page of ours taken out: erased, it is one token a page."""
    return sorted(re.sub(r"(www\.)?fernhill\.example/[^'\"?]*", "a page", row) for row in rows)


@pytest.fixture(scope="module")
def done(world: World, before: Before) -> list[str]:
    """What the second erasure said: the first was broken off when staging was done, and neither
    the files of its tables nor landing was. What was built before it can no longer be published."""
    settings, who = world.settings, "ann.private@ANNPRIVATE.example"
    closed_loop = Run("closed_loop", FIRST_NIGHT, FIRST_NIGHT)
    lease = warehouse.lease_marts(settings, closed_loop)
    first = erase.erase(settings, settings, who)
    assert next(first).startswith("staging.")
    with pytest.raises(warehouse.Superseded, match=r"\(run erase\)"):
        warehouse.publish(settings, closed_loop, lease)
    first.close()
    assert [place for place in traces(settings) if place.startswith("landing")]
    return list(erase.erase(settings, settings, who))


def test_36_erasing_leaves_no_trace_by_id_hash_or_free_text(world: World, done: list[str]) -> None:
    assert traces(world.settings) == []
    assert done[-1] == "the marts are published without the person, and every total stands"


def test_36_every_total_stands_and_the_books_close(
    world: World, before: Before, done: list[str]
) -> None:
    """The erasure publishes through every audit; here it is held against what was published."""
    assert counts(world.settings) == before.counts
    after = marts(world.settings)
    for name, rows in before.marts.items():
        wanted = with_tokens(world.settings, rows)
        assert without_pages(after[name]) == without_pages(wanted), name


def test_accounts_stay_and_what_bears_on_them(world: World, done: list[str]) -> None:
    """As the README says: of an account it can be read that somebody was its contact, not who."""
    rows = warehouse.read(
        world.settings,
        "select company_name, count(*) as contacts from staging.stg_crm_accounts "
        "inner join staging.stg_crm_contacts using (crm_account_id) group by company_name",
    )
    assert [tuple(row.values()) for row in rows] == [("Acme", 2)]


def test_44_a_rebuild_after_an_erasure_gives_what_stands(world: World, done: list[str]) -> None:
    """Rows set aside, too; and no trace comes back."""
    before = warehouse.fingerprint(world.settings, BOOKS)
    assert not before["ops.rejected_rows"].startswith("0:")
    rebuild.rebuild(world.settings, SOURCES)
    assert warehouse.fingerprint(world.settings, BOOKS) == before
    engine_of(world.settings).forget(BOOKS)
    assert traces(world.settings) == []


@pytest.mark.parametrize("world", ["duckdb"], indirect=True)
def test_36_what_is_sent_again_does_not_bring_the_person_back(
    world: World, done: list[str]
) -> None:
    """Staging is as it was; and the marts are made of staging alone."""
    tables = [f"{table.schema}.{table.name}" for table in STAGING_TABLES]
    staged = warehouse.fingerprint(world.settings, tables)
    world.load()
    assert traces(world.settings) == []
    assert warehouse.fingerprint(world.settings, tables) == staged


@pytest.mark.parametrize("world", ["duckdb"], indirect=True)
@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("https://x.example/welcome/ada?utm_source=a&name=ada", "https://x.example/*?utm_source=a"),
        ("https://ada:pw@x.example:8443/p;name=ada#ada", "https://x.example:8443/*"),
        ("x.example/ada", "x.example/*"),
        ("//x.example?ada", "//x.example/*"),
        ("/p;name=ada?x=1", "/*"),
        ("mailto:ada", "/*"),
        ("Ada was here", "/*"),
        ("https://x.example/", "https://x.example/"),
        ("https://x.example?utm_id=1", "https://x.example?utm_id=1"),
    ],
)
def test_36_of_a_page_scheme_host_and_campaign_tags_stay(
    world: World, done: list[str], page: str, kept: str
) -> None:
    known = erased.read(world.settings)
    record = {"Id": LEADS[0], "landing_page_url": page, "referrer_url": page}
    once = known.masked(record, LEADS[0])
    assert re.sub("erased-[0-9a-f]{16}", "*", once["landing_page_url"]) == kept
    assert once["referrer_url"].split("/erased-")[0] == kept.split("/*")[0].split("?utm_id")[0]
    assert known.masked(once, once["Id"]) == once
    other = known.masked({**record, "landing_page_url": f"{page}&other"}, LEADS[0])
    assert other["landing_page_url"] != once["landing_page_url"]


@pytest.mark.parametrize("world", ["duckdb"], indirect=True)
def test_36_a_touch_entered_by_hand_stays_and_names_nobody(world: World, done: list[str]) -> None:
    """The owner's file goes on to name her; what is read of it does not."""
    token = erased.read(world.settings).token(LEADS[0])
    for _ in range(2):
        (row,) = warehouse.read(
            world.settings, "select record_id from staging.seed_manual_touchpoints"
        )
        assert row["record_id"] == token
        warehouse.prepare(world.settings, SOURCES)
    touches = warehouse.read_marts(
        world.settings, "select touchpoint_id from marts.fct_touchpoints where evidence = 'manual'"
    )
    assert [row["touchpoint_id"] for row in touches] == [f"manual:{token}/2026-10-04/Pumps at rest"]


def test_36_a_new_record_with_an_erased_address_does_not_lead_back(
    world: World, done: list[str]
) -> None:
    known = erased.read(world.settings)
    address = hashed(ADDRESSES[0], world.settings.hash_key())
    (new,) = known.passing([{"Id": "00QN", "Company": "Other", **address}])
    assert new["email_hash"] is None
    assert (new["Id"], new["Company"]) == ("00QN", "Other")
    (moved,) = known.passing([{"Id": LEADS[0], "Company": "Ann", "email_hash": "ab" * 32}])
    assert moved["Company"] == "(erased)"
    assert moved["email_hash"].startswith("erased-")
    assert LEADS[0] not in str(moved)


def test_the_list_of_the_erased_tells_nobody_who_they_are(world: World, done: list[str]) -> None:
    path = world.settings.home / "erased.json"
    assert path.stat().st_mode & 0o777 == 0o600
    kept = json.loads(path.read_text())
    assert len(kept["keys"]) > len(IDS)
    assert all(len(digest) == 64 for digest in kept["keys"])
    assert not [word for word in (*IDS, DEAL, GCLID, *NAMED) if word in path.read_text()]


def test_erasing_again_finishes_and_nobody_is_said(world: World, done: list[str]) -> None:
    settings = world.settings
    again = list(erase.erase(settings, settings, ADDRESSES[0]))
    assert again[0] == "landing: 0 batches written anew"
    with pytest.raises(erase.NotErased, match="nobody of that address or id is known"):
        list(erase.erase(settings, settings, "nobody@nowhere.example"))
    with (
        erased.loading(settings),
        pytest.raises(erased.AtWork, match="a rebuild, a clean-up or another"),
    ):
        list(erase.erase(settings, settings, ADDRESSES[0]))


class WithARealId(World):
    """In it the first lead has an id as Salesforce makes them: the last three follow from it."""

    def answers(self) -> dict[tuple[str, str], list[Record]]:
        return {
            name: json.loads(json.dumps(records).replace(LEADS[0], REAL_LEAD))
            for name, records in super().answers().items()
        }


def test_a_crm_id_may_be_said_in_its_short_form(new_settings: Callable[[str], Settings]) -> None:
    made = WithARealId(new_settings("duckdb"))
    made.load()
    for _ in range(2):  # the second time of one who is erased
        assert list(erase.erase(made.settings, made.settings, REAL_LEAD[:15]))
    assert findings(made.settings.home, (REAL_LEAD, REAL_LEAD[:15], CONTACT)) == []
    assert erase.names("003000000000001") == ("003000000000001", "003000000000001AAA")
    assert erase.names("0035g00000AbCdE") == ("0035g00000AbCdEAAV",)


def test_36_an_erasure_killed_while_landing_is_written_anew_is_finished_by_the_same_command(
    new_settings: Callable[[str], Settings],
) -> None:
    """What led to the person stood in the batch that was written anew first, and no more."""
    made = World(new_settings("duckdb"))
    made.load()
    home = str(made.settings.home)
    environment = {"CLOSED_LOOP_HOME": home, "PERSON": RESPONSE}
    killed = subprocess.run(
        [sys.executable, "-m", "include.erase"],
        cwd=ROOT,
        env={**os.environ, **environment, "CLOSED_LOOP_FAILPOINT": "landing.within_rewrite"},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert erase.main(environment) == 0
    assert traces(made.settings) == []
    assert not list(made.settings.home.glob("erasing.unfinished"))


def test_a_home_on_nfs_gives_the_locks_that_are_asked_for(
    new_settings: Callable[[str], Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On NFS a file locked alone must be open for writing, one locked with others for reading
    (https://man7.org/linux/man-pages/man2/flock.2.html); a folder is locked on its machine."""
    flock = fcntl.flock

    def on_nfs(file: Any, operation: int) -> None:
        descriptor = file if isinstance(file, int) else file.fileno()
        lacks = os.O_WRONLY if operation & fcntl.LOCK_SH else os.O_RDONLY
        mode = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE
        if mode == lacks and not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", on_nfs)
    settings, run = new_settings("duckdb"), Run("load", FIRST_NIGHT, FIRST_NIGHT)

    def records() -> Iterator[Record]:
        yield {"Id": "1"}
        landing.write_batch(settings, run, "crm", ORG, Request("leads"), [])  # beside it

    with erased.loading(settings):
        landing.write_batch(settings, run, "crm", ORG, Request("leads"), records())
    with erased.erasing(settings):
        assert len(list(landing.batches(settings, "crm"))) == 2


def test_whom_to_erase_must_be_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert erase.main({}) == 1
    assert "say whom: make erase PERSON=" in capsys.readouterr().err


def test_a_batch_whose_rewriting_was_killed_is_made_whole(
    new_settings: Callable[[str], Settings],
) -> None:
    settings = new_settings("duckdb")
    run = Run("load", FIRST_NIGHT, FIRST_NIGHT)
    records = [{"Id": each} for each in LEADS]
    batch = landing.write_batch(settings, run, "crm", ORG, Request("leads"), records)
    killed = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from include import landing; from include.settings import load_settings\n"
            "batch = landing.read_batch(load_settings(), sys.argv[1])\n"
            "landing.rewrite(batch, lambda record: {'Id': 'erased'})",
            batch.batch_id,
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "CLOSED_LOOP_HOME": str(settings.home),
            "CLOSED_LOOP_FAILPOINT": "landing.within_rewrite",
        },
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(landing.LandingError, match="no batch"):
        landing.read_batch(settings, batch.batch_id)
    landing.finish_rewrites(settings)
    after = landing.read_batch(settings, batch.batch_id)
    assert [record["Id"] for record in after.records()] == ["erased"] * len(LEADS)
    assert [path.name for path in batch.folder.parent.iterdir()] == [batch.batch_id]
