"""Every way a charge, a refund and a dispute can meet: what may be refunded, what may be released, what the books say.

Each charge with its refund is set up once; every dispute begins from there, by a savepoint and a copy of the emulator.
docs/disputes.md shows the table; it is what these rules say, and each of its cells is reached here.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import transaction

from emulator import business
from emulator.core import Emulator
from emulator.resources import disputing
from ledger.models import Account
from payments import decisions, fetching_back, sweeps
from payments.consequences import Refused
from payments.models import Dispute, DisputeShare, Hold, MoneyAction, Refund, Share
from tests import agreement, invariants
from tests.flows.test_disputes import balance, fresh, released
from tests.world import CARD, World

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

Kind = MoneyAction.Kind
PAGE = Path("docs/disputes.md")
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"
CHARGES = {
    "held": "held",
    "part released": "partly released",
    "paid out": "released and paid out",
    "destination": "destination",
}
REFUNDS = {
    "none": "none",
    "pending": "some, on its way",
    "partial": "some",
    "full": "all",
    "failed": "some, came back",
}
# What the bank does, step by step, and whether it begins with an inquiry.
DISPUTES: dict[str, tuple[bool, tuple[str, ...]]] = {
    "none": (False, ()),
    "inquiry open": (True, ()),
    "inquiry closed": (True, ("warning_closed",)),
    "needs response": (False, ()),
    "under review": (False, ("under_review",)),
    "won": (False, ("won",)),
    "lost": (False, ("lost",)),
    "prevented": (True, ("prevented",)),
    "appeal": (False, ("lost", "appeal_under_review")),
}
BARRING = ("needs response", "under review", "lost", "appeal")
TAKING = (*BARRING, "won")
HOLDING = ("inquiry open", "needs response", "under review", "appeal")
PART, WHOLE = 300, 1000


# --- the rules, as the page tells them ---


def may_refund(_charge: str, refund: str, dispute: str) -> str:
    """Whether the buyer can get (more) back, or why not."""
    if dispute in BARRING:
        return "disputed"
    return "more_than_left" if refund == "full" else "yes"


def may_release(charge: str, refund: str, dispute: str) -> str:
    """Whether the seller can get (more), or why not."""
    if left(charge, refund, dispute) <= 0:
        return "nothing_held"
    return "held_back" if dispute in HOLDING else "yes"


def left(charge: str, refund: str, dispute: str) -> int:
    """What is held for the seller, in cents of a sale of 10.00 whose fee is 1.00."""
    if dispute in ("lost", "appeal"):
        return 0
    refunded = {"none": 0, "full": 900}.get(refund, 270)
    if charge in ("held", "part released"):
        # A part that was released is fetched back for a dispute as far as it is disputed.
        gone = 500 if charge == "part released" else 0
        held = max(0, 900 - refunded - gone)
        if charge == "part released" and dispute in ("needs response", "under review", "won"):
            return 900 - refunded
        return held
    fetched = charge == "destination" and dispute in ("needs response", "under review", "won")
    return 900 - refunded if fetched else 0


def table() -> str:
    """As docs/disputes.md shows it."""
    short = {
        "yes": "yes",
        "disputed": "no: disputed",
        "more_than_left": "no: all is back",
        "held_back": "no: held back",
        "nothing_held": "nothing held",
    }
    rows = [f"| Charge | Refund | {' | '.join(DISPUTES)} |", "|---|---|" + "---|" * len(DISPUTES)]
    for charge, shown in CHARGES.items():
        for refund, words in REFUNDS.items():
            cells = [
                f"{short[may_refund(charge, refund, one)]} / {short[may_release(charge, refund, one)]}"
                for one in DISPUTES
            ]
            rows.append(f"| {shown} | {words} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


# --- the same, reached ---


@pytest.mark.parametrize("refund", REFUNDS)
@pytest.mark.parametrize("charge", CHARGES)
def test_every_dispute_of_a_charge_with_a_refund(world: World, charge: str, refund: str) -> None:
    with ExitStack() as days:
        share = set_up(world, charge, refund, days)

        for dispute in DISPUTES:
            for _begun in apart(world):
                what = f"{charge} × {refund} × {dispute}"
                meet(world, share, dispute)
                assert (what, refused(share, Kind.REFUND)) == (what, may_refund(charge, refund, dispute))
                assert (what, refused(share, Kind.RELEASE)) == (what, may_release(charge, refund, dispute))
                assert (what, fresh(share).left) == (what, left(charge, refund, dispute))
                the_books_say(share, refund, dispute, what)
                invariants.check_at_rest(world.emulator)
                agreement.check(world)


def test_the_page_shows_this_table() -> None:
    page = PAGE.read_text()
    shown = page.partition(BEGIN)[2].partition(END)[0]
    if os.environ.get("WRITE_TABLE"):
        PAGE.write_text(page.replace(BEGIN + shown, BEGIN + table()))
        shown = table()

    assert shown == table(), "WRITE_TABLE=1 writes it anew"


def apart(world: World) -> Iterator[None]:
    """Whatever happens in the body of the loop has not happened after it, here and at Stripe."""
    before, copy = transaction.savepoint_create(), sqlite3.connect(":memory:", isolation_level=None)
    moment = world.emulator.copy_state(copy)
    clock = "INSERT INTO meta VALUES ('clock', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    copy.execute(clock, (json.dumps(moment),))
    try:
        yield
    finally:
        transaction.savepoint_rollback(before)
        world.emulator.take_state(copy)
        copy.close()


def set_up(world: World, charge: str, refund: str, days: ExitStack) -> Share:
    card = {"pending": "4000000000007726", "failed": "4000000000005126"}.get(refund, CARD)
    share = world.bought_at_once(WHOLE, card=card) if charge == "destination" else world.bought((WHOLE,), card=card)[0]
    if charge == "part released":
        world.delivered(share)
        decisions.by_itself(share, Kind.RELEASE, {"amount": 500}, actor="test", reason="Some of it.")
    if charge == "paid out":
        released(world, share)
        # Stripe pays it out once it has settled, and the marketplace's own as well.
        days.enter_context(world.later(days=10))
        world.settle()
        business.fund(world.emulator, "platform", 5 * WHOLE, "eur")
    if refund != "none":
        amount = WHOLE if refund == "full" else PART
        request = {"amount": amount, "reason": Refund.Reason.CHANGED_MIND, "policy": "shared"}
        decisions.by_itself(fresh(share), Kind.REFUND, request, actor="test", reason="Asked for.")
    if refund == "failed":
        business.fail_refund(world.emulator, str(Refund.objects.get().stripe_id))
    world.settle()
    expected = {"pending": "pending", "failed": "failed", "none": None}.get(refund, "succeeded")
    assert Refund.objects.values_list("status", flat=True).first() == expected
    return fresh(share)


def meet(world: World, share: Share, dispute: str) -> None:
    """The dispute, as far as it goes. Banks also dispute what was refunded: they do not always know."""
    inquiry, steps = DISPUTES[dispute]
    if dispute != "none":
        du = begin(world.emulator, str(share.payment.charge_id), inquiry=inquiry)
        hear(world)
        for step in steps:
            if step == "prevented":
                prevent(world.emulator, du)
            else:
                business.move_dispute(world.emulator, du, step)
            hear(world)
    sweeps.follow()
    hear(world)


def begin(emulator: Emulator, charge: str, *, inquiry: bool) -> str:
    with emulator.visit() as ctx:
        row = ctx.must(charge)
        if disputing.disputable(ctx, row) < 1:
            return disputing.begin(ctx, row, "general", inquiry=inquiry, amount=WHOLE).id
    return business.open_dispute(emulator, charge, "general", inquiry=inquiry)


def prevent(emulator: Emulator, dispute: str) -> None:
    with emulator.visit() as ctx:
        row = ctx.must(dispute)
        row.body["status"] = "prevented"
        ctx.save(row)
        ctx.emit("charge.dispute.updated", row, previous={"status": "warning_needs_response"})


def hear(world: World) -> None:
    world.settle()
    fetching_back.fetch_back()
    world.settle()


def refused(share: Share, kind: str) -> str:
    """Why this is refused, or "yes"."""
    asked = {"amount": 1, "reason": Refund.Reason.CHANGED_MIND, "policy": "shared"} if kind == Kind.REFUND else {}
    try:
        decisions.preview(fresh(share), kind, asked)
    except Refused as refusal:
        return refusal.code
    return "yes"


def the_books_say(share: Share, refund: str, dispute: str, what: str) -> None:
    row, share = Dispute.objects.first(), fresh(share)
    du = row.stripe_id if row is not None else ""
    is_taken = dispute in TAKING
    assert (what, row.withdrawn if row else 0) == (what, disputed(refund) if is_taken else 0)
    waits = disputed(refund) if dispute in ("needs response", "under review") else 0
    assert (what, balance(Account.DISPUTE_CLEARING, du)) == (what, waits)
    lost = dispute in ("lost", "appeal")
    assert (what, balance(Account.PLATFORM_LOSS)) == (what, WHOLE if lost and refund == "full" else 0)
    # A refund that never arrived is still owed, unless the bank has taken it since.
    owed = PART if refund == "failed" or (refund == "pending" and is_taken) else 0
    assert (what, balance(Account.BUYER_REFUND_DUE, share.order.number)) == (what, 0 if lost else -owed)
    parts = list(DisputeShare.objects.filter(outcome="lost"))
    assert (what, sum(part.amount for part in parts)) == (what, carried(refund) if lost else 0)
    assert all(part.from_platform == 0 and part.amount == part.from_seller + part.from_fee for part in parts), what
    holds = share.holds.filter(ended_at=None, kind=Hold.Kind.DISPUTE).count()
    assert (what, holds) == (what, 1 if dispute in HOLDING else 0)


def disputed(refund: str) -> int:
    """What the bank takes: what was not refunded; of what was refunded completely all of it, for it does not know."""
    return WHOLE - PART if refund == "partial" else WHOLE


def carried(refund: str) -> int:
    """What of it the order carries: at most what was not decided to go back."""
    return {"none": WHOLE, "full": 0}.get(refund, WHOLE - PART)
