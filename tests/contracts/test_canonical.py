"""Canonical JSON and content hashes: what anybody with an RFC 8785 library finds again."""

from decimal import Decimal
from hashlib import sha256
from string import ascii_letters
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel import canonical_json, content_hash, plain

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_SAFE = st.integers(-(2**53) + 1, 2**53 - 1)
_PLAIN = st.recursive(
    st.none() | st.booleans() | _SAFE | _TEXT,
    lambda parts: st.lists(parts) | st.dictionaries(st.text(ascii_letters + "_"), parts),
    max_leaves=20,
)


@given(_PLAIN)
def test_a_document_has_one_form(document: Any) -> None:
    """Byte for byte what RFC 8785 says."""
    assert canonical_json(document) == rfc8785.dumps(document)


@given(st.dictionaries(st.text(ascii_letters), _PLAIN))
def test_a_content_hash_can_be_found_again(document: dict[str, Any]) -> None:
    """SHA-256 over that form, whatever the order in which the members were put in."""
    turned = dict(reversed(document.items()))
    assert content_hash(document) == content_hash(turned) == f"sha256:{sha256(rfc8785.dumps(document)).hexdigest()}"


@pytest.mark.parametrize("number", [0.1, Decimal("0.1"), float("nan"), {1}])
def test_what_depends_on_a_printer_has_no_form(number: Any) -> None:
    """A float or a decimal goes in as text, so that no hash depends on how a number is printed."""
    with pytest.raises((TypeError, ValueError)):
        canonical_json({"number": number})


@pytest.mark.parametrize(
    ("number", "text"),
    [("1.230", "1.230"), ("1E+3", "1000"), ("0.000", "0.000"), ("-0.5", "-0.5"), ("1E-7", "0.0000001")],
)
def test_a_decimal_keeps_its_digits(number: str, text: str) -> None:
    """A measured 1.230 was measured to three places, and never turns into 1.23 or 1.2E+0."""
    assert plain(Decimal(number)) == text
