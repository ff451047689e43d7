"""An API as its document describes it: its operations, with the examples that a reader finds there."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from fastapi import FastAPI
from pydantic import SecretStr

from shared.messaging.watch import Unwatched
from shared.runtime.settings import Settings
from shared.testing.feed import services

Schemas = Mapping[str, Any]

WITHOUT = {"idempotency-key", "cursor", "limit", "if-none-match"}
"""Parameters of every list and every change, explained once."""


class NoExample(AssertionError):
    """A reader would have to guess."""


@dataclass(frozen=True)
class Operation:
    """One operation: `POST /runs`."""

    method: str
    path: str
    told: Mapping[str, Any]
    schemas: Schemas

    @property
    def name(self) -> str:
        """As the list of endpoints names it."""
        return f"{self.method} {self.path}"

    @property
    def expected(self) -> int:
        """The status of a yes."""
        return min(int(status) for status in self.told["responses"] if status.startswith("2"))

    def in_path(self) -> dict[str, Any]:
        """The example of each parameter in the path.

        :raises NoExample: where there is none.
        """
        return {one["name"]: self._of(one) for one in self._parameters("path")}

    def required(self) -> dict[str, Any]:
        """The example of each query parameter without which nothing goes."""
        return {one["name"]: self._of(one) for one in self._parameters("query") if one["required"]}

    def optional(self) -> dict[str, Any]:
        """The examples of the other query parameters, where they have one."""
        return {
            one["name"]: found
            for one in self._parameters("query")
            if not one["required"] and (found := _example(one["schema"], self.schemas)) is not None
        }

    def bodies(self) -> list[Any]:
        """The examples of the body; just None where there is no body.

        :raises NoExample: where a body has none.
        """
        if "requestBody" not in self.told:
            return [None]
        content = next(iter(self.told["requestBody"]["content"].values()))
        if "example" in content:
            return [content["example"]]
        whole = content["schema"].get("examples") or _resolved(content["schema"], self.schemas).get("examples")
        if whole:
            return list(whole)
        composed = _example(content["schema"], self.schemas)
        if composed is None:
            raise NoExample(f"the body of {self.name}")
        return [composed]

    def _parameters(self, place: str) -> Iterator[Mapping[str, Any]]:
        for one in self.told.get("parameters", ()):
            if one["in"] == place and one["name"] not in WITHOUT:
                yield one

    def _of(self, parameter: Mapping[str, Any]) -> Any:
        found = _example(parameter["schema"], self.schemas)
        if found is None:
            raise NoExample(f"{parameter['name']} of {self.name}")
        return found


def operations(app: FastAPI) -> dict[str, Operation]:
    """What an application serves to those who hold a permission, by name."""
    document = app.openapi()
    schemas = document.get("components", {}).get("schemas", {})
    found = [
        Operation(method.upper(), path, told, schemas)
        for path, methods in document["paths"].items()
        for method, told in methods.items()
        if told.get("x-permission") != "public"
    ]
    return {one.name: one for one in found}


def documents() -> dict[str, dict[str, Operation]]:
    """The operations of every service, as its document tells them; nothing of it is started."""
    nothing = Settings(database_url=SecretStr("postgresql+asyncpg://nobody@127.0.0.1:1/nowhere"))
    return {one: operations(build_of(one)(nothing, watch=Unwatched())) for one in services()}


def build_of(service: str) -> Callable[..., FastAPI]:
    """How a service's application is built."""
    build: Callable[..., FastAPI] = import_module(f"services.{service}.app").build
    return build


def _example(schema: Mapping[str, Any], schemas: Schemas) -> Any:
    """The first example of a schema; of an object without one, what the examples of its members make."""
    known = _resolved(schema, schemas)
    for one in (schema, known):
        if one.get("examples"):
            return one["examples"][0]
    if "items" in known:
        item = _example(known["items"], schemas)
        return None if item is None else [item]
    if "properties" not in known:
        return None
    members = {name: _example(one, schemas) for name, one in known["properties"].items()}
    missing = [name for name in known.get("required", ()) if members[name] is None]
    if missing:
        raise NoExample(f"{known.get('title')}: {', '.join(missing)}")
    return {name: one for name, one in members.items() if one is not None}


def _resolved(schema: Mapping[str, Any], schemas: Schemas) -> Mapping[str, Any]:
    """What a reference or an `or none` leads to."""
    if "$ref" in schema:
        return _resolved(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if len(choices) == 1 and "examples" not in schema:
        return _resolved(choices[0], schemas)
    return schema
