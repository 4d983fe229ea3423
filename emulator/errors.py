"""What can go wrong, in Stripe's own shapes."""

from __future__ import annotations

from typing import Any

DOC_URL = "https://docs.stripe.com/error-codes/"


class StripeError(Exception):
    """An answer Stripe would give instead of the object.

    `keep_writes` says that what the handler wrote before raising stays (a declined card leaves a failed charge behind);
    by default the handler's writes are rolled back. Errors raised while a handler runs are saved under the idempotency
    key; errors raised before it starts (authentication, validation, conflicts) never are.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        keep_writes: bool = False,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type
        self.code = code
        self.param = param
        self.keep_writes = keep_writes
        self.headers = headers or {}
        self.extra = extra

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = DOC_URL + self.code.replace("_", "-")
        error["message"] = self.message
        if self.param is not None:
            error["param"] = self.param
        error["type"] = self.type
        error.update({key: value for key, value in self.extra.items() if value is not None})
        return {"error": error}


def invalid(message: str, *, param: str | None = None, code: str | None = None, **extra: Any) -> StripeError:
    """400 invalid_request_error."""
    return StripeError(400, message, code=code, param=param, **extra)


def missing(kind: str, id: str, *, param: str = "id", status: int = 404) -> StripeError:
    """No such object: 404 for the path's own id, 400 with its parameter for a referenced one."""
    return StripeError(status, f"No such {kind}: '{id}'", code="resource_missing", param=param)


def not_modelled(what: str, *, param: str | None = None) -> StripeError:
    """501: Stripe knows this, the emulator does not; a plausible lie would be worse."""
    message = f"The emulator does not model {what}."
    return StripeError(501, message, type="api_error", code="not_modelled", param=param)


class ConnectionDropped(Exception):
    """The request or its answer is lost: whoever serves `handle()` closes the socket without a byte."""


class ConservationError(AssertionError):
    """Money appeared or vanished: the emulator itself is wrong."""


class SelfCheckError(AssertionError):
    """An answer or event is not what stripe-python's types say: the emulator itself is wrong."""


class HostedError(Exception):
    """Something a person on a hosted page should read."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class LinkDead(HostedError):
    """A single-use link was used, or has expired; the person is sent to `refresh_url`."""

    def __init__(self, message: str, *, refresh_url: str) -> None:
        super().__init__(message, status=410)
        self.refresh_url = refresh_url
