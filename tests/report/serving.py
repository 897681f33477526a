"""The page served without Airflow, for tests of the page itself and for a look while changing it.

``python -m tests.report.serving [port]`` serves what ``CLOSED_LOOP_HOME`` has published, to anyone
on this machine: Airflow's login is not part of it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from include.report.service import page
from include.settings import Settings, load_settings
from include.warehouse.published import published


def _server(settings: Settings, port: int) -> uvicorn.Server:
    app = page(settings, lambda: published(settings), [])
    return uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """Where the page over what these settings have published is served, on a free port."""
    server = _server(settings, 0)
    started = threading.Event()
    startup = server.startup

    async def tell(*arguments: Any, **named: Any) -> None:
        await startup(*arguments, **named)
        started.set()

    server.startup = tell  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        if not started.wait(30):
            raise TimeoutError("the page is not served after 30 seconds")
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(30)


if __name__ == "__main__":
    _server(load_settings(), int(sys.argv[1]) if len(sys.argv) > 1 else 8099).run()
