"""Our Salesforce source against the sandbox: whole, or not at all, and no personal data."""

import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from include.settings import Settings, load_settings
from include.sources import (
    Account,
    Request,
    SourceQuotaExhausted,
    SourceRefused,
    SourceUnavailable,
)
from include.sources.personal import is_address, without_addresses
from include.sources.salesforce import SALESFORCE
from include.sources.salesforce_client import Client
from include.sources.salesforce_fields import select
from include.sources.salesforce_objects import OBJECTS
from tests.sandbox.running import Sandbox, start_sandbox, waits_between, write_data_set
from tests.sandbox.salesforce_data import FILES, LEADS, key, lead

CANARIES = ("Lovelace", "Turing", "555 0100", "@example", "%40example", "Grace", "Hopper")
HASH_KEY = "a key for tests"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    files = {
        **FILES,
        "salesforce/Lead": [
            *FILES["salesforce/Lead"],
            lead(LEADS + 1, Email=" Ada1+White.Paper@Example.COM ",
                 Landing_Page__c="https://x.example/?email=ada1%40example.com&utm_source=bing",
                 First_UTM_Source__c=None, UTM_Source__c="write to ada1@example.com"),
        ],
    }  # fmt: skip
    folder = write_data_set(tmp_path_factory.mktemp("data"), files)
    with start_sandbox(folder) as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox) -> None:
    sandbox.reset()


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("CLOSED_LOOP_HASH_KEY", HASH_KEY)
    return settings_for(sandbox, tmp_path)


def settings_for(sandbox: Sandbox, home: Path, **fields: Any) -> Settings:
    settings = load_settings({**sandbox.variables, "CLOSED_LOOP_HOME": str(home)})
    return replace(settings, salesforce_fields=fields) if fields else settings


def connected(sandbox: Sandbox, settings: Settings) -> tuple[Client, Account]:
    client = SALESFORCE.connect(sandbox.connection("salesforce"), settings)
    [account] = SALESFORCE.discover(client)
    return client, account


def read(sandbox: Sandbox, settings: Settings, stream: str, **request: Any) -> list[dict[str, Any]]:
    client, account = connected(sandbox, settings)
    records = list(SALESFORCE.extract(client, account, Request(stream, **request)))
    return list(SALESFORCE.parse(account, stream, json.loads(json.dumps(records, default=str))))


def test_the_org_is_the_account(sandbox: Sandbox, settings: Settings) -> None:
    _, account = connected(sandbox, settings)
    assert (account.account_name, account.currency_code, account.time_zone) == (
        "Example Ltd", "USD", "America/New_York",
    )  # fmt: skip


def test_every_stream_is_read_whole(sandbox: Sandbox, settings: Settings) -> None:
    found = {stream.name: len(read(sandbox, settings, stream.name))
             for stream in SALESFORCE.streams if stream.name != "fields"}  # fmt: skip
    assert {name: count for name, count in found.items() if count} == {
        "leads": LEADS + 2, "contacts": 3, "accounts": 3, "opportunities": 4, "contact_roles": 1,
        "campaigns": 1, "campaign_members": 1, "users": 1, "record_types": 1,
        "leads_ids": LEADS + 1, "contacts_ids": 3, "accounts_ids": 2, "opportunities_ids": 4,
        "contact_roles_ids": 1, "campaigns_ids": 1, "campaign_members_ids": 1,
        "record_types_ids": 1,
    }  # fmt: skip
    assert [name for name, count in found.items() if not count] == [
        "opportunity_history", "opportunity_field_history", "lead_history", "opportunity_stages",
        "currencies", "exchange_rates", "tasks", "events", "opportunity_stages_ids",
        "exchange_rates_ids", "tasks_ids", "events_ids",
    ]  # fmt: skip


def test_tombstones_come_with_their_winner(sandbox: Sandbox, settings: Settings) -> None:
    gone = [row for row in read(sandbox, settings, "accounts") if row["is_deleted"]]
    assert [(row["crm_account_id"], row["master_record_id"]) for row in gone] == [
        (key("001", 3), key("001", 1))
    ]


