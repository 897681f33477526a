"""What the data-driven models learn from: the paths of channels that closed deals took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

BETWEEN_CHANNELS = " > "


class Path(NamedTuple):
    """The channels that touched some deals, in order, and how many of these were won and lost."""

    channels: tuple[str, ...]
    won: int
    lost: int


def read_paths(rows: Iterable[Mapping[str, Any]]) -> list[Path]:
    """Rows with ``path`` (channels with `` > `` between), ``won_deals`` and ``lost_deals``."""
    return [
        Path(tuple(row["path"].split(BETWEEN_CHANNELS)), row["won_deals"], row["lost_deals"])
        for row in rows
    ]
