"""The steps that come before the services in a plant of containers: each makes what is missing, once."""

import asyncio
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from shared.runtime.identity import Identity, mint
from shared.runtime.prepare import ADMIN_URL, PASSWORD, make_keys
from shared.runtime.settings import Settings
from shared.testing import sql
from shared.testing.postgres import Postgres

SERVICE = "prepared"


@pytest.fixture
def admin_url(postgres: Postgres) -> Iterator[str]:
    """The administrator's URL of a server that has not heard of the service, before and after."""
    yield postgres.url
    sql.rows(postgres.url, f"drop database if exists {SERVICE}")
    for role in (SERVICE, f"{SERVICE}_owner"):
        sql.rows(postgres.url, f"drop role if exists {role}")


def prepare(admin_url: str) -> str:
    """Take the step `databases` as compose does; what it says."""
    environment = {**os.environ, ADMIN_URL: admin_url, PASSWORD: "secret"}
    command = [sys.executable, "-m", "shared.runtime.prepare", "databases", SERVICE]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout


def as_role(admin_url: str, role: str, statement: str) -> list[sql.Row]:
    """What a statement returns to a role of the service."""
    at = urlsplit(admin_url)
    return sql.rows(f"postgresql://{role}:secret@{at.hostname}:{at.port}/{SERVICE}", statement)


def test_a_service_writes_rows_in_tables_that_only_their_owner_can_change(admin_url: str) -> None:
    """The role that serves cannot drop what the role that migrates has made; taking the step again changes nothing."""
    assert prepare(admin_url) == f"databases: {SERVICE}\n"
    as_role(admin_url, f"{SERVICE}_owner", "create table torque (value_nm int)")
    assert prepare(admin_url) == f"databases: {SERVICE}\n"
    as_role(admin_url, SERVICE, "insert into torque values (12)")
    assert as_role(admin_url, SERVICE, "select value_nm from torque") == [{"value_nm": 12}]
    for forbidden in ("drop table torque", "create table spare (id int)", "alter table torque add column unit text"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            as_role(admin_url, SERVICE, forbidden)


def test_the_keys_of_a_trial_are_made_once_and_the_signing_key_is_for_its_owner_only(tmp_path: Path) -> None:
    """Tokens stay good when the plant is started again."""
    jwks, private_key = tmp_path / "jwks.json", tmp_path / "private-key.pem"
    assert make_keys(jwks, private_key) == "keys: made"
    token = mint(private_key, "lena", ["lead"], timedelta(hours=1))
    assert make_keys(jwks, private_key) == "keys: are there"
    identity = Identity(Settings(database_url="postgresql+asyncpg:///none", identity_jwks_file=jwks))
    caller = asyncio.run(identity.caller(token))
    assert (caller.name, caller.roles) == ("lena", {"lead"})
    assert stat.S_IMODE(private_key.stat().st_mode) == 0o600
    assert "d" not in json.loads(jwks.read_text())["keys"][0]