def test_amounts_are_exact(sandbox: Sandbox, settings: Settings) -> None:
    amounts = [row["amount"] for row in read(sandbox, settings, "opportunities")]
    assert sorted(filter(None, amounts)) == [
        Decimal("0.1"), Decimal("0.2"), Decimal("12345.67"),
    ]  # fmt: skip


def test_changes_begin_a_quarter_of_an_hour_before_the_cursor(
    sandbox: Sandbox, settings: Settings
) -> None:
    since = datetime(2026, 1, 2, 0, 30, 30, tzinfo=UTC)
    rows = read(sandbox, settings, "leads", since=since)
    everything = [*FILES["salesforce/Lead"], lead(LEADS + 1)]
    wanted = {each["Id"] for each in everything
              if each["SystemModstamp"] >= "2026-01-02T00:15:30"}  # fmt: skip
    assert {row["lead_id"] for row in rows} == wanted
    assert 100 < len(rows) < 200
    assert key("00Q", LEADS) in wanted, "the deleted one"
    assert read(sandbox, settings, "leads", since=datetime(2027, 1, 1, tzinfo=UTC)) == []


def second_page(kind: str, **do: Any) -> list[dict[str, Any]]:
    """A plan that spoils the first look at a second page."""
    match = {"api": "salesforce", "path": "-2000$"}
    return [{"match": match, "nth": 1, "do": {"kind": kind, **do}}]


