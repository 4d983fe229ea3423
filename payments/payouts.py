"""Payouts as Stripe makes them: mirrored, booked, forward only."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import ConnectedAccount
from gateway import objects, reads
from gateway.payout_objects import PayoutLine
from kit.clock import now
from kit.transitions import can_move, move
from ledger import journal
from payments import payout_letters, payout_lines, plans
from payments.errors import NotYet
from payments.models import Payout

Status = Payout.Status


@dataclass(frozen=True, slots=True)
class Found:
    """A payout as Stripe has it now, and what it is made of, as far as Stripe says so."""

    payout: objects.Payout
    lines: list[PayoutLine]


def fetch(payout_id: str, account: str) -> Found:
    """The payout as Stripe has it now, asked for as the account it belongs to."""
    found = reads.payout(payout_id, account=account)
    return Found(found, reads.lines_of_payout(payout_id, account=account) if found.automatic else [])


def apply(seen: Found, account: str, *, actor: str) -> Payout:
    """Bring our row and the books to where the payout is. Runs in the caller's transaction.

    Raises NotYet if no seller here has that account. An event that comes late finds nothing left to do.
    """
    found = seen.payout
    connected = ConnectedAccount.objects.filter(stripe_id=account).first()
    if connected is None:
        raise NotYet(f"No seller here has the account {account}.")
    Payout.objects.get_or_create(
        stripe_id=found.id,
        defaults={
            "connected_account": connected,
            "currency": found.currency,
            "amount": found.amount,
            "arrives_on": found.arrives_on,
            "created_at": found.created_at,
            "automatic": found.automatic,
        },
    )
    # Locked: two events of one payout may be handled at once, and each compares before it books.
    payout = Payout.objects.select_for_update(of=("self",)).select_related("connected_account").get(stripe_id=found.id)
    had_arrived = payout.status == Status.PAID
    if payout.status != found.status and can_move(payout, found.status):
        move(
            payout,
            found.status,
            actor=actor,
            reason=found.failure_message or _("Stripe said so."),
            arrives_on=found.arrives_on,
            failure_code=found.failure_code,
            failure_message=found.failure_message,
        )
        if payout.status == Status.FAILED:
            payout_letters.failed(payout)
    _book(payout, had_arrived=had_arrived)
    payout_lines.keep(payout, seen.lines)
    if payout.status in payout_lines.RETURNED:
        # What it carried waits for the next one, if that was not told of before.
        payout.releases.update(payout=None)
        again = payout_lines.next_of(payout)
        if again is not None:
            payout_lines.carry(again)
    elif seen.lines:
        payout_lines.carry(payout)
    return payout


def _book(payout: Payout, *, had_arrived: bool) -> None:
    account = str(payout.connected_account.stripe_id)
    seller_ref = str(payout.connected_account.seller_id)
    amount, currency, at = payout.amount, payout.currency, now()
    postings = [
        plans.payout_sent(
            payout=payout.stripe_id, account=account, amount=amount, currency=currency, occurred_at=payout.created_at
        )
    ]
    if payout.status == Status.PAID:
        postings.append(
            plans.payout_arrived(
                payout=payout.stripe_id, seller_ref=seller_ref, amount=amount, currency=currency, occurred_at=at
            )
        )
    if payout.status in payout_lines.RETURNED:
        postings.append(
            plans.payout_returned(
                payout=payout.stripe_id,
                account=account,
                seller_ref=seller_ref,
                amount=amount,
                currency=currency,
                had_arrived=had_arrived,
                occurred_at=at,
            )
        )
    journal.post(postings)
