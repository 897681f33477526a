"""A query of Google Ads, and messages as lean as the query.

The package's messages have room for every field there is, some ten kilobytes a row; messages with
the fields of the query alone are read several times as quickly and a page of 10,000 rows takes a
few megabytes. Numbers and types of the fields are those of the package's own messages.
https://developers.google.com/google-ads/api/docs/query/grammar
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Query:
    """Fields of a resource, and the condition they are asked for under.

    Names that were not asked for would be the larger part of most rows: they are left out.
    """

    fields: tuple[str, ...]
    resource: str
    where: str = ""

    @property
    def text(self) -> str:
        """The query as it is sent."""
        where = f" WHERE {self.where}" if self.where else ""
        return (
            f"SELECT {', '.join(self.fields)} FROM {self.resource}{where} "  # noqa: S608
            "PARAMETERS omit_unselected_resource_names=true"
        )

    def answer(self, version: str, name: str) -> Any:
        """The class of the answer's messages; ``name`` is the package's own for them."""
        return _lean(self.fields, version, name)


def response_type(version: str, name: str) -> Any:
    """The package's own message of that name."""
    module = import_module(f"google.ads.googleads.{version}.services.types.google_ads_service")
    return getattr(module, name).pb()


@cache
def _lean(fields: tuple[str, ...], version: str, name: str) -> Any:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto
    from google.protobuf.descriptor_pool import Default
    from google.protobuf.message_factory import GetMessageClass

    whole = response_type(version, name).DESCRIPTOR
    key = sha256(f"{version} {name} {fields}".encode()).hexdigest()[:16]
    file = FileDescriptorProto(name=f"lean_{key}.proto", package=f"lean_{key}")
    paths = [
        *(f"{row}.{field}" for row in ("results", "summary_row") for field in fields),
        *(field for field in ("next_page_token", "total_results_count")),
    ]
    _fill(file, file.message_type.add(name=name), whole, f".lean_{key}.{name}", paths)
    pool = Default()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(f"lean_{key}.{name}"))


def _fill(file: Any, lean: Any, whole: Any, full_name: str, paths: list[str]) -> None:
    """Gives a message the fields that the paths name, and messages inside it theirs."""
    below: dict[str, list[str]] = {}
    for path in paths:
        head, _, rest = path.partition(".")
        below.setdefault(head, []).extend([rest] if rest else [])
    for name, deeper in below.items():
        # Python's messages write `type` as type_.
        known = whole.fields_by_name.get(name) or whole.fields_by_name.get(f"{name}_")
        if known is None:  # a stream has no page tokens, and not every answer a summary
            continue
        field = lean.field.add(name=name, number=known.number, type=known.type)
        field.label = field.LABEL_REPEATED if known.is_repeated else field.LABEL_OPTIONAL
        if deeper:
            inner = lean.nested_type.add(name=f"Of_{name}")
            field.type_name = f"{full_name}.{inner.name}"
            _fill(file, inner, known.message_type, field.type_name, deeper)
        elif (other := known.enum_type or known.message_type) is not None:
            field.type_name = f".{other.full_name}"
            if other.file.name not in file.dependency:
                file.dependency.append(other.file.name)
