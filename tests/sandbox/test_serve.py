"""The sandbox's command line: what it announces, what it refuses, how it stops."""

import json
import select
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import requests

from include.sandbox.dataset import DataSet, DataSetError, World
from tests.sandbox.meta_data import FILES
from tests.sandbox.running import (
    ROOT,
    Sandbox,
    command,
    environment,
    start_sandbox,
    write_data_set,
)

TOKEN = {"access_token": "sandbox-meta-token"}
Serve = Callable[..., Sandbox]


@pytest.fixture(scope="module")
def sandbox(serve_data: Serve) -> Sandbox:
    return serve_data(FILES)


def refused(*arguments: str) -> str:
    """The one sentence of a sandbox that does not start."""
    done = subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=environment(),
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_the_ready_line_names_every_port_and_variable(sandbox: Sandbox) -> None:
    ready = sandbox.ready
    assert set(ready) == {"ready", "as_of", "ports", "ca_file", "variables", "proxy_variables"}
    assert set(ready["ports"]) == {"https", "grpc", "http", "proxy", "control"}
    assert all(ready["ports"].values())
    assert ready["as_of"] == "2026-11-20T12:00:00+00:00"
    assert {
        f"AIRFLOW_CONN_{name}"
        for name in ("FACEBOOK_ADS", "GOOGLE_ADS", "LINKEDIN_ADS", "SALESFORCE")
    } <= set(ready["variables"])
    # Without a property there is no connection to GA4.
    assert "AIRFLOW_CONN_GOOGLE_ANALYTICS" not in ready["variables"]
    assert set(ready["proxy_variables"]) >= {
        "HTTPS_PROXY",
        "https_proxy",
        "grpc_proxy",
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    }
    assert Path(ready["ca_file"]).read_text().count("BEGIN CERTIFICATE") == 1


def test_it_listens_on_loopback_alone(sandbox: Sandbox) -> None:
    for port in set(sandbox.ports.values()):
        with socket.socket() as elsewhere:
            elsewhere.settimeout(2)
            assert elsewhere.connect_ex(("127.0.0.2", port)) != 0


