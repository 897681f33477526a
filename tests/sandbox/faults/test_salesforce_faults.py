"""Faults of Salesforce seen in the wild: what arrives is whole and right, or the load fails with a
sentence. Numbers are those of the list of faults."""

from __future__ import annotations

import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include.settings import Settings
from include.sources import (
    Request,
    SourceQuotaExhausted,
    SourceRefused,
    SourceUnavailable,
)
from include.sources import salesforce_bulk as bulk
from include.sources import salesforce_reading as reading
from include.sources.salesforce import SALESFORCE
from tests.sandbox.running import Sandbox, start_sandbox, write_data_set
from tests.sandbox.salesforce_data import EVERYTHING, FILES, LEADS, key, lead
from tests.sandbox.salesforce_reading import Row, connected, read, settings_for

ALL_LEADS = LEADS + 1  # the deleted one included
TOKEN_PREFIX = "00D5g000000SNDB!"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    files = {**EVERYTHING, "salesforce/Lead": FILES["salesforce/Lead"]}
    with start_sandbox(write_data_set(tmp_path_factory.mktemp("data"), files)) as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox) -> None:
    sandbox.reset()


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> Settings:
    return settings_for(sandbox, tmp_path)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The leads are many: they are read by a job, in three chunks."""
    monkeypatch.setattr(reading, "BULK_FROM", 1_000)
    monkeypatch.setattr(bulk, "CHUNK_RECORDS", 2_000)


def leads(sandbox: Sandbox, settings: Settings, *plan: dict[str, Any]) -> list[Row]:
    """The leads, read while a plan is in force. They must be whole."""
    client, account = connected(sandbox, settings)
    sandbox.set_faults(plan)
    rows = read(client, account, "leads")
    assert len({row["lead_id"] for row in rows}) == len(rows) == ALL_LEADS
    assert any(entry["fault"] for entry in sandbox.log()), "the plan was never in force"
    return rows


def calls(sandbox: Sandbox, path: str, method: str = "GET") -> list[dict[str, Any]]:
    return [e for e in sandbox.log() if path in e["path"] and e["method"] == method]


# -- 7: something else in an answer's place ---------------------------------------------------


@pytest.mark.parametrize(
    "preset",
    ["salesforce-html-502", "salesforce-non-json-200", "salesforce-truncated-200",
     "salesforce-hang-up"],
)  # fmt: skip
@pytest.mark.parametrize(
    "where",
    [{"query": "ORDER BY"}, {"path": r"/query/[^/]+$"}, {"path": "describe"}, {"query": "COUNT"}],
    ids=["first page", "second page", "describe", "totals"],
)
def test_7_fault_07_something_else_in_an_answers_place(
    sandbox: Sandbox, settings: Settings, preset: str, where: dict[str, str]
) -> None:
    leads(sandbox, settings, {"preset": preset, "match": {"api": "salesforce", **where}})


@pytest.mark.parametrize(
    "do",
    [{"kind": "html", "status": 502}, {"kind": "html", "status": 200}, {"kind": "truncate"},
     {"kind": "truncate", "hang_up": True}, {"kind": "drop"}],
    ids=["502", "html 200", "truncated", "hung up", "dropped"],
)  # fmt: skip
@pytest.mark.parametrize(
    "where",
    [{"path": "/results$"}, {"path": r"/jobs/query/[^/]+$", "method": "GET"},
     {"path": "/jobs/query$"}],
    ids=["chunk", "look at the job", "job"],
)  # fmt: skip
@pytest.mark.usefixtures("many")
def test_7_fault_07_something_else_in_a_jobs_place(
    sandbox: Sandbox, settings: Settings, do: dict[str, Any], where: dict[str, str]
) -> None:
    leads(sandbox, settings, {"match": {"api": "salesforce", **where}, "nth": 1, "do": do})


def test_7_8_fault_07_what_never_ends_is_left_after_bounded_attempts(
    sandbox: Sandbox, settings: Settings
) -> None:
    client, account = connected(sandbox, replace(settings, retry_seconds=2))
    sandbox.set_faults([{"match": {"api": "salesforce"}, "do": {"kind": "html", "status": 200}}])
    with pytest.raises(SourceUnavailable, match="not what was asked for"):
        read(client, account, "leads")
    assert 2 <= len([e for e in sandbox.log() if e["fault"]]) <= 4


# -- 20, 21, 22: logins, sessions and their locators ------------------------------------------


def test_10_fault_20_the_token_endpoint_throttles(sandbox: Sandbox, settings: Settings) -> None:
    sandbox.set_faults([{"preset": "salesforce-token-throttle"}])
    client, account = connected(sandbox, settings)
    assert [e["status"] for e in calls(sandbox, "oauth2/token", "POST")] == [429, 200]
    assert len(read(client, account, "users")) == 1


@pytest.mark.parametrize("preset", ["salesforce-session-dies", "salesforce-locator-lost"])
@pytest.mark.parametrize("nth", [1, 2, [1, 2]])
def test_10_fault_21_the_session_dies_between_two_pages(
    sandbox: Sandbox, settings: Settings, preset: str, nth: Any
) -> None:
    leads(sandbox, settings, {"preset": preset, "nth": nth})
    logins = len(calls(sandbox, "oauth2/token", "POST")) - 1
    assert logins == (0 if "locator" in preset else len(nth) if isinstance(nth, list) else 1)
    assert len([e for e in calls(sandbox, "/queryAll") if "ORDER BY" in e["query"]]) >= 2
    totals = [e for e in calls(sandbox, "/queryAll") if "COUNT" in e["query"]]
    assert len(totals) == 1, "the query is begun again at once, not after its totals disagree"


def test_10_fault_21_a_session_that_always_dies_fails_the_load(
    sandbox: Sandbox, settings: Settings
) -> None:
    client, account = connected(sandbox, settings)
    sandbox.set_faults([{"preset": "salesforce-session-dies", "nth": "every"}])
    with pytest.raises(SourceUnavailable, match="breaks off the query again and again"):
        read(client, account, "leads")
    assert len(calls(sandbox, "oauth2/token", "POST")) == 1 + 4


@pytest.mark.usefixtures("many")
def test_10_fault_22_the_token_expires_between_the_job_and_its_results(
    sandbox: Sandbox, settings: Settings
) -> None:
    leads(sandbox, settings, {"preset": "salesforce-token-dies-before-results"})
    assert len(calls(sandbox, "/jobs/query", "POST")) == 1, "the job outlives the session"
    assert len(calls(sandbox, "oauth2/token", "POST")) == 2


@pytest.mark.usefixtures("many")
def test_fault_22_the_token_expires_while_the_job_runs(
    sandbox: Sandbox, settings: Settings
) -> None:
    leads(sandbox, settings, {"match": {"api": "salesforce", "path": r"/jobs/query/[^/]+$"},
                              "nth": 2, "do": {"kind": "expire_token"}})  # fmt: skip


def test_fault_22_no_refresh_token_can_be_lost(sandbox: Sandbox, settings: Settings) -> None:
    """Each login stands for itself: the app's own credentials are what is asked with."""
    leads(sandbox, settings, {"preset": "salesforce-session-dies"})
    asked = [e["query"] for e in calls(sandbox, "oauth2/token", "POST")]
    assert len(asked) == 2
    assert all("grant_type=client_credentials" in each for each in asked)
    assert not any("refresh_token" in each for each in asked)


