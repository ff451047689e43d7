"""Who may do what: every endpoint of every service, tried by every role, against the table of domain.md section 10.

The table and the list of endpoints stand in `who_may.py` once more, on purpose: an endpoint that is new, or asks for
another permission, fails until somebody has decided there who may use it.
"""

import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import ValidationError

from shared.contracts.base import PlantEvent
from shared.contracts.catalog import BY_CONTRACT
from shared.messaging.watch import Unwatched
from shared.runtime.http import check_permissions
from shared.runtime.identity import EMBEDDED_KEY_ID, make_embedded_keys, mint
from shared.runtime.settings import Settings
from tests.architecture.who_may import HOLDERS, PAGES, PLANT, PUBLIC, ROLES, needed

SERVICES = sorted(path.parent.name for path in Path(__file__).parents[2].glob("services/*/app.py"))
NOWHERE = "postgresql+asyncpg://nobody:nothing@127.0.0.1:1/nowhere"
HOUR = timedelta(hours=1)


def _served(app: FastAPI) -> list[str]:
    routes = [route for route in iter_route_contexts(app.routes) if isinstance(route.original_route, APIRoute)]
    return sorted(f"{method} {route.path}" for route in routes for method in route.methods or ())


class Plant:
    """The keys of a plant, and the services as they answer when the database is away."""

    def __init__(self, folder: Path) -> None:
        self.jwks, self.private_key = folder / "jwks.json", folder / "private.pem"
        make_embedded_keys(self.jwks, self.private_key)
        self.apps = {service: self.build(service) for service in SERVICES}

    def build(self, service: str, **settings: Any) -> FastAPI:
        """A service's application; nothing of it is started."""
        given = Settings(database_url=NOWHERE, identity_jwks_file=self.jwks, **settings)
        app: FastAPI = import_module(f"services.{service}.app").build(given, watch=Unwatched())
        return app

    def token(self, *roles: str) -> str:
        """A valid token of a person with these roles."""
        return mint(self.private_key, "a.huber", roles, HOUR)

    def signed(self, **claims: Any) -> str:
        """A token with other claims than a valid one."""
        valid = {"iss": "urn:asbuilt:embedded", "aud": "asbuilt", "sub": "a.huber", "roles": ["admin"]}
        key = serialization.load_pem_private_key(self.private_key.read_bytes(), password=None)
        given = {"exp": datetime.now(UTC) + HOUR} | valid | claims
        given = {name: claim for name, claim in given.items() if claim is not None}
        return jwt.encode(given, key, algorithm="EdDSA", headers={"kid": EMBEDDED_KEY_ID})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    """A plant whose database is away."""
    return Plant(tmp_path_factory.mktemp("keys"))


async def _call(app: FastAPI, endpoint: str, authorization: str | None) -> httpx.Response:
    method, path = endpoint.split()
    path = path.replace("{parked_id}", "1").replace("{position}", "1").replace("{", "").replace("}", "")
    headers = {"authorization": authorization} if authorization else {}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://plant") as client:
        return await client.request(method, path, headers=headers, json=None if method == "GET" else {})


def _endpoints() -> list[tuple[str, str]]:
    return [(service, endpoint) for service in SERVICES for endpoint in needed(service)]


@pytest.mark.parametrize("service", SERVICES)
def test_somebody_decided_who_may_use_each_endpoint(service: str, plant: Plant) -> None:
    """The endpoints that a service serves are those of the list above; a new one is entered there first."""
    app = plant.apps[service]
    assert _served(app) == sorted({*needed(service), *PUBLIC})
    everything = iter_route_contexts(app.routes)
    other = {route.path for route in everything if not isinstance(route.original_route, APIRoute)}
    assert other == PAGES


@pytest.mark.parametrize(("service", "endpoint"), _endpoints(), ids=lambda part: part)
async def test_an_endpoint_is_for_those_who_hold_its_permission(service: str, endpoint: str, plant: Plant) -> None:
    """A role without the permission is told its name; one that holds it gets as far as its body or the database."""
    permission = needed(service)[endpoint]
    app = plant.apps[service]
    for role in ROLES:
        answer = await _call(app, endpoint, f"Bearer {plant.token(role)}")
        said = answer.json()
        if role in HOLDERS[permission]:
            assert (answer.status_code, said["code"]) in {(422, "request-invalid"), (503, "try-again")}, (role, said)
        else:
            assert (answer.status_code, said["code"], said["permission"]) == (403, "permission-missing", permission)
            assert permission in said["resolve"]


