"""The ways in to Kafka and PostgreSQL, as the settings build them: what is half set or unusable is named at start."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from shared.runtime import settings
from shared.runtime.settings import SettingsWrong, database_tls, kafka_arguments
from shared.testing.authority import Authority, Certificate

DATABASE = "postgresql+asyncpg://nobody@127.0.0.1:1/none"
PASSWORD = "a-word"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A company's own authority."""
    return Authority(tmp_path, "authority")


def files(who: str, authority: Authority, own: Certificate) -> dict[str, Path]:
    """The settings that name an authority, and a certificate with its key."""
    names = (f"{who}_tls_ca_file", f"{who}_tls_cert_file", f"{who}_tls_key_file")
    return dict(zip(names, (authority.ca_file, own.cert_file, own.key_file), strict=True))


def wrong(**given: Any) -> str:
    """What is said about settings that are wrong."""
    with pytest.raises(SettingsWrong) as raised:
        settings.load(database_url=DATABASE, **given)
    assert PASSWORD not in str(raised.value)
    return str(raised.value)


def met(client: ssl.SSLContext, authority: Authority, server: Certificate, name: str = "localhost") -> str:
    """Whom a server that wants a certificate meets, when this client comes to it as ``name``; in memory."""
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.ca_file)
    serving.verify_mode = ssl.CERT_REQUIRED
    serving.load_cert_chain(server.cert_file, server.key_file)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (client.wrap_bio(back, there, server_hostname=name), serving.wrap_bio(there, back, server_side=True))
    for one in ends * 3:
        try:
            one.do_handshake()
        except ssl.SSLWantReadError:
            continue
    subject: Any = (ends[1].getpeercert() or {})["subject"]
    return str(dict(one[0] for one in subject)["commonName"])


def test_both_prove_who_they_are_with_a_certificate_and_trust_their_authority_only(
    authority: Authority, tmp_path: Path
) -> None:
    """Mutual TLS for Kafka and PostgreSQL; a server of a stranger, or by another name, is not spoken to."""
    own, server = authority.issue("asbuilt"), authority.issue("server")
    loaded = settings.load(
        database_url=DATABASE,
        kafka_security_protocol="SSL",
        **files("kafka", authority, own),
        **files("database", authority, own),
    )
    stranger = Authority(tmp_path, "stranger").issue("server")
    for client in (kafka_arguments(loaded)["ssl_context"], database_tls(loaded)):
        assert client is not None
        assert met(client, authority, server) == "asbuilt"
        with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
            met(client, authority, stranger)
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            met(client, authority, server, "elsewhere")


def test_a_password_is_never_thought_to_be_used_when_it_is_not() -> None:
    """It needs a protocol that asks for it, and a name; the protocol needs both."""
    assert "needs ASBUILT_KAFKA_SASL_USERNAME" in wrong(kafka_security_protocol="SASL_SSL")
    half = {"kafka_sasl_username": "plant"}
    assert "ASBUILT_KAFKA_SASL_PASSWORD" in wrong(kafka_security_protocol="SASL_PLAINTEXT", **half)
    whole = half | {"kafka_sasl_password": PASSWORD}
    assert "ASBUILT_KAFKA_SECURITY_PROTOCOL is PLAINTEXT" in wrong(**whole)
    assert "ASBUILT_KAFKA_SECURITY_PROTOCOL is SSL" in wrong(kafka_security_protocol="SSL", **whole)


def test_tls_is_never_thought_to_be_on_when_it_is_off(authority: Authority) -> None:
    """Files are for a protocol with TLS; a certificate for PostgreSQL needs the authority that turns TLS on."""
    own = authority.issue("asbuilt")
    assert "which is without TLS" in wrong(kafka_tls_ca_file=authority.ca_file)
    proof = {"database_tls_cert_file": own.cert_file, "database_tls_key_file": own.key_file}
    assert "need ASBUILT_DATABASE_TLS_CA_FILE" in wrong(**proof)


