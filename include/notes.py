"""Small files of ours in the home, written so that no kill and no full disk spoils what they say.

What is added is a JSON line; one that was cut short is passed over, and the next begins on a line
of its own. What is replaced is there whole, before or after.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def append(path: Path, *notes: Mapping[str, Any]) -> None:
    """Add a JSON line for each note, durably; raises OSError when the home cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(note) + "\n" for note in notes)
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # several tasks of a run fail at once
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # the last line was cut short
                text = "\n" + text
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> list[dict[str, Any]]:
    """The notes of a file, oldest first, but those cut short; none where there is no file."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [note for line in lines if isinstance(note := _parsed(line), dict)]


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def replace(path: Path, text: str) -> None:
    """Put a text in a file's place, durably; a reader finds what was there before or all of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
