"""Settings of a service process: environment variables with the prefix ``ASBUILT_``, each with its unit."""

import json
import re
import ssl
from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

from pydantic import DirectoryPath, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from shared.runtime import tls
from shared.runtime.permissions import permissions_of

PREFIX = "ASBUILT_"

DRIVER = "postgresql+asyncpg://"

WITHOUT_DATABASE = f"{DRIVER}/not-needed"
"""The database of a process that needs settings, and no service's database."""

HTTP_URL = r"^https?://[^/]"


class LogLevel(StrEnum):
    """The least that is logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    """How log lines look."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class SecurityProtocol(StrEnum):
    """How Kafka is spoken to."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"

    @property
    def is_tls(self) -> bool:
        """Whether what is said is encrypted, and Kafka proves who it is."""
        return self.value.endswith("SSL")

    @property
    def is_sasl(self) -> bool:
        """Whether a client says its name and a password."""
        return self.value.startswith("SASL")


class SaslMechanism(StrEnum):
    """How a client proves to Kafka who it is."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


class SettingsWrong(Exception):
    """A setting is missing or wrong; the message names its variable."""


class Settings(BaseSettings):
    """Everything that can be set. Names of variables are these names, in capitals, after ``ASBUILT_``."""

    # A variable that is empty counts as not set, as compose files and charts leave them.
    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", env_ignore_empty=True)

    database_url: SecretStr = Field(
        description="PostgreSQL of this service, as its own role: `postgresql+asyncpg://role:password@host/database`"
    )
    migration_database_url: SecretStr | None = Field(
        None, description="the same database as its owner role; needed by `migrate` only"
    )
    database_pool_size: int = Field(10, ge=2, le=200, description="connections at most, relay included")
    database_statement_timeout_ms: int = Field(30_000, ge=100, description="a statement is given up after so long (ms)")
    database_tls_ca_file: Path | None = Field(
        None, description="CA certificate (PEM) that PostgreSQL's must be signed by; with it, TLS is demanded"
    )
    database_tls_cert_file: Path | None = Field(None, description="client certificate (PEM) for PostgreSQL")
    database_tls_key_file: Path | None = Field(
        None, description="key of the client certificate for PostgreSQL (PEM, not encrypted)"
    )

    kafka_bootstrap_servers: str = Field("localhost:9092", description="Kafka brokers, `host:port`, comma-separated")
    kafka_security_protocol: SecurityProtocol = Field(SecurityProtocol.PLAINTEXT, description="how Kafka is spoken to")
    kafka_sasl_mechanism: SaslMechanism = Field(
        SaslMechanism.SCRAM_SHA_512, description="with a SASL protocol: how the client proves who it is"
    )
    kafka_sasl_username: str | None = Field(None, description="with a SASL protocol")
    kafka_sasl_password: SecretStr | None = Field(None, description="with a SASL protocol")
    kafka_tls_ca_file: Path | None = Field(
        None, description="CA certificate (PEM) that Kafka's must be signed by; else whom the machine trusts"
    )
    kafka_tls_cert_file: Path | None = Field(None, description="client certificate (PEM) for Kafka")
    kafka_tls_key_file: Path | None = Field(
        None, description="key of the client certificate for Kafka (PEM, not encrypted)"
    )
    kafka_group_prefix: str = Field(
        "asbuilt", min_length=1, description="consumer groups are `<prefix>-<service>`, as the cluster's rules may want"
    )
    kafka_replication_factor: int = Field(1, ge=1, description="copies of each topic that `topics apply` creates")

    http_host: str = Field("127.0.0.1", description="address that HTTP listens on")
    http_port: int = Field(8000, ge=0, le=65_535, description="port that HTTP listens on; 0 takes a free one")

    batch_max_records: int = Field(
        2_000, ge=1, le=20_000, description="records polled at once, at most; they make one or two transactions"
    )
    offsets_interval_ms: int = Field(
        50,
        ge=1,
        description="how often offsets are committed, at most (ms); what came since then comes again, and is known",
    )
    remembered_aggregates: int = Field(5_000, ge=0, description="runs or units kept in memory, at most")
    early_deadline_s: int = Field(600, ge=1, description="how long an early event waits for what it is about (s)")
    session_idle_s: int = Field(
        0, ge=0, description="who does nothing on a step for so long is checked out (s); 0: nobody is"
    )
    sweep_interval_ms: int = Field(1_000, ge=10, description="how often records that stand aside are looked at (ms)")
    relay_poll_interval_ms: int = Field(1_000, ge=10, description="how often the outbox is looked at unasked (ms)")
    retry_initial_ms: int = Field(100, ge=1, description="first pause when Kafka or PostgreSQL is away (ms)")
    retry_max_ms: int = Field(10_000, ge=1, description="longest pause when Kafka or PostgreSQL is away (ms)")
    inbox_retention_days: int = Field(
        100, ge=1, description="how long a seen event is remembered (days); longer than Kafka keeps what is read"
    )

    identity_issuer: str = Field("urn:asbuilt:embedded", description="issuer (`iss`) that tokens must name")
    identity_audience: str = Field("asbuilt", description="audience (`aud`) that tokens must name")
    identity_jwks_file: Path | None = Field(None, description="key set (JWKS) as a file")
    identity_jwks_url: str | None = Field(None, pattern=HTTP_URL, description="key set (JWKS) as a URL")
    identity_oidc_discovery_url: str | None = Field(
        None, pattern=HTTP_URL, description="OpenID Connect discovery document, which names the key set"
    )
    identity_roles_claim: str = Field("roles", description="claim that lists a person's roles")
    permissions: dict[str, list[str]] = Field(
        default_factory=dict, description='roles with other permissions than the default, as JSON: `{"lead": ["read"]}`'
    )

    files_url: str | None = Field(
        None,
        description="where files are kept: `file:///folder`, `s3://bucket/prefix`, `gs://…`, `az://…`; the store's own "
        "variables (`AWS_…`, `GOOGLE_…`, `AZURE_…`) say how it is reached",
    )
    files_allow_http: bool = Field(default=False, description="a bucket may be reached over `http://`")
    files_max_bytes: int = Field(1_073_741_824, ge=1, le=5_000_000_000, description="a file is no larger (bytes)")
    files_types: list[str] = Field(
        default_factory=lambda: [
            "application/json",
            "application/pdf",
            "application/xml",
            "application/zip",
            "image/heic",
            "image/jpeg",
            "image/png",
            "image/tiff",
            "image/webp",
            "text/csv",
            "text/plain",
            "video/mp4",
        ],
        description="media types of files that are taken, as JSON",
    )

    report_fonts: DirectoryPath | None = Field(
        None,
        description="folder of fonts for PDF reports, for letters that their own lack: Chinese, Arabic, …; without "
        "them such letters are empty boxes there",
    )
    epcis_id_base: str = Field(
        "urn:asbuilt",
        pattern=r"^(urn:[A-Za-z0-9][A-Za-z0-9-]{1,31}(:[A-Za-z0-9._~-]+)*|https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~-]+)*)$",
        description="what URIs of units, lots, runs and locations begin with in EPCIS documents: `urn:acme:plant-7`, "
        "`https://id.acme.com/plant-7`; it stays as it is once somebody has read one",
    )

    webhook_allow_http: bool = Field(default=False, description="webhooks may use `http://`, not only `https://`")
    webhook_allowed_networks: list[IPv4Network | IPv6Network] = Field(
        default_factory=list, description='private networks that webhooks may reach, as JSON: `["10.1.0.0/16"]`'
    )
    webhook_timeout_ms: int = Field(15_000, ge=10, description="an endpoint that takes longer has failed (ms)")
    webhook_connect_timeout_ms: int = Field(
        5_000, ge=10, description="an endpoint that cannot be connected to in so long has failed (ms)"
    )
    webhook_concurrency: int = Field(
        8, ge=1, le=100, description="requests at once to one endpoint, each for another key"
    )
    webhook_poll_interval_ms: int = Field(
        1_000, ge=10, description="how often due deliveries are looked for unasked (ms)"
    )
    webhook_retention_days: int = Field(30, ge=1, description="how long deliveries and their attempts are kept (days)")
    webhook_retry_initial_ms: int = Field(5_000, ge=1, description="first pause before a delivery is tried again (ms)")
    webhook_retry_max_ms: int = Field(
        21_600_000, ge=1, description="longest pause before a delivery is tried again (ms)"
    )
    webhook_give_up_after_s: int = Field(259_200, ge=1, description="a delivery is given up after so long (s)")

    otlp_endpoint: str | None = Field(
        None, pattern=HTTP_URL, description="OpenTelemetry collector, OTLP over HTTP: `http://host:4318`"
    )
    log_level: LogLevel = Field(LogLevel.INFO, description="DEBUG, INFO, WARNING or ERROR")
    log_format: LogFormat = Field(LogFormat.AUTO, description="`json`, `console`, or `auto`: console on a terminal")

    @field_validator("database_url", "migration_database_url")
    @classmethod
    def _leads_to_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        """What is wrong with it is not shown: it holds a password."""
        if url is not None and not url.get_secret_value().startswith(DRIVER):
            raise ValueError(f"it is not like {DRIVER}role:password@host/database")
        return url

    @field_validator("permissions")
    @classmethod
    def _permissions_exist(cls, given: dict[str, list[str]]) -> dict[str, list[str]]:
        permissions_of(given)
        return given

    @model_validator(mode="after")
    def _one_source_of_keys(self) -> "Settings":
        given = [self.identity_jwks_file, self.identity_jwks_url, self.identity_oidc_discovery_url]
        if sum(one is not None for one in given) > 1:
            raise ValueError("set only one of identity_jwks_file, identity_jwks_url, identity_oidc_discovery_url")
        return self

    @model_validator(mode="after")
    def _ways_in_are_whole(self) -> "Settings":
        _check_kafka(self)
        database_tls(self)
        return self


