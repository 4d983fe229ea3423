"""What a seller's figures are made of, line by line: their Stripe balance and their debt, as the ledger has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import ConnectedAccount, Seller
from kit.clock import now
from kit.money import Money
from ledger import journal
from ledger.models import Account, Posting

PAGE = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a statement: `money` moved, `after` is what stood there then. `order` and `payout` name what it is
    about, if anything.
    """

    at: datetime
    word: str
    money: Money
    after: Money
    order: str = ""
    payout: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first, and the cursor of the next page ("" on the last)."""

    entries: list[Entry]
    more: str


def of_balance(account: ConnectedAccount, currency: str, after: str) -> Page:
    """The seller's balance at Stripe: what came, what went. Amounts are what the seller has."""
    return _page(Account.SELLER_CASH, str(account.stripe_id), currency, after)


def of_debt(seller: Seller, currency: str, after: str) -> Page:
    """What the seller owes: refunds and disputes their balance did not cover, and what was set off since."""
    return _page(Account.SELLER_DEBT, str(seller.pk), currency, after)


def _page(account: Account, ref: str, currency: str, after: str) -> Page:
    found = journal.statement(account, ref, currency, before=_cursor(after), limit=PAGE + 1)
    shown = found[:PAGE]
    keys = dict(Posting.objects.filter(pk__in=[line.posting for line in shown]).values_list("pk", "key"))
    entries = [_entry(account, line, keys[line.posting], currency) for line in shown]
    more = f"{shown[-1].position}-{shown[-1].entry}" if len(found) > PAGE else ""
    return Page(entries, more)


def _entry(account: Account, line: journal.Line, key: str, currency: str) -> Entry:
    fact, _colon, name = key.partition(":")
    return Entry(
        at=line.occurred_at,
        word=_cash_word(fact, line.amount) if account == Account.SELLER_CASH else _debt_word(fact, line.amount),
        money=Money(line.amount, currency),
        after=Money(line.balance, currency),
        order=line.order_number,
        payout=name if fact.startswith("payout-") else "",
    )


def _cash_word(fact: str, amount: int) -> str:
    words = {
        "transfer": _("Sale, paid to you at once"),
        "release": _("Sale, released to you"),
        "fee": _("Our fee"),
        "fee-returned": _("Our fee, given back"),
        "reversal": _("Fetched back for a refund or dispute"),
        "payout-sent": _("Payout to your bank"),
        "payout-returned": _("Payout that came back"),
    }
    return words.get(fact, _("Came in") if amount > 0 else _("Went out"))


def _debt_word(fact: str, amount: int) -> str:
    words = {
        "refund-accepted": _("Your part of a refund"),
        "refund-decided": _("Your part of a refund"),
        "reversal": _("Fetched back from your Stripe balance"),
        "netted": _("Set off against a release"),
    }
    return words.get(fact, _("Your part of a dispute") if amount > 0 else _("Not owed any more"))


def _cursor(after: str) -> journal.Line | None:
    """Where a page goes on. What somebody made up is the first page."""
    position, _dash, entry = after.partition("-")
    numbers = [position, entry]
    if not all(_is_number(one) for one in numbers):
        return None
    return journal.Line(int(entry), int(position), 0, 0, 0, "", "", "", now())


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def accounts_of(seller: Seller) -> list[ConnectedAccount]:
    """The seller's accounts at Stripe, the one in use first."""
    found: Iterable[ConnectedAccount] = seller.connected_accounts.exclude(stripe_id=None).order_by("-version")
    return list(found)
