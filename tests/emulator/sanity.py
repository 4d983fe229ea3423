"""What must be true of every object the emulator keeps, read from the objects and not from its ledger's sums."""

from __future__ import annotations

import collections
from collections.abc import Iterable

import stripe

from emulator.core import Emulator
from emulator.store import Row

# event -> the objects of which each has been announced exactly once
ANNOUNCED = {
    "application_fee.created": "application_fee",
    "charge.dispute.created": "dispute",
    "payment_intent.created": "payment_intent",
    "payout.created": "payout",
    "refund.created": "refund",
    "topup.created": "topup",
    "transfer.created": "transfer",
    "transfer.reversed": "transfer_reversal",
    "application_fee.refunded": "fee_refund",
}
_TRANSACTION = (
    "id, body ->> '$.currency', body ->> '$.amount', body ->> '$.fee', body ->> '$.net', body ->> '$.available_on' "
    "FROM object"
)
# the buyer's bank has, or will have, the money of such a dispute
TAKEN = ("needs_response", "under_review", "appeal_under_review", "lost")


def check(em: Emulator) -> None:
    """Every object by itself and beside those it belongs to; AssertionError names the one that is wrong."""
    kept: dict[str, list[Row]] = collections.defaultdict(list)
    for name in (
        "charge refund dispute transfer transfer_reversal application_fee fee_refund payment_intent payout topup "
        "checkout.session"
    ).split():
        kept[name] = em.store.find(name, account=None)
    _charges(kept)
    _transfers(kept)
    _fees(kept)
    _intents(kept)
    _sessions(kept)
    _payouts(em, kept)
    _transactions(em)
    _events(em, kept)


def check_balance(em: Emulator, account: str, shown: stripe.Balance) -> None:
    """What the API says an account has is the sum of its balance transactions, per currency."""
    ready: collections.Counter[str] = collections.Counter()
    pending: collections.Counter[str] = collections.Counter()
    found = em.store.rows(f"SELECT {_TRANSACTION} WHERE kind = 'balance_transaction' AND account = ?", (account,))
    for _, currency, _, _, net, available_on in found:
        (ready if available_on <= em.now() else pending)[currency] += net
    for sums, parts in ((ready, shown.available), (pending, shown.pending)):
        said = {part.currency: part.amount for part in parts if part.amount}
        assert said == {currency: amount for currency, amount in sums.items() if amount}, account


def _sums(rows: Iterable[Row], field: str) -> collections.Counter[str]:
    found: collections.Counter[str] = collections.Counter()
    for row in rows:
        if row.body[field] is not None:
            found[row.body[field]] += row.body["amount"]
    return found


def _charges(kept: dict[str, list[Row]]) -> None:
    live = [row for row in kept["refund"] if row.body["status"] not in ("failed", "canceled")]
    refunded = _sums(live, "charge")
    sent = _sums(kept["transfer"], "source_transaction")
    disputed = _sums((row for row in kept["dispute"] if row.body["status"] in TAKEN), "charge")
    for row in kept["charge"]:
        body, where = row.body, row.id
        assert 0 <= body["amount_captured"] <= body["amount"], where
        assert 0 <= body["amount_refunded"] <= body["amount"], where
        assert sent[row.id] <= body["amount_captured"], where
        # a debit that the bank has not answered yet is captured, and no money
        if body["captured"] and body["paid"]:
            assert body["amount_refunded"] == refunded[row.id], where
            assert body["amount_refunded"] <= body["amount_captured"], where
            assert body["refunded"] == (body["amount_refunded"] == body["amount_captured"]), where
            assert body["balance_transaction"], where
            assert refunded[row.id] + disputed[row.id] <= body["amount_captured"], where
        else:
            assert not body["balance_transaction"], where
            assert not refunded[row.id] + disputed[row.id] + sent[row.id], where


def _transfers(kept: dict[str, list[Row]]) -> None:
    reversed_of = _sums(kept["transfer_reversal"], "transfer")
    payments = {row.id: row for row in kept["charge"]}
    for row in kept["transfer"]:
        body = row.body
        assert 0 <= body["amount_reversed"] == reversed_of[row.id] <= body["amount"], row.id
        assert body["reversed"] == (body["amount_reversed"] == body["amount"]), row.id
        twin = payments[body["destination_payment"]].body
        assert (twin["amount"], twin["amount_refunded"]) == (body["amount"], body["amount_reversed"]), row.id


