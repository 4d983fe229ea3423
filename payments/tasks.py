"""Payments' background job: what no event told us, we go and look at."""

from datetime import datetime, timedelta

import structlog
from celery import shared_task
from django.db import transaction
from django.db.models import Exists, OuterRef

from gateway import operations
from gateway.errors import GatewayError
from kit.clock import now
from orders.models import Purchase
from orders.models import Status as OrderStatus
from payments import checkout, disputes, fetching_back, milestones, payouts, settlement, sweeps
from payments.errors import PaymentError
from payments.models import Payment, Payout

log = structlog.get_logger(__name__)

ACTOR = "payments sweeper"
# An open page is looked at again once its event should long have come.
PATIENCE = timedelta(minutes=2)
BATCH = 200
# Banks take their time: a payout is looked at once it is a day late.
PAYOUT_PATIENCE = timedelta(days=1)
PAYOUT_BATCH = 10


@shared_task(name="payments.follow_open_payments")
def follow_open_payments(**_ignored: object) -> None:
    """Finish payments a crash left half-prepared; settle pages that expired or were paid without our hearing of it."""
    follow()


@shared_task(name="payments.act_on_held_money")
def act_on_held_money(**_ignored: object) -> None:
    """Dates, holds, warnings, releases, late orders, disputes and deadlines: every sweep about held money, once."""
    for sweep in (
        sweeps.follow,
        disputes.follow,
        disputes.set_right,
        fetching_back.fetch_back,
        fetching_back.fetch_overtaken,
        sweeps.end_holds,
        sweeps.set_dates,
        sweeps.warn_buyers,
        sweeps.warn_sellers,
        sweeps.release_due,
        *milestones.SWEEPS,
        sweeps.cancel_unsent,
        sweeps.refund_cancelled,
        sweeps.end_reviews,
        sweeps.watch_deadlines,
    ):
        try:
            sweep()
        except Exception:
            # The others do not wait for whoever puts this one right (fault F06).
            log.exception("sweep_needs_a_person", sweep=sweep.__name__)


@shared_task(name="payments.find_missed_disputes")
def find_missed_disputes(**_ignored: object) -> None:
    """Disputes at Stripe of which no event told us."""
    disputes.find_missed()


def follow() -> int:
    """The sweep itself: how many were looked at. A payment that cannot be followed now does not stop the rest."""
    moment = now()
    looked_at = 0
    unprepared = Payment.objects.filter(status=Payment.Status.CREATED, created_at__lt=moment - operations.GRACE)
    overdue = Payment.objects.filter(
        status__in=[Payment.Status.OPEN, Payment.Status.PROCESSING], session_expires_at__lt=moment - PATIENCE
    )
    # In any order: were it by age, a batch full of what cannot be followed would hold up all that is younger for ever.
    for payment in [*unprepared.order_by("?")[:BATCH], *overdue.order_by("?")[:BATCH]]:
        _follow_one(payment, moment)
        looked_at += 1
    return looked_at + _follow_payouts(moment) + _cancel_forgotten(moment)


def _follow_payouts(moment: datetime) -> int:
    """Look at payouts that should have arrived, but of which no event said so."""
    overdue = Payout.objects.filter(
        status__in=[Payout.Status.PENDING, Payout.Status.IN_TRANSIT],
        arrives_on__lt=(moment - PAYOUT_PATIENCE).date(),
    )
    # A few at a time, because one that is late at Stripe, too, stays here; any of them, for the reason above.
    chosen = list(overdue.select_related("connected_account").order_by("?")[:PAYOUT_BATCH])
    for payout in chosen:
        account = str(payout.connected_account.stripe_id)
        try:
            found = payouts.fetch(payout.stripe_id, account)
            with transaction.atomic():
                payouts.apply(found, account, actor=ACTOR)
        except GatewayError as error:
            log.warning("payout_not_followed", payout=payout.stripe_id, error=str(error))
        except Exception:
            # It needs a person; the others do not wait for that (fault F06).
            log.exception("payout_needs_a_person", payout=payout.stripe_id)
    return len(chosen)


def _follow_one(payment: Payment, moment: datetime) -> None:
    try:
        if payment.status == Payment.Status.CREATED and payment.created_at < moment - checkout.longest() - PATIENCE:
            # An operation that stays unknown must not keep the stock for ever (fault F18).
            checkout.look_for_page(payment, actor=ACTOR)
        elif payment.status == Payment.Status.CREATED:
            checkout.open_page(payment, actor=ACTOR)
        else:
            settlement.settle(str(payment.session_id), actor=ACTOR)
    except (GatewayError, PaymentError) as error:
        log.warning("payment_not_followed", payment=payment.pk, error=str(error))
    except Exception:
        # Like a poison event (fault F06): this one needs a person, the others do not wait for that.
        log.exception("payment_needs_a_person", payment=payment.pk)


def _cancel_forgotten(moment: datetime) -> int:
    """Cancel purchases whose payment never came to be, so that their stock is not set aside for ever."""
    longest = checkout.longest() + PATIENCE
    live = Payment.objects.filter(purchase=OuterRef("pk"), status__in=[*Payment.LIVE, Payment.Status.REVIEW])
    forgotten = Purchase.objects.filter(
        ~Exists(live), status=OrderStatus.AWAITING_PAYMENT, placed_at__lt=moment - longest
    )
    ended = list(forgotten.order_by("?")[:BATCH])
    for purchase in ended:
        try:
            settlement.cancel_unpaid(purchase, actor=ACTOR)
        except Exception:
            # For the same reason as above.
            log.exception("purchase_needs_a_person", purchase=purchase.number)
    return len(ended)
