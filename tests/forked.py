"""Processes of tests that start with everything imported.

To import Great Expectations and the rest takes longer than what most of them do; a server process
does it once and is forked for each.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from typing import Any

_WARM = [
    "duckdb",
    "google.ads.googleads.client",
    "google.ads.googleads.v26.services.services.google_ads_service",
    "great_expectations",
    "include.expectations",
    "include.warehouse.changes",
    "include.warehouse.engine_duckdb",
    "include.warehouse.engine_postgres",
    "include.warehouse.reference",
    "include.warehouse.staging",
    "tests.end_to_end.night",
    "tests.warehouse.steps",
    "tests.settled",
]
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(_WARM)


def start(target: Callable[..., Any], *arguments: Any) -> multiprocessing.process.BaseProcess:
    """A process that calls ``target``, a function of a module, and is at work already."""
    process = CONTEXT.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process
