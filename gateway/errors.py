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
    """No answer we can rely on: it may have happened. Never compensate; the same operation is finished later."""


class NotLetIn(StripeUnavailable):
    """Stripe did not accept our API key, so nothing began: it is sent again once the key is right, however late."""


class NotFoundAtStripe(StripeRefused):
    """Stripe has no such object."""


class CalledInsideTransaction(GatewayError):
    """Stripe was about to be called while a database transaction was open (rule 1)."""


class FrozenRequestMismatch(GatewayError):
    """A live or finished operation has the same business key but another request (fault F14)."""
