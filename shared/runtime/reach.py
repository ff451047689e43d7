"""Why Kafka or PostgreSQL cannot be reached, in words that name the setting. aiokafka knows and does not say: it only
raises that it could not bootstrap. Nothing that is said here holds a secret.

The command asks why Kafka is away too, and loads no database driver for it: to load one takes a quarter of its start.
"""

import asyncio
import ssl
from dataclasses import dataclass

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from shared.runtime.settings import PREFIX, Settings, kafka_arguments
from shared.runtime.tls import TlsWrong

ASK_WITHIN_S = 5.0
"""For all servers together: who waits for the reason must be able to stop meanwhile."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why; ``is_settled`` when trying again does not help, because a setting must change, here or there."""

    said: str
    is_settled: bool = False


async def because(settings: Settings, error: BaseException) -> str:
    """Why something that is waited for is away, in one sentence."""
    if isinstance(error, KafkaConnectionError):
        return (await why_not_kafka(settings, error)).said
    if isinstance(error, ssl.SSLCertVerificationError):
        return _distrusted("PostgreSQL", "DATABASE", error).said
    from asyncpg.exceptions import ConnectionDoesNotExistError  # noqa: PLC0415 - see above

    told = _driver_error(error)
    plain = f"{type(told).__name__}: {told}"
    if isinstance(told, ConnectionDoesNotExistError) and settings.database_tls_cert_file is not None:
        return f"{plain}; if none ever opens, PostgreSQL may not trust {PREFIX}DATABASE_TLS_CERT_FILE"
    return plain


def _driver_error(error: BaseException) -> BaseException:
    """What PostgreSQL's driver said, without what SQLAlchemy says around it."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - see above

    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error


async def why_not_kafka(settings: Settings, error: BaseException) -> Reason:
    """Why Kafka cannot be reached. Its servers are asked again, since ``error`` does not tell; when one answers now,
    or it was no connection that failed, ``error`` is all there is to say.
    """
    found = await _reasons(settings) if isinstance(error, KafkaConnectionError) else None
    if not found:
        return Reason(f"Kafka at {settings.kafka_bootstrap_servers}: {str(error) or type(error).__name__}")
    reasons = dict.fromkeys(found)
    return Reason("; ".join(one.said for one in reasons), all(one.is_settled for one in reasons))


async def _reasons(settings: Settings) -> list[Reason]:
    """Why each server does not answer; none when one of them does."""
    found = []
    try:
        async with asyncio.timeout(ASK_WITHIN_S):
            for host, port, _ in collect_hosts(settings.kafka_bootstrap_servers.split(",")):
                reason = await _reason(settings, host, port)
                if reason is None:
                    return []
                found.append(reason)
    except TimeoutError:
        found.append(Reason(f"Kafka does not answer within {ASK_WITHIN_S:g} s"))
    return found


async def _reason(settings: Settings, host: str, port: int) -> Reason | None:
    try:
        connection = await create_conn(host, port, client_id="asbuilt", **kafka_arguments(settings))
        try:
            await connection.send(MetadataRequest([]))
        finally:
            connection.close()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is why, and who waits must go on waiting
        return _told(settings, f"Kafka at {host}:{port}", error)
    return None


def _told(settings: Settings, kafka: str, error: Exception) -> Reason:
    match error:
        case TlsWrong():
            return Reason(str(error), is_settled=True)
        case SaslAuthenticationFailed():
            who = f"{PREFIX}KAFKA_SASL_USERNAME {settings.kafka_sasl_username}"
            return Reason(f"{kafka} does not take {who} with this password", is_settled=True)
        case UnsupportedSaslMechanismError():
            mechanism = f"{PREFIX}KAFKA_SASL_MECHANISM {settings.kafka_sasl_mechanism.value}"
            return Reason(f"{kafka} does not know {mechanism}", is_settled=True)
        case ssl.SSLCertVerificationError():
            return _distrusted(kafka, "KAFKA", error)
        case KafkaConnectionError(__cause__=ssl.SSLError(reason=reason)):
            certificate = f"{PREFIX}KAFKA_TLS_CERT_FILE ({_words(reason)})"
            return Reason(f"{kafka} asks for a certificate that it trusts: {certificate}", is_settled=True)
        case ConnectionRefusedError() | TimeoutError():
            return Reason(f"{kafka}: {str(error) or type(error).__name__}")
        case IllegalSaslStateError() | ssl.SSLError() | ConnectionResetError() | KafkaConnectionError():
            protocol = f"{PREFIX}KAFKA_SECURITY_PROTOCOL is {settings.kafka_security_protocol.value}"
            return Reason(f"{kafka} ends the conversation at once, maybe because it speaks otherwise: {protocol}")
        case _:
            return Reason(f"{kafka}: {str(error) or type(error).__name__}")


def _distrusted(who: str, variables: str, error: ssl.SSLCertVerificationError) -> Reason:
    trusted = f"the certificate of {who} is not signed by {PREFIX}{variables}_TLS_CA_FILE, or for another name"
    return Reason(f"{trusted}: {error.verify_message}", is_settled=True)


def _words(reason: str | None) -> str:
    return (reason or "TLS").lower().replace("_", " ")