def load(**given: object) -> Settings:
    """The settings of this process; ``given`` come before what the environment says.

    :raises SettingsWrong: naming every variable that is missing or wrong.
    """
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [_line(problem["loc"], problem["msg"]) for problem in error.errors()]
        raise SettingsWrong("\n".join(lines)) from None
    except SettingsError as error:
        raise SettingsWrong(_not_json(error)) from None


def check_to_serve(loaded: Settings) -> None:
    """What only a process that serves needs: without keys it would believe nobody's token, and say so to each.

    :raises SettingsWrong: naming the variable.
    """
    keys = loaded.identity_jwks_file
    if keys is not None and not keys.is_file():
        raise SettingsWrong(f"{PREFIX}IDENTITY_JWKS_FILE: there is no file {keys}")


def misspelled(variables: Iterable[str]) -> list[str]:
    """What is to be said of variables that are almost a setting: such a one is ignored, which nobody means."""
    known = {name.upper() for name in Settings.model_fields}
    said = []
    for variable in sorted(variables):
        name = variable.removeprefix(PREFIX)
        if variable.startswith(PREFIX) and name not in known:
            alike = get_close_matches(name, known, n=1, cutoff=0.85)
            said += [f"{variable} is no setting, {PREFIX}{one} is" for one in alike]
    return said


