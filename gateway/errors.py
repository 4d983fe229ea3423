"""What can go wrong at Stripe, grouped by what the caller should do."""


class GatewayError(Exception):
    """Base of everything this room raises."""


class StripeRefused(GatewayError):
    """Stripe looked at it and said no. Nothing happened; asking again unchanged will not help."""

    def __init__(self, message: str, *, code: str = "", param: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param


class StripeUnavailable(GatewayError):
    """No answer we can rely on: it may have happened. Never compensate; the same operation is finished later.

    `http_status` is 0 if none came. `replayed`: Stripe repeated an answer it had saved under the key (fault
    F18). `should_retry` is what Stripe says about asking again, None if it says nothing (fault F20).
    """

    def __init__(
        self,
        message: str,
        *,
        http_status: int = 0,
        code: str = "",
        replayed: bool = False,
        should_retry: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.code = code
        self.replayed = replayed
        self.should_retry = should_retry

    @property
    def stripe_is_ill(self) -> bool:
        """Whether it speaks for Stripe or the way to it being down. A saved failure does not, nor does a 429."""
        return not self.replayed and (self.http_status == 0 or self.http_status >= 500)


class NotLetIn(StripeUnavailable):
    """Stripe did not accept our API key, so nothing began: it is sent again once the key is right, however late."""


class KeyTaken(StripeUnavailable):
    """Stripe knows the idempotency key from another request (fault F14): under this one it will never act."""


class NotSent(StripeUnavailable):
    """We did not ask: Stripe does not answer just now, or was asked too often. Nothing happened.

    `wait` is after how many seconds asking may be worth while.
    """

    def __init__(self, message: str, *, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class NotFoundAtStripe(StripeRefused):
    """Stripe has no such object."""


class NotSure(GatewayError):
    """A look-up could not tell whether something happened at Stripe: a person has to."""


class CalledInsideTransaction(GatewayError):
    """Stripe was about to be called while a database transaction was open (rule 1)."""


class FrozenRequestMismatch(GatewayError):
    """A live or finished operation has the same business key but another request (fault F14)."""
