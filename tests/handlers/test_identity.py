"""Who calls is known by a token, as long as its keys can be had."""

from datetime import timedelta
from pathlib import Path

import pytest

from shared.runtime.identity import Identity, KeysAway, TokenRefused, make_embedded_keys, mint
from shared.runtime.settings import Settings


def identity(jwks: Path) -> Identity:
    """Of a service whose key set is in a file."""
    return Identity(Settings(database_url="postgresql+asyncpg://nobody@127.0.0.1:1/none", identity_jwks_file=jwks))


async def test_a_key_set_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    """An identity provider that is away makes callers wait, and does not call their tokens false."""
    keys, private = tmp_path / "jwks.json", tmp_path / "private.pem"
    make_embedded_keys(keys, private)
    token = mint(private, "lena", ["lead"], timedelta(minutes=5))
    away = tmp_path / "later.json"
    known = identity(away)
    with pytest.raises(KeysAway, match=r"later\.json"):
        await known.caller(token)
    keys.rename(away)
    assert (await known.caller(token)).person == "lena"


async def test_a_key_set_that_is_none_is_told_apart_from_a_false_token(tmp_path: Path) -> None:
    """A broken document of the provider is the provider's trouble, not the caller's."""
    keys, private = tmp_path / "jwks.json", tmp_path / "private.pem"
    make_embedded_keys(keys, private)
    keys.write_text("<html>bad gateway</html>")
    with pytest.raises(KeysAway, match="cannot be had"):
        await identity(keys).caller(mint(private, "lena", ["lead"], timedelta(minutes=5)))


async def test_a_token_of_another_plant_is_refused(tmp_path: Path) -> None:
    """Each plant has keys of its own."""
    ours, theirs = tmp_path / "ours.json", tmp_path / "theirs.json"
    make_embedded_keys(ours, tmp_path / "ours.pem")
    make_embedded_keys(theirs, tmp_path / "theirs.pem")
    with pytest.raises(TokenRefused, match="not valid"):
        await identity(ours).caller(mint(tmp_path / "theirs.pem", "lena", ["lead"], timedelta(minutes=5)))
