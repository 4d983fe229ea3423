"""What buyers' banks asked before you came: one that waits for an answer, an inquiry, one that was won, one lost."""

from collections.abc import Callable

from accounts.models import User
from disputes import advice
from evidence import packs, submitting
from gateway import reads
from kit.clock import now
from marketplace.demo.emulator import Controls
from orders import progress
from orders.models import DeliveredBy, Purchase
from payments import disputes
from payments.decisions import Decider
from payments.models import Dispute

ACTOR = "demo"


def waits(purchase: Purchase, staff: User, controls: Controls) -> None:
    """The bank took the money; somebody of staff began to look for the proof of delivery."""
    _send(purchase, with_number=False)
    _asked(purchase, controls, "product_not_received")


def inquires(purchase: Purchase, staff: User, controls: Controls) -> None:
    """The bank only asks; a refund would end it."""
    _send(purchase)
    _asked(purchase, controls, "product_unacceptable", inquiry=True)


def is_won(purchase: Purchase, staff: User, controls: Controls) -> None:
    """Answered with what our own records say, and decided for the seller."""
    _send(purchase)
    dispute = _asked(purchase, controls, "product_not_received")
    pack = packs.for_dispute(dispute)
    submitting.submit(pack, by=Decider(staff.email, staff), reason="The carrier says that it was delivered.")
    _decided(dispute, "won", controls)


def is_lost(purchase: Purchase, staff: User, controls: Controls) -> None:
    """Nobody could say who had ordered."""
    _decided(_asked(purchase, controls, "fraudulent"), "lost", controls)


STORIES: list[tuple[str, Callable[[Purchase, User, Controls], None]]] = [
    ("a mug that a bank asks back", waits),
    ("a mug a bank inquires about", inquires),
    ("a mug whose dispute was won", is_won),
    ("a mug whose dispute was lost", is_lost),
]


def _send(purchase: Purchase, *, with_number: bool = True) -> None:
    sent = {"carrier": "DHL", "tracking_number": "00340434161094022115"} if with_number else {}
    for order in purchase.orders.all():
        progress.fulfil(order, at=now(), actor=ACTOR, reason="The seller said so.", **sent)
        if with_number:
            reason = "The carrier said so."
            progress.deliver(order, at=now(), actor=ACTOR, reason=reason, said_by=DeliveredBy.CARRIER)


def _asked(purchase: Purchase, controls: Controls, reason: str, *, inquiry: bool = False) -> Dispute:
    """The bank asks, and we hear of it at once; the evidence is gathered."""
    charge = str(purchase.payments.get().charge_id)
    dispute = disputes.apply(reads.dispute(controls.dispute(charge, reason, inquiry=inquiry)), actor=ACTOR)
    packs.for_dispute(dispute)
    advice.record_dispute(dispute)
    return dispute


def _decided(dispute: Dispute, to: str, controls: Controls) -> None:
    controls.move_dispute(dispute.stripe_id, to)
    disputes.apply(reads.dispute(dispute.stripe_id), actor=ACTOR)
