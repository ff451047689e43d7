"""The page at `/docs`, as a plant without Internet sees it."""

import re
from importlib import import_module

import httpx
import pytest
from pydantic import SecretStr

from shared.messaging.watch import Unwatched
from shared.runtime.settings import WITHOUT_DATABASE, Settings
from shared.testing import feed


@pytest.mark.parametrize("service", feed.services())
async def test_the_page_fetches_nothing_from_elsewhere(service: str) -> None:
    """Script, style and picture come from the service that shows it, and the document that they set out too."""
    build = import_module(f"services.{service}.app").build
    app = build(Settings(database_url=SecretStr(WITHOUT_DATABASE)), parts=frozenset({"http"}), watch=Unwatched())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        page = (await client.get("/docs")).text
        named = re.findall(r'(?:src|href|url)(?:=|: )["\']([^"\']+)["\']', page)
        assert len(named) == 4, page
        assert "://" not in page
        assert [one for one in named if (await client.get(one)).status_code != 200] == []
