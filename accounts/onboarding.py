"""Onboarding at Stripe: the connected account, the single-use links, and what Stripe says about it.

The account is an Accounts v2 recipient (docs.stripe.com/connect/accounts-v2): it receives transfers and has the Express
dashboard; the platform collects fees and answers for losses, as destination charges and separate transfers need it.
Nothing here trusts the seller's return from Stripe: the account is fetched, and the answer decides.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import announcements
from accounts.models import ConnectedAccount, Seller
from gateway import operations, reads
from gateway.models import Operation
from gateway.objects import SellerAccount
from kit.clock import now
from kit.faults import faultpoint

log = structlog.get_logger(__name__)

Capability = ConnectedAccount.Capability

ACCOUNTS_PATH = "/v2/core/accounts"
LINKS_PATH = "/v2/core/account_links"
INCLUDE = ["configuration.recipient", "identity", "requirements"]


@dataclass(frozen=True, slots=True)
class Heard:
    """What Stripe said about an account, and when it was asked."""

    account: SellerAccount
    asked_at: datetime


def open_account(seller: Seller, actor: str) -> ConnectedAccount:
    """The seller's account at Stripe, created there on first need. Safe to call twice, at once, and after a crash.

    Must be called outside any transaction. Raises StripeRefused when Stripe says no, StripeUnavailable while its answer
    is not known: the operation is finished later with the same key, and the next call adopts the account it made.
    """
    with transaction.atomic():
        account = _open_row(seller)
        if account.stripe_id:
            return account
        operation = _creation(account, actor)
    operation = operations.execute(operation)
    answer = operations.require(operation)
    faultpoint("account.created_at_stripe")
    return _adopt(account, operation, SellerAccount.read(answer))


def adopt_finished(account: ConnectedAccount) -> ConnectedAccount:
    """Take over the account an operation has made meanwhile, after a crash kept us from noting its id. Calls nobody."""
    if account.stripe_id:
        return account
    operation = operations.latest(creation_key(account))
    if operation is None or operation.status != Operation.Status.SUCCEEDED:
        return account
    return _adopt(account, operation, SellerAccount.read(operations.require(operation)))


def onboarding_link(account: ConnectedAccount, actor: str) -> str:
    """A fresh single-use address at Stripe for this account's owner: to be redirected to at once, never kept or mailed.

    Must be called outside any transaction. Raises StripeRefused or StripeUnavailable.
    """
    answer = operations.run_once(
        name="account_link.create",
        business_key=f"account-link:{account.pk}:{uuid.uuid4().hex}",
        path=LINKS_PATH,
        params={
            "account": account.stripe_id,
            "use_case": {
                "type": "account_onboarding",
                "account_onboarding": {
                    "collection_options": {"fields": "eventually_due", "future_requirements": "include"},
                    "refresh_url": settings.SITE_URL + reverse("accounts:onboarding_refresh"),
                    "return_url": settings.SITE_URL + reverse("accounts:onboarding_return"),
                },
            },
        },
        actor=actor,
        reason="The seller goes to Stripe's onboarding.",
    )
    ConnectedAccount.objects.filter(pk=account.pk, started_at=None).update(started_at=now())
    return str(answer["url"])


def dashboard_link(account: ConnectedAccount, actor: str) -> str:
    """A fresh single-use address of the owner's own pages at Stripe, where the bank account is changed: to be followed
    at once, never kept or mailed. Must be called outside any transaction. Raises StripeRefused or StripeUnavailable.
    """
    answer = operations.run_once(
        name="login_link.create",
        business_key=f"login-link:{account.pk}:{uuid.uuid4().hex}",
        path=f"/v1/accounts/{account.stripe_id}/login_links",
        params={},
        actor=actor,
        reason="The seller goes to their pages at Stripe.",
    )
    return str(answer["url"])


def refresh(account: ConnectedAccount) -> ConnectedAccount:
    """Ask Stripe about the account and keep what it says. Must be called outside any transaction.

    Raises StripeUnavailable when Stripe cannot be reached, StripeRefused when it does not know the account.
    """
    if not account.stripe_id:
        return account
    heard = fetch(account.stripe_id)
    with transaction.atomic():
        return apply(account.stripe_id, heard)


def fetch(stripe_id: str) -> Heard:
    """The account as Stripe describes it now. Must be called outside any transaction."""
    asked_at = now()
    return Heard(reads.seller_account(stripe_id), asked_at)


def apply(stripe_id: str, heard: Heard) -> ConnectedAccount:
    """Keep what Stripe said, in the caller's transaction, and write to the owners when it changes what they can do.

    Safe to repeat. Two look-ups may overtake each other, so an answer older than the one already kept changes nothing
    (F02). Raises ConnectedAccount.DoesNotExist for an account that is not ours, or not ours yet.
    """
    account = _locked(stripe_id)
    if account.refreshed_at and heard.asked_at < account.refreshed_at:
        return account
    before, said = account.transfers, heard.account
    account.transfers = _known(said.transfers)
    account.payouts = _known(said.payouts)
    account.requirements = [asdict(requirement) for requirement in said.requirements]
    account.refreshed_at = heard.asked_at
    if said.closed and account.closed_at is None:
        account.closed_at = heard.asked_at
    account.save(update_fields=["transfers", "payouts", "requirements", "refreshed_at", "closed_at"])
    announcements.transfers_changed(account, before=before, at=heard.asked_at)
    return account


def creation_key(account: ConnectedAccount) -> str:
    """The business identity of the operation that creates this account at Stripe."""
    return f"account:{account.pk}"


def _open_row(seller: Seller) -> ConnectedAccount:
    # The seller's row is the lock: of two tabs starting at once, the second finds the first one's account.
    Seller.objects.select_for_update().get(pk=seller.pk)
    rows = ConnectedAccount.objects.filter(seller=seller)
    account = rows.filter(closed_at=None).first()
    if account is None:
        account = ConnectedAccount.objects.create(seller=seller, version=rows.count() + 1)
    return account


def _creation(account: ConnectedAccount, actor: str) -> Operation:
    """The operation that creates the account. What was once asked stays asked, also after the shop was renamed."""
    last = operations.latest(creation_key(account))
    if last is not None and last.status != Operation.Status.FAILED:
        return last
    return operations.plan(
        name="account.create",
        business_key=creation_key(account),
        path=ACCOUNTS_PATH,
        params=_creation_params(account),
        actor=actor,
        reason="The seller starts onboarding.",
    )


def _creation_params(account: ConnectedAccount) -> dict[str, Any]:
    seller = account.seller
    owners = announcements.owners_of(seller)
    return {
        **({"contact_email": owners[0].email} if owners else {}),
        "display_name": seller.name,
        "dashboard": "express",
        "identity": {"country": seller.country},
        "configuration": {"recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}},
        "defaults": {"responsibilities": {"fees_collector": "application", "losses_collector": "application"}},
        "metadata": {"seller": str(seller.pk), "connected_account": str(account.pk)},
        "include": INCLUDE,
    }


def _adopt(account: ConnectedAccount, operation: Operation, made: SellerAccount) -> ConnectedAccount:
    """Note the id, once, and the first picture of the account, as old as it is."""
    asked_at = operation.first_sent_at or operation.planned_at
    with transaction.atomic():
        noted = ConnectedAccount.objects.filter(pk=account.pk, stripe_id=None).update(stripe_id=made.id)
        if noted:
            return apply(made.id, Heard(made, asked_at))
    account.refresh_from_db()
    return account


def _locked(stripe_id: str) -> ConnectedAccount:
    """The account's row, locked. Events may come before our commit, so finished operations are asked too (F03)."""
    rows = ConnectedAccount.objects.select_for_update(of=("self",)).select_related("seller")
    account = rows.filter(stripe_id=stripe_id).first()
    if account is not None:
        return account
    operation = Operation.objects.filter(name="account.create", object_id=stripe_id).first()
    if operation is None:
        raise ConnectedAccount.DoesNotExist(f"no account {stripe_id}")
    account = rows.get(pk=operation.business_key.removeprefix("account:"))
    account.stripe_id = stripe_id
    account.save(update_fields=["stripe_id"])
    return account


def _known(status: str) -> str:
    """Stripe adds words without notice; one we do not know never lets anybody sell."""
    if status in Capability.values:
        return status
    log.error("unknown_capability_status", status=status)
    return Capability.PENDING.value
