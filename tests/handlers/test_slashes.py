"""Ids with a slash in them are found in paths, as they are in bodies and on topics."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from shared.runtime.slashes import Slashes

router = APIRouter()


@router.get("/units/{unit_id}")
async def unit(unit_id: str) -> str:
    """Which unit was asked for."""
    return f"unit {unit_id}"


@router.get("/units/{unit_id}/installations/{component_id}")
async def installation(unit_id: str, component_id: str) -> str:
    """Which was asked for."""
    return f"{component_id} in {unit_id}"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/units/SEAL:12%2F24", "unit SEAL:12/24"),
        ("/units/SEAL:12%2f24", "unit SEAL:12/24"),
        ("/units/%2F", "unit /"),
        ("/units/a%252Fb", "unit a%2Fb"),
        ("/units/a%2F%C3%BC%20%3F%23", "unit a/ü ?#"),
        ("/units/P%2F1/installations/L%2F9", "L/9 in P/1"),
        ("/units/..%2F..%2Fetc", "unit ../../etc"),
        ("/units/P-1?x=a%2Fb", "unit P-1"),
    ],
)
async def test_a_slash_in_an_id_is_written_as_2f(path: str, found: str) -> None:
    """The parts of a path are what stands between the other slashes."""
    app = FastAPI()
    app.add_middleware(Slashes)
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        assert (await client.get(path)).json() == found
        assert (await client.get("/units/a/b/c")).status_code == 404
