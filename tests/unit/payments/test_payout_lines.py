"""Lines of payouts: whose they are, and what is said beside them."""

from __future__ import annotations

import pytest

from gateway import objects
from gateway.payout_objects import PayoutLine as Found
from kit.clock import now
from ledger.journal import balance
from ledger.models import Account
from payments import payout_lines, payout_pages, payouts
from payments.models import Payout, PayoutLine, Refund, Release, Share
from tests.disputework import sold

pytestmark = pytest.mark.django_db


def paid_out(share: Share, currency: str) -> Payout:
    return Payout.objects.create(
        connected_account=share.account, stripe_id=f"po_{share.pk}", status="paid", currency=currency, amount=1,
        arrives_on=now().date(), created_at=now(),
    )  # fmt: skip


def sent(share: Share, amount: int, netted: int = 0) -> Release:
    return Release.objects.create(
        share=share, number=1, status="sent", amount=amount, netted=netted, transfer_id=f"tr_{share.pk}",
        destination_payment=f"py_{share.pk}", planned_at=now(), sent_at=now(), actor="sweep", reason="Its date.",
    )  # fmt: skip


def line(share: Share, amount: int, currency: str) -> Found:
    name = f"{share.pk}"
    return Found(f"txn_{name}", "payment", amount, 0, amount, currency, now(), f"py_{name}")


def note(share: Share, payout: Payout) -> str:
    share.refresh_from_db()
    (row,) = payout_pages.rows(payout, payout_pages.lines_of(payout))
    return row.note


def test_a_note_is_in_the_currency_of_the_sale() -> None:
    (share,) = sold(now(), 10_000, currency="usd")
    Share.objects.filter(pk=share.pk).update(fee=1000)
    sent(share, 8500, netted=500)
    payout = paid_out(share, "eur")
    payout_lines.keep(payout, [line(share, 7800, "eur")])

    said = note(share, payout)

    assert said == (
        "The buyer paid $100.00; our fee of $10.00 was kept back before. $5.00 was set off against what you owed."
    )


def test_a_refund_after_the_release_does_not_change_what_the_payout_says_of_it() -> None:
    (share,) = sold(now(), 10_000)
    Share.objects.filter(pk=share.pk).update(fee=1000)
    sent(share, 9000)
    payout = paid_out(share, "eur")
    payout_lines.keep(payout, [line(share, 9000, "eur")])

    Share.objects.filter(pk=share.pk).update(refunded=2500, fee_returned=250)

    assert note(share, payout) == "The buyer paid €100.00; our fee of €10.00 was kept back before."


def test_a_refund_before_the_release_is_said() -> None:
    (share,) = sold(now(), 10_000)
    Share.objects.filter(pk=share.pk).update(fee=1000, refunded=2500, fee_returned=250, taken=2250)
    sent(share, 6750)
    payout = paid_out(share, "eur")
    payout_lines.keep(payout, [line(share, 6750, "eur")])

    assert note(share, payout) == (
        "The buyer paid €100.00; our fee of €7.50 was kept back before. €25.00 went back to the buyer."
    )


def test_the_processing_fee_a_refund_before_cost_is_said() -> None:
    (share,) = sold(now(), 10_000)
    Share.objects.filter(pk=share.pk).update(fee=1000, refunded=2500, fee_returned=250, taken=2330)
    sent(share, 6670)
    payout = paid_out(share, "eur")
    payout_lines.keep(payout, [line(share, 6670, "eur")])

    assert note(share, payout) == (
        "The buyer paid €100.00; our fee of €7.50 was kept back before. €25.00 went back to the buyer. "
        "You bore €0.80 of Stripe’s processing fee."
    )


def refunded(share: Share, amount: int, **parts: int) -> None:
    Refund.objects.create(
        share=share, status="succeeded", amount=amount, reason="not_as_described", policy="usual", actor="staff",
        planned_at=now(), **parts,
    )  # fmt: skip


def test_of_two_refunds_only_the_one_before_the_release_is_said() -> None:
    (share,) = sold(now(), 10_000)
    refunded(share, 2500, from_seller=2250, from_fee=250, processing=80, absorbed=2330)
    Share.objects.filter(pk=share.pk).update(fee=1000, refunded=2500, fee_returned=250, taken=2330)
    sent(share, 6670)
    payout = paid_out(share, "eur")
    payout_lines.keep(payout, [line(share, 6670, "eur")])
    at_first = note(share, payout)

    refunded(share, 1000, from_seller=900, from_fee=100, processing=30, owed=930)
    Share.objects.filter(pk=share.pk).update(refunded=3500, fee_returned=350, taken=3260)

    assert note(share, payout) == at_first
    assert "€25.00 went back to the buyer. You bore €0.80 of Stripe’s processing fee." in at_first


def test_a_release_that_was_written_down_after_its_payout_is_found_with_the_next_event() -> None:
    (share,) = sold(now(), 10_000)
    payout, found = paid_out(share, "eur"), [line(share, 10_000, "eur")]
    payout_lines.keep(payout, found)
    release = sent(share, 10_000)

    payout_lines.keep(payout, found)
    payout_lines.carry(payout)

    assert PayoutLine.objects.get().release == release
    assert Release.objects.get().payout == payout


def seen(name: str, status: str, *lines: Found) -> payouts.Found:
    at = now()
    payout = objects.Payout(
        id=name, status=status, amount=10_000, currency="eur", arrives_on=at.date(), created_at=at, failure_code="",
        failure_message="", line_id="",
    )  # fmt: skip
    return payouts.Found(payout, list(lines))


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 1, 0, 3, 2), (3, 2, 1), (3, 1, 2), (2, 3, 1, 1)])
def test_what_came_back_twice_is_carried_by_the_third_in_whatever_order_it_is_told(order: tuple[int, ...]) -> None:
    (share,) = sold(now(), 10_000)
    release, account = sent(share, 10_000), str(share.account.stripe_id)
    again = [
        Found(f"txn_back{name}", "payout_failure", 10_000, 0, 10_000, "eur", now(), f"po_{name}") for name in ("a", "b")
    ]
    told = [
        seen("po_a", "paid", line(share, 10_000, "eur")),
        seen("po_a", "failed", line(share, 10_000, "eur")),
        seen("po_b", "failed", again[0]),
        seen("po_c", "paid", again[1]),
    ]

    for which in order:
        payouts.apply(told[which], account, actor="event")

    release.refresh_from_db()
    assert release.payout is not None
    assert release.payout.stripe_id == "po_c"
    assert PayoutLine.objects.count() == 3
    assert balance(Account.SELLER_CASH, account, "eur") == -10_000
    assert "left again" in payout_pages.turn(Payout.objects.get(stripe_id="po_a")).sentence