@pytest.mark.parametrize(
    "plan",
    [
        [{"preset": "salesforce-session-dies"}],
        [{"preset": "salesforce-session-dies", "nth": [1, 2]}],
        [{"match": {"api": "salesforce", "query": "Organization"}, "nth": 1,
          "do": {"kind": "expire_token"}}],
        [{"match": {"api": "salesforce", "query": "COUNT"}, "nth": 1,
          "do": {"kind": "expire_token"}}],
        [{"match": {"api": "salesforce", "path": "oauth2"}, "nth": 1,
          "do": {"kind": "status", "status": 503}}],
        second_page("status", status=503),
        second_page("truncate"),
        second_page("truncate", hang_up=True),
        second_page("html", status=200),
        second_page("drop"),
        second_page("empty_page"),
        second_page("duplicate_page"),
        second_page("short_page"),
        second_page("status", status=400,
                    body=[{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid"}]),
    ],
    ids=["session dies", "session dies twice", "session dead at the start",
         "session dies before the count", "login busy", "503", "truncated", "hung up", "html",
         "dropped", "empty page", "page twice", "short page", "locator lost"],
)  # fmt: skip
@pytest.mark.parametrize("stream", ["leads", "leads_ids"])
def test_5_nothing_is_lost_or_doubled(
    sandbox: Sandbox, settings: Settings, stream: str, plan: list[dict[str, Any]]
) -> None:
    sandbox.set_faults(plan)
    ids = [row["lead_id"] for row in read(sandbox, settings, stream)]
    assert len(ids) == len(set(ids)) == LEADS + (2 if stream == "leads" else 1)
    assert any(entry["fault"] for entry in sandbox.log())


def test_a_query_that_runs_too_long_is_halved(sandbox: Sandbox, settings: Settings) -> None:
    slow = [{"errorCode": "QUERY_TIMEOUT", "message": "Your query was running for too long."}]
    sandbox.set_faults([{"match": {"api": "salesforce", "query": "ORDER BY"}, "nth": [1, 2],
                         "do": {"kind": "status", "status": 400, "body": slow}}])  # fmt: skip
    ids = [row["lead_id"] for row in read(sandbox, settings, "leads")]
    assert len(ids) == len(set(ids)) == LEADS + 2
    queries = [entry["query"] for entry in sandbox.log() if "ORDER BY" in entry["query"]]
    assert len(set(queries)) == 5, "the whole, a half, and three parts"


def test_a_crm_with_leads_and_deals_alone(
    serve_data: Callable[..., Sandbox], tmp_path: Path
) -> None:
    """No describe, no custom fields, no other object, hardly a field."""
    created = "2026-01-01T10:00:00Z"
    running = serve_data({
        "salesforce/Lead": [{"Id": key("00Q", 1), "LeadSource": "Web", "CreatedDate": created}],
        "salesforce/Opportunity": [{"Id": key("006", 1), "StageName": "Closed Won", "Amount": 10,
                                    "CloseDate": "2026-02-01", "CreatedDate": created}],
    })  # fmt: skip
    settings = settings_for(running, tmp_path)
    [lead_row] = read(running, settings, "leads")
    assert (lead_row["lead_source"], lead_row["is_converted"]) == ("Web", False)
    [deal] = read(running, settings, "opportunities")
    assert (deal["amount"], deal["is_won"], deal["currency_code"]) == (Decimal(10), True, "USD")
    for stream in SALESFORCE.streams[:-1]:
        wanted = int(stream.name.startswith(("leads", "opportunities")))
        assert len(read(running, settings, stream.name)) == wanted, stream.name


def test_20_ten_thousand_ties_over_pages(
    serve_data: Callable[..., Sandbox], tmp_path: Path
) -> None:
    """10,000 records with one SystemModstamp, and the session dies among them."""
    stamp = "2026-03-01T10:00:00.000+0000"
    many = [lead(n, CreatedDate=stamp, SystemModstamp=stamp) for n in range(10_000)]
    running = serve_data({"salesforce/Lead": many})
    running.set_faults([{"preset": "salesforce-session-dies", "nth": 3}])
    ids = [row["lead_id"] for row in read(running, settings_for(running, tmp_path), "leads")]
    assert len(ids) == len(set(ids)) == 10_000


def test_5_a_lost_page_is_noticed(sandbox: Sandbox, settings: Settings) -> None:
    """The API says done where it is not: the count tells."""
    body = {"totalSize": LEADS, "done": True, "records": []}
    sandbox.set_faults([{"match": {"api": "salesforce", "path": "-2000$"},
                         "do": {"kind": "status", "status": 200, "body": body}}])  # fmt: skip
    for stream in ("leads", "leads_ids"):
        with pytest.raises(SourceUnavailable, match=r"counts \d+ records of Lead where 2000"):
            read(sandbox, settings, stream)


def test_39_a_next_page_elsewhere_is_not_followed(sandbox: Sandbox, settings: Settings) -> None:
    body = {"totalSize": 9, "done": False, "records": [], "nextRecordsUrl": "@evil.example/x"}
    sandbox.set_faults([{"match": {"api": "salesforce", "query": "ORDER BY"},
                         "do": {"kind": "status", "status": 200, "body": body}}])  # fmt: skip
    with pytest.raises(SourceRefused, match="not followed"):
        read(sandbox, settings, "leads")


def test_5_pages_that_lead_in_a_circle(sandbox: Sandbox, settings: Settings) -> None:
    sandbox.set_faults([{"match": {"api": "salesforce", "path": "-2000$"},
                         "do": {"kind": "duplicate_page"}}])  # fmt: skip
    with pytest.raises(SourceUnavailable, match="circle"):
        read(sandbox, settings, "leads")


def test_9_the_daily_limit_stops_at_once(sandbox: Sandbox, settings: Settings) -> None:
    sandbox.set_faults([{"match": {"api": "salesforce", "path": "-2000$"},
                         "do": {"kind": "quota"}}])  # fmt: skip
    with pytest.raises(SourceQuotaExhausted, match="REQUEST_LIMIT_EXCEEDED"):
        read(sandbox, settings, "leads")
    assert len([entry for entry in sandbox.log() if entry["fault"]]) == 1


def test_8_35_a_storm_is_left_after_bounded_attempts_and_tells_no_secret(
    sandbox: Sandbox, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    # The waits are 0.5, 1, 2, 4 … seconds, each with up to half a second of jitter.
    client, account = connected(sandbox, replace(settings, retry_seconds=6))
    match = {"api": "salesforce", "path": "describe"}
    sandbox.set_faults([
        {"match": match, "nth": [1, 2], "do": {"kind": "html", "status": 502}},
        {"match": match, "do": {"kind": "drop"}},
    ])  # fmt: skip
    with pytest.raises(
        SourceUnavailable, match=r"cannot be reached at https://localhost"
    ) as failure:
        list(SALESFORCE.extract(client, account, Request("leads")))
    asked = [entry for entry in sandbox.log() if entry["fault"]]
    assert [entry["status"] for entry in asked] == [502, 502, 0, 0]
    for waited, least in zip(waits_between(asked), (0.5, 1, 2), strict=True):
        assert waited >= least
    for text in (str(failure.value), repr(failure.value.__cause__), caplog.text):
        assert "00D5g000000SNDB!" not in text
        assert "sandbox-salesforce-secret" not in text


def test_8_a_longer_wait_than_ours_is_passed_on(sandbox: Sandbox, settings: Settings) -> None:
    client, account = connected(sandbox, settings)
    sandbox.set_faults([{"match": {"api": "salesforce"},
                         "do": {"kind": "status", "status": 429, "body": [],
                                "headers": {"Retry-After": "600"}}}])  # fmt: skip
    with pytest.raises(SourceUnavailable) as busy:
        list(SALESFORCE.extract(client, account, Request("leads")))
    assert busy.value.retry_after == 600
    assert len([entry for entry in sandbox.log() if entry["fault"]]) == 1


def test_21_a_field_that_disappears_while_being_read(
    sandbox: Sandbox, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    gone = [{"errorCode": "INVALID_FIELD", "message": "No such column 'GCLID__c'"}]
    sandbox.set_faults([{"match": {"api": "salesforce", "query": "ORDER BY"}, "nth": 1,
                         "do": {"kind": "status", "status": 400, "body": gone}}])  # fmt: skip
    assert len(read(sandbox, settings, "leads")) == LEADS + 2
    assert "No such column 'GCLID__c'" in caplog.text


# -- credentials ------------------------------------------------------------------------------


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: Any, passphrase: bytes | None = None) -> str:
    if passphrase:
        locked: Any = serialization.BestAvailableEncryption(passphrase)
    else:
        locked = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, locked).decode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"password": "wrong-secret"}, "connection salesforce .*invalid_client"),
        ({"login": "nobody"}, "connection salesforce .*invalid_client_id"),
        ({"password": "secret\né\u200b"}, "connection salesforce .*invalid_client"),
        ({"login": "key\né\u200b"}, "connection salesforce .*invalid_client_id"),
        ({"password": ""}, "connection salesforce has no password"),
        ({"login": ""}, "connection salesforce has no login"),
        ({"host": ""}, "connection salesforce has no host"),
        ({"host": "https://evil.example"}, "not an https address of salesforce.com"),
        ({"host": "https://salesforce.com.evil.example"}, "not an https address"),
        ({"host": "http://acme.my.salesforce.com"}, "not an https address"),
        ({"host": "https://user:pw@acme.my.salesforce.com"}, "not an https address"),
        ({"api_version": "latest"}, "'latest' is no version .*api_version of the connection"),
        *(
            ({"private_key": key, "username": "u"}, "private_key of the connection salesforce is")
            for key in (
                "not a secret key",
                "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n",
                _pem(ec.generate_private_key(ec.SECP256R1())),
                _pem(RSA, b"a pass phrase"),
                _pem(RSA).replace("\n", "\\n"),
            )
        ),
    ],
)
def test_a_bad_connection_is_refused_with_a_sentence(
    sandbox: Sandbox, settings: Settings, change: dict[str, str], sentence: str
) -> None:
    credentials = sandbox.connection("salesforce") | change
    with pytest.raises(SourceRefused, match=sentence) as refused:
        SALESFORCE.connect(credentials, settings)
    assert "secret" not in str(refused.value).replace("consumer secret", "")
    assert "PRIVATE" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_key_in_the_connection_means_jwt(sandbox: Sandbox, settings: Settings) -> None:
    credentials = sandbox.connection("salesforce") | {
        "password": "", "private_key": _pem(RSA), "username": "admin@sandbox.example",
    }  # fmt: skip
    assert SALESFORCE.discover(SALESFORCE.connect(credentials, settings))
    assert any("jwt-bearer" in entry["query"] for entry in sandbox.log())
    with pytest.raises(SourceRefused, match="user hasn't approved this consumer"):
        SALESFORCE.connect(credentials | {"username": "x@sandbox.example"}, settings)


