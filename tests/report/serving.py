"""The page served without Airflow, for tests of the page itself and for a look while changing it.

``python -m tests.report.serving [port]`` serves what ``CLOSED_LOOP_HOME`` has published, to anyone
on this machine: Airflow's login is not part of it.
"""

from __future__ import annotations

import sys

import uvicorn

from include.report.service import page
from include.settings import load_settings
from include.warehouse.published import published

if __name__ == "__main__":
    settings = load_settings()
    uvicorn.run(
        page(settings, lambda: published(settings), []),
        host="127.0.0.1",
        port=int(sys.argv[1]) if len(sys.argv) > 1 else 8099,
        log_level="warning",
    )
