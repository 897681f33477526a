"""One night without Airflow: the same steps the DAGs' tasks take, in one process.

``python -m tests.end_to_end.night [sources,… | all] [--no-marts]``. The environment says which
home, warehouse and sandbox. The real DAGs are run by test_make_run.py; here the books are tried on
many data sets, for which Airflow's own start would only cost time.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime

from include import ingestion, run, warehouse
from include.registry import SOURCES
from include.settings import load_settings
from include.warehouse.models import audits, models


def credentials(connection_id: str) -> dict[str, str]:
    plain = json.loads(os.environ[f"AIRFLOW_CONN_{connection_id.upper()}"])
    extra = plain.pop("extra", {})
    plain.pop("conn_type")
    return {name: value for name, value in plain.items() if value} | extra


def is_connected(connection_id: str) -> bool:
    return f"AIRFLOW_CONN_{connection_id.upper()}" in os.environ


def load(names: list[str]) -> None:
    """Bring the named sources up to date in staging."""
    settings = load_settings()
    assert settings.as_of is not None
    night = run.Run("night", run.parse_instant(settings.as_of), datetime.now(UTC))
    warehouse.prepare(settings, SOURCES)
    for source in SOURCES:
        if source.name not in names:
            continue
        if source.is_optional and not is_connected(source.connection_id):
            continue
        given = credentials(source.connection_id)
        plans = ingestion.plan(settings, source, given, night, {})
        for plan in plans:
            landed = ingestion.land(settings, source, given, night, plan)
            ids = ingestion.validate(settings, source, landed)
            ingestion.stage(settings, source, ids, night, lease=plan["lease"])
        ingestion.reconcile(settings, source, plans)


def build_marts() -> None:
    """Build every model, audit, publish."""
    settings = load_settings()
    assert settings.as_of is not None
    night = run.Run("night", run.parse_instant(settings.as_of), datetime.now(UTC))
    version = warehouse.prepare(settings, SOURCES)
    lease = warehouse.lease_marts(settings, night)
    warehouse.build(settings, *(model.name for model in models()), lease=lease)
    warehouse.require_clean(settings, audits(), version, lease)
    warehouse.publish(settings, night, lease)


def main(arguments: list[str]) -> None:
    """Load the sources named, or all, and build the marts unless told not to."""
    named = arguments[0]
    load([source.name for source in SOURCES] if named == "all" else named.split(","))
    if "--no-marts" not in arguments:
        build_marts()


if __name__ == "__main__":
    main(sys.argv[1:])
