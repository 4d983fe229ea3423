"""`manage.py ledger_balances`."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from kit.clock import now
from ledger import journal
from ledger.journal import EntryPlan, PostingPlan
from ledger.models import Account

pytestmark = pytest.mark.django_db


def printed(*arguments: str) -> list[dict[str, object]]:
    out = StringIO()
    call_command("ledger_balances", *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_what_stands_on_the_accounts_is_printed_and_what_is_at_zero_is_not() -> None:
    for key, amount in (("one", 700), ("two", 300), ("three", -300)):
        cash = EntryPlan(Account.SELLER_CASH, "acct_bob", amount, "eur")
        owed = EntryPlan(Account.SELLER_PAYABLE, "7", -amount if key == "one" else 0, "eur")
        other = EntryPlan(Account.SUSPENSE, key[:1], 0 if key == "one" else -amount, "eur")
        entries = tuple(entry for entry in (cash, owed, other) if entry.amount)
        journal.post([PostingPlan(key, "fee", "A day", now(), entries)])

    assert printed() == [
        {"account": "seller_cash", "ref": "acct_bob", "currency": "eur", "amount": 700},
        {"account": "seller_payable", "ref": "7", "currency": "eur", "amount": -700},
    ]
    assert printed("--account", "seller_payable")[0]["amount"] == -700
    assert printed("--account", "suspense") == []