def test_39_the_proxy_alone_listens_elsewhere_if_it_is_told_to(tmp_path: Path) -> None:
    """As a service of compose: others trust the file that was written and reach the real hosts."""
    ca_file = tmp_path / "shared.pem"
    data = write_data_set(tmp_path / "data", FILES)
    with (
        start_sandbox(data, "--proxy-host", "127.0.0.2", "--ca-file", str(ca_file)) as sandbox,
        requests.Session() as session,
    ):
        session.trust_env = False
        answer = session.get(
            "https://graph.facebook.com/v26.0/me",
            timeout=10,
            verify=str(ca_file),
            params=TOKEN,
            proxies={"https": f"http://127.0.0.2:{sandbox.ports['proxy']}"},
        )
        reached = set()
        for name, port in sandbox.ports.items():
            with socket.socket() as elsewhere:
                elsewhere.settimeout(2)
                if elsewhere.connect_ex(("127.0.0.2", port)) == 0:
                    reached.add(name)
    assert answer.json()["name"] == "Sandbox System User"
    assert reached == {"proxy"}
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["shared.pem"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with start_sandbox(write_data_set(tmp_path, {})) as sandbox:
        with requests.get(f"{sandbox.http}/__sandbox__/health", timeout=5) as answer:
            assert answer.json()["ok"] is True
        sandbox.process.send_signal(number)
        assert sandbox.process.wait(timeout=15) == 0
        assert not Path(sandbox.ca_file).exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_again_while_it_stops_it_says_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    serving = command("serve", "--data", str(write_data_set(tmp_path, {})))
    with subprocess.Popen(
        serving,
        cwd=ROOT,
        env=environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        while process.poll() is None:
            process.send_signal(number)
            select.select([], [], [], 0.0002)  # a pause between two, or it could do nothing else
        assert process.stderr.read() == ""
    # The last one may come when the interpreter has already left its handlers.
    assert process.returncode in (0, -number)


def test_a_data_set_may_be_all_but_empty(tmp_path: Path) -> None:
    data = write_data_set(tmp_path, {"salesforce/Lead": [], "meta/insights": []})
    with start_sandbox(data) as sandbox:
        accounts = requests.get(f"{sandbox.http}/v26.0/me/adaccounts", params=TOKEN, timeout=5)
        assert accounts.json() == {"data": []}


def test_an_older_graph_version_is_served_where_the_data_set_names_it(tmp_path: Path) -> None:
    about: dict[str, Any] = {"meta_versions": ["v21.0"]}
    with start_sandbox(write_data_set(tmp_path, {}, **about)) as sandbox:
        asked = {"access_token": "sandbox-meta-token"}
        codes = [
            requests.get(f"{sandbox.http}/{version}/me/adaccounts", asked, timeout=30).status_code
            for version in ("v20.0", "v21.0", "v26.0")
        ]
    assert codes == [400, 200, 200]


def test_byte_order_marks_and_foreign_line_ends_are_read(tmp_path: Path) -> None:
    data = write_data_set(tmp_path, {"meta/ad_accounts": []})
    text = "\r\n".join(json.dumps(line) for line in FILES["meta/ad_accounts"]) + "\r\n"
    (data / "meta/ad_accounts.jsonl").write_bytes(b"\xef\xbb\xbf" + text.encode())
    world = World(DataSet(data))
    assert [row["id"] for row in world.records("meta/ad_accounts")] == ["act_1", "act_2"]


def test_https_is_trusted_by_the_ca_file_alone(sandbox: Sandbox) -> None:
    with requests.Session() as session:
        session.trust_env = False
        url = f"{sandbox.https}/v26.0/me"
        assert session.get(url, params=TOKEN, verify=sandbox.ca_file, timeout=5).json()["id"]
        with pytest.raises(requests.exceptions.SSLError):
            session.get(url, params=TOKEN, timeout=5)


GOOD = FILES["meta/campaigns"][2]


@pytest.mark.parametrize(
    ("path", "lines", "sentence"),
    [
        ("meta/campaigns", [json.dumps(GOOD), '{"id": "1"'], "meta/campaigns.jsonl:2: not JSON"),
        ("meta/campaigns", ["[1]"], "meta/campaigns.jsonl:1: not a JSON object."),
        ("meta/campaigns", ['{"id":"1"},{"id":"2"}'], "meta/campaigns.jsonl:1: not JSON"),
        (
            "meta/campaigns",
            ["", '{"id":"1","account_id":"1"}'],
            "meta/campaigns.jsonl:2: name is missing, a non-empty text is needed.",
        ),
        (
            "meta/campaigns",
            [json.dumps(GOOD | {"_known_from": "soon"})],
            "meta/campaigns.jsonl:1: _known_from 'soon' is neither a day nor an ISO instant.",
        ),
        (
            "meta/campaigns",
            [json.dumps(GOOD | {"_known_from": "2026-02-01", "_known_until": "2026-01-01"})],
            "meta/campaigns.jsonl:1: _known_until is not after _known_from.",
        ),
        (
            "meta/campaigns",
            [json.dumps(GOOD), json.dumps(GOOD)],
            "meta/campaigns.jsonl:2: id 12 is known twice at one time (see line 1).",
        ),
        (
            "meta/insights",
            ['{"account_id":"1","campaign_id":"2","date_start":"2026-02-30","spend":"1"}'],
            "meta/insights.jsonl:1: date_start '2026-02-30' is not a day as YYYY-MM-DD.",
        ),
        (
            "meta/insights",
            ['{"account_id":"1","campaign_id":"2","date_start":"2026-02-01","spend":"N/A"}'],
            "meta/insights.jsonl:1: spend 'N/A' is not a number.",
        ),
        (
            "google/campaigns",
            ['{"customer":{"id":"1"},"campaign":{"id":7,"name":"x"}}'],
            "google/campaigns.jsonl:1: campaign.id 7 is not a non-empty text.",
        ),
        (
            "linkedin/accounts",
            ['{"id":"7","name":"x","currency":"EUR"}'],
            "linkedin/accounts.jsonl:1: id '7' is not a whole number.",
        ),
        (
            "salesforce/Lead",
            ['{"Email":"a@example.com"}'],
            "salesforce/Lead.jsonl:1: Id is missing, a non-empty text is needed.",
        ),
    ],
)
def test_a_malformed_line_is_refused_with_file_line_and_reason(
    tmp_path: Path, path: str, lines: list[str], sentence: str
) -> None:
    data = write_data_set(tmp_path, {path: []})
    (data / f"{path}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert refused("serve", "--data", str(data)).startswith(f"sandbox: {sentence}")


LINE = {"account_id": "1", "campaign_id": "11", "date_start": "2026-11-02", "spend": "5"}
METRICS = {"customer": {"id": "1"}, "campaign": {"id": "2"}, "segments": {"date": "2026-11-02"}}
COST = {"account": "urn:a", "campaign": "urn:c", "date": "2026-11-02", "costInLocalCurrency": "1"}


@pytest.mark.parametrize(
    ("path", "record", "reason"),
    [
        ("meta/ad_accounts", FILES["meta/ad_accounts"][0] | {"timezone_name": "Nope/X"},
         "timezone_name 'Nope/X' is not an IANA zone"),
        ("meta/insights", LINE | {"impressions": "x"}, "impressions 'x' is not a number"),
        ("meta/insights", LINE | {"actions": "x"}, "actions 'x' is not a list of action types"),
        ("meta/insights", LINE | {"actions": [{"action_type": "lead", "value": "many"}]},
         "actions [{'action_type': 'lead', 'value': 'many'}] is not a list of action types"),
        ("meta/campaigns", GOOD | {"created_time": "gestern"},
         "created_time 'gestern' is not an ISO instant"),
        ("meta/ads", FILES["meta/ads"][0] | {"creative": "9001"}, "creative '9001' is not an"),
        ("google/daily_metrics", METRICS | {"metrics": {"costMicros": "abc"}},
         "metrics.costMicros 'abc' is not a whole number"),
        ("google/daily_metrics", METRICS | {"metrics": {"conversions": "abc"}},
         "metrics.conversions 'abc' is not a number"),
        ("google/daily_metrics", METRICS | {"metrics": {"nope": "5"}},
         "metrics.nope is no metric of v23 to v26"),
        ("google/customers", {"customer": {"id": "9", "timeZone": "Nope/X"}},
         "customer.timeZone 'Nope/X' is not an IANA zone"),
        ("google/customers", {"customer": {"id": "9"}, "clients": [8, "9"]},
         "clients [8, '9'] is not a list of customer ids"),
        ("google/customers", {"customer": {"id": "9", "manager": True}, "clients": ["9"]},
         "customer 9 is, through clients, below itself"),
        ("linkedin/analytics", COST | {"impressions": "x"}, "impressions 'x' is not a number"),
    ],
)  # fmt: skip
def test_a_value_that_would_break_an_answer_is_refused_with_its_line(
    tmp_path: Path, path: str, record: Mapping[str, Any], reason: str
) -> None:
    data = write_data_set(tmp_path, {path: [record]})
    with pytest.raises(DataSetError) as wrong:
        DataSet(data).validate()
    assert str(wrong.value).startswith(f"{path}.jsonl:1: {reason}")


def test_managers_in_a_circle_are_refused(tmp_path: Path) -> None:
    lines = [{"customer": {"id": number}, "clients": [client]}
             for number, client in (("1", "2"), ("2", "3"), ("3", "1"))]  # fmt: skip
    data = write_data_set(tmp_path, {"google/customers": lines})
    assert refused("serve", "--data", str(data)) == (
        "sandbox: google/customers.jsonl:3: customer 3 is, through clients, below itself."
    )


def test_every_metric_of_google_may_be_in_the_data(tmp_path: Path) -> None:
    metrics = {"costMicros": "12", "clicks": 3, "conversions": 0.5, "ctr": "0.25",
               "viewThroughConversionsFromLocationAssetMenu": 1.0,
               "historicalCreativeQualityScore": "ABOVE_AVERAGE"}  # fmt: skip
    data = write_data_set(tmp_path, {"google/daily_metrics": [METRICS | {"metrics": metrics}]})
    DataSet(data).validate()


@pytest.mark.parametrize(
    ("describe", "reason"),
    [
        ({"fields": 5}, "fields is not a list of objects"),
        ({"fields": [5]}, "fields is not a list of objects"),
        ({"fields": [{"type": "string"}]}, "fields, number 1: name is missing"),
        ({"fields": [{"name": "A", "type": 5}]}, "field A: type 5 is not a text"),
        ({"fields": [{"name": "A", "length": "x"}]}, "field A: length 'x' is not a whole number"),
        ({"fields": [{"name": "A", "referenceTo": 5}]}, "field A: referenceTo 5 is not a list"),
        ({"fields": [{"name": "A", "_known_from": "x"}]}, "field A: _known_from 'x' is neither"),
    ],
)
def test_a_describe_file_that_cannot_be_followed_is_refused(
    tmp_path: Path, describe: Mapping[str, Any], reason: str
) -> None:
    data = write_data_set(tmp_path, {"salesforce/describe/Lead": []})
    (data / "salesforce/describe/Lead.json").write_text(json.dumps(describe))
    with pytest.raises(DataSetError) as wrong:
        DataSet(data).validate()
    assert str(wrong.value).startswith(f"salesforce/describe/Lead.json: {reason}")


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ({"time_zone": "Mars/Base"}, "time_zone 'Mars/Base' is not an IANA zone."),
        ({"currency": "dollars"}, "currency 'dollars' is not an ISO code."),
        ({"as_of": "yesterday"}, "as_of 'yesterday' is neither a day nor an ISO instant."),
        ({"meta_versions": "v21.0"}, "meta_versions is not a list."),
    ],
)
def test_a_wrong_description_is_refused(
    tmp_path: Path, about: Mapping[str, str], sentence: str
) -> None:
    data = write_data_set(tmp_path, {}, **about)
    assert refused("serve", "--data", str(data)) == f"sandbox: dataset.json: {sentence}"


def test_what_cannot_be_served_is_refused_with_one_sentence(tmp_path: Path) -> None:
    data = write_data_set(tmp_path / "data", {})
    plan = tmp_path / "plan.json"
    plan.write_text('[{"do": {"kind": "explode"}}]')
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for name in ("https", "http", "grpc", "proxy"):
            sentence = refused("serve", "--data", str(data), f"--{name}-port", port)
            assert sentence == (
                f"sandbox: Port {port} is in use: stop what listens there or choose another."
            )
    assert "is not a folder" in refused("serve", "--data", str(tmp_path / "absent"))
    assert "--as-of soon" in refused("serve", "--data", str(data), "--as-of", "soon")
    assert "`do` needs a kind" in refused("serve", "--data", str(data), "--faults", str(plan))
    (data / "dataset.json").unlink()
    assert "names no as_of day" in refused("serve", "--data", str(data))


def test_unknown_files_are_named_and_ignored(tmp_path: Path) -> None:
    odd = {"tiktok/ads": [], "salesforce/My Obj": [{"Id": "a015g0000000009AAA"}]}
    data = write_data_set(tmp_path, {"meta/campaigns": [], "truth/people": [], **odd})
    (data / "salesforce/describe").mkdir()
    (data / "salesforce/describe/My Obj.json").write_text('{"name": "My Obj"}')
    done = subprocess.Popen(
        command("serve", "--data", str(data)),
        cwd=ROOT,
        env=environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.stdout is not None
    assert json.loads(done.stdout.readline())["ready"] is True
    done.terminate()
    _, said = done.communicate(timeout=15)
    assert said.splitlines() == [
        f"sandbox: {name} is no part of a data set and is ignored"
        for name in (
            "salesforce/My Obj.jsonl",
            "salesforce/describe/My Obj.json",
            "tiktok/ads.jsonl",
        )
    ]


def names(sandbox: Sandbox, edge: str) -> Sequence[Any]:
    answer = requests.get(
        f"{sandbox.http}/v26.0/{edge}", params={**TOKEN, "fields": "name"}, timeout=5
    ).json()
    return [row["name"] for row in answer["data"]]


def test_the_clock_decides_which_version_of_a_record_is_known(sandbox: Sandbox) -> None:
    seen = {}
    for day in ("2026-11-14", "2026-11-14T23:59:59Z", "2026-11-15T00:00:00Z", "2026-11-15"):
        sandbox.set_clock(day)
        seen[day] = names(sandbox, "act_1/campaigns")[0]
    sandbox.reset()
    assert list(seen.values()) == ["Brand", "Brand", "Brand renamed", "Brand renamed"]


def test_as_of_starts_the_world_at_an_earlier_day(tmp_path: Path) -> None:
    data = write_data_set(tmp_path, FILES)
    with start_sandbox(data, "--as-of", "2026-11-01") as sandbox:
        assert sandbox.ready["as_of"] == "2026-11-01T12:00:00+00:00"
        assert names(sandbox, "act_1/campaigns")[0] == "Brand"


def test_the_log_shows_every_call_and_no_secret(sandbox: Sandbox) -> None:
    sandbox.reset()
    requests.get(f"{sandbox.http}/v26.0/me", params=TOKEN, timeout=5)
    requests.post(
        f"{sandbox.http}/v26.0/act_1/insights",
        timeout=5,
        data={**TOKEN, "appsecret_proof": "abc", "level": "campaign"},
    )
    requests.get(f"{sandbox.http}/nowhere", timeout=5)
    log = sandbox.log()
    assert [(call["api"], call["method"], call["path"], call["status"]) for call in log] == [
        ("meta", "GET", "/v26.0/me", 200),
        ("meta", "POST", "/v26.0/act_1/insights", 400),
        ("unknown", "GET", "/nowhere", 404),
    ]
    assert "level=campaign" in log[1]["query"]
    assert "sandbox-meta" not in json.dumps(log)
