"""What is no refusal: something that a service needs is away, or something of ours failed."""


class Away(Exception):
    """Something besides the database that this service needs does not answer."""

    what = "Something that this service needs"


class Failure(Exception):
    """Something of ours that failed, and what can be done instead. What it is told with is for the log."""

    code = "failed"
    obstacle = "Something of ours failed."
    resolve = "Report the traceparent."
