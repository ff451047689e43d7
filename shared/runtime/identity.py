"""Who is calling: bearer tokens (JWT), checked against a key set from a file, a URL or OIDC discovery."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.kernel import Actor
from shared.runtime.permissions import PEOPLE
from shared.runtime.settings import Settings

ALGORITHMS = ["RS256", "ES256", "EdDSA"]
LEEWAY_S = 30
REFRESH_AT_MOST_EVERY_S = 30.0
OLD_AFTER_S = 600.0
"""Keys are fetched again then: one that the provider has withdrawn is good for no longer."""
AWAY_FOR_S = 3.0
"""After a failed fetch nobody tries again for so long, and nobody waits."""
EMBEDDED_KEY_ID = "embedded-plant"


class TokenRefused(Exception):
    """The bearer token is missing or not valid; the message says why."""


class KeysAway(Exception):
    """The keys that tokens are checked with cannot be had now; the message says why."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is known by a valid token, and the roles they hold: a person; or a machine, where the token has that role and
    none in which people work (domain.md 10).
    """

    name: str
    roles: frozenset[str]

    @property
    def actor(self) -> Actor:
        """The caller as what is recorded names them."""
        if "machine" in self.roles and self.roles.isdisjoint(PEOPLE):
            return Actor(machine=self.name)
        return Actor(person=self.name)


class Identity:
    """Checks tokens. Keys are fetched when first needed, when an unknown key id appears, and when they are old; old
    ones stay good while the provider is away.
    """

    def __init__(self, settings: Settings, *, now: Callable[[], float] = monotonic) -> None:
        self._settings = settings
        self._now = now
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._failed: tuple[float, str] | None = None
        self._fetching = asyncio.Lock()

    async def caller(self, token: str) -> Caller:
        """The person behind a token.

        :raises TokenRefused: when it is not valid, naming what is wrong with it.
        :raises KeysAway: when the key set is needed and cannot be had.
        """
        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid"))
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._settings.identity_audience,
                issuer=self._settings.identity_issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "sub", "iss", "aud"]},
            )
        except jwt.InvalidTokenError as error:
            raise TokenRefused(f"The token is not valid: {error}") from None
        return Caller(claims["sub"], _roles(claims, self._settings.identity_roles_claim))

    async def _key(self, key_id: str | None) -> jwt.PyJWK:
        if key_id not in self._keys:
            await self._refresh()
        elif not self._is_younger_than(OLD_AFTER_S) and not self._fetching.locked():
            with suppress(KeysAway):
                await self._refresh()
        if key_id is None or key_id not in self._keys:
            raise TokenRefused(f"The token is signed with an unknown key: {key_id}.")
        return self._keys[key_id]

    async def _refresh(self) -> None:
        async with self._fetching:
            if self._is_younger_than(REFRESH_AT_MOST_EVERY_S):
                return
            if self._failed is not None and self._now() - self._failed[0] < AWAY_FOR_S:
                raise KeysAway(self._failed[1])
            try:
                found = jwt.PyJWKSet.from_dict(await self._fetch())
            except (httpx.HTTPError, OSError, ValueError, LookupError, jwt.PyJWTError) as error:
                why = f"The key set cannot be had: {type(error).__name__}: {error}"
                self._failed = (self._now(), why)
                raise KeysAway(why) from error
            self._fetched_at, self._failed = self._now(), None
            self._keys = {one.key_id: one for one in found.keys if one.key_id}

    def _is_younger_than(self, age_s: float) -> bool:
        return self._fetched_at is not None and self._now() - self._fetched_at < age_s

    async def _fetch(self) -> dict[str, Any]:
        settings = self._settings
        if settings.identity_jwks_file is not None:
            return _document(await asyncio.to_thread(settings.identity_jwks_file.read_text))
        url = settings.identity_jwks_url
        async with httpx.AsyncClient(timeout=5.0, follow_redirects=False) as client:
            if settings.identity_oidc_discovery_url is not None:
                discovery = await client.get(settings.identity_oidc_discovery_url)
                url = discovery.raise_for_status().json()["jwks_uri"]
            if url is None:
                raise TokenRefused("No keys are configured, so no token can be checked.")
            return _document((await client.get(url)).raise_for_status().text)


def make_embedded_keys(jwks_file: Path, private_key_file: Path) -> None:
    """Make the key pair of an embedded plant: a key set for the services, a private key for `asbuilt token`."""
    key = Ed25519PrivateKey.generate()
    public = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key()))
    public |= {"kid": EMBEDDED_KEY_ID, "use": "sig", "alg": "EdDSA"}
    jwks_file.write_text(json.dumps({"keys": [public]}))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private_key_file.touch(mode=0o600)
    private_key_file.write_bytes(pem)


def mint(private_key_file: Path, person: str, roles: Sequence[str], valid_for: timedelta) -> str:
    """A token for an embedded plant; no other issuer accepts it."""
    now = datetime.now(UTC)
    claims = {
        "iss": "urn:asbuilt:embedded",
        "aud": "asbuilt",
        "sub": person,
        "roles": list(roles),
        "iat": now,
        "exp": now + valid_for,
    }
    key = serialization.load_pem_private_key(private_key_file.read_bytes(), password=None)
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": EMBEDDED_KEY_ID})  # type: ignore[arg-type]


def _document(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    return document


def _roles(claims: dict[str, Any], name: str) -> frozenset[str]:
    """The roles in a claim, which may be nested (``realm_access.roles``), a list, or words with spaces."""
    found: Any = claims
    for part in [name] if name in claims else name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    if isinstance(found, str):
        return frozenset(found.split())
    return frozenset(one for one in found or () if isinstance(one, str))