def test_39_loopback_needs_the_sandbox_switch(sandbox: Sandbox, settings: Settings) -> None:
    with pytest.raises(SourceRefused, match="not an https address"):
        SALESFORCE.connect(sandbox.connection("salesforce"), replace(settings, is_sandbox=False))


def test_an_untrusted_certificate_is_refused(sandbox: Sandbox, settings: Settings) -> None:
    with pytest.raises(SourceRefused, match="CLOSED_LOOP_CA_FILE"):
        SALESFORCE.connect(sandbox.connection("salesforce"), replace(settings, ca_file=None))


def test_a_version_may_be_spelled_as_in_a_url(sandbox: Sandbox, settings: Settings) -> None:
    credentials = sandbox.connection("salesforce") | {"api_version": "v67.0"}
    assert SALESFORCE.discover(SALESFORCE.connect(credentials, settings))
    assert any("/services/data/v67.0/" in entry["path"] for entry in sandbox.log())


def test_12_a_version_that_is_not_served(sandbox: Sandbox, settings: Settings) -> None:
    credentials = sandbox.connection("salesforce") | {"api_version": "99.0"}
    client = SALESFORCE.connect(credentials, settings)
    with pytest.raises(SourceRefused, match="does not serve the API version"):
        SALESFORCE.discover(client)


