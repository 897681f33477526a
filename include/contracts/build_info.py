"""The one-row table that tells readers which build of the marts they read."""

from __future__ import annotations

from include.contracts.shape import Column, Type, table

BUILD_INFO = table(
    "marts",
    "build_info",
    "Which build of the marts this is, and so how old what you read is",
    "published build",
    ("run_id",),
    (
        Column("run_id", Type.TEXT, "The run that published it", is_stamp=True),
        Column(
            "inputs",
            Type.TEXT,
            "Hashes, as JSON, of what decided the marts beside the sources' data: sql (the code "
            "that builds them), each seed and each setting",
            is_required=True,
            is_stamp=True,
        ),
        Column(
            "publish_number",
            Type.INTEGER,
            "Counts the publishes; ops.mart_changes tells by it what each moved",
            is_required=True,
            is_stamp=True,
        ),
        Column(
            "as_of_at",
            Type.TIMESTAMP,
            "The instant that run spoke for",
            unit="UTC",
            is_required=True,
            is_stamp=True,
        ),
        Column(
            "published_at",
            Type.TIMESTAMP,
            "When that run began",
            unit="UTC",
            is_required=True,
            is_stamp=True,
        ),
    ),
)
