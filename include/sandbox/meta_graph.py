"""What every Graph API answer shares: errors, parameters, field lists, cursors, objects.

Wire forms: https://developers.facebook.com/docs/graph-api/guides/error-handling and …/results.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from include.sandbox.dataset import Record, World

VERSIONS = ("v23.0", "v24.0", "v25.0", "v26.0")
HAVE_STATUS, HIDDEN_STATUSES = {"campaign", "adset", "ad"}, {"DELETED", "ARCHIVED"}
TYPES = {
    "account": "AdAccount",
    "campaign": "Campaign",
    "adset": "AdSet",
    "ad": "Ad",
    "creative": "AdCreative",
    "form": "LeadgenForm",
    "lead": "Lead",
}
FILES = {
    "account": "meta/ad_accounts",
    "campaign": "meta/campaigns",
    "adset": "meta/adsets",
    "ad": "meta/ads",
    "form": "meta/lead_forms",
    "lead": "meta/leads",
}


class GraphError(Exception):
    """An error answer of the Graph API: `body` is its JSON, `status` the HTTP status."""

    def __init__(
        self,
        message: str,
        code: int,
        *,
        kind: str = "OAuthException",
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.status, self.headers = status, dict(headers or {})
        self.body = {
            "error": {
                "message": message,
                "type": kind,
                "code": code,
                **details,
                "fbtrace_id": "AsandboxTraceIdForMetaxx",
            }
        }


def bad_parameter(message: str, **details: Any) -> GraphError:
    """The Graph API's answer to a parameter it does not understand: code 100."""
    return GraphError(f"(#100) {message}", 100, **details)


def unknown_failure() -> GraphError:
    """The Graph API's answer to a failure of its own."""
    return GraphError("An unknown error has occurred.", 1, status=500, is_transient=False)


def one_of(name: str, value: Any, allowed: Sequence[str]) -> str:
    """Raises the error the API gives for a value outside an enumeration."""
    if value not in allowed:
        raise bad_parameter(f"{name} must be one of the following values: {', '.join(allowed)}")
    return str(value)


def decoded(params: Mapping[str, str], name: str) -> Any:
    """A parameter that may be JSON: the decoded value, the text itself, or None when absent."""
    text = params.get(name)
    if text is None or text == "":
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def listed(params: Mapping[str, str], name: str) -> list[str]:
    """A list parameter, written as a JSON list or separated by commas; [] when absent."""
    text = params.get(name) or ""
    if text.lstrip().startswith("["):
        value = decoded(params, name)
        if not isinstance(value, list):
            raise bad_parameter(f"Param {name} must be an array.")
        if not all(isinstance(item, str | int | float) for item in value):
            raise bad_parameter(f"Param {name} must be an array of strings.")
        return [str(item) for item in value]
    return [part.strip() for part in text.split(",") if part.strip()]


@dataclass(frozen=True)
class Field:
    """One entry of `fields`, with the expansion in braces: `adsets.limit(5){id,name}`."""

    name: str
    arguments: dict[str, str] = field(default_factory=dict)
    fields: tuple["Field", ...] = ()


def field_list(text: str | None) -> tuple[Field, ...]:
    """The `fields` parameter, nested expansions included; () when absent."""
    if not text:
        return ()
    if text.lstrip().startswith("["):
        try:
            text = ",".join(json.loads(text))
        except (ValueError, TypeError) as error:
            raise bad_parameter("Param fields must be an array of strings.") from error
    fields, at = _fields(text, 0)
    if at < len(text):
        raise GraphError(
            f'Syntax error "Expected end of string instead of \\"{text[at]}\\"." '
            f"at character {at}: {text}",
            2500,
        )
    return fields


_NAME = re.compile(r"\s*([A-Za-z0-9_]*)((?:\.[a-z_]+\([^)]*\))*)\s*")