# -- personal data ----------------------------------------------------------------------------


def test_36_nothing_personal_leaves_the_extractor(
    sandbox: Sandbox, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client, account = connected(sandbox, settings)
    for stream in SALESFORCE.streams:
        for record in SALESFORCE.extract(client, account, Request(stream.name)):
            text = json.dumps(record, default=str)
            assert not [word for word in CANARIES if word.lower() in text.lower()], text
    asked = " ".join(entry["query"] for entry in sandbox.log())
    assert not {"FirstName", "LastName", "Phone", "Lead.Name"} & set(
        asked.replace(",", " ").split()
    )
    assert not [word for word in (*CANARIES, "sandbox-salesforce-secret") if word in caplog.text]


def test_36_one_address_in_three_spellings_has_one_keyed_hash(
    sandbox: Sandbox, settings: Settings
) -> None:
    rows = {row["lead_id"]: row for row in read(sandbox, settings, "leads")}
    plain, tagged = rows[key("00Q", 1)], rows[key("00Q", LEADS + 1)]
    wanted = hmac.new(HASH_KEY.encode(), b"ada1@example.com", hashlib.sha256).hexdigest()
    assert plain["email_hash"] == tagged["email_hash"] == wanted
    assert tagged["email_domain"] == "example.com"
    assert tagged["landing_page_url"] == (
        "https://x.example/?email=(e-mail removed)&utm_source=bing"
    )


@pytest.mark.parametrize(
    "address",
    [
        "jane.doe@secretmail.example",
        "jane.doe%40secretmail.example",
        "jane.doe%2540secretmail.example",
        "jane.doe%252540secretmail%2Eexample",
        "jane.doe＠secretmail.example",
        "JANE.DOE@SECRETMAIL.EXAMPLE",
        "o'doe@secretmail.example",
        '"jane doe"@secretmail.example',
        '"jane@home"@secretmail.example',
        "jane&#64;secretmail.example",
        "jose\u0301@secretmail.example",
        "jane\u200b@se\u0301cretmail.example",
        "jane@secretmail。example",
        "jane@[IPv6:2001:db8::secretmail]",
    ],
)
def test_36_no_spelling_of_an_address_is_landed(
    address: str,
    serve_data: Callable[..., Sandbox],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLOSED_LOOP_HASH_KEY", HASH_KEY)
    told = {
        "Id": key("00Q", 1),
        "LeadSource": f"heard of it from {address}",
        "UTM_Content__c": address,
        "Landing_Page__c": f"https://x.example/?e={address}&utm_source=bing",
    }
    other = serve_data({"salesforce/Lead": [told]})
    client, account = connected(other, settings_for(other, tmp_path))
    (record,) = SALESFORCE.extract(client, account, Request("leads"))
    text = json.dumps(record, ensure_ascii=False, default=str)
    assert "cretmail" not in text.lower()
    assert "utm_source=bing" in text


WHOLE = "!#$%&'*+-/=?^_`{|}~"


@pytest.mark.parametrize(
    "address",
    [
        "o'brien@example.com",
        f"jane{WHOLE}@example.com",
        '"jane \\"of\\" doe"@example.com',
        "jane@exámple.com",
        "jane@m%C3%BCnchen.example",
        "jane@[192.0.2.1]",
    ],
)
def test_every_address_there_may_be_is_known_as_one(address: str) -> None:
    assert is_address(f" {address} ")
    assert without_addresses(address) == "(e-mail removed)"
    assert without_addresses(f"https://x.example/a?u=b&e=o'{address}&utm_source=bing").startswith(
        "https://x.example/a?u=b&e="
    )


@pytest.mark.parametrize(
    "text",
    [
        "@ nobody",
        "jane@",
        "@jane",
        "3 @ 4.50",
        "a b@example.com",
        "x@y",
        "",
        "x.example/?utm_source=bing&e=jane@example.com",
    ],
)
def test_what_is_no_address_is_not_taken_for_one(text: str) -> None:
    assert not is_address(text)


# -- custom fields ----------------------------------------------------------------------------


def described(*fields: str) -> dict[str, Any]:
    """A describe of Lead with these custom fields, `name:type`."""
    standard = [{"name": name, "type": "string", "custom": False}
                for name in ("Id", "SystemModstamp", "CreatedDate", "IsDeleted", "IsConverted",
                             "Email", "Company")]  # fmt: skip
    custom = []
    for text in fields:
        name, _, kind = text.partition(":")
        custom.append({"name": name, "type": kind or "string", "custom": True})
    return {"fields": [*standard, *custom]}


LEAD = OBJECTS[0]


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("UTM_Source__c", "utm_source"),
        ("utmsource__c", "utm_source"),
        ("pi__utm_source__c", "utm_source"),
        ("Web_UTM_Medium_Text__c", "utm_medium"),
        ("utm_campaign__c", "utm_campaign"),
        ("utm_campaign_id__c", "utm_id"),
        ("utm_id__c", "utm_id"),
        ("utm_id__c:double", "utm_id"),
        ("UTM_Term__c", "utm_term"),
        ("GCLID__c", "gclid"),
        ("Google_Click_ID__c", "gclid"),
        ("fbclid__c", "fbclid"),
        ("li_fat_id__c", "li_fat_id"),
        ("Landing_Page__c:url", "landing_page_url"),
        ("LandingPageURL__c:textarea", "landing_page_url"),
        ("Referrer__c", "referrer_url"),
        ("MQL_Date__c:date", "mql_at"),
        ("Became_MQL__c:datetime", "mql_at"),
        ("SQL_Date__c:datetime", "sql_at"),
        ("Referrer__c:reference", None),
        ("MQL_Date__c:string", None),
        ("MQL__c:boolean", None),
        ("Campaign_Name__c", None),
        ("HTTP_Referrer__c", "referrer_url"),
        ("Date_Became_MQL__c:date", "mql_at"),
        ("Referrer_Name__c", None),
        ("Referrer_Phone__c:phone", None),
        ("Referrer_Contact_Email__c:email", None),
        ("Landing_Page_Owner__c", None),
        ("SQL_Attempts_Date__c:date", None),
        ("SQL_Attended__c:date", None),
        ("UpdateMQL_Run__c:date", None),
    ],
)
def test_a_custom_field_is_known_by_its_name(field: str, column: str | None) -> None:
    found = {column: list(fields.values())
             for column, fields in select(LEAD, described(field), {}).mapped.items()}  # fmt: skip
    assert found == ({column: [field.partition(":")[0]]} if column else {})


