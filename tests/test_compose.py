"""docker-compose.yaml: its form, and what every service finds in its environment.

Nothing is started here; tests/end_to_end/test_celery_run.py starts what the services start, in
these environments.
"""

from __future__ import annotations

import re
from dataclasses import replace

import jsonschema
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema

from tests.compose import CELERY_SECRETS, FILE, REQUIRED, ROOT, Compose, Refused, compose, env_file

FERNET = "T6lIAMUdgKdBGTi1cTeCcsMy9PJSPCvIV_wDVZTrlfI="
JWT = "jwt-secret-jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj"
METADATA = "postgresql+psycopg://airflow:metadata-password@postgres/airflow"
WAREHOUSE = "@warehouse:5432/closed_loop"

WORKS = {  # whoever may run a task
    "PYTHONPATH": "/opt/closed-loop",
    "CLOSED_LOOP_HOME": "/home/closed-loop",
    "CLOSED_LOOP_HASH_KEY": "hash-key",
    "AIRFLOW__CORE__AUTH_MANAGER": (
        "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
    ),
    "AIRFLOW__CORE__DAGS_FOLDER": "/opt/closed-loop/dags",
    "AIRFLOW__CORE__PLUGINS_FOLDER": "/opt/closed-loop/plugins",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "300",
    "AIRFLOW__CORE__FERNET_KEY": FERNET,
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://airflow-apiserver:8080/execution/",
    "AIRFLOW__API_AUTH__JWT_SECRET": JWT,
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER": "/home/closed-loop/logs",
    "AIRFLOW_CONN_WAREHOUSE": "postgresql://loader:loader-password" + WAREHOUSE,
    "AIRFLOW_CONN_WAREHOUSE_TRANSFORMER": "postgresql://transformer:transformer-password"
    + WAREHOUSE,
    # of .env, which is read whole
    "FERNET_KEY": FERNET,
    "JWT_SECRET": JWT,
    "LOADER_PASSWORD": "loader-password",
    "TRANSFORMER_PASSWORD": "transformer-password",
    "AIRFLOW_ADMIN_USER": "ada",
    "AIRFLOW_ADMIN_EMAIL": "ada@example.com",
    "AIRFLOW_ADMIN_PASSWORD": "",
    "API_SECRET_KEY": "",
    "METADATA_PASSWORD": "",
    "PAGE_PASSWORD": "",
    "READER_PASSWORD": "",
    "WAREHOUSE_ADMIN_PASSWORD": "",
}
LOCAL = {"AIRFLOW__CORE__EXECUTOR": "LocalExecutor"}
RUNS_AIRFLOW = {
    **WORKS,
    "AIRFLOW__API__SECRET_KEY": "api-secret-key",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": METADATA,
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": METADATA,
    "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "True",
}
ALONE = {  # what stands for itself, whatever the profile
    "postgres": {
        "POSTGRES_USER": "airflow",
        "POSTGRES_DB": "airflow",
        "POSTGRES_PASSWORD": "metadata-password",
    },
    "warehouse": {
        "POSTGRES_USER": "warehouse_admin",
        "POSTGRES_DB": "closed_loop",
        "POSTGRES_PASSWORD": "warehouse-admin-password",
    },
    "warehouse-roles": {
        "PYTHONPATH": "/opt/closed-loop",
        "CLOSED_LOOP_ADMIN_URL": (
            "postgresql://warehouse_admin:warehouse-admin-password@warehouse:5432/closed_loop"
        ),
        "CLOSED_LOOP_LOADER_PASSWORD": "loader-password",
        "CLOSED_LOOP_TRANSFORMER_PASSWORD": "transformer-password",
        "CLOSED_LOOP_READER_PASSWORD": "reader-password",
        "CLOSED_LOOP_PAGE_PASSWORD": "page-password",
    },
}
INIT = {"ADMIN_USER": "ada", "ADMIN_EMAIL": "ada@example.com", "ADMIN_PASSWORD": "admin-password"}
AIRFLOW = ("airflow-apiserver", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer")
CELERY = {
    "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    "AIRFLOW__CELERY__BROKER_URL": "redis://:redis-password@redis:6379/0",
    "AIRFLOW__CELERY__RESULT_BACKEND": "redis://:redis-password@redis:6379/1",
    "AIRFLOW__CELERY__WORKER_CONCURRENCY": "4",
    "REDIS_PASSWORD": "redis-password",
}
SANDBOX = {
    "HTTPS_PROXY": "http://sandbox:3128",
    "https_proxy": "http://sandbox:3128",
    "grpc_proxy": "http://sandbox:3128",
    "CLOSED_LOOP_CA_FILE": "/home/sandbox/ca.pem",
    "CLOSED_LOOP_AS_OF": "2026-11-20T12:00:00+00:00",
    "CLOSED_LOOP_CRM_CURRENCY": "EUR",
    "CLOSED_LOOP_HISTORY_START": "2024-12-01",
    "AIRFLOW_CONN_FACEBOOK_ADS": (
        '{"conn_type": "generic", "password": "sandbox-meta-token", '
        '"extra": {"app_id": "1000000001", "app_secret": "sandbox-meta-secret"}}'
    ),
    "AIRFLOW_CONN_GOOGLE_ADS": (
        '{"conn_type": "generic", "login": "sandbox-google-client", '
        '"password": "sandbox-google-secret", "extra": '
        '{"refresh_token": "sandbox-google-refresh", '
        '"developer_token": "sandbox-developer-token", "login_customer_id": "9001002003"}}'
    ),
    "AIRFLOW_CONN_LINKEDIN_ADS": (
        '{"conn_type": "generic", "login": "sandbox-linkedin-client", '
        '"password": "sandbox-linkedin-secret", '
        '"extra": {"refresh_token": "sandbox-linkedin-refresh"}}'
    ),
    "AIRFLOW_CONN_SALESFORCE": (
        '{"conn_type": "generic", "host": "https://sandbox.my.salesforce.com", '
        '"login": "sandbox-salesforce-client", "password": "sandbox-salesforce-secret"}'
    ),
    "AIRFLOW_CONN_GOOGLE_ANALYTICS": (
        '{"conn_type": "generic", "login": "sandbox-google-client", '
        '"password": "sandbox-google-secret", "extra": '
        '{"refresh_token": "sandbox-google-refresh", "property_ids": "330417205"}}'
    ),
}
PAGE = {"AIRFLOW_CONN_WAREHOUSE_PAGE": "postgresql://page:page-password" + WAREHOUSE}
ONE_SHOT = {"airflow-init", "warehouse-roles"}


def of(profiles: str, **more: str) -> Compose:
    secrets = CELERY_SECRETS if "celery" in profiles else {}
    chosen = {"COMPOSE_PROFILES": profiles} if profiles else {}
    return compose(REQUIRED | secrets | chosen | more)


@pytest.mark.parametrize(
    ("profiles", "more"),
    [
        ("", LOCAL),
        ("celery", CELERY),
        ("sandbox", LOCAL | SANDBOX),
        ("celery,sandbox", CELERY | SANDBOX),
    ],
)
def test_every_service_finds_this_in_its_environment(profiles: str, more: dict[str, str]) -> None:
    chosen = more | ({"COMPOSE_PROFILES": profiles} if profiles else {})
    expected = {
        **ALONE,
        "airflow-init": RUNS_AIRFLOW | INIT | chosen,
        **dict.fromkeys(AIRFLOW, RUNS_AIRFLOW | chosen),
        "airflow-apiserver": RUNS_AIRFLOW | PAGE | chosen,
    }
    if "celery" in profiles:
        expected["redis"] = {"REDISCLI_AUTH": "redis-password"}
        expected["airflow-worker"] = WORKS | {"DUMB_INIT_SETSID": "0"} | chosen
    if "sandbox" in profiles:
        expected["sandbox"] = {"PYTHONPATH": "/opt/closed-loop"}
    project = of(profiles)
    assert {name: project.environment_of(name) for name in project.services} == expected


def test_who_rebuilds_finds_the_home_and_the_warehouse_as_its_owner() -> None:
    project = of("sandbox")
    assert "warehouse-rebuild" not in project.services
    rebuilding = replace(project, profiles=frozenset({"rebuild"}))
    assert rebuilding.environment_of("warehouse-rebuild") == {
        **WORKS,
        **LOCAL,
        **SANDBOX,
        "COMPOSE_PROFILES": "sandbox",
        "CLOSED_LOOP_WAREHOUSE_URL": (
            "postgresql://warehouse_admin:warehouse-admin-password" + WAREHOUSE
        ),
    }
    service = rebuilding.services["warehouse-rebuild"]
    assert service["restart"] == "no"
    assert "home:/home/closed-loop" in service["volumes"]


def test_profiles_in_an_order_that_has_no_file_are_refused() -> None:
    with pytest.raises(Refused, match=r"sandbox,celery\.env not found"):
        of("sandbox,celery")


def test_the_file_of_both_profiles_is_both_files() -> None:
    def read(name: str) -> dict[str, str]:
        return env_file(ROOT / "compose" / f"{name}.env", CELERY_SECRETS)

    assert read("celery,sandbox") == read("sandbox") | read("celery")


def test_what_env_says_of_the_pipeline_reaches_its_tasks() -> None:
    project = of("celery", CLOSED_LOOP_CURRENCY="USD", WORKER_CONCURRENCY="16")
    for name in ("airflow-scheduler", "airflow-worker"):
        assert project.environment_of(name)["CLOSED_LOOP_CURRENCY"] == "USD"
    found = project.environment_of("airflow-worker")
    assert found["AIRFLOW__CELERY__WORKER_CONCURRENCY"] == "16"


def test_a_worker_on_another_machine_looks_for_everything_on_the_first() -> None:
    found = of("celery", PRIMARY_HOST="10.0.0.1").environment_of("airflow-worker")
    assert {name: value for name, value in found.items() if "10.0.0.1" in value} == {
        "PRIMARY_HOST": "10.0.0.1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://10.0.0.1:8080/execution/",
        "AIRFLOW__CELERY__BROKER_URL": "redis://:redis-password@10.0.0.1:6379/0",
        "AIRFLOW__CELERY__RESULT_BACKEND": "redis://:redis-password@10.0.0.1:6379/1",
        "AIRFLOW_CONN_WAREHOUSE": ("postgresql://loader:loader-password@10.0.0.1:5432/closed_loop"),
        "AIRFLOW_CONN_WAREHOUSE_TRANSFORMER": (
            "postgresql://transformer:transformer-password@10.0.0.1:5432/closed_loop"
        ),
    }
    assert not [value for value in found.values() if re.search("@(redis|warehouse)|//air", value)]


def test_ports_are_published_on_loopback_unless_another_address_is_given() -> None:
    def published(project: Compose) -> dict[str, list[str]]:
        return {n: s["ports"] for n, s in project.services.items() if "ports" in s}

    assert published(of("celery,sandbox")) == {
        "warehouse": ["127.0.0.1:5432:5432"],
        "airflow-apiserver": ["127.0.0.1:8080:8080"],
        "redis": ["127.0.0.1:6379:6379"],
    }
    elsewhere = published(of("celery", PUBLISH_ADDRESS="10.0.0.1"))
    assert elsewhere["redis"] == ["10.0.0.1:6379:6379"]
    beside = of("celery,sandbox", UI_PORT="8090", WAREHOUSE_PORT="5433", REDIS_PORT="6380")
    assert published(beside) == {
        "warehouse": ["127.0.0.1:5433:5432"],
        "airflow-apiserver": ["127.0.0.1:8090:8080"],
        "redis": ["127.0.0.1:6380:6379"],
    }


def test_the_file_keeps_the_compose_specification() -> None:
    schema = get_builtin_schema("vendor.compose-spec")
    as_written = yaml.safe_load(FILE.read_text())
    for file in (as_written, of("celery,sandbox").file):
        jsonschema.Draft202012Validator(schema).validate(file)
    as_written["services"]["redis"]["healthchek"] = {}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(as_written)


def test_every_service_is_bounded_unprivileged_and_watched() -> None:
    services = of("celery,sandbox").services
    assert len(services) == 11
    for name, service in services.items():
        assert service["user"] in ("50000:0", "postgres", "redis"), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        limits = service["deploy"]["resources"]["limits"]
        assert float(limits["cpus"]) > 0, name
        assert re.fullmatch(r"\d+[mg]", limits["memory"]), name
        if name in ONE_SHOT:
            assert service["restart"] == "no", name
            assert "healthcheck" not in service, name
        else:
            assert service["restart"] == "unless-stopped", name
            assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name


def test_whoever_is_waited_for_is_there_and_can_be_waited_for() -> None:
    for profiles in ("", "celery", "sandbox", "celery,sandbox"):
        services = of(profiles).services
        for name, service in services.items():
            for other, how in service.get("depends_on", {}).items():
                is_one_shot = how["condition"] == "service_completed_successfully"
                assert other in services, (name, other)
                assert is_one_shot == (other in ONE_SHOT), (name, other)


def test_named_volumes_are_declared_and_used() -> None:
    file = of("celery,sandbox").file
    used = {
        volume.split(":")[0]
        for service in file["services"].values()
        for volume in service.get("volumes", ())
    }
    assert used == set(file["volumes"])
