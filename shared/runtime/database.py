"""PostgreSQL: the engine, and which errors mean "away, try again"."""

from aiokafka.errors import KafkaError
from asyncpg.exceptions import ConnectionDoesNotExistError, PostgresError
from asyncpg.exceptions import InterfaceError as DriverInterfaceError
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.messaging.transaction import Conflict
from shared.runtime.settings import Settings, database_tls

_AWAY = (
    "08",  # connection exceptions
    "28",  # it does not know us, or not with this password or certificate: one of the two is being changed
    "40",  # rolled back: serialization failure, deadlock
    "53",  # out of connections, memory or disk
    "55P03",  # lock not available
    "57",  # operator intervention: shutting down, starting up, statement timeout
    "58",  # system error
    "25006",  # read-only: a failover is under way
)
"""SQLSTATE classes and codes of a database that is away or busy; everything else is about the data."""


def make_engine(settings: Settings, name: str) -> AsyncEngine:
    """The engine of a service; connections are opened when first used."""
    arguments: dict[str, object] = {
        "command_timeout": settings.database_statement_timeout_ms / 1000 + 5,
        "timeout": 5,
        "server_settings": {
            "application_name": f"asbuilt-{name}",
            "statement_timeout": str(settings.database_statement_timeout_ms),
            "idle_in_transaction_session_timeout": "60000",
            "timezone": "UTC",
            "jit": "off",  # what a climb through a tree may cost is estimated far too high, and would be compiled
        },
    }
    if (tls := database_tls(settings)) is not None:
        arguments["ssl"] = tls
    engine = create_async_engine(
        settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_use_lifo=True,  # those that were used last have their statements prepared
        hide_parameters=True,  # an error is logged and announced; what it was about may be a secret
        connect_args=arguments,
    )
    event.listen(engine.sync_engine, "checkout", _check_open)
    return engine


def _check_open(connection: DBAPIConnection, _record: object, _proxy: object) -> None:
    """One that the server has closed is not handed out. The driver is told of that; to ask the server, as
    ``pool_pre_ping`` does, takes three round trips, before every transaction.

    :raises DisconnectionError: upon which the pool takes another, or opens one.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def is_waiting(error: BaseException) -> bool:
    """Whether an error says that PostgreSQL or Kafka is away, or that somebody else was first: rolled back,
    nothing lost, try again. Anything else is a culprit in the data or a defect of ours.
    """
    if isinstance(error, DBAPIError):
        return not _is_about_data(error.orig) and (
            error.connection_invalidated or _is_away(_state(error.orig)) or is_lost(error.orig)
        )
    if isinstance(error, OSError | TimeoutError | PoolTimeout | KafkaError | Conflict):
        return True
    if isinstance(error, ValueError):  # asyncpg's own DataError is an InterfaceError too
        return False
    return is_lost(error) or (isinstance(error, PostgresError) and _is_away(_state(error)))


def is_lost(error: BaseException | None) -> bool:
    """Whether a driver error says that the connection is gone."""
    cause = getattr(error, "__cause__", None)
    lost = DriverInterfaceError | ConnectionDoesNotExistError | OSError
    return isinstance(error, lost) or isinstance(cause, lost)


def _is_about_data(error: BaseException | None) -> bool:
    """Whether the driver could not even encode a value: asyncpg counts that as an error of its interface,
    which is a ``ValueError`` besides.
    """
    return isinstance(getattr(error, "__cause__", None), ValueError)


def _state(error: BaseException | None) -> str | None:
    return getattr(error, "sqlstate", None) or getattr(getattr(error, "__cause__", None), "sqlstate", None)


def _is_away(state: str | None) -> bool:
    return state is not None and state.startswith(_AWAY)
