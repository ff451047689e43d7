"""Who calls is known by a token, as long as its keys can be had."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from shared.runtime.identity import (
    AWAY_FOR_S,
    OLD_AFTER_S,
    Identity,
    KeysAway,
    TokenRefused,
    make_embedded_keys,
    mint,
)
from shared.runtime.settings import Settings

NOWHERE = "postgresql+asyncpg://nobody@127.0.0.1:1/none"


@dataclass
class Clock:
    """Time that goes on when told to (seconds)."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        """The time it is."""
        return self.now_s


def identity(jwks: Path, clock: Clock | None = None) -> Identity:
    """Of a service whose key set is in a file."""
    return Identity(Settings(database_url=NOWHERE, identity_jwks_file=jwks), now=clock or monotonic)


async def test_a_key_set_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    """An identity provider that is away makes callers wait, and does not call their tokens false."""
    keys, private = tmp_path / "jwks.json", tmp_path / "private.pem"
    make_embedded_keys(keys, private)
    token = mint(private, "lena", ["lead"], timedelta(minutes=5))
    away = tmp_path / "later.json"
    clock = Clock()
    known = identity(away, clock)
    with pytest.raises(KeysAway, match=r"later\.json"):
        await known.caller(token)
    keys.rename(away)
    clock.now_s += AWAY_FOR_S
    assert (await known.caller(token)).name == "lena"


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


async def test_a_withdrawn_key_is_good_for_no_longer(tmp_path: Path) -> None:
    """A key that the provider has taken out of its set is refused as soon as the keys are old."""
    keys, others, private = tmp_path / "jwks.json", tmp_path / "others.json", tmp_path / "private.pem"
    make_embedded_keys(keys, private)
    make_embedded_keys(others, tmp_path / "others.pem")
    token = mint(private, "lena", ["lead"], timedelta(minutes=5))
    clock = Clock()
    known = identity(keys, clock)
    assert (await known.caller(token)).name == "lena"
    keys.write_text(others.read_text().replace("embedded-plant", "another"))
    clock.now_s += OLD_AFTER_S
    with pytest.raises(TokenRefused, match="unknown key"):
        await known.caller(token)


async def test_old_keys_stay_good_while_the_provider_is_away(tmp_path: Path) -> None:
    """An outage of the provider does not stop a plant that knows its people."""
    keys, private = tmp_path / "jwks.json", tmp_path / "private.pem"
    make_embedded_keys(keys, private)
    token = mint(private, "lena", ["lead"], timedelta(minutes=5))
    clock = Clock()
    known = identity(keys, clock)
    await known.caller(token)
    keys.unlink()
    clock.now_s += 10 * OLD_AFTER_S
    assert (await known.caller(token)).name == "lena"


async def test_nobody_waits_in_a_queue_for_a_provider_that_is_away(tmp_path: Path) -> None:
    """One caller finds out; those beside and after it are told at once, until it is tried again."""
    private = tmp_path / "private.pem"
    make_embedded_keys(tmp_path / "jwks.json", private)
    token = mint(private, "lena", ["lead"], timedelta(minutes=5))
    asked = []

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as provider:
        url = f"http://127.0.0.1:{provider.sockets[0].getsockname()[1]}/keys"
        clock = Clock()
        known = Identity(Settings(database_url=NOWHERE, identity_jwks_url=url), now=clock)
        found = await asyncio.gather(*(known.caller(token) for _ in range(5)), return_exceptions=True)
        assert [type(one) for one in found] == [KeysAway] * 5
        assert len(asked) == 1
        clock.now_s += AWAY_FOR_S
        with pytest.raises(KeysAway):
            await known.caller(token)
        assert len(asked) == 2