@pytest.mark.parametrize("who", ["kafka", "database"])
def test_a_file_that_is_no_good_is_named_with_its_variable(authority: Authority, tmp_path: Path, who: str) -> None:
    """Missing, no certificate, another's key, without its certificate."""
    own, other = authority.issue("asbuilt"), authority.issue("other")
    whole = files(who, authority, own) | ({"kafka_security_protocol": "SSL"} if who == "kafka" else {})
    ca, cert, key = (f"ASBUILT_{who.upper()}_TLS_{name}_FILE" for name in ("CA", "CERT", "KEY"))
    nothing, words = tmp_path / "nothing.pem", tmp_path / "words.pem"
    words.write_text("words")
    ca_file, cert_file, key_file = files(who, authority, own)
    assert wrong(**whole | {ca_file: nothing}) == f"{ca}: {nothing}: No such file or directory"
    assert wrong(**whole | {ca_file: words}) == f"{ca}: {words}: no certificate or crl found"
    assert wrong(**whole | {cert_file: nothing}).startswith(f"{cert}: {nothing}: ")
    assert wrong(**whole | {key_file: other.key_file}).endswith("key values mismatch")
    assert wrong(**whole | {cert_file: None}) == f"{key} is set, and {cert} is not"


def test_an_encrypted_key_is_refused_before_anybody_is_asked_for_its_password(
    authority: Authority, tmp_path: Path
) -> None:
    """OpenSSL would ask on the terminal, and a service would stand there."""
    key_file = tmp_path / "encrypted.key"
    key = ec.generate_private_key(ec.SECP256R1())
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    given = files("database", authority, authority.issue("asbuilt")) | {"database_tls_key_file": key_file}
    assert "it is encrypted" in wrong(**given)


def test_a_variable_that_is_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files and charts set what nobody gave to nothing."""
    monkeypatch.setenv("ASBUILT_KAFKA_TLS_CA_FILE", "")
    monkeypatch.setenv("ASBUILT_WEBHOOK_ALLOWED_NETWORKS", "")
    loaded = settings.load(database_url=DATABASE)
    assert (loaded.kafka_tls_ca_file, loaded.webhook_allowed_networks) == (None, [])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", f"mysql://plant:{PASSWORD}@host/run", "postgresql+asyncpg://role:password@host/database"),
        ("MIGRATION_DATABASE_URL", f"postgresql://plant:{PASSWORD}@host/run", "postgresql+asyncpg://"),
        ("LOG_LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("PERMISSIONS", '{"boss": ["read"]}', "there is no role boss"),
        ("PERMISSIONS", '{"lead": ["run:fly"]}', "there is no permission run:fly"),
        ("PERMISSIONS", "lead=read", "it is not JSON"),
        ("OTLP_ENDPOINT", "collector:4318", "https?://"),
        ("IDENTITY_JWKS_URL", "keys.json", "https?://"),
        ("IDENTITY_OIDC_DISCOVERY_URL", "identity.plant", "https?://"),
    ],
)
def test_what_a_variable_cannot_be_is_named_at_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    """Rather than in a trace, or by what does not happen later on."""
    monkeypatch.setenv("ASBUILT_DATABASE_URL", DATABASE)
    monkeypatch.setenv(f"ASBUILT_{name}", value)
    with pytest.raises(SettingsWrong) as raised:
        settings.load()
    assert str(raised.value).startswith(f"ASBUILT_{name}: ")
    assert said in str(raised.value)
    assert PASSWORD not in str(raised.value)


def test_a_variable_that_is_almost_a_setting_is_named_with_the_one_that_is_meant() -> None:
    """It would be ignored, and whoever set it would not know. What others set beside it is none of our business."""
    others = ["ASBUILT_LOG_LEVEL", "ASBUILT_RUN_SERVICE_HOST", "ASBUILT_PLANT", "ASBUILT_RUN_URL", "KAFKA_BOOTSTRAP"]
    assert settings.misspelled(["ASBUILT_KAFKA_BOOTSTRAP_SERVER", *others]) == [
        "ASBUILT_KAFKA_BOOTSTRAP_SERVER is no setting, ASBUILT_KAFKA_BOOTSTRAP_SERVERS is"
    ]


def test_keys_that_are_nowhere_are_named_at_start(tmp_path: Path) -> None:
    """A service that serves; to apply topics or to migrate takes none."""
    keys = tmp_path / "jwks.json"
    loaded = settings.load(database_url=DATABASE, identity_jwks_file=keys)
    with pytest.raises(SettingsWrong, match=f"ASBUILT_IDENTITY_JWKS_FILE: there is no file {keys}"):
        settings.check_to_serve(loaded)
    keys.write_text("{}")
    settings.check_to_serve(loaded)
