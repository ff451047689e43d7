"""Where the services are, and a conversation with them over HTTP."""

import getpass
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import typer

from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.pasted import asbuilt
from shared.runtime.embedded import described
from shared.runtime.embedded.described import Described, NoPlant
from shared.runtime.identity import mint

TIMEOUT_S = 20.0
OWN_TOKEN_FOR = timedelta(minutes=10)
PAGE = 200

EXIT_CODES = {401: ExitCode.NOT_ALLOWED, 404: ExitCode.NOT_FOUND, 422: ExitCode.USAGE, 503: ExitCode.AWAY}


@dataclass(frozen=True)
class Where:
    """What the call says about where to go and as whom."""

    plant: Path | None = None
    urls: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None

    def pasted(self, *arguments: str) -> str:
        """Another call that goes where this one goes."""
        return asbuilt(*arguments, plant=self.plant, urls=self.urls)

    def described(self) -> Described:
        """The plant to talk to.

        :raises CommandFailed: when none runs.
        """
        try:
            return described.find(self.plant)
        except NoPlant as error:
            raise CommandFailed(ExitCode.USAGE, "no-plant", str(error), name_a_plant()) from None

    def url(self, service: str) -> str:
        """Where a service answers: as the call says, else its variable, else the plant that runs."""
        given = self.urls.get(service) or os.environ.get(f"ASBUILT_{service.upper()}_URL")
        if given is not None:
            return given.rstrip("/")
        urls = self.described().services
        if service not in urls:
            raise CommandFailed(ExitCode.USAGE, "no-service", f"The plant has no {service} service.", name_a_plant())
        return urls[service].rstrip("/")

    def bearer(self) -> str:
        """The token given; in an embedded plant, else, one of an administrator named like the user."""
        if self.token is not None:
            return self.token
        key = None if self.urls else self.described().private_key_file
        if key is None or not key.exists():
            resolve = "Give one with `--token` or in the variable ASBUILT_TOKEN."
            raise CommandFailed(ExitCode.NOT_ALLOWED, "token-missing", "A token is needed.", resolve)
        return mint(key, getpass.getuser(), ("admin",), OWN_TOKEN_FOR)


def name_a_plant() -> str:
    """What a person can do when there is no plant to talk to."""
    return (
        f"Start one with `{asbuilt('up')}`, name a running one with `--plant DIRECTORY`, or name the services: "
        "`--url run=http://host:8000`, or the variable ASBUILT_RUN_URL, and so on for the others."
    )


def where(context: typer.Context) -> Where:
    """What the call said before the command's name."""
    return cast(Where, context.obj)


class Services:
    """The services as one caller sees them. Every failure is a `CommandFailed` with its exit code."""

    def __init__(self, at: Where) -> None:
        self._at = at
        self._client = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False)

    def get(self, service: str, path: str, **query: Any) -> dict[str, Any]:
        """What a service answers to a question."""
        return self._ask("GET", service, path, params={name: one for name, one in query.items() if one is not None})

    def items(self, service: str, path: str, at_most: int, **query: Any) -> list[dict[str, Any]]:
        """The items of a list, page by page."""
        found: list[dict[str, Any]] = []
        cursor = None
        while len(found) < at_most:
            page = self.get(service, path, limit=min(PAGE, at_most - len(found)), cursor=cursor, **query)
            found += page["items"]
            cursor = page.get("next")
            if cursor is None:
                break
        return found

    def parts(self, service: str, path: str, **query: Any) -> Iterator[bytes]:
        """What a service answers, as it comes: a whole record may be long."""
        url = self._at.url(service)
        asked = {name: one for name, one in query.items() if one is not None}
        headers = {"authorization": f"Bearer {self._at.bearer()}"}
        try:
            with self._client.stream("GET", url + path, params=asked, headers=headers) as response:
                if not response.is_success:
                    response.read()
                    answer(service, url, response)
                yield from response.iter_bytes()
        except httpx.HTTPError as error:
            raise away(service, url, error) from None

    def post(self, service: str, path: str, document: Any = None, key: str | None = None) -> dict[str, Any]:
        """Ask a service for a change; the same ``key`` again does it once only."""
        headers = {} if key is None else {"idempotency-key": key}
        return self._ask("POST", service, path, json=document, headers=headers)

    def put(self, service: str, path: str, document: Any) -> dict[str, Any]:
        """Set a value."""
        return self._ask("PUT", service, path, json=document)

    def _ask(self, method: str, service: str, path: str, **more: Any) -> dict[str, Any]:
        url = self._at.url(service)
        headers = {"authorization": f"Bearer {self._at.bearer()}", **more.pop("headers", {})}
        try:
            response = self._client.request(method, url + path, headers=headers, **more)
        except httpx.InvalidURL as error:
            raise CommandFailed(ExitCode.USAGE, "url-invalid", f"{url}: {error}") from None
        except httpx.HTTPError as error:
            raise away(service, url, error) from None
        return answer(service, url, response)


def away(service: str, url: str, error: Exception) -> CommandFailed:
    """A service that could not be asked, or did not answer in time."""
    what = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "is not reachable"
    obstacle = f"The {service} service at {url} {what}."
    return CommandFailed(ExitCode.AWAY, "service-away", obstacle, "Check that it runs, and try again.")


def answer(service: str, url: str, response: httpx.Response) -> dict[str, Any]:
    """A service's answer; a problem document becomes the failure it tells.

    :raises CommandFailed: for everything but a yes.
    """
    try:
        document = response.json()
    except ValueError:
        document = None
    if response.is_success and isinstance(document, dict):
        return document
    if not isinstance(document, dict) or "code" not in document:
        obstacle = f"At {url} something else than the {service} service answers ({response.status_code})."
        raise CommandFailed(ExitCode.AWAY, "not-the-service", obstacle, "Check the address.")
    told = {name: document.pop(name, "") for name in ("code", "obstacle", "resolve")}
    raise CommandFailed(_exit_code(response.status_code, told["code"]), **told, **document)


def _exit_code(status: int, code: str) -> ExitCode:
    if code == "permission-missing":
        return ExitCode.NOT_ALLOWED
    return EXIT_CODES.get(status, ExitCode.REFUSED)


def urls_of(given: Sequence[str]) -> dict[str, str]:
    """`run=http://…` as service and address.

    :raises CommandFailed: for anything else.
    """
    pairs = [one.partition("=") for one in given]
    for name, equals, url in pairs:
        if not name or not equals or not url.startswith(("http://", "https://")):
            raise CommandFailed(ExitCode.USAGE, "url-invalid", f"{name}{equals}{url} is not SERVICE=http://HOST:PORT.")
    return {name: url for name, _, url in pairs}
