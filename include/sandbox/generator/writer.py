"""Writes a data set: JSON lines by path, whole or not at all."""

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from include.sandbox.generator.frame import Record

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Writer:
    """Appends lines to the files of a folder, which it opens as they are first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, IO[str]] = {}

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            file.close()

    def write(self, lines: Iterable[tuple[str, Record]]) -> int:
        """Writes (path without suffix, record) pairs; gives their number."""
        number = 0
        for path, record in lines:
            file = self._files.get(path) or self._open(path)
            file.write(_encode(record) + "\n")
            number += 1
        return number

    def document(self, name: str, content: dict[str, Any]) -> None:
        """Writes one JSON object as a file of its own."""
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        (self._folder / name).write_text(text, encoding="utf-8", newline="\n")

    def _open(self, path: str) -> IO[str]:
        target = self._folder / f"{path}.jsonl"
        target.parent.mkdir(parents=True, exist_ok=True)
        file = target.open("w", encoding="utf-8", newline="\n")
        self._files[path] = file
        return file


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `out` when the block ends without an error.

    An older data set at `out` is replaced. Raises FileExistsError, before anything is written, when
    `out` holds something else.
    """
    if out.exists() and not (out.is_dir() and _is_ours(out)):
        raise FileExistsError(f"{out} exists and is not a data set: name a new or an empty folder.")
    aside = out.with_name(f".{out.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        yield aside
        if out.exists():
            shutil.rmtree(out)
        aside.rename(out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    return (folder / "dataset.json").is_file() or not any(folder.iterdir())
