"""Settings of a service process: environment variables with the prefix ``ASBUILT_``, each with its unit."""

import json
import ssl
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "ASBUILT_"


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


class SaslMechanism(StrEnum):
    """How a client proves to Kafka who it is."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


class SettingsWrong(Exception):
    """A setting is missing or wrong; the message names its variable."""


class Settings(BaseSettings):
    """Everything that can be set. Names of variables are these names, in capitals, after ``ASBUILT_``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    database_url: SecretStr = Field(
        description="PostgreSQL of this service, as its own role: `postgresql+asyncpg://role:password@host/database`"
    )
    migration_database_url: SecretStr | None = Field(
        None, description="the same database as its owner role; needed by `migrate` only"
    )
    database_pool_size: int = Field(10, ge=2, le=200, description="connections at most, relay included")
    database_statement_timeout_ms: int = Field(30_000, ge=100, description="a statement is given up after so long (ms)")
    database_tls_ca_file: Path | None = Field(None, description="CA certificate that PostgreSQL's must be signed by")
    database_tls_cert_file: Path | None = Field(None, description="client certificate for PostgreSQL")
    database_tls_key_file: Path | None = Field(None, description="key of the client certificate for PostgreSQL")

    kafka_bootstrap_servers: str = Field("localhost:9092", description="Kafka brokers, `host:port`, comma-separated")
    kafka_security_protocol: SecurityProtocol = Field(SecurityProtocol.PLAINTEXT, description="how Kafka is spoken to")
    kafka_sasl_mechanism: SaslMechanism = Field(
        SaslMechanism.SCRAM_SHA_512, description="with a SASL protocol: how the client proves who it is"
    )
    kafka_sasl_username: str | None = Field(None, description="with a SASL protocol")
    kafka_sasl_password: SecretStr | None = Field(None, description="with a SASL protocol")
    kafka_tls_ca_file: Path | None = Field(None, description="CA certificate that Kafka's must be signed by")
    kafka_tls_cert_file: Path | None = Field(None, description="client certificate for Kafka")
    kafka_tls_key_file: Path | None = Field(None, description="key of the client certificate for Kafka")
    kafka_group_prefix: str = Field(
        "asbuilt", min_length=1, description="consumer groups are `<prefix>-<service>`, as the cluster's rules may want"
    )
    kafka_replication_factor: int = Field(1, ge=1, description="copies of each topic that `topics apply` creates")

    http_host: str = Field("127.0.0.1", description="address that HTTP listens on")
    http_port: int = Field(8000, ge=0, le=65_535, description="port that HTTP listens on; 0 takes a free one")

    batch_max_records: int = Field(
        2_000, ge=1, le=20_000, description="records polled at once, at most; they make one or two transactions"
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
    identity_jwks_url: str | None = Field(None, description="key set (JWKS) as a URL")
    identity_oidc_discovery_url: str | None = Field(
        None, description="OpenID Connect discovery document, which names the key set"
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

    otlp_endpoint: str | None = Field(None, description="OpenTelemetry collector, OTLP over HTTP: `http://host:4318`")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_format: LogFormat = Field(LogFormat.AUTO, description="`json`, `console`, or `auto`: console on a terminal")

    @model_validator(mode="after")
    def _one_source_of_keys(self) -> "Settings":
        given = [self.identity_jwks_file, self.identity_jwks_url, self.identity_oidc_discovery_url]
        if sum(one is not None for one in given) > 1:
            raise ValueError("set only one of identity_jwks_file, identity_jwks_url, identity_oidc_discovery_url")
        return self


def load() -> Settings:
    """The settings of this process.

    :raises SettingsWrong: naming every variable that is missing or wrong.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = [_line(problem["loc"], problem["msg"]) for problem in error.errors()]
        raise SettingsWrong("\n".join(lines)) from None


def kafka_arguments(settings: Settings) -> dict[str, Any]:
    """What every aiokafka client needs to reach Kafka: protocol, SASL and TLS."""
    arguments: dict[str, Any] = {"security_protocol": settings.kafka_security_protocol.value}
    if settings.kafka_security_protocol.value.endswith("SSL"):
        arguments["ssl_context"] = _tls(
            settings.kafka_tls_ca_file, settings.kafka_tls_cert_file, settings.kafka_tls_key_file
        )
    if settings.kafka_security_protocol.value.startswith("SASL"):
        password = settings.kafka_sasl_password
        arguments |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism.value,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": password.get_secret_value() if password else None,
        }
    return arguments


def database_tls(settings: Settings) -> ssl.SSLContext | None:
    """TLS towards PostgreSQL, where a CA is set."""
    if settings.database_tls_ca_file is None:
        return None
    return _tls(settings.database_tls_ca_file, settings.database_tls_cert_file, settings.database_tls_key_file)


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


def _tls(ca_file: Path | None, cert_file: Path | None, key_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    if cert_file is not None:
        context.load_cert_chain(cert_file, key_file)
    return context


def _line(location: tuple[int | str, ...], message: str) -> str:
    name = str(location[0]) if location else ""
    variable = f"{PREFIX}{name.upper()}: " if name else ""
    return f"{variable}{message.removeprefix('Value error, ')}"
