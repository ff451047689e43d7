"""Every "no" of notification. A docstring is the message, ``resolve`` the way out."""

from shared.kernel import RefusalKind, Refused


class UnknownEndpoint(Refused):
    """There is no endpoint {endpoint_id}."""

    code = "unknown-endpoint"
    kind = RefusalKind.UNKNOWN
    resolve = "Check the id, or register the endpoint."


class UnknownDelivery(Refused):
    """There is no delivery {delivery_id}."""

    code = "unknown-delivery"
    kind = RefusalKind.UNKNOWN
    resolve = "Check the id; old deliveries are forgotten after a while."


class EndpointExists(Refused):
    """The endpoint {endpoint_id} is registered already."""

    code = "endpoint-exists"
    resolve = "Change it instead."


class TargetRefused(Refused):
    """The URL {url} is refused: {why}."""

    code = "target-refused"
    kind = RefusalKind.INVALID
    resolve = "{way_out}"


class PatternUnknown(Refused):
    """The pattern {pattern} matches no event type."""

    code = "pattern-unknown"
    kind = RefusalKind.INVALID
    resolve = "Near ones are: {near}."


class SecretInvalid(Refused):
    """The secret is not of the form that Standard Webhooks demand."""

    code = "secret-invalid"
    kind = RefusalKind.INVALID
    resolve = "Give whsec_ followed by 24 to 64 random bytes in base64, or leave it out and one is made."
