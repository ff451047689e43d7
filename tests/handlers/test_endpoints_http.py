"""Endpoints over HTTP, on a real PostgreSQL: what may be a secret is kept for deliveries, and shown to nobody."""

from shared.testing.databases import Database
from tests.handlers.served import Served

SERVICE = "notification"

URL = "https://erp.example.com/hooks?token=swordfish"
WANTED = {"url": URL, "description": "the ERP", "events": ["run.*"]}


async def test_the_query_of_an_endpoint_is_kept_for_deliveries_and_shown_nowhere(as_: Served, kept: Database) -> None:
    """Not in answers, lists, facts or refusals; a change of something else leaves it as it is."""
    admin = as_("admin")
    made = await admin.post("/endpoints", json=WANTED)
    assert (made.status_code, made.json()["url"], made.json()["has_query"]) == (
        201,
        "https://erp.example.com/hooks",
        True,
    )
    path = f"/endpoints/{made.json()['endpoint_id']}"
    changed = await admin.patch(path, json={"events": ["*"]})
    refused = await admin.post("/endpoints", json=WANTED | {"url": URL.replace("https", "http")})
    assert (refused.status_code, refused.json()["code"]) == (422, "target-refused")
    shown = [await as_("viewer").get(one) for one in (path, "/endpoints")]
    told = [row["body"] for row in kept.rows("select convert_from(body, 'UTF8') as body from outbox")]
    assert len(told) == 3
    everything = [one.text for one in (made, changed, refused, *shown)] + told
    assert [one for one in everything if "swordfish" in one] == []
    assert kept.value("select body->>'url' from endpoint") == URL
