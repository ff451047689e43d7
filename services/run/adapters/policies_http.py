"""`/policies`: which warnings of the completion review are blockers, for one part or for all."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from services.run.adapters.calls import Queries
from services.run.domain.policies import EVERY_PART, POLICIES, ConfigurePolicies, Policies
from services.run.domain.warned import CODES
from shared.contracts.base import Name, Text
from shared.messaging.messages import Ask
from shared.messaging.walk import Outcome
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Calling, needs

router = APIRouter(tags=["policies"])

MOST = 1_000
"""Policies there are at once, at most."""


class PolicyWanted(RequestBody):
    """The warnings that block runs of one part, or of all."""

    part_number: Name = Field(
        EVERY_PART, examples=["HP-200"], description="the part whose runs it is for; `*` stands for all parts"
    )
    blocking: set[Name] = Field(min_length=1, examples=[["redline-open"]], description="codes of warnings")


class PoliciesWanted(RequestBody):
    """All policies that there are to be."""

    version: int = Field(
        examples=[1], description="of the policies that were looked at: nobody overwrites what he has not seen"
    )
    policies: Annotated[list[PolicyWanted], Field(max_length=MOST)]
    reason: Annotated[Text, Field(min_length=1, examples=["Customers of this part audit every redline."])]


@router.get("/policies", **needs("read"))
async def show_policies(queries: Queries) -> dict[str, Any]:
    """The policies of the moment, with who configured them, when and why."""
    return _view(await queries.policies())


@router.put("/policies", **needs("policy:configure"))
async def configure_policies(wanted: PoliciesWanted, call: Calling) -> Response:
    """From now on these warnings block completion, and no others. Open runs are assessed again within seconds."""
    blocking: dict[str, frozenset[str]] = {}
    for one in wanted.policies:
        blocking[one.part_number] = blocking.get(one.part_number, frozenset()) | one.blocking
    command = ConfigurePolicies(call.by, call.at, wanted.version, blocking, wanted.reason)
    return await call.do(Ask((POLICIES,), command), _answer)


def _answer(outcome: Outcome) -> dict[str, Any]:
    return _view(outcome.state) if outcome.refusal is None else {}


def _view(policies: Policies) -> dict[str, Any]:
    return {
        "version": policies.version,
        "policies": [
            {
                "part_number": one.part_number,
                "blocking": list(one.blocking),
                "reason": one.reason,
                "configured_by": {"person": one.by.person, "machine": one.by.machine},
                "configured_at": one.at.isoformat(),
            }
            for _, one in sorted(policies.by_part.items())
        ],
        "warnings": list(CODES),
    }
