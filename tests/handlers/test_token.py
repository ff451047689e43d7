"""`asbuilt token` makes tokens for the plant that runs here, and says how long they are good."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.runtime.command.app import app
from shared.runtime.embedded.described import Described, claim
from shared.runtime.identity import make_embedded_keys


@pytest.mark.parametrize(("expires", "seconds"), [("90s", 90), ("8h", 28_800), ("7d", 604_800)])
def test_a_token_says_for_how_long_it_is_good(tmp_path: Path, expires: str, seconds: int) -> None:
    """In seconds, days included."""
    private = tmp_path / "private-key.pem"
    make_embedded_keys(tmp_path / "jwks.json", private)
    with claim(tmp_path / "plant") as claimed:
        claimed.write(Described(kafka="127.0.0.1:9092", services={}, private_key_file=private))
        call = ["--plant", str(claimed.directory), "token", "--role", "lead", "--expires", expires, "--json"]
        said = CliRunner().invoke(app, call)
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout)["expires_in_s"] == seconds
