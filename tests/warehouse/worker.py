"""One verb in a process of its own, to be killed or starved: ``python -m tests.warehouse.worker``.

Arguments: home, warehouse URL, the verb, and what it needs.
"""

from __future__ import annotations

import resource
import sys
from dataclasses import replace

from include import landing, quality, rebuild, warehouse
from include.settings import load_settings
from tests.warehouse.world import ACCOUNT, CRM, NETWORK, days, run, spent


def main(home: str, warehouse_url: str, verb: str, *rest: str) -> None:
    """Do one verb; what it raises ends the process with a traceback."""
    settings = replace(load_settings({"CLOSED_LOOP_HOME": home}), warehouse_url=warehouse_url)
    if verb == "land":
        window = days(90)
        records = (spent(f"c{n}", 0, "1.5") for n in range(5_000))
        request = landing.Request("campaign_daily", window)
        if rest:
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(rest[0]), int(rest[0])))
        landing.write_batch(settings, run(1), "facebook_ads", ACCOUNT, request, records)
    elif verb == "stage":
        checked = [quality.read_checked(settings, landing.read_batch(settings, i)) for i in rest]
        warehouse.stage(settings, NETWORK, checked, run(9))
    elif verb == "prepare":
        warehouse.prepare(settings, (NETWORK,))
    elif verb == "build":
        warehouse.build(settings, rest[0])
    elif verb == "publish":
        if rest:
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(rest[0]), int(rest[0])))
        warehouse.publish(settings, run(9))
    elif verb == "rebuild":
        rebuild.rebuild(settings, (NETWORK, CRM))
    elif verb == "hold":
        import duckdb

        with duckdb.connect(warehouse_url.removeprefix("duckdb:///")):
            say("held")
            sys.stdin.readline()
    elif verb == "read":
        import duckdb

        query = "select sum(spend)::text from marts.fct_ad_spend_daily"
        with duckdb.connect(str(settings.marts_file), read_only=True) as connection:
            while True:
                say(*connection.execute(query).fetchone())
                if not sys.stdin.readline():
                    break


def say(text: str) -> None:
    """Tell the parent, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
