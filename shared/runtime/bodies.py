"""What HTTP takes in: documents whose members are all known."""

from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError


class RequestBody(BaseModel):
    """The document of a request. A member that is not known is refused by name: left out, a misspelled one would be
    done without. Events on topics may have more members than this version knows (`shared.contracts.base`).
    """

    model_config = ConfigDict(extra="forbid")


def all_known(model: type[BaseModel]) -> BeforeValidator:
    """For a body with parts of a contract in it: their members are all known too."""

    def check(given: Any) -> Any:
        try:
            model.model_validate(given, extra="forbid")
        except ValidationError as error:
            unknown = [".".join(map(str, one["loc"])) for one in error.errors() if one["type"] == "extra_forbidden"]
            if unknown:
                raise PydanticCustomError(
                    "unknown_members", "{unknown}: not known here", {"unknown": ", ".join(unknown)}
                ) from None
        return given

    return BeforeValidator(check)
