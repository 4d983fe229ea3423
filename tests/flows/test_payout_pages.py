"""What sellers see of their payouts: every sale, fee and refund inside, and why one came back."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import stripe
from django.test import Client
from django.utils.timezone import localtime

from accounts.models import Membership, Seller
from emulator import business
from emulator.resources.payouts import MESSAGES
from gateway import operations, reads
from gateway.models import Operation
from kit.clock import now
from kit.mail import Mail
from kit.money import to_decimal
from ledger.journal import balance
from ledger.models import Account, Entry
from orders.models import Order
from payments import payout_files, sweeps
from payments.models import Payout, PayoutLine, Release, Share
from payments.payout_failures import FAILURES
from payments.queries import arriving_releases, held_shares, seller_money
from tests.factories import MembershipFactory, UserFactory
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def browser(seller: Seller) -> Client:
    found = Client()
    found.force_login(seller.memberships.get(role=Membership.Role.OWNER).user)
    return found


def released(world: World, share: Share) -> Share:
    world.delivered(share)
    sweeps.set_dates()
    Share.objects.filter(pk=share.pk).update(release_at=now() - timedelta(minutes=1))
    sweeps.release_due()
    share.refresh_from_db()
    return share


def figures(seller: Seller) -> Any:
    (found,) = seller_money(seller)
    return found


def test_every_figure_is_the_ledgers_and_stripes_to_the_cent(world: World) -> None:
    share = world.bought_at_once(5000)
    seller = share.order.seller
    released(world, world.bought_again(share, 2400))
    held = world.bought_again(share, 3333)
    account = str(share.account.stripe_id)

    found = figures(seller)

    at_stripe = reads.balance(account=account)
    assert (found.available.amount, found.arriving.amount) == (at_stripe.available["eur"], at_stripe.pending["eur"])
    assert found.at_stripe.amount == balance(Account.SELLER_CASH, account, "eur") == 4500 + 2160
    assert found.held.amount == -balance(Account.ORDER_HELD, held.order.number, "eur") - held.fee == 3000
    assert found.held.amount == sum(one.held_now for one in held_shares(seller, "eur"))
    assert found.arriving.amount == sum(one.on_the_way for one in arriving_releases(seller))
    with world.later(days=8):
        world.settle()
        later = figures(seller)
        paid = reads.balance(account=account)

    assert (later.available.amount, later.arriving.amount) == (paid.available["eur"], paid.pending["eur"])
    in_transit = sum(balance(Account.PAYOUTS_IN_TRANSIT, one.stripe_id, "eur") for one in Payout.objects.all())
    assert later.on_its_way.amount == in_transit
    owed = -balance(Account.SELLER_PAYABLE, str(seller.pk), "eur")
    assert later.at_stripe.amount + later.on_its_way.amount == owed
    assert (
        later.paid_out.amount == 4500 + 2160 - owed == sum(one.amount for one in Payout.objects.filter(status="paid"))
    )


def test_each_figure_opens_what_it_is_made_of(world: World) -> None:
    share = world.bought_at_once(5000)
    bob = browser(share.order.seller)
    held = world.bought_again(share, 2400)

    page = bob.get("/desk/money/").content.decode()
    places = {name: bob.get(f"/desk/money/eur/{name}/") for name in ("held", "arriving", "available", "paid", "debt")}

    assert all(f"/desk/money/eur/{name}/" in page for name in ("held", "arriving"))
    assert held.order.number in places["held"].content.decode()
    assert share.order.number in places["arriving"].content.decode()
    rows = places["available"].context["entries"]
    assert [(row.word, row.money.amount, row.after.amount) for row in rows] == [
        ("Our fee", -500, 4500),
        ("Sale, paid to you at once", 5000, 5000),
    ]
    assert "Nothing here now" in places["paid"].content.decode()
    assert bob.get("/desk/money/usd/held/").status_code == bob.get("/desk/money/eur/nowhere/").status_code == 404


def test_a_payout_says_every_sale_fee_and_refund_inside(world: World) -> None:
    share = world.bought_at_once(5000)
    world.keeps_quiet = False
    second = released(world, world.bought_again(share, 2400))
    bob = browser(share.order.seller)
    with world.later(days=8):
        world.settle()
        payout = Payout.objects.latest("created_at")
        page = bob.get(f"/desk/payouts/{payout.stripe_id}/")
        listed = bob.get("/desk/payouts/")
        rows = list(
            csv.DictReader(StringIO(bob.get(f"/desk/payouts/{payout.stripe_id}.csv").content.decode("utf-8-sig")))
        )
        month = bob.get(f"/desk/payouts/month.csv?month={localtime(payout.created_at):%Y-%m}").content.decode()

    body = page.content.decode()
    lines = PayoutLine.objects.filter(payout=payout)
    assert sum(line.net for line in lines) == payout.amount == sum(total.net.amount for total in page.context["totals"])
    assert not page.context["unexplained"]
    # The bar's parts are all that came in, and its first is what the ledger says left for the bank.
    shown = page.context["bar"]
    assert sum(money.amount for _kind, _word, money in shown) == sum(line.amount for line in lines if line.amount > 0)
    sent = Entry.objects.get(account=Account.PAYOUTS_IN_TRANSIT, ref=payout.stripe_id, amount__gt=0)
    assert shown[0][2].amount == sent.amount == payout.amount
    assert 'class="money-bar__table"' in body
    assert {row.order for row in page.context["rows"]} <= {share.order.number, second.order.number}
    assert "Your bank has it" in body or "It is on its way" in body
    assert payout.stripe_id in listed.content.decode()
    assert rows[-1]["net"] == str(to_decimal(payout.amount, "eur"))
    assert rows[-1]["note"] == "what the bank gets"
    assert sum(float(row["net"]) for row in rows[:-1]) == pytest.approx(float(rows[-1]["net"]))
    assert payout.stripe_id in month
    assert set(Release.objects.exclude(payout=None).values_list("share__order__number", flat=True))


def test_a_payout_we_hear_of_late_was_paid_on_the_banks_day(world: World) -> None:
    share = world.bought_at_once(5000)
    bob = browser(share.order.seller)
    with world.later(days=30):
        world.settle()
        payout = Payout.objects.latest("created_at")

        steps = bob.get(f"/desk/payouts/{payout.stripe_id}/").context["steps"]

    (learned,) = payout.moves.filter(to_status=Payout.Status.PAID)
    assert localtime(learned.at).date() > payout.arrives_on
    assert [step.at for step in steps if step.label == "Paid"] == [payout.arrives_on]


def test_a_payout_that_came_back_says_why_who_and_what_to_do_and_its_money_leaves_again(world: World) -> None:
    share = world.bought_at_once(5000)
    bob = browser(share.order.seller)
    with world.later(days=8):
        world.settle()
        payout = Payout.objects.get()
        business.fail_payout(world.emulator, payout.stripe_id, "account_closed")
        world.settle()
        page = bob.get(f"/desk/payouts/{payout.stripe_id}/").content.decode()
        desk = bob.get("/desk/").content.decode()
        to_bank = bob.post("/desk/payouts/bank/")

    assert "The bank account has been closed." in page
    assert "Give Stripe another bank account" in page
    assert "Change the bank account" in page
    assert "Your bank sent a payout of €45.00 back" in desk
    assert to_bank.status_code == 303
    assert "/express/" in to_bank["Location"]
    letter = Mail.objects.get(key__startswith="payout-failed")
    assert payout.stripe_id in letter.text
    assert "The bank account has been closed." in letter.text
    assert Release.objects.get().payout is None
    assert figures(share.order.seller).at_stripe.amount == 4500


def test_another_seller_and_a_team_member_find_what_is_theirs_only(world: World) -> None:
    share = world.bought_at_once(5000)
    helper = MembershipFactory(seller=share.order.seller, user=UserFactory(), role=Membership.Role.STAFF).user
    team, other = Client(), browser(world.seller("Other", email="other@example.org"))
    team.force_login(helper)
    with world.later(days=8):
        world.settle()
        payout = Payout.objects.get().stripe_id
        for path in (f"/desk/payouts/{payout}/", f"/desk/payouts/{payout}.csv", "/desk/money/eur/held/"):
            assert other.get(path).status_code == 404
            assert team.get(path).status_code == 200
        assert payout not in other.get("/desk/payouts/").content.decode()
        first = f"{localtime(now()):%Y-%m}"
        assert payout not in other.get(f"/desk/payouts/month.csv?month={first}").content.decode()

    assert team.post("/desk/payouts/bank/").status_code == team.get("/desk/payouts/schedule/").status_code == 404


def test_the_owner_chooses_when_to_be_paid_within_bounds(world: World) -> None:
    seller = world.seller()
    bob, account = browser(seller), str(world.account_of(seller).stripe_id)

    before = bob.get("/desk/payouts/schedule/").content.decode()
    saved = bob.post("/desk/payouts/schedule/", {"interval": "weekly", "weekdays": ["monday", "thursday"]}, follow=True)
    by_hand = bob.post("/desk/payouts/schedule/", {"interval": "manual"})
    no_day = bob.post("/desk/payouts/schedule/", {"interval": "weekly"})

    assert "on every working day" in before
    assert "Payouts by hand" in before
    assert "every Monday and Thursday" in saved.content.decode()
    assert reads.payout_schedule(account).weekdays == ("monday", "thursday")
    assert (by_hand.status_code, no_day.status_code) == (422, 422)
    assert "Choose at least one weekday" in no_day.content.decode()
    operation = Operation.objects.get(name="balance_settings.update")
    assert (operation.status, operation.account, operation.actor) == ("succeeded", account, "bob@example.org")
    seller.country = "TH"
    seller.save()
    assert bob.post("/desk/payouts/schedule/", {"interval": "monthly", "day": "1"}).status_code == 422


def test_an_older_change_never_arrives_after_a_newer_one(world: World) -> None:
    seller = world.seller()
    bob, account = browser(seller), str(world.account_of(seller).stripe_id)
    world.emulator.faults.add("error_before", match="POST /v1/balance_settings", status=500)

    first = bob.post("/desk/payouts/schedule/", {"interval": "monthly", "day": "1"}, follow=True).content.decode()
    unknown = Operation.objects.get(name="balance_settings.update")
    bob.post("/desk/payouts/schedule/", {"interval": "weekly", "weekdays": ["friday"]})
    operations.finish_due()

    assert "Stripe has not answered" in first
    assert unknown.status == "unknown"
    assert reads.payout_schedule(account).interval == "weekly"


def test_f17_a_change_whose_answer_was_lost_is_found_at_stripe_a_day_later(world: World) -> None:
    seller = world.seller()
    world.emulator.faults.add("lost_response", match="POST /v1/balance_settings")
    browser(seller).post("/desk/payouts/schedule/", {"interval": "monthly", "day": "31"})
    sent = world.requests("POST /v1/balance_settings")

    with world.later(days=1):
        operations.finish_due()

    operation = Operation.objects.get(name="balance_settings.update")
    assert (operation.status, operation.adopted) == ("succeeded", True)
    assert world.requests("POST /v1/balance_settings") == sent
    assert reads.payout_schedule(str(world.account_of(seller).stripe_id)).days == (31,)


def test_every_failure_code_has_words() -> None:
    """stripe-python types a payout's code as text; the banks' reasons it does list are those of its bank transfers."""
    listed = {
        code
        for params in (
            stripe.params.test_helpers.treasury.OutboundPaymentReturnOutboundPaymentParamsReturnedDetails,
            stripe.params.test_helpers.treasury.OutboundTransferReturnOutboundTransferParamsReturnedDetails,
            stripe.params.test_helpers.treasury.InboundTransferFailParamsFailureDetails,
        )
        for code in _literals(params.__annotations__["code"])
    }

    assert listed >= {"account_closed", "declined", "debit_not_authorized", "other"}
    assert sorted(listed - set(FAILURES)) == []
    assert sorted(set(MESSAGES) - set(FAILURES)) == []


def _literals(annotation: object) -> list[str]:
    inside = str(getattr(annotation, "__forward_arg__", annotation)).partition("Literal[")[2].partition("]")[0]
    return [part.strip().strip("'\"") for part in inside.split(",")]


def test_a_cell_people_wrote_is_no_formula() -> None:
    assert payout_files.guarded("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert payout_files.guarded(" +1") == "' +1"
    assert payout_files.guarded("Order 7") == "Order 7"
    assert Order.objects.count() == 0
