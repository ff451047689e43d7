"""TLS towards Kafka and PostgreSQL, from PEM files. One that is no good is named, with its variable and the reason."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class TlsWrong(ValueError):
    """A file for TLS cannot be used; the message names its variable."""


def context(variables: str, ca_file: Path | None, cert_file: Path | None, key_file: Path | None) -> ssl.SSLContext:
    """What a client trusts, and how it proves who it is; without ``ca_file`` it trusts whom the machine trusts.

    :param variables: what the names of the files' variables begin with, `ASBUILT_KAFKA_TLS`.
    :raises TlsWrong: when a file cannot be used.
    """
    _check(f"{variables}_CA_FILE", ca_file)
    _check(f"{variables}_CERT_FILE", cert_file)
    _check(f"{variables}_KEY_FILE", key_file)
    if key_file is not None and cert_file is None:
        raise TlsWrong(f"{variables}_KEY_FILE is set, and {variables}_CERT_FILE is not")
    with _named(f"{variables}_CA_FILE", ca_file):
        made = ssl.create_default_context(cafile=ca_file)
    if cert_file is not None:
        with _named(f"{variables}_CERT_FILE", f"{cert_file}, with its key"):
            made.load_cert_chain(cert_file, key_file, _no_password)
    return made


def _check(variable: str, file: Path | None) -> None:
    """OpenSSL does not say which file it could not read."""
    if file is not None:
        with _named(variable, file):
            file.open("rb").close()


@contextmanager
def _named(variable: str, file: object) -> Iterator[None]:
    try:
        yield
    except TlsWrong as wrong:
        raise TlsWrong(f"{variable}: {file}: {wrong}") from None
    except ssl.SSLError as error:
        why = error.reason.lower().replace("_", " ") if error.reason else str(error)
        raise TlsWrong(f"{variable}: {file}: {why}") from None
    except OSError as error:
        raise TlsWrong(f"{variable}: {file}: {error.strerror}") from None


def _no_password() -> str:
    """Without this, OpenSSL would ask on the terminal, and a service would stand there."""
    raise TlsWrong("it is encrypted; give it without a password, readable for this process only")
