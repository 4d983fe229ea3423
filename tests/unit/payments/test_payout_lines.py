"""Lines of payouts: whose they are, and what is said beside them."""

from __future__ import annotations

import pytest

from gateway.payout_objects import PayoutLine as Found
from kit.clock import now
from payments import payout_lines, payout_pages
from payments.models import Payout, PayoutLine, Release, Share
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


def test_a_release_that_was_written_down_after_its_payout_is_found_with_the_next_event() -> None:
    (share,) = sold(now(), 10_000)
    payout, found = paid_out(share, "eur"), [line(share, 10_000, "eur")]
    payout_lines.keep(payout, found)
    release = sent(share, 10_000)

    payout_lines.keep(payout, found)
    payout_lines.carry(payout)

    assert PayoutLine.objects.get().release == release
    assert Release.objects.get().payout == payout
