"""Problem documents (RFC 9457) as an API's document tells them: what every route answers when it says no."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

PROBLEM = "application/problem+json"


class ProblemDocument(BaseModel):
    """A no: its stable code, the obstacle, and what resolves it. Some say more: the permission, the review as it is."""

    type: str = Field(examples=["urn:asbuilt:problem:run-locked"])
    title: str = Field(examples=["Run locked"])
    status: int = Field(examples=[409])
    code: str = Field(examples=["run-locked"], description="for machines; it never changes its meaning")
    obstacle: str = Field(examples=["The run RUN-1 is complete and its record is locked."])
    resolve: str = Field(examples=["Someone with the permission run:reopen can reopen the run, with a reason."])
    detail: str = Field(examples=["The run RUN-1 is complete and its record is locked."], description="the obstacle")
    traceparent: str = Field(examples=["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])


_CONTENT = {PROBLEM: {"schema": ProblemDocument.model_json_schema()}}

PROBLEMS: Mapping[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "Refused: 401 without a valid token, 403 without the permission, 404 for what is not there, "
        "409 by the rules of the moment, 422 for what contradicts itself; nothing has changed.",
        "content": _CONTENT,
    },
    "5XX": {"description": "Something is away: 503 says when to try again.", "content": _CONTENT},
}
"""How every route says no."""
