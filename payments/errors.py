"""What payments tell their callers."""


class PaymentError(Exception):
    """Base; the message is a sentence for a person."""


class NotPayable(PaymentError):
    """The purchase is paid or cancelled."""


class SellerCannotBePaid(PaymentError):
    """Stripe would refuse the money for this seller."""


class NotYet(PaymentError):
    """Stripe does not know enough yet, or we do not: look again later (fault F03)."""
