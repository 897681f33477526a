"""The real simple-salesforce, and plain HTTP, against the sandbox's Salesforce."""
# ruff: noqa: S608 (SOQL of the tests' own making)

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from include.sandbox.salesforce_values import long_id
from tests.sandbox.running import Sandbox, start_sandbox, write_data_set
from tests.sandbox.salesforce_data import FILES, LEADS, USER, key

APP = ("sandbox-salesforce-client", "sandbox-salesforce-secret")
EVERYTHING = "SELECT Id, SystemModstamp FROM Lead ORDER BY SystemModstamp, Id"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = write_data_set(tmp_path_factory.mktemp("data"), FILES)
    described = folder / "salesforce" / "describe"
    described.mkdir()
    (described / "Campaign.json").write_text(json.dumps({
        "name": "Campaign", "label": "Kampagne",
        "fields": [{"name": "Name", "label": "Titel", "type": "string", "length": 80},
                   {"name": "Channel__c", "label": "Kanal", "type": "picklist", "custom": True}],
    }))  # fmt: skip
    with start_sandbox(folder) as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox) -> None:
    sandbox.reset()


@pytest.fixture
def web(sandbox: Sandbox) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = sandbox.ca_file
        yield session


@pytest.fixture
def proxied(sandbox: Sandbox) -> Iterator[requests.Session]:
    """A session for default hosts: all it knows is the proxy and the CA."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = sandbox.ca_file
        session.proxies["https"] = sandbox.proxy_variables["HTTPS_PROXY"]
        yield session


def log_in(sandbox: Sandbox, web: requests.Session, **form: str) -> requests.Response:
    return web.post(
        f"{sandbox.https}/services/oauth2/token",
        data={"grant_type": "client_credentials", "client_id": APP[0], "client_secret": APP[1],
              **form},
    )  # fmt: skip


@pytest.fixture
def sf(sandbox: Sandbox, web: requests.Session) -> Salesforce:
    answer = log_in(sandbox, web).json()
    return Salesforce(
        session_id=answer["access_token"], instance_url=answer["instance_url"], version="68.0",
        session=web, object_pairs_hook=None,
    )  # fmt: skip


@pytest.fixture
def get(sandbox: Sandbox, web: requests.Session, sf: Salesforce) -> Callable[..., Any]:
    def call(path: str, status: int = 200, **options: Any) -> Any:
        answer = web.get(f"{sandbox.https}/services/data/{path}", **{
            "headers": {"Authorization": f"Bearer {sf.session_id}"}, **options,
        })  # fmt: skip
        assert answer.status_code == status, answer.text
        return answer

    return call


# -- logging in -------------------------------------------------------------------------------


def test_the_sdk_logs_in_on_its_default_hosts(proxied: requests.Session) -> None:
    """Client credentials on a My Domain; user, password and token on login.salesforce.com."""
    by_app = Salesforce(consumer_key=APP[0], consumer_secret=APP[1], domain="mydomain.my",
                        session=proxied, version="68.0")  # fmt: skip
    assert by_app.sf_instance == "mydomain.my.salesforce.com"
    by_soap = Salesforce(username="admin@sandbox.example", password="sandbox-password",
                         security_token="sandboxtoken", session=proxied)  # fmt: skip
    assert by_soap.sf_instance.endswith(".my.salesforce.com")
    for client in (by_app, by_soap):
        assert client.query("SELECT COUNT() FROM Lead")["totalSize"] == LEADS
        assert len(client.query_all(EVERYTHING)["records"]) == LEADS


def test_the_sdk_logs_in_by_jwt_and_by_password_grant(proxied: requests.Session) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()  # fmt: skip
    by_jwt = Salesforce(username="admin@sandbox.example", consumer_key=APP[0], privatekey=pem,
                        session=proxied)  # fmt: skip
    by_password = Salesforce(username="admin@sandbox.example", password="sandbox-password",
                             consumer_key=APP[0], consumer_secret=APP[1],
                             session=proxied)  # fmt: skip
    for client in (by_jwt, by_password):
        assert client.query("SELECT Name FROM Organization")["records"][0]["Name"] == "Example Ltd"


def test_a_wrong_soap_password_is_refused(proxied: requests.Session) -> None:
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        Salesforce(username="admin@sandbox.example", password="wrong", security_token="",
                   session=proxied)  # fmt: skip


@pytest.mark.parametrize(
    ("form", "code", "description"),
    [
        ({"client_id": "nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"client_secret": "wrong"}, "invalid_client", "invalid client credentials"),
        ({"grant_type": "magic"}, "unsupported_grant_type", "grant type not supported"),
        ({"grant_type": "password", "username": "x", "password": "y"}, "invalid_grant",
         "authentication failure"),
        ({"grant_type": "refresh_token", "refresh_token": "old"}, "invalid_grant",
         "expired access/refresh token"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "x"},
         "invalid_grant", "invalid assertion"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
          "assertion": jwt.encode({"iss": APP[0], "sub": "admin@sandbox.example", "exp": 1,
                                   "aud": "https://login.salesforce.com"}, "k" * 32, "HS256")},
         "invalid_grant", "expired authorization code"),
    ],
)  # fmt: skip
def test_logins_refused(
    sandbox: Sandbox, web: requests.Session, form: dict[str, str], code: str, description: str
) -> None:
    answer = log_in(sandbox, web, **form)
    assert answer.status_code == 400
    assert answer.json() == {"error": code, "error_description": description}


def test_client_credentials_are_not_for_the_common_login_host(proxied: requests.Session) -> None:
    answer = proxied.post("https://login.salesforce.com/services/oauth2/token",
                          data={"grant_type": "client_credentials"}, auth=APP)  # fmt: skip
    assert answer.json()["error_description"] == "request not supported on this domain"


# -- what every call passes -------------------------------------------------------------------


def test_calls_without_a_live_session_are_refused(get: Callable[..., Any]) -> None:
    path = "v68.0/query?q=SELECT+Id+FROM+Lead"
    dead = get(path, 401, headers={"Authorization": "Bearer dead"}).json()
    assert dead == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    assert get(path, 401, headers={}).json()[0]["errorCode"] == "INVALID_AUTH_HEADER"


def test_versions(get: Callable[..., Any]) -> None:
    listed = get("", headers={}).json()
    assert (listed[0]["version"], listed[-1]) == (
        "56.0", {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"},
    )  # fmt: skip
    assert get("v99.0/limits", 404).json()[0]["errorCode"] == "NOT_FOUND"
    assert get("v68/limits", 404).json()[0]["errorCode"] == "NOT_FOUND"


@pytest.mark.parametrize(
    "path",
    ["composite/sobjects", "composite", "search/?q=FIND", "tooling/query", "jobs/ingest", "tabs",
     "sobjects/Lead/1/2/3"],
)  # fmt: skip
def test_what_is_not_served_is_not_found(get: Callable[..., Any], path: str) -> None:
    assert get(f"v68.0/{path}", 404).json() == [
        {"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}
    ]
    assert get(f"v68.0/{path}", 401, headers={}).json()[0]["errorCode"] == "INVALID_AUTH_HEADER"


def test_writes_are_told_what_is_allowed(
    sandbox: Sandbox, web: requests.Session, sf: Salesforce
) -> None:
    web.headers["Authorization"] = f"Bearer {sf.session_id}"
    base = f"{sandbox.https}/services/data/v68.0"
    for method, path in (("POST", "sobjects/Lead"), ("PATCH", f"sobjects/Lead/{key('00Q', 1)}")):
        answer = web.request(method, f"{base}/{path}", json={"LastName": "x"})
        assert answer.status_code == 405
        assert answer.json() == [
            {"errorCode": "METHOD_NOT_ALLOWED",
             "message": f"HTTP Method '{method}' not allowed. Allowed are GET,HEAD"}
        ]  # fmt: skip


@pytest.mark.parametrize("body", [b"null", b"[]", b"5", b"\xff", b"{", b""])
def test_a_job_is_asked_for_by_a_json_object(
    sandbox: Sandbox, web: requests.Session, sf: Salesforce, body: bytes
) -> None:
    web.headers["Authorization"] = f"Bearer {sf.session_id}"
    base = f"{sandbox.https}/services/data/v68.0/jobs/query"
    answer = web.post(base, data=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    asked = {"operation": "query", "query": "SELECT Id FROM Contact"}
    assert web.post(base, json={**asked, "columnDelimiter": ["PIPE"]}).status_code == 400
    job = web.post(base, json=asked).json()["id"]
    assert web.patch(f"{base}/{job}", data=body).json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_a_failure_of_its_own_is_told_in_the_apis_form(get: Callable[..., Any]) -> None:
    deep = "(" * 1_500 + "Name = 'x'" + ")" * 1_500  # deeper than the parser can follow
    answer = get("v68.0/query", 500, params={"q": f"SELECT Id FROM Lead WHERE {deep}"})
    assert answer.json()[0]["errorCode"] == "UNKNOWN_EXCEPTION"


def test_a_revoked_session_is_dead(sandbox: Sandbox, web: requests.Session, sf: Salesforce) -> None:
    web.post(f"{sandbox.https}/services/oauth2/revoke", data={"token": sf.session_id})
    with pytest.raises(SalesforceExpiredSession):
        sf.limits()


def test_usage_is_told(sf: Salesforce) -> None:
    before = sf.limits()["DailyApiRequests"]["Remaining"]
    assert sf.limits()["DailyApiRequests"]["Remaining"] == before - 1
    assert sf.api_usage["api-usage"].total == 100_000


def test_the_daily_limit(sandbox: Sandbox, sf: Salesforce) -> None:
    sandbox.set_faults([{"match": {"api": "salesforce"}, "do": {"kind": "quota"}}])
    with pytest.raises(SalesforceRefusedRequest) as refused:
        sf.query("SELECT Id FROM Lead")
    assert refused.value.content[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"


def test_long_addresses(get: Callable[..., Any]) -> None:
    many = ",".join(f"'{key('00Q', number)}'" for number in range(500))
    found = get("v68.0/query", params={"q": f"SELECT Id FROM Lead WHERE Id IN ({many})"}).json()
    assert found["totalSize"] == 500
    get("v68.0/query", 414, params={"q": f"SELECT Id FROM Lead WHERE Id IN ({many},{many})"})


# -- query and pages --------------------------------------------------------------------------


def test_pages_hold_2000_records_or_what_is_asked(get: Callable[..., Any]) -> None:
    page = get("v68.0/query", params={"q": EVERYTHING}).json()
    assert (len(page["records"]), page["totalSize"], page["done"]) == (2_000, LEADS, False)
    assert page["nextRecordsUrl"].endswith("-2000")
    last = get(page["nextRecordsUrl"].removeprefix("/services/data/").replace("-2000", "-4000"))
    assert len(last.json()["records"]) == LEADS - 4_000
    assert last.json()["done"] is True
    assert "nextRecordsUrl" not in last.json()


@pytest.mark.parametrize(("asked", "given"), [(200, 200), (50, 200), (5_000, 2_000)])
def test_batch_size(sf: Salesforce, asked: int, given: int) -> None:
    page = sf.query(EVERYTHING, headers={"Sforce-Query-Options": f"batchSize={asked}"})
    assert len(page["records"]) == given


def test_query_all_shows_tombstones(sf: Salesforce) -> None:
    assert len(sf.query_all("SELECT Id FROM Lead")["records"]) == LEADS
    everything = sf.query_all("SELECT Id, IsDeleted FROM Lead", include_deleted=True)["records"]
    assert len(everything) == LEADS + 1
    assert [row["Id"] for row in everything if row["IsDeleted"]] == [key("00Q", LEADS)]


def test_records_are_in_wire_form(sf: Salesforce) -> None:
    [account] = sf.query(
        "SELECT Id, Name, CreatedDate, AnnualRevenue, NumberOfEmployees, IsDeleted, OwnerId, "
        "Industry FROM Account WHERE Name = 'Acme'"
    )["records"]
    assert account == {
        "attributes": {"type": "Account",
                       "url": f"/services/data/v68.0/sobjects/Account/{key('001', 1)}"},
        "Id": key("001", 1), "Name": "Acme", "CreatedDate": "2025-01-01T08:00:00.000+0000",
        "AnnualRevenue": 1_000_000.0, "NumberOfEmployees": 120, "IsDeleted": False,
        "OwnerId": USER, "Industry": "Software",
    }  # fmt: skip
    [count] = sf.query("SELECT COUNT(Id) FROM Account")["records"]
    assert count == {"attributes": {"type": "AggregateResult"}, "expr0": 2}
    assert sf.query("SELECT COUNT() FROM Account") == {
        "totalSize": 2, "done": True, "records": []
    }  # fmt: skip


def test_a_locator_belongs_to_its_session(
    sandbox: Sandbox, web: requests.Session, sf: Salesforce
) -> None:
    page = sf.query(EVERYTHING)
    other = log_in(sandbox, web).json()["access_token"]
    answer = web.get(f"{sandbox.https}{page['nextRecordsUrl']}",
                     headers={"Authorization": f"Bearer {other}"})  # fmt: skip
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert len(sf.query_more(page["nextRecordsUrl"], identifier_is_url=True)["records"]) == 2_000


def test_the_session_dies_between_two_pages(
    sandbox: Sandbox, web: requests.Session, sf: Salesforce
) -> None:
    sandbox.set_faults([{"preset": "salesforce-session-dies"}])
    page = sf.query(EVERYTHING)
    with pytest.raises(SalesforceExpiredSession) as dead:
        sf.query_more(page["nextRecordsUrl"], identifier_is_url=True)
    assert dead.value.content[0]["errorCode"] == "INVALID_SESSION_ID"
    answer = web.get(
        f"{sandbox.https}{page['nextRecordsUrl']}",
        headers={"Authorization": f"Bearer {log_in(sandbox, web).json()['access_token']}"},
    )
    assert answer.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


@pytest.mark.parametrize(
    ("kind", "shown"), [("empty_page", 0), ("short_page", 1_000), ("duplicate_page", 2_000)]
)
def test_spoiled_pages_lead_on(sandbox: Sandbox, sf: Salesforce, kind: str, shown: int) -> None:
    sandbox.set_faults(
        [{"match": {"api": "salesforce", "path": "-2000$"}, "nth": 1, "do": {"kind": kind}}]
    )
    first = sf.query(EVERYTHING)
    second = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    assert len(second["records"]) == shown
    records = [*first["records"], *second["records"]]
    while not second["done"]:
        second = sf.query_more(second["nextRecordsUrl"], identifier_is_url=True)
        records += second["records"]
    assert len({record["Id"] for record in records}) == LEADS


def test_refused_queries(sf: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.query("SELECT Nothing__c FROM Lead")
    assert refused.value.content[0]["errorCode"] == "INVALID_FIELD"


# -- objects and single records ---------------------------------------------------------------


def test_describe_names_types(sf: Salesforce) -> None:
    described = sf.Lead.describe()
    types = {field["name"]: field["type"] for field in described["fields"]}
    wanted = {
        "Id": "id", "Email": "email", "CreatedDate": "datetime", "OwnerId": "reference",
        "IsConverted": "boolean", "LeadSource": "picklist", "UTM_Source__c": "string",
        "MQL_Date__c": "date", "Score__c": "double", "Newsletter__c": "boolean",
    }  # fmt: skip
    assert {name: types[name] for name in wanted} == wanted
    fields = {field["name"]: field for field in described["fields"]}
    assert fields["GCLID__c"]["custom"] is True
    assert fields["CreatedDate"]["createable"] is False
    assert [value["value"] for value in fields["LeadSource"]["picklistValues"]] == ["Event", "Web"]
    assert fields["OwnerId"]["referenceTo"] == ["User", "Group"]
    assert described["keyPrefix"] == "00Q"


def test_a_describe_file_has_the_last_word(sf: Salesforce) -> None:
    described = sf.Campaign.describe()
    assert described["label"] == "Kampagne"
    fields = {field["name"]: field["label"] for field in described["fields"]}
    assert fields["Channel__c"] == "Kanal"
    assert "ActualCost" not in fields
    assert {"Id", "OwnerId", "SystemModstamp"} <= set(fields), "nothing can hide these"
    with pytest.raises(SalesforceMalformedRequest):
        sf.query("SELECT ActualCost FROM Campaign")


def test_objects(sf: Salesforce, get: Callable[..., Any]) -> None:
    listed = {entry["name"]: entry for entry in sf.describe()["sobjects"]}
    assert {"Lead", "Opportunity", "Task", "Visit__c"} <= set(listed)
    assert "CurrencyType" not in listed
    assert listed["Visit__c"]["custom"] is True
    assert sf.query("SELECT Id FROM Task")["totalSize"] == 0, "known, and empty"
    with pytest.raises(SalesforceResourceNotFound):
        sf.Unknown.describe()


def test_single_records(sf: Salesforce, get: Callable[..., Any]) -> None:
    record = sf.Account.get(key("001", 1)[:15])
    assert record["Name"] == "Acme"
    some = get(f"v68.0/sobjects/Account/{key('001', 1)}?fields=Name,industry").json()
    assert {**some, "attributes": None} == {
        "attributes": None, "Name": "Acme", "Industry": "Software",
    }  # fmt: skip
    with pytest.raises(SalesforceResourceNotFound):
        sf.Account.get(key("001", 3))


def test_deleted_and_updated(get: Callable[..., Any]) -> None:
    span = {"start": "2025-01-01T00:00:00+00:00", "end": "2026-11-20T00:00:00+00:00"}
    gone = get("v68.0/sobjects/Account/deleted/", params=span).json()
    assert [entry["id"] for entry in gone["deletedRecords"]] == [key("001", 3)]
    assert get("v68.0/sobjects/Account/updated/", params=span).json()["ids"] == [
        key("001", 1), key("001", 2),
    ]  # fmt: skip
    wrong = {"start": span["end"], "end": span["start"]}
    get("v68.0/sobjects/Account/deleted/", 400, params=wrong)


def test_a_record_vanishes_without_tombstone_when_the_clock_moves(
    sandbox: Sandbox, sf: Salesforce
) -> None:
    members = "SELECT Id FROM CampaignMember"
    assert sf.query(members, include_deleted=True)["totalSize"] == 1
    sandbox.set_clock("2026-11-20T10:00:00Z")
    assert sf.query(members, include_deleted=True)["totalSize"] == 2


def test_an_org_with_several_currencies(
    serve_data: Callable[..., Sandbox], web: requests.Session
) -> None:
    deals = [{**FILES["salesforce/Opportunity"][0], "CurrencyIsoCode": "GBP"},
             FILES["salesforce/Opportunity"][1]]  # fmt: skip
    running = serve_data({"salesforce/Opportunity": deals}, currency="EUR")
    web.verify = running.ca_file
    answer = log_in(running, web).json()
    client = Salesforce(session_id=answer["access_token"], instance_url=answer["instance_url"],
                        session=web)  # fmt: skip
    found = client.query("SELECT CurrencyIsoCode FROM Opportunity ORDER BY Id")["records"]
    assert [row["CurrencyIsoCode"] for row in found] == ["GBP", "EUR"]
    [corporate] = client.query("SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true")[
        "records"
    ]
    assert corporate["IsoCode"] == "EUR"


# -- Bulk 2.0 ---------------------------------------------------------------------------------


def rows_of(chunks: Any) -> list[dict[str, str]]:
    return [row for chunk in chunks for row in csv.DictReader(io.StringIO(chunk, newline=""))]


def test_bulk_queries(sf: Salesforce) -> None:
    chunks = list(sf.bulk2.Lead.query("SELECT Id, Email FROM Lead", max_records=2_000, wait=0))
    assert len(chunks) == 3
    assert all(chunk.startswith('"Id","Email"\n') for chunk in chunks)
    assert len({row["Id"] for row in rows_of(chunks)}) == LEADS
    everything = sf.bulk2.Lead.query_all("SELECT Id FROM Lead", wait=0)
    assert len(rows_of(everything)) == LEADS + 1


def test_bulk_values(sf: Salesforce) -> None:
    query = ("SELECT Id, Name, Amount, IsWon, CreatedDate, Account.Name FROM Opportunity "
             "WHERE Name != 'Lost'")  # fmt: skip
    big, quoted, bare = rows_of(sf.bulk2.Opportunity.query(query, wait=0))
    assert quoted["Name"] == 'O\'Brien, "quoted"\nand more'
    assert (big["Amount"], big["IsWon"], big["Account.Name"]) == ("12345.67", "true", "Acme")
    assert big["CreatedDate"] == "2026-01-15T23:30:00.000Z"
    assert (bare["Amount"], bare["Account.Name"]) == ("", "")


def test_bulk_jobs(sandbox: Sandbox, web: requests.Session, sf: Salesforce) -> None:
    base = f"{sandbox.https}/services/data/v68.0/jobs/query"
    web.headers["Authorization"] = f"Bearer {sf.session_id}"
    asked = {"operation": "query", "query": "SELECT Id FROM Contact", "columnDelimiter": "PIPE",
             "lineEnding": "CRLF"}  # fmt: skip
    job = web.post(base, json=asked).json()
    assert (job["state"], job["object"], job["apiVersion"]) == ("UploadComplete", "Contact", 68.0)
    assert web.get(f"{base}/{job['id']}/results").status_code == 400
    states = [web.get(f"{base}/{job['id']}").json()["state"] for _ in range(3)]
    assert states == ["InProgress", "JobComplete", "JobComplete"]
    results = web.get(f"{base}/{job['id']}/results?maxRecords=2")
    assert results.text == f'"Id"\r\n"{key("003", 1)}"\r\n"{key("003", 2)}"\r\n'
    assert results.headers["Sforce-NumberOfRecords"] == "2"
    rest = web.get(f"{base}/{job['id']}/results",
                   params={"locator": results.headers["Sforce-Locator"]})  # fmt: skip
    assert rest.headers["Sforce-Locator"] == "null"
    assert rest.text == f'"Id"\r\n"{key("003", 3)}"\r\n'
    assert job["id"] in [entry["id"] for entry in web.get(base).json()["records"]]
    assert web.delete(f"{base}/{job['id']}").status_code == 204
    assert web.get(f"{base}/{job['id']}").status_code == 404
    other = web.post(base, json=asked).json()
    aborted = web.patch(f"{base}/{other['id']}", json={"state": "Aborted"})
    assert aborted.json()["state"] == "Aborted"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT COUNT() FROM Lead", "Aggregate"),
        ("SELECT Status, COUNT(Id) FROM Lead GROUP BY Status", "Aggregate"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "Nested"),
        ("SELECT Nope FROM Lead", "No such column 'Nope'"),
    ],
)
def test_bulk_refuses(sf: Salesforce, query: str, message: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        list(sf.bulk2.Lead.query(query, wait=0))
    assert message in refused.value.content[0]["message"]


def test_ids_in_the_data_are_served_as_they_stand(
    serve_data: Callable[..., Sandbox], web: requests.Session
) -> None:
    """Data sets by others may carry ids that no real org would; they must not fall together."""
    ids = ["00Q000000000000001", "00Q000000000000002", long_id("00Q5g0000000042")[:15]]
    running = serve_data({"salesforce/Lead": [{"Id": each, "LastName": "X"} for each in ids]})
    web.verify = running.ca_file
    answer = log_in(running, web).json()
    client = Salesforce(session_id=answer["access_token"], instance_url=answer["instance_url"],
                        session=web)  # fmt: skip
    assert [row["Id"] for row in client.query("SELECT Id FROM Lead")["records"]] == ids
    assert client.query(f"SELECT Id FROM Lead WHERE Id = '{long_id(ids[2])}'")["totalSize"] == 1


def test_a_campaign_id_that_looks_like_a_record_id_is_a_text(
    serve_data: Callable[..., Sandbox], web: requests.Session
) -> None:
    """003… is how contacts begin, but no contact bears this id; 701… is one of a campaign."""
    leads = [{"Id": key("00Q", 1), "UTM_Id__c": "003400000000007", "Source__c": key("701", 1)}]
    running = serve_data({"salesforce/Lead": leads, "salesforce/Contact": [{"Id": key("003", 1)}],
                          "salesforce/Campaign": [{"Id": key("701", 1)}]})  # fmt: skip
    web.verify = running.ca_file
    answer = log_in(running, web).json()
    client = Salesforce(session_id=answer["access_token"], instance_url=answer["instance_url"],
                        session=web)  # fmt: skip
    types = {field["name"]: field["type"] for field in client.Lead.describe()["fields"]}
    assert (types["UTM_Id__c"], types["Source__c"]) == ("string", "reference")


def test_a_value_of_the_wrong_type_is_refused_at_the_start(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path / "data", {
        "salesforce/Lead": [{"Id": key("00Q", 1), "CreatedDate": "yesterday"}],
    })  # fmt: skip
    refusal = f"Lead.jsonl: record {key('00Q', 1)}: CreatedDate 'yesterday' is not a datetime"
    with pytest.raises(RuntimeError, match=refusal), start_sandbox(folder):
        pass