def _fields(text: str, at: int) -> tuple[tuple[Field, ...], int]:
    fields = []
    while True:
        match = _NAME.match(text, at)
        assert match is not None
        at = match.end()
        arguments = dict(re.findall(r"\.([a-z_]+)\(([^)]*)\)", match[2]))
        inner: tuple[Field, ...] = ()
        if at < len(text) and text[at] == "{":
            inner, at = _fields(text, at + 1)
            if at >= len(text) or text[at] != "}":
                raise GraphError('Syntax error "Expected \\"}\\" before end of string."', 2500)
            at += 1
            while at < len(text) and text[at].isspace():
                at += 1
        if match[1]:
            fields.append(Field(match[1], arguments, inner))
        if at >= len(text) or text[at] != ",":
            return tuple(fields), at
        at += 1


def cursor(offset: int, salt: int = 0) -> str:
    """An opaque cursor; `salt` tells apart cursors of one place."""
    return base64.urlsafe_b64encode(f"{offset}.{salt}".encode()).decode().rstrip("=") + "ZD"


def offset_of(text: str) -> tuple[int, int]:
    """The place and salt of a cursor this sandbox gave; the API's error for any other."""
    try:
        plain = text.removesuffix("ZD")
        offset, salt = base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4)).split(b".")
        return int(offset), int(salt)
    except ValueError as error:
        raise bad_parameter("Invalid cursors values", error_subcode=1487742) from error


class Objects:
    """Meta's objects known at the clock, by id."""

    def __init__(self, world: World) -> None:
        self.by_kind: dict[str, dict[str, Record]] = {
            kind: {record["id"]: record for record in world.records(path)}
            for kind, path in FILES.items()
        }
        self.by_kind["creative"] = {
            ad["creative"]["id"]: {"account_id": ad["account_id"], **ad["creative"]}
            for ad in self.by_kind["ad"].values()
            if isinstance(ad.get("creative"), dict) and ad["creative"].get("id")
        }
        self._below: dict[tuple[str, str], dict[str, list[Record]]] = {}

    def find(self, identifier: str) -> tuple[str, Record] | None:
        """The kind and record of an id; account ids carry `act_`."""
        for kind, records in self.by_kind.items():
            if identifier in records:
                return kind, records[identifier]
        return None

    def account(self, account_id: str) -> Record | None:
        """An account by its id without `act_`."""
        return self.by_kind["account"].get(f"act_{account_id}")

    def children(self, kind: str, parent_kind: str, parent: Record) -> list[Record]:
        """Objects of a kind below an account, campaign, ad set, ad or form, in file order."""
        if parent_kind == "account":
            key, value = "account_id", parent["account_id"]
        else:
            key, value = f"{parent_kind}_id", parent["id"]
        if kind == "creative":
            ads = self.children("ad", parent_kind, parent) if parent_kind != "ad" else [parent]
            ids = dict.fromkeys(ad["creative"]["id"] for ad in ads if ad.get("creative"))
            return [self.by_kind["creative"][identifier] for identifier in ids]
        if (kind, key) not in self._below:
            below = self._below[kind, key] = {}
            for record in self.by_kind[kind].values():
                if record.get(key):
                    below.setdefault(record[key], []).append(record)
        return self._below[kind, key].get(value, [])


def objects(world: World) -> Objects:
    """The objects at the clock, indexed once."""
    if "meta.objects" not in world.cache:
        world.cache["meta.objects"] = Objects(world)
    found: Objects = world.cache["meta.objects"]
    return found


@lru_cache
def node_fields(kind: str) -> frozenset[str]:
    """The fields of a node type, as the vendor's SDK lists them."""
    from facebook_business.adobjects import (
        ad,
        adaccount,
        adcreative,
        adset,
        campaign,
        lead,
        leadgenform,
    )

    holder = {
        "account": adaccount.AdAccount,
        "campaign": campaign.Campaign,
        "adset": adset.AdSet,
        "ad": ad.Ad,
        "creative": adcreative.AdCreative,
        "form": leadgenform.LeadgenForm,
        "lead": lead.Lead,
    }[kind].Field
    return frozenset(value for key, value in vars(holder).items() if not key.startswith("_"))