@pytest.mark.parametrize("service", SERVICES)
async def test_nobody_comes_in_without_a_token(service: str, plant: Plant) -> None:
    """A call without a token is answered 401 at every endpoint, and says how to bring one."""
    for endpoint in needed(service):
        answer = await _call(plant.apps[service], endpoint, None)
        assert (endpoint, answer.status_code) == (endpoint, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["resolve"]


def test_a_service_with_an_endpoint_that_names_no_permission_does_not_start(plant: Plant) -> None:
    """Whoever forgets to say who may use an endpoint learns it at once, whichever router it is on."""
    for path in ("/forgotten", "/deep/forgotten"):
        router, outer = APIRouter(), APIRouter(prefix="/outer")
        router.add_api_route(path, lambda: None, methods=["GET"])
        outer.include_router(router)
        app = plant.build("run")
        check_permissions(app)
        app.include_router(outer)
        with pytest.raises(LookupError, match=path):
            check_permissions(app)


@pytest.mark.parametrize("service", SERVICES)
async def test_no_false_token_opens_a_door(service: str, plant: Plant, tmp_path: Path) -> None:
    """Expired, for others, from others, unsigned, signed by somebody else, without a name or an end: all 401."""
    stranger = Plant(tmp_path)
    tokens = {
        "expired": plant.signed(exp=datetime.now(UTC) - HOUR),
        "not yet valid": plant.signed(nbf=datetime.now(UTC) + HOUR),
        "wrong audience": plant.signed(aud="payroll"),
        "wrong issuer": plant.signed(iss="urn:somebody"),
        "no end": plant.signed(exp=None),
        "no name": plant.signed(sub=None),
        "no audience": plant.signed(aud=None),
        "alg none": jwt.encode(
            {"iss": "urn:asbuilt:embedded", "aud": "asbuilt", "sub": "a", "roles": ["admin"], "exp": 2**33},
            "",
            algorithm="none",
            headers={"kid": EMBEDDED_KEY_ID},
        ),
        "signed with the public key": jwt.encode(
            {"iss": "urn:asbuilt:embedded", "aud": "asbuilt", "sub": "a", "roles": ["admin"], "exp": 2**33},
            json.loads(plant.jwks.read_text())["keys"][0]["x"],
            algorithm="HS256",
            headers={"kid": EMBEDDED_KEY_ID},
        ),
        "another plant's": stranger.token("admin"),
        "no token at all": "admin",
        "empty": "",
    }
    app = plant.apps[service]
    assert (await _call(app, "GET /parked", f"Bearer {plant.signed()}")).status_code == 503, "only the lies are refused"
    for what, token in tokens.items():
        answer = await _call(app, "GET /parked", f"Bearer {token}")
        assert (what, answer.status_code) == (what, 401)
    answer = await _call(app, "GET /parked", f"Basic {plant.token('admin')}")
    assert answer.status_code == 401


@pytest.mark.parametrize("service", SERVICES)
async def test_who_holds_several_roles_may_do_what_each_may(service: str, plant: Plant) -> None:
    """Roles add up; a role that nobody defined adds nothing; no role at all is not even a viewer."""
    app = plant.apps[service]
    assert (
        await _call(app, "POST /parked/{parked_id}/retry", f"Bearer {plant.token('viewer', 'admin')}")
    ).is_server_error
    for roles in ((), ("Quality",), ("root", "Admin", "*")):
        answer = await _call(app, "GET /parked", f"Bearer {plant.token(*roles)}")
        assert (roles, answer.status_code) == (roles, 403)


async def test_the_settings_may_give_a_role_other_permissions(plant: Plant) -> None:
    """What the settings say of a role replaces its column; the other roles keep theirs."""
    app = plant.build("run", permissions={"viewer": ["read", "run:complete"], "lead": ["read"]})
    for endpoint, role, may in (
        ("POST /runs/{run_id}/complete", "viewer", True),
        ("POST /runs/{run_id}/complete", "lead", False),
        ("POST /runs/{run_id}/complete", "quality", True),
        ("POST /runs", "lead", False),
        ("POST /runs", "engineer", True),
        ("GET /runs", "lead", True),
    ):
        answer = await _call(app, endpoint, f"Bearer {plant.token(role)}")
        assert (endpoint, role, answer.status_code != 403) == (endpoint, role, may)


@pytest.mark.parametrize("permissions", [{"chief": ["read"]}, {"lead": ["run:complet"]}])
def test_a_mistake_in_the_settings_is_named_at_once(permissions: dict[str, list[str]], plant: Plant) -> None:
    """A role or a permission that does not exist stops the start, instead of locking people out later."""
    with pytest.raises(ValidationError, match=r"no role chief|no permission run:complet"):
        plant.build("run", permissions=permissions)


def test_what_a_plant_system_sends_needs_a_permission_of_machines() -> None:
    """Every event of the plant that a service handles is checked against the role machine."""
    found = {}
    for service in SERVICES:
        handlers = import_module(f"services.{service}.app").SERVICE.handlers
        for contract, handler in handlers.items():
            if issubclass(contract, PlantEvent):
                found[BY_CONTRACT[contract].type] = handler.permission
    assert found == PLANT
    assert all("machine" in HOLDERS[one] for one in PLANT.values() if one != "unit:scrap")  # a site's to grant
