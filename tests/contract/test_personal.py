"""One person's addresses have one hash, two persons' have two; only the domain stays legible."""

from __future__ import annotations

import pytest

from include.sources.personal import hashed

KEY = b"a secret"


@pytest.mark.parametrize(
    "spelled",
    ["ann@firm.example", " Ann@FIRM.example\t", "ann+webinar@firm.example", "ANN+a+b@firm.example"],
)
def test_36_case_blanks_and_plus_tags_do_not_matter(spelled: str) -> None:
    assert hashed(spelled, KEY) == hashed("ann@firm.example", KEY)
    assert hashed(spelled, KEY)["email_domain"] == "firm.example"
    assert "ann" not in hashed(spelled, KEY)["email_hash"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@firm.example", "bob@firm.example"),
        ("ann@firm.example", "ann@gmail.com"),
        ("an.n@firm.example", "ann@firm.example"),
        ("+ann@firm.example", "+bob@firm.example"),
    ],
)
def test_two_addresses_have_two_hashes(one: str, other: str) -> None:
    assert hashed(one, KEY)["email_hash"] != hashed(other, KEY)["email_hash"]


def test_another_key_makes_another_hash() -> None:
    assert hashed("ann@firm.example", KEY) != hashed("ann@firm.example", b"another")


@pytest.mark.parametrize("text", ["", " ", "ann", "@firm.example", "ann@", None])
def test_what_is_no_address_has_no_hash(text: str | None) -> None:
    assert hashed(text, KEY) == {}