def kafka_arguments(settings: Settings) -> dict[str, Any]:
    """What every aiokafka client needs to reach Kafka: protocol, SASL and TLS. Files are read anew each time, so that
    a client that connects again does so with a certificate that was renewed.

    :raises TlsWrong: when a file for TLS cannot be used.
    """
    protocol = settings.kafka_security_protocol
    arguments: dict[str, Any] = {"security_protocol": protocol.value}
    if protocol.is_tls:
        arguments["ssl_context"] = tls.context(f"{PREFIX}KAFKA_TLS", *_kafka_files(settings))
    if protocol.is_sasl:
        password = settings.kafka_sasl_password
        arguments |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism.value,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": password.get_secret_value() if password else None,
        }
    return arguments


def database_tls(settings: Settings) -> ssl.SSLContext | None:
    """TLS towards PostgreSQL, where a CA is set; without one, it is as the URL says.

    :raises TlsWrong: when a file for TLS cannot be used.
    """
    ca_file, *proof = _database_files(settings)
    if ca_file is None and any(proof):
        raise tls.TlsWrong(f"{PREFIX}DATABASE_TLS_CERT_FILE and _KEY_FILE need {PREFIX}DATABASE_TLS_CA_FILE")
    if ca_file is None:
        return None
    return tls.context(f"{PREFIX}DATABASE_TLS", ca_file, *proof)


def as_markdown() -> str:
    """All settings as a table, for the README."""
    lines = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = "required" if field.is_required() else _shown(field.get_default(call_default_factory=True))
        lines.append(f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines)


def _shown(default: object) -> str:
    match default:
        case None | [] | {} | "":
            return ""
        case StrEnum():
            return f"`{default.value}`"
        case list():
            return f"`{json.dumps(default)}`"
        case _:
            return f"`{default}`"


def _kafka_files(settings: Settings) -> tuple[Path | None, Path | None, Path | None]:
    return settings.kafka_tls_ca_file, settings.kafka_tls_cert_file, settings.kafka_tls_key_file


def _database_files(settings: Settings) -> tuple[Path | None, Path | None, Path | None]:
    return settings.database_tls_ca_file, settings.database_tls_cert_file, settings.database_tls_key_file


def _check_kafka(settings: Settings) -> None:
    """Nobody is to believe that a password or TLS is in use when it is not."""
    protocol, sasl = settings.kafka_security_protocol, (settings.kafka_sasl_username, settings.kafka_sasl_password)
    said = f"{PREFIX}KAFKA_SECURITY_PROTOCOL is {protocol.value}"
    if protocol.is_sasl and not all(sasl):
        raise ValueError(f"{said}, which needs {PREFIX}KAFKA_SASL_USERNAME and {PREFIX}KAFKA_SASL_PASSWORD")
    if any(sasl) and not protocol.is_sasl:
        raise ValueError(f"{said}, which asks for no {PREFIX}KAFKA_SASL_USERNAME or {PREFIX}KAFKA_SASL_PASSWORD")
    if any(_kafka_files(settings)) and not protocol.is_tls:
        raise ValueError(f"{said}, which is without TLS, and files for {PREFIX}KAFKA_TLS are set")
    kafka_arguments(settings)


def _not_json(error: SettingsError) -> str:
    """pydantic-settings names the field, and only in its sentence."""
    named = re.search(r'field "(\w+)"', str(error))
    return f"{PREFIX}{named.group(1).upper()}: it is not JSON" if named else str(error)


def _line(location: tuple[int | str, ...], message: str) -> str:
    name = str(location[0]) if location else ""
    variable = f"{PREFIX}{name.upper()}: " if name else ""
    return f"{variable}{message.removeprefix('Value error, ')}"
