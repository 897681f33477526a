"""Our own reading as the product does it: plan one source, land one stream of it.

``python -m tests.bench.ours prepare SOURCE`` readies a home; ``… land SOURCE STREAM`` plans and
lands, and prints how many records were landed. Settings and credentials come from the environment.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import Any


def main(act: str, source_name: str, stream: str = "") -> None:
    """One act in a process of its own."""
    from include import ingestion, landing, warehouse
    from include.registry import source_named
    from include.run import Run, parse_instant
    from include.settings import load_settings

    settings, source = load_settings(), source_named(source_name)
    if act == "prepare":
        warehouse.prepare(settings, (source,))
        return
    given: dict[str, Any] = json.loads(os.environ[f"AIRFLOW_CONN_{source_name.upper()}"])
    credentials = {k: v for k, v in given.items() if isinstance(v, str)} | given["extra"]
    assert settings.as_of is not None
    run = Run("bench", parse_instant(settings.as_of), datetime.now(UTC))
    landed = 0
    for plan in ingestion.plan(settings, source, credentials, run, {}):
        wanted = [request for request in plan["requests"] if request["stream"] == stream]
        for batch_id in ingestion.land(
            settings, source, credentials, run, {**plan, "requests": wanted}
        ):
            landed += landing.read_batch(settings, batch_id).record_count
    print(json.dumps({"rows": landed}))


if __name__ == "__main__":
    main(*sys.argv[1:])
