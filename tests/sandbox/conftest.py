"""Sandboxes for tests: each test module writes the data set it needs and serves it for real."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from tests.sandbox.running import Sandbox, start_sandbox, write_data_set

Files = Mapping[str, Sequence[Mapping[str, Any]]]


@pytest.fixture(scope="session")
def serve_data(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Sandbox]]:
    """`serve_data(files, *arguments, **about)` starts a sandbox on a data set of those files."""
    with ExitStack() as stack:

        def serve(files: Files, *arguments: str, **about: str) -> Sandbox:
            folder = write_data_set(tmp_path_factory.mktemp("data"), files, **about)
            return stack.enter_context(start_sandbox(folder, *arguments))

        yield serve
