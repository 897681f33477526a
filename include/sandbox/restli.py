"""Rest.li query strings, as LinkedIn reads them.

Protocol 2.0 (https://linkedin.github.io/rest.li/spec/protocol): `List(a,b)`, `(key:value)`; the
characters `(),:` are structure when they arrive as they are and text when percent-encoded, so a
client that encodes a whole value sends one long text. Protocol 1.0 spells the same as
`accounts[0]=` and `dateRange.start.day=`. Both are read, whatever the protocol header says.
"""

import re
from typing import Any
from urllib.parse import unquote, unquote_plus


class RestliSyntaxError(Exception):
    """A value that does not follow the protocol; `field` is the parameter's name."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


_TOKEN = re.compile(r"List\(|[(),:]|[^(),:]+")
_PATH = re.compile(r"[^.\[\]]+|\[\d+\]")


def decode(raw: str) -> dict[str, Any]:
    """A raw query string as nested dicts, lists and texts. Raises RestliSyntaxError."""
    found: dict[str, Any] = {}
    for pair in raw.split("&"):
        if not pair:
            continue
        key, _, text = pair.partition("=")
        name = unquote_plus(key)
        if name == "fields":
            found[name] = unquote_plus(text)
        elif "[" in name or "." in name:
            _place(found, name, _value(name, text))
        else:
            found[name] = _value(name, text)
    return _lists(found)


def _value(name: str, text: str) -> Any:
    if not text.startswith(("(", "List(")):
        return unquote_plus(text)
    tokens = _TOKEN.findall(text)
    value, rest = _parse(name, tokens, 0)
    if rest != len(tokens):
        raise RestliSyntaxError(name)
    return value


def _parse(name: str, tokens: list[str], at: int) -> tuple[Any, int]:
    if at >= len(tokens):
        raise RestliSyntaxError(name)
    token = tokens[at]
    if token == "List(":
        items: list[Any] = []
        at += 1
        while tokens[at : at + 1] != [")"]:
            item, at = _parse(name, tokens, at)
            items.append(item)
            at = _after(name, tokens, at)
        return items, at + 1
    if token == "(":
        record: dict[str, Any] = {}
        at += 1
        while tokens[at : at + 1] != [")"]:
            if at + 1 >= len(tokens) or tokens[at + 1] != ":":
                raise RestliSyntaxError(name)
            key = unquote(tokens[at])
            record[key], at = _parse(name, tokens, at + 2)
            at = _after(name, tokens, at)
        return record, at + 1
    if token in (")", ",", ":"):
        raise RestliSyntaxError(name)
    return unquote(token), at + 1


def _after(name: str, tokens: list[str], at: int) -> int:
    """Steps over a comma; a closing bracket stays to be seen."""
    if at >= len(tokens) or tokens[at] not in (",", ")"):
        raise RestliSyntaxError(name)
    return at + 1 if tokens[at] == "," else at


def _place(found: dict[str, Any], name: str, value: Any) -> None:
    """Sets `dateRange.start.day` or `accounts[0]`; list positions are keys until the end."""
    parts: list[Any] = [
        int(part[1:-1]) if part.startswith("[") else part for part in _PATH.findall(name)
    ]
    held = found
    for part in parts[:-1]:
        held = held.setdefault(part, {})
        if not isinstance(held, dict):
            raise RestliSyntaxError(name)
    held[parts[-1]] = value


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(isinstance(key, int) for key in value):
        return [_lists(value[key]) for key in sorted(value)]
    return {key: _lists(item) for key, item in value.items()}
