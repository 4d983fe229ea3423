"""What the buyer's bank has to do with a case: while it looks at the payment, nobody here decides."""

from enum import Enum

from payments.models import Dispute, Payment


class Verdict(Enum):
    """How the bank's disputes about a payment stand together."""

    NONE = "none"
    OPEN = "open"
    LOST = "lost"
    WON = "won"
    # Asked about or stopped before money moved: no verdict about who is right.
    LET_GO = "let_go"


# The bank is asked, or has given the money back: nothing is decided here any more.
BANKS_TO_SAY = frozenset({Verdict.OPEN, Verdict.LOST})


def verdict(payment: Payment) -> Verdict:
    """One word for all disputes of a payment, the most telling first. A status nobody here knows counts as open."""
    found = set(payment.disputes.values_list("status", flat=True))
    if found - Dispute.ENDED:
        return Verdict.OPEN
    if Dispute.Status.LOST in found:
        return Verdict.LOST
    if Dispute.Status.WON in found:
        return Verdict.WON
    return Verdict.LET_GO if found else Verdict.NONE
