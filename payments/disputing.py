"""What a dispute at the bank, or a fraud warning, stops here: the release of every share of the payment."""

from django.db import transaction
from django.utils.translation import gettext as _

from gateway.objects import FraudWarning
from payments import holds, releases, shares
from payments.errors import NotYet
from payments.models import Hold, Payment


def warned(warning: FraudWarning, *, actor: str) -> None:
    """Hold what is left of a payment whose card may be stolen, as long as something can be done about it: refunding it
    now is cheaper than losing a dispute. Once staff have ended the hold, it stays ended. Raises NotYet for a charge we
    do not know.
    """
    payment = Payment.objects.filter(charge_id=warning.charge).first()
    if payment is None:
        raise NotYet(f"No payment here has the charge {warning.charge}.")
    known = Hold.objects.filter(share__payment=payment, kind=Hold.Kind.WARNING, ref=warning.id)
    if warning.actionable and not known.exists():
        hold_all(payment, ref=warning.id, actor=actor, kind=Hold.Kind.WARNING)
    elif not warning.actionable:
        reason = _("Nothing can be done about the warning any more.")
        end_all(payment, ref=warning.id, actor=actor, reason=reason, kind=Hold.Kind.WARNING)


def hold_all(payment: Payment, *, ref: str, actor: str, kind: Hold.Kind = Hold.Kind.DISPUTE) -> int:
    """Hold every share of a payment and call off a release that was not sent yet (invariant I06); how many shares.

    `ref` names the dispute or warning, so that hearing of it twice holds once.
    """
    held = 0
    for share_id in payment.shares.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            # Locked: a release waits here, and then sees the hold (fault F37).
            share = shares.locked(share_id)
            reason = _("The buyer's bank disputes the payment.")
            if kind == Hold.Kind.WARNING:
                reason = _("The card's issuer warns of fraud.")
            releases.call_off(share, actor=actor, reason=reason)
            holds.write(
                share,
                kind=kind,
                ref=ref,
                reason=reason,
                ends_when=_("The bank decides, or the marketplace ends it."),
                actor=actor,
            )
            held += 1
    return held


def end_all(payment: Payment, *, ref: str, actor: str, reason: str, kind: Hold.Kind = Hold.Kind.DISPUTE) -> int:
    """The dispute or warning is over without loss: its holds end; how many."""
    ended = 0
    for share_id in payment.shares.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            # Locked for the same reason as above.
            share = shares.locked(share_id)
            ended += holds.end(share, kind=kind, ref=ref, actor=actor, reason=reason)
    return ended