def _fees(kept: dict[str, list[Row]]) -> None:
    returned = _sums(kept["fee_refund"], "fee")
    for row in kept["application_fee"]:
        body = row.body
        assert 0 <= body["amount_refunded"] == returned[row.id] <= body["amount"], row.id
        assert body["refunded"] == (body["amount_refunded"] == body["amount"]), row.id


def _intents(kept: dict[str, list[Row]]) -> None:
    charges = {row.id: row.body for row in kept["charge"]}
    for row in kept["payment_intent"]:
        body = row.body
        charge = charges.get(body["latest_charge"] or "")
        if body["status"] == "succeeded":
            assert charge is not None, row.id
            assert charge["captured"], row.id
            assert charge["paid"], row.id
            assert body["amount_received"] == charge["amount_captured"] <= body["amount"], row.id
            assert (charge["payment_intent"], charge["currency"]) == (row.id, body["currency"]), row.id
        else:
            assert body["amount_received"] == 0, row.id
        held = body["amount"] if body["status"] == "requires_capture" else 0
        assert body["amount_capturable"] == held, row.id
    paid = [row for row in kept["charge"] if not row.account and row.body["captured"] and row.body["paid"]]
    used = [row.body["payment_intent"] for row in paid]
    assert len(used) == len(set(used)), "two charges were taken for one payment"


def _sessions(kept: dict[str, list[Row]]) -> None:
    intents = {row.id: row.body for row in kept["payment_intent"]}
    for row in kept["checkout.session"]:
        body = row.body
        assert body["amount_total"] == body["amount_subtotal"] - body["total_details"]["amount_discount"] >= 0, row.id
        items = row.private["items"]
        assert sum(item["amount_total"] for item in items) == body["amount_total"], row.id
        intent = intents.get(body["payment_intent"] or "")
        if body["status"] == "complete" and body["amount_total"]:
            assert intent is not None, row.id
            assert intent["amount"] == body["amount_total"], row.id
        elif intent is not None:
            assert intent["amount_received"] == 0, row.id
        assert (body["payment_status"] == "paid") <= (body["status"] == "complete"), row.id


def _payouts(em: Emulator, kept: dict[str, list[Row]]) -> None:
    swept = dict(em.store.rows("SELECT payout, SUM(net) FROM ledger WHERE payout IS NOT NULL GROUP BY payout"))
    for row in kept["payout"]:
        body = row.body
        if body["automatic"]:
            assert swept[row.id] == body["amount"], row.id
        failed = body["status"] in ("failed", "canceled")
        assert (body["failure_balance_transaction"] is not None) == failed, row.id


def _transactions(em: Emulator) -> None:
    """The ledger's rows and the balance transactions are the same, and each says what its parts do."""
    rows = em.store.rows("SELECT id, currency, amount, fee, net, available_on FROM ledger")
    shown = em.store.rows(f"SELECT {_TRANSACTION} WHERE kind = 'balance_transaction'")
    assert sorted(rows) == sorted(shown)
    for id, _, amount, fee, net, _ in shown:
        assert amount - fee == net, id
    details = (
        "SELECT o.id, SUM(part.value ->> '$.amount'), o.body ->> '$.fee' FROM object o, "
        "json_each(o.body, '$.fee_details') part WHERE o.kind = 'balance_transaction' GROUP BY o.id"
    )
    for id, parts, fee in em.store.rows(details):
        assert parts == fee, id


def _events(em: Emulator, kept: dict[str, list[Row]]) -> None:
    """Each object was announced once: what was rolled back was not told, what stayed was not forgotten."""
    told = dict(em.store.rows("SELECT body ->> '$.type', count(*) FROM object WHERE kind = 'event' GROUP BY 1"))
    for type, kind in ANNOUNCED.items():
        # a seller's side of a reversal is a refund too, which nobody is told of
        made = [row for row in kept[kind] if not row.id.startswith("pyr_")]
        assert told.get(type, 0) == len(made), type