# -- 23: Bulk's CSV ---------------------------------------------------------------------------

STRANGE = [
    "NA", "null", "NULL", "None", "nan", "true", "#N/A", "0", "007", "1e5", '"', '""', '","', ",",
    "a\nb", "a\r\nb", "\r", "line\n", "\n", 'quoted "word"\n, and more', "tab\there", "nul\x00here",
    "\x00", "\ufeffbom", "ünïcödé 漢字 🙂", "\u202eright to left", "zero\u200bwidth", "\\", "\\n",
    "a;b|c", " padded ", "=1+1", "x" * 5_000, "\u2028", "\x85", "\x1c", "\v\f",
]  # fmt: skip


@pytest.mark.parametrize("way", ["rest", "bulk"])
def test_24_fault_23_whatever_a_text_holds_is_data(
    serve_data: Callable[..., Sandbox], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    told = [lead(n, Company=text, LeadSource=None) for n, text in enumerate(STRANGE)]
    running = serve_data({"salesforce/Lead": told})
    if way == "bulk":
        monkeypatch.setattr(reading, "BULK_FROM", 0)
        monkeypatch.setattr(bulk, "CHUNK_RECORDS", 7)
    client, account = connected(running, settings_for(running, tmp_path))
    rows = {row["lead_id"]: row for row in read(client, account, "leads")}
    assert [rows[key("00Q", n)]["company_name"] for n in range(len(STRANGE))] == STRANGE
    assert {row["lead_source"] for row in rows.values()} == {None}
    assert bool(calls(running, "/results")) == (way == "bulk")


@pytest.mark.usefixtures("many")
def test_5_7_fault_23_a_chunk_is_cut_short(sandbox: Sandbox, settings: Settings) -> None:
    """The length is declared as if it were whole: the number of records tells."""
    for nth in (1, 2, 3):
        sandbox.reset()
        leads(sandbox, settings, {"preset": "salesforce-chunk-truncated", "nth": nth})
        assert len(calls(sandbox, "/results")) == 4


@pytest.mark.usefixtures("many")
def test_fault_23_a_job_and_pages_give_the_same_rows(
    sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, account = connected(sandbox, settings)
    by_job = read(client, account, "leads")
    assert calls(sandbox, "/results")
    monkeypatch.setattr(reading, "BULK_FROM", 10_000)
    by_pages = read(client, account, "leads")
    assert sorted(by_job, key=str) == sorted(by_pages, key=str)
    assert not calls(sandbox, "/jobs/query/750")[len(by_job) :]
    assert len(calls(sandbox, "/jobs/query/750", "DELETE")) == 1, "results hold personal data"


def test_31_fault_23_a_huge_result_is_never_in_memory(
    serve_data: Callable[..., Sandbox], tmp_path: Path
) -> None:
    """40,000 leads of 1.5 KB take 60 MB on the wire and a fraction of it here."""
    url = "https://x.example/?" + "a" * 1_500
    running = serve_data({
        "salesforce/Lead": [lead(n, Landing_Page__c=url) for n in range(40_000)],
    })  # fmt: skip
    client, account = connected(running, settings_for(running, tmp_path))
    list(
        SALESFORCE.extract(
            client, account, Request("leads", since=datetime(2027, 1, 1, tzinfo=UTC))
        )
    )
    tracemalloc.start()
    count = sum(1 for _ in SALESFORCE.extract(client, account, Request("leads")))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 40_000
    assert peak < 12 * 2**20, f"{peak / 2**20:.0f} MB"


# -- 24: fields that come and go --------------------------------------------------------------

DESCRIBED = [
    {"name": name, "type": kind}
    for name, kind in (
        ("Email", "email"), ("Company", "string"), ("LeadSource", "picklist"),
        ("Status", "picklist"), ("OwnerId", "reference"), ("NumberOfEmployees", "int"),
    )
]  # fmt: skip


def described(folder: Path, *fields: dict[str, Any]) -> Path:
    """The folder with a describe of Lead: a few standard fields, and these."""
    (folder / "salesforce/describe").mkdir(parents=True)
    (folder / "salesforce/describe/Lead.json").write_text(
        json.dumps({"name": "Lead", "fields": [*DESCRIBED, *fields]})
    )
    return folder


def custom(name: str, kind: str = "string", **life: str) -> dict[str, Any]:
    return {"name": name, "type": kind, "custom": True, **life}


GCLID_GOES = custom("GCLID__c", _known_until="2026-11-20T13:00:00Z")
SOURCE_COMES = custom("UTM_Source__c", _known_from="2026-11-20T13:00:00Z")


@pytest.mark.parametrize("way", ["rest", "bulk", "rest, after the first page"])
def test_21_fault_24_a_field_hidden_mid_run_is_left_out(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch,
    way: str, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Describe shows it, the query does not take it any more: the load goes on without it."""
    folder = write_data_set(
        tmp_path_factory.mktemp("data"), {"salesforce/Lead": FILES["salesforce/Lead"]}
    )
    described(folder, GCLID_GOES, SOURCE_COMES)
    if way == "bulk":
        monkeypatch.setattr(reading, "BULK_FROM", 0)
    with start_sandbox(folder) as running:
        client, account = connected(running, settings_for(running, tmp_path))
        before = {row["field_name"] for row in read(client, account, "fields")}
        assert "GCLID__c" in before
        assert "UTM_Source__c" not in before
        client.describe("Lead")
        if way.endswith("page"):
            pages = client.pages(
                "SELECT Id, GCLID__c FROM Lead ORDER BY SystemModstamp, Id", deleted=True
            )
            assert len(next(pages)) == 2_000
        running.set_clock("2026-11-20T14:00:00Z")
        rows = read(client, account, "leads")
        assert len(rows) == ALL_LEADS
        assert {row["gclid"] for row in rows} == {None}
        assert {row["utm_source"] for row in rows} == {"google"}, "the new field is found at once"
        assert "No such column 'GCLID__c'" in caplog.text
        after = {row["field_name"] for row in read(client, account, "fields")}
        assert "GCLID__c" not in after
        assert "UTM_Source__c" in after


def test_12_21_fault_24_a_mapped_field_that_goes_stops_the_source(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = write_data_set(tmp_path_factory.mktemp("data"), {"salesforce/Lead": [lead(1)]})
    described(folder, GCLID_GOES)
    with start_sandbox(folder) as running:
        mapped = settings_for(running, tmp_path, Lead={"gclid": "GCLID__c"})
        client, account = connected(running, mapped)
        assert [row["gclid"] for row in read(client, account, "leads")] == ["gclid-1"]
        running.set_clock("2026-11-20T14:00:00Z")
        with pytest.raises(SourceRefused, match=r"maps Lead\.gclid to GCLID__c, but Salesforce"):
            read(client, account, "leads")


def test_21_fault_24_a_mapped_field_that_is_retyped_stops_the_source(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = write_data_set(tmp_path_factory.mktemp("data"), {"salesforce/Lead": [lead(1)]})
    described(
        folder,
        custom("MQL_Date__c", "date", _known_until="2026-11-20T13:00:00Z"),
        custom("MQL_Date__c", "string", _known_from="2026-11-20T13:00:00Z"),
    )
    with start_sandbox(folder) as running:
        mapped = settings_for(running, tmp_path, Lead={"mql_at": "MQL_Date__c"})
        client, account = connected(running, mapped)
        assert [row["mql_at"] for row in read(client, account, "leads")] == [
            datetime(2026, 2, 1, tzinfo=UTC)
        ]
        running.set_clock("2026-11-20T14:00:00Z")
        client, account = connected(running, mapped)
        with pytest.raises(SourceRefused, match="which is a field of type string and cannot fill"):
            read(client, account, "leads")


# -- 25: ties, late commits, quotas, chunks ---------------------------------------------------


@pytest.mark.parametrize("way", ["rest", "bulk"])
def test_20_fault_25_ties_over_pages(
    serve_data: Callable[..., Sandbox], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """10,000 records with one SystemModstamp, a session that dies among them, slices that cannot
    be cut in time."""
    stamp = "2026-03-01T10:00:00.000+0000"
    many = [lead(n, CreatedDate=stamp, SystemModstamp=stamp) for n in range(10_000)]
    running = serve_data({"salesforce/Lead": many})
    if way == "bulk":
        monkeypatch.setattr(reading, "BULK_FROM", 5_000)
        monkeypatch.setattr(bulk, "CHUNK_RECORDS", 3_000)
        monkeypatch.setattr(reading, "_SLICE", 4_000)
    client, account = connected(running, settings_for(running, tmp_path))
    running.set_faults([{"preset": "salesforce-session-dies", "nth": 3},
                        {"preset": "salesforce-token-dies-before-results", "nth": 2}])  # fmt: skip
    ids = [row["lead_id"] for row in read(client, account, "leads")]
    assert len(ids) == len(set(ids)) == 10_000
    assert any(entry["fault"] for entry in running.log())


def test_20_fault_25_a_late_commit_is_within_the_overlap(
    serve_data: Callable[..., Sandbox], tmp_path: Path
) -> None:
    """A record that becomes visible at 12:10 with a stamp of 11:58."""
    first = lead(1, SystemModstamp="2026-11-20T11:59:00Z")
    late = lead(2, SystemModstamp="2026-11-20T11:58:00Z", _known_from="2026-11-20T12:10:00Z")
    running = serve_data({"salesforce/Lead": [first, late]})
    client, account = connected(running, settings_for(running, tmp_path))
    [row] = read(client, account, "leads")
    running.set_clock("2026-11-20T13:00:00Z")
    found = read(client, account, "leads", since=row["modified_at"])
    assert [each["lead_id"] for each in found] == [key("00Q", 2), key("00Q", 1)]


def test_9_fault_25_too_many_requests_at_a_time_are_waited_for(
    sandbox: Sandbox, settings: Settings
) -> None:
    """The same code as the daily allowance's, in other words."""
    said = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    body = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": said}]
    leads(sandbox, settings, {"match": {"api": "salesforce", "query": "ORDER BY"}, "nth": 1,
                              "do": {"kind": "status", "status": 403, "body": body}})  # fmt: skip


def test_fault_also_proofs_that_take_too_long_fail_the_load(
    sandbox: Sandbox, settings: Settings
) -> None:
    """Records are not read a second time in smaller pieces once they were given."""
    client, account = connected(sandbox, settings)
    slow = {"kind": "status", "status": 400,
            "body": [{"errorCode": "QUERY_TIMEOUT", "message": "too long"}]}  # fmt: skip
    sandbox.set_faults([
        {"match": {"api": "salesforce", "query": "COUNT"}, "nth": 1,
         "do": {"kind": "alter_number", "which": 1}},
        {"match": {"api": "salesforce", "query": "COUNT"}, "nth": 2, "times": 99, "do": slow},
    ])  # fmt: skip
    with pytest.raises(SourceUnavailable, match="cannot finish a query of Lead"):
        read(client, account, "leads")


def test_9_fault_25_the_daily_allowance_ends_at_a_page(
    sandbox: Sandbox, settings: Settings
) -> None:
    client, account = connected(sandbox, settings)
    sandbox.set_faults([{"preset": "salesforce-quota-at-page"}])
    with pytest.raises(SourceQuotaExhausted, match="REQUEST_LIMIT_EXCEEDED"):
        read(client, account, "leads")
    assert len([e for e in sandbox.log() if e["fault"]]) == 1, "nothing is tried again"


@pytest.mark.usefixtures("many")
def test_fault_25_a_chunk_that_cannot_be_had_fails_the_load(
    sandbox: Sandbox, settings: Settings
) -> None:
    client, account = connected(sandbox, replace(settings, retry_seconds=2))
    sandbox.set_faults([{"preset": "salesforce-chunk-fails"}])
    with pytest.raises(SourceUnavailable, match="answered 500"):
        read(client, account, "leads")
    assert 2 <= len([e for e in sandbox.log() if e["fault"]]) <= 4


# -- queries that are too slow, too long, or given up -----------------------------------------


def test_fault_also_a_query_that_runs_too_long_is_halved(
    sandbox: Sandbox, settings: Settings
) -> None:
    leads(sandbox, settings, {"preset": "salesforce-query-timeout", "nth": [1, 2]})
    queries = [e["query"] for e in sandbox.log() if "ORDER BY" in e["query"]]
    assert len(set(queries)) == 5, "the whole, a half, and three parts"


@pytest.mark.usefixtures("many")
def test_fault_also_a_job_that_runs_too_long_is_halved(
    sandbox: Sandbox, settings: Settings
) -> None:
    leads(sandbox, settings, {"preset": "salesforce-job-timeout"})
    assert len(calls(sandbox, "/jobs/query", "POST")) == 3, "the whole, and two halves"


@pytest.mark.usefixtures("many")
def test_11_fault_also_a_job_that_is_given_up_is_begun_again(
    sandbox: Sandbox, settings: Settings
) -> None:
    leads(sandbox, settings, {"preset": "salesforce-job-given-up"})
    assert len(calls(sandbox, "/jobs/query", "POST")) == 2
    client, account = connected(sandbox, settings)
    sandbox.set_faults([{"preset": "salesforce-job-given-up", "nth": "every"}])
    with pytest.raises(SourceUnavailable, match="gives up the query job again and again"):
        read(client, account, "leads")


def test_fault_also_totals_that_take_too_long_are_cut_in_time(
    sandbox: Sandbox, settings: Settings
) -> None:
    slow = {"kind": "status", "status": 400,
            "body": [{"errorCode": "QUERY_TIMEOUT", "message": "too long"}]}  # fmt: skip
    leads(sandbox, settings, {"match": {"api": "salesforce", "query": "COUNT"}, "nth": [1, 2],
                              "do": slow})  # fmt: skip


def test_fault_also_a_query_too_long_for_a_uri_stands_in_a_jobs_body(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """16 KB of field names: no URI takes them, and a job takes 100,000 characters of query."""
    names = {column: f"{column}_{'x' * 2_000}__c" for column in (
        "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "gclid", "fbclid",
        "li_fat_id", "referrer_url",
    )}  # fmt: skip
    values = {column: f"of {column}" for column in names}
    values["referrer_url"] = "https://news.example/stories"
    told = lead(1, **{names[column]: value for column, value in values.items()})
    folder = write_data_set(tmp_path_factory.mktemp("data"), {"salesforce/Lead": [told]})
    with start_sandbox(folder) as running:
        client, account = connected(running, settings_for(running, tmp_path, Lead=names))
        [row] = read(client, account, "leads")
        assert {column: row[column] for column in names} == values
        assert len(calls(running, "/results")) == 1
        assert not [e for e in running.log() if e["status"] == 414]


# -- also -------------------------------------------------------------------------------------


def test_fault_also_threads_share_one_session_and_renew_it_once(
    sandbox: Sandbox, settings: Settings
) -> None:
    client, account = connected(sandbox, settings)
    names = ["leads", "leads_ids", "contacts", "accounts", "opportunities", "campaigns", "users"]
    expected = {name: len(read(client, account, name)) for name in names}
    sandbox.reset()
    sandbox.set_faults([{"match": {"api": "salesforce", "query": "COUNT"}, "nth": 1,
                         "do": {"kind": "expire_token"}}])  # fmt: skip
    gate = threading.Barrier(len(names))

    def one(name: str) -> int:
        gate.wait()
        return len(read(client, account, name))

    with ThreadPoolExecutor(len(names)) as pool:
        assert dict(zip(names, pool.map(one, names), strict=True)) == expected
    assert len(calls(sandbox, "oauth2/token", "POST")) == 1


def test_fault_also_two_tasks_with_one_login(sandbox: Sandbox, settings: Settings) -> None:
    """One task's new session leaves the other's alone."""
    one, account = connected(sandbox, settings)
    other, _ = connected(sandbox, settings)
    reading_one = SALESFORCE.extract(one, account, Request("leads"))
    next(reading_one)
    other.renew(other.token)
    assert len(read(other, account, "leads")) == ALL_LEADS
    assert 1 + sum(1 for _ in reading_one) == ALL_LEADS


@pytest.mark.parametrize("preset", ["salesforce-redirect", "salesforce-login-redirect"])
def test_39_fault_also_a_redirect_is_not_followed(
    sandbox: Sandbox, settings: Settings, preset: str, caplog: pytest.LogCaptureFixture
) -> None:
    client, account = connected(sandbox, settings)
    act: dict[str, Callable[[], Any]] = {
        "salesforce-redirect": lambda: read(client, account, "leads"),
        "salesforce-login-redirect": lambda: client.renew(client.token),
    }
    sandbox.set_faults([{"preset": preset}])
    with pytest.raises(SourceRefused, match="which is not followed") as refused:
        act[preset]()
    assert len([e for e in sandbox.log() if e["fault"]]) == 1
    for text in (str(refused.value), caplog.text):
        assert TOKEN_PREFIX not in text
        assert "evil" not in text


@pytest.mark.parametrize("hours", [-5, 5])
def test_20_fault_also_clocks_that_differ(
    serve_data: Callable[..., Sandbox], tmp_path: Path, hours: int
) -> None:
    """Salesforce's clock stands before or behind ours: only its own stamps bound what is read."""
    stamp = datetime(2026, 11, 20, 12 + hours, 30, tzinfo=UTC).isoformat()
    running = serve_data({"salesforce/Lead": [lead(n, SystemModstamp=stamp) for n in range(9)]})
    client, account = connected(running, settings_for(running, tmp_path))
    since = datetime(2026, 11, 20, min(12, 12 + hours), 30, tzinfo=UTC)
    assert len(read(client, account, "leads", since=since)) == 9
    asked = " ".join(e["query"] for e in running.log() if "Lead" in e["query"])
    assert "2026-11-20T12:00" not in asked, "our own clock is in no query"


def test_fault_also_an_empty_org(serve_data: Callable[..., Sandbox], tmp_path: Path) -> None:
    running = serve_data({"salesforce/Lead": []})
    client, account = connected(running, settings_for(running, tmp_path))
    for stream in SALESFORCE.streams[:-1]:
        assert read(client, account, stream.name) == [], stream.name


@pytest.mark.parametrize("kind", ["duplicate_page", "empty_page", "short_page", "lose_rows"])
@pytest.mark.parametrize("way", ["rest", "bulk"])
def test_4_5_fault_also_a_page_twice_empty_short_or_without_its_rows(
    sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch, kind: str, way: str
) -> None:
    if way == "bulk":
        monkeypatch.setattr(reading, "BULK_FROM", 0)
        monkeypatch.setattr(bulk, "CHUNK_RECORDS", 2_000)
    path = "/results$" if way == "bulk" else "-2000$"
    nth = 2 if way == "bulk" else 1
    leads(sandbox, settings, {"match": {"api": "salesforce", "path": path}, "nth": nth,
                              "do": {"kind": kind}})  # fmt: skip


def test_fault_also_the_orgs_currency_changes(
    serve_data: Callable[..., Sandbox], tmp_path: Path
) -> None:
    """Amounts keep the currency that stands beside them."""
    rates = [
        {"Id": key("01L", n), "IsoCode": code, "ConversionRate": rate, "DecimalPlaces": 2,
         "IsActive": True, "IsCorporate": corporate, "CreatedDate": "2020-01-01", **life}
        for n, code, rate, corporate, life in (
            (1, "EUR", 1.0, True, {"_known_until": "2026-11-20T13:00:00Z"}),
            (1, "EUR", 0.92, False, {"_known_from": "2026-11-20T13:00:00Z"}),
            (2, "USD", 1.085, False, {"_known_until": "2026-11-20T13:00:00Z"}),
            (2, "USD", 1.0, True, {"_known_from": "2026-11-20T13:00:00Z"}),
        )
    ]  # fmt: skip
    running = serve_data({
        "salesforce/Opportunity": EVERYTHING["salesforce/Opportunity"],
        "salesforce/CurrencyType": rates,
    })  # fmt: skip
    settings = settings_for(running, tmp_path)
    client, account = connected(running, settings)
    before = read(client, account, "opportunities")
    running.set_clock("2026-11-20T14:00:00Z")
    client, changed = connected(running, settings)
    assert (account.currency_code, changed.currency_code) == ("EUR", "USD")
    assert read(client, changed, "opportunities") == before
    assert {row["currency_code"] for row in before} == {"EUR", "USD", "JPY"}