def test_the_first_visit_wins_and_visits_are_not_mixed() -> None:
    selection = select(
        LEAD,
        described("UTM_Source__c", "First_UTM_Source__c", "Last_UTM_Source__c", "UTM_Medium__c",
                  "First_UTM_Medium__c", "GCLID__c"),
        {},
    )  # fmt: skip
    both = {"UTM_Source__c": "bing", "UTM_Medium__c": "cpc", "First_UTM_Source__c": "google",
            "First_UTM_Medium__c": None, "GCLID__c": "g-1"}  # fmt: skip
    assert selection.captured(both) == {"utm_source": "google", "gclid": "g-1"}
    only = {**both, "First_UTM_Source__c": None}
    assert selection.captured(only) == {"utm_source": "bing", "utm_medium": "cpc", "gclid": "g-1"}


@pytest.mark.parametrize(
    ("value", "is_kept"),
    [
        ("https://www.google.com/search?q=a b", True),
        ("www.google.com", True),
        ("/demo", True),
        ("localhost:8080", True),
        ("Jane Secret Doe", False),
        ("Jane", False),
        ("+49 30 123456", False),
    ],
)
def test_who_referred_a_person_is_not_taken_for_a_page(value: str, is_kept: bool) -> None:
    selection = select(LEAD, described("Referrer__c"), {})
    wanted = {"referrer_url": value} if is_kept else {}
    assert selection.captured({"Referrer__c": value}) == wanted


