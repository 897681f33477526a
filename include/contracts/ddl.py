"""A table's contract as DDL: the statements that make it and say what its columns mean."""

from __future__ import annotations

from collections.abc import Iterator

from include.contracts.shape import Column, Table, Type


def create_table(
    table: Table, schema: str, *, text_type: str = "text", has_key: bool = False
) -> str:
    """The statement that makes the table in ``schema`` unless it is there.

    ``text_type`` is how the engine spells a text that sorts by its bytes; ``has_key`` asks for a
    primary key.
    """
    lines = [
        f"{column.name} {text_type if column.type is Type.TEXT else column.type.value}"
        + (" not null" if column.is_required else "")
        for column in table.columns
    ]
    if has_key:
        lines.append(f"primary key ({', '.join(table.key)})")
    return f"create table if not exists {schema}.{table.name} (\n    " + ",\n    ".join(lines) + ")"


def comments(table: Table, schema: str) -> Iterator[str]:
    """The statements that put the contract's words on the table and its columns."""
    text = f"{table.title}. One row per {table.grain}."
    if table.warning:
        text += f" {table.warning}"
    yield f"comment on table {schema}.{table.name} is {_literal(text)}"
    for column in table.columns:
        yield (
            f"comment on column {schema}.{table.name}.{column.name} is {_literal(meaning(column))}"
        )


def meaning(column: Column) -> str:
    """What a column means, its unit included."""
    return f"{column.meaning} ({column.unit})" if column.unit else column.meaning


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