def test_the_owners_mapping_has_the_last_word(sandbox: Sandbox, tmp_path: Path) -> None:
    mapped = settings_for(
        sandbox, tmp_path, Lead={"utm_source": "GCLID__c", "industry": "UTM_Source__c"}
    )
    row = next(r for r in read(sandbox, mapped, "leads") if r["lead_id"] == key("00Q", 7))
    assert (row["utm_source"], row["industry"], row["gclid"]) == ("gclid-7", "google", "gclid-7")


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"utm_source": "Gone__c"}, "Lead.utm_source to Gone__c, but Salesforce shows"),
        ({"shoe_size": "Size__c"}, "stg_crm_leads has no such column"),
        ({"lead_id": "Company"}, "has no such column to fill"),
    ],
)
def test_a_mapping_that_cannot_be_followed(overrides: dict[str, str], sentence: str) -> None:
    with pytest.raises(SourceRefused, match=sentence):
        select(LEAD, described("Size__c"), overrides)


def test_a_hidden_field_without_which_rows_are_none() -> None:
    without = described()
    without["fields"] = [f for f in without["fields"] if f["name"] != "IsConverted"]
    with pytest.raises(SourceRefused, match=r"hides Lead\.IsConverted"):
        select(LEAD, without, {})


def test_a_formula_changes_without_a_stamp_and_is_read_when_all_is(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """It does not come with what changed; every record is read on a schedule."""
    one = lead(1, UTM_Source__c="before", _known_until="2026-11-10")
    folder = write_data_set(tmp_path_factory.mktemp("data"), {
        "salesforce/Lead": [one, lead(1, UTM_Source__c="after", _known_from="2026-11-10")],
    })  # fmt: skip
    (folder / "salesforce/describe").mkdir()
    (folder / "salesforce/describe/Lead.json").write_text(json.dumps({"name": "Lead", "fields": [
        {"name": "IsConverted", "type": "boolean"},
        {"name": "UTM_Source__c", "type": "string", "custom": True, "calculated": True},
    ]}))  # fmt: skip
    with start_sandbox(folder) as running:
        settings = settings_for(running, tmp_path)
        late = datetime(2026, 11, 1, tzinfo=UTC)
        assert read(running, settings, "leads", since=late) == []
        assert [row["utm_source"] for row in read(running, settings, "leads")] == ["after"]
    whole = {stream.name for stream in SALESFORCE.streams if stream.whole_every_days == 7}
    assert {"leads", "contacts", "accounts", "opportunities", "campaigns"} <= whole


# -- what vanishes ----------------------------------------------------------------------------


def test_a_campaign_member_vanishes_from_the_ids(sandbox: Sandbox, settings: Settings) -> None:
    sandbox.set_clock("2026-11-20T10:00:00Z")
    before = {row["campaign_member_id"] for row in read(sandbox, settings, "campaign_members_ids")}
    assert before == {key("00v", 1), key("00v", 2)}
    sandbox.set_clock("2026-11-20T12:00:00Z")
    after = {row["campaign_member_id"] for row in read(sandbox, settings, "campaign_members_ids")}
    assert after == {key("00v", 1)}
    changed = read(sandbox, settings, "campaign_members", since=datetime(2026, 11, 20, tzinfo=UTC))
    assert changed == [], "no tombstone tells of it"
