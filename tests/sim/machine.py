"""A game against the money core: people trade, decide and change their minds while Stripe, banks and processes fail.

After every step the invariants I01, I03-I06, I09, I14, I16 and I17 hold. At the end, when faults stop and everything
has had its time, nothing is planned or unknown and our cash is what Stripe has, to the minor unit (I18).

Refusals are part of the game. Any other exception is a bug, also one that a sweep caught to help the other rows.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from cases.models import Case
from cases.tasks import act_on_cases
from emulator import business
from emulator.types import Delivery
from gateway import operations
from gateway.models import Operation
from kit.clock import now
from ledger.sealing import seal_due
from orders import baskets, placing, progress
from orders.models import Basket, Purchase
from payments import checkout, decisions, disputes, fetching_back, settlement, sweeps, tasks
from payments.decisions import Decider
from payments.models import MoneyAction, Payment, Refund, Release, Share
from tests import agreement, invariants
from tests.factories import ListingFactory
from tests.sim import checks
from tests.sim.banks import Banks
from tests.sim.complaints import Complaints
from tests.sim.game import one, part, which

Kind = MoneyAction.Kind
CURRENCIES = ("eur", "jpy", "usd")
LARGEST = 5000
POLICIES = ("shared", "seller", "platform")
REASONS = (
    "changed_mind",
    "not_received",
    "not_as_described",
    "seller_cancelled",
    "platform_fault",
    "goodwill",
    "fraud",
)
CARDS = {
    "ordinary": "4242424242424242",
    "available at once": "4000000000000077",
    "refund fails later": "4000000000005126",
    "refund waits": "4000000000007726",
    "disputed": "4000000000000259",
    "inquiry": "4000000000001976",
}
PAYING = ("ordinary", "available at once", "refund fails later", "refund waits")
POINTS = (
    "decision.planned", "decision.committed", "operation.claimed", "operation.answered", "operation.settled",
    "operation.reaping", "operation.looking_up", "operation.looked_up", "operation.superseded", "release.due",
    "release.answered", "release.before_apply", "release.applied", "refund.answered", "refund.applied",
    "reversal.answered", "reversal.applied", "inbox.fetched", "inbox.applied", "settlement.booked",
    "checkout.prepared", "checkout.answered", "orders.place.checked",
)  # fmt: skip
FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lost_response", {}),
    ("lost_request", {}),
    ("malformed_body", {}),
    ("save_500", {}),
    ("save_500", {"acted": True}),
    *(("error_before", {"status": status}) for status in (409, 429, 500, 503)),
)
CALLS = (
    "POST /v1/refunds", "POST /v1/transfers", "POST /v1/transfers/[^/]+/reversals", "POST /v1/checkout/sessions",
    "GET /v1/.*", "GET /v1/charges/.*",
)  # fmt: skip
# What is done while something fails, and which calls of it.
BUSY = {
    "sale": "(POST|GET) /v1/checkout/sessions.*",
    "refund": "POST /v1/(refunds|transfers/[^/]+/reversals)",
    "release": "POST /v1/transfers",
    "reversal": "POST /v1/transfers/[^/]+/reversals",
    "every sweep": "(POST|GET) /v1/.*",
}
SWEEPS: dict[str, Callable[[], object]] = {
    "operations": operations.finish_due,
    "payments": tasks.follow,
    "all about held money": tasks.act_on_held_money,
    "all about cases": act_on_cases,
    "seal": seal_due,
    **{
        f"{sweep.__module__.rpartition('.')[2]} {sweep.__name__}".removeprefix("sweeps "): sweep
        for sweep in (
            sweeps.follow, sweeps.end_holds, sweeps.set_dates, sweeps.warn_buyers, sweeps.warn_sellers,
            sweeps.release_due, sweeps.cancel_unsent, sweeps.refund_cancelled, sweeps.watch_deadlines,
            disputes.follow, disputes.find_missed, disputes.set_right, fetching_back.fetch_back,
            fetching_back.fetch_overtaken,
        )
    },
}  # fmt: skip
MINUTE, HOUR, DAY = 60, 3600, 86_400
# A long game says how far it is, so that one that is stopped counts as well.
TELL_EVERY = 20
# At the end things get so many hours to come to rest.
PATIENCE = 40


class MoneyGame(Banks, Complaints):
    """One shop street in a bad month."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[Share, str, dict[str, Any], str]] = []

    @initialize(cards=st.lists(st.sampled_from(sorted(CARDS)), min_size=1, max_size=2), prices=st.data())
    def begin(self, cards: list[str], prices: st.DataObject) -> None:
        """Nobody starts with an empty street."""
        for place, card in enumerate(cards):
            drawn = prices.draw(st.lists(st.integers(60, LARGEST), min_size=1, max_size=3))
            self._try(
                "buy", lambda drawn=drawn, place=place, card=card: self._buy(place, "eur", drawn, "shipped", card)
            )
        self._settle()

    # --- buying and delivering ---

    @rule(
        buyer=which,
        currency=st.sampled_from(CURRENCIES),
        prices=st.lists(st.integers(60, LARGEST), min_size=1, max_size=3),
        delivery=st.sampled_from(["shipped", "shipped", "pickup"]),
        card=st.sampled_from(sorted(CARDS)),
    )
    def buy(self, buyer: int, currency: str, prices: list[int], delivery: str, card: str) -> None:
        self._try("buy", lambda: self._buy(buyer, currency, prices, delivery, card))

    def _buy(self, buyer: int, currency: str, prices: list[int], delivery: str, card: str) -> None:
        purchase = self._place(buyer, currency, prices, delivery)
        payment = checkout.start(purchase, actor="buyer")
        self._pay(payment, CARDS[card])

    def _place(self, buyer: int, currency: str, prices: list[int], delivery: str) -> Purchase:
        who = buyer % len(self.stand.buyers)
        customer = self.stand.buyers[who]
        basket, _created = Basket.objects.get_or_create(customer=customer, defaults={"updated_at": now()})
        basket.lines.all().delete()
        sellers = self.stand.sellers
        for place, price in enumerate(prices):
            # The last of three is of the first one's shop: an order of several lines.
            seller = sellers[(buyer + place % 2) % len(sellers)]
            listing = ListingFactory(
                seller=seller, price=price, currency=currency, delivery=delivery, category=self.stand.category
            )
            baskets.add(basket, listing, 1)
        return placing.place(
            customer=customer,
            basket=basket,
            currency=currency,
            address=self.stand.addresses[who],
            placed_from=None,
            at=now(),
        )

    def _pay(self, payment: Payment, number: str) -> None:
        self.stand.world.pay(str(payment.session_id), number)

    @rule(number=which, card=st.sampled_from(sorted(CARDS)))
    def pay_an_open_page(self, number: int, card: str) -> None:
        payment = one(Payment.objects.filter(status="open"), number)
        if payment is not None:
            self._try("pay", lambda: self._pay(payment, CARDS[card]))

    @rule(number=which)
    def come_back_from_the_page(self, number: int) -> None:
        payment = one(Payment.objects.exclude(session_id=None), number)
        if payment is not None:
            self._try("return", lambda: settlement.settle(str(payment.session_id), actor="return page"))

    @rule(number=which)
    def abandon(self, number: int) -> None:
        purchase = one(Purchase.objects.filter(status="awaiting_payment"), number)
        if purchase is not None:
            self._try("abandon", lambda: checkout.abandon(purchase, actor="buyer"))

    @rule(number=which)
    def ship(self, number: int) -> None:
        share = self._share(number)
        if share is not None:
            self._try("ship", lambda: progress.fulfil(share.order, at=now(), actor="seller", reason="Sent."))

    @rule(number=which, prices=st.lists(st.integers(60, LARGEST), min_size=1, max_size=2), card=st.sampled_from(PAYING))
    def a_sale_goes_well(self, number: int, prices: list[int], card: str) -> None:
        """Bought, sent, received and released: what goes wrong afterwards is what most is about."""
        self._try("sale", lambda: self._buy(number, CURRENCIES[number % 3], prices, "shipped", card))
        self._settle()
        for share in Share.objects.filter(status="held", order__status="paid").select_related("order"):
            self._try("received", partial(self.stand.world.delivered, share))
        self._try("sweep set_dates", sweeps.set_dates)
        self._try("sweep release_due", sweeps.release_due)

    @rule(number=which, who=st.sampled_from(["buyer", "seller", "carrier"]))
    def deliver(self, number: int, who: str) -> None:
        share = self._share(number)
        if share is not None:
            said = {"at": now(), "actor": who, "reason": "It is there.", "said_by": who}
            self._try(f"deliver ({who})", lambda: progress.deliver(share.order, **said))

    # --- decisions ---

    @rule(number=which, of=part, policy=st.sampled_from(POLICIES), reason=st.sampled_from(REASONS), how=which)
    def refund(self, number: int, of: int, policy: str, reason: str, how: int) -> None:
        share = self._share(number)
        if share is not None:
            amount = max(1, share.refundable * of // 100)
            self._decide(share, Kind.REFUND, {"amount": amount, "policy": policy, "reason": reason}, how)

    @rule(number=which, of=part, policy=st.sampled_from(POLICIES), how=which)
    def refund_one_line(self, number: int, of: int, policy: str, how: int) -> None:
        share = self._share(number)
        if share is not None:
            lines = list(share.order.lines.order_by("pk"))
            line = lines[of % len(lines)]
            amounts = {str(line.pk): max(1, line.amount * of // 100)}
            self._decide(share, Kind.REFUND, {"amounts": amounts, "policy": policy, "reason": "not_received"}, how)

    @rule(number=which, of=part, whole=st.booleans(), how=which)
    def release(self, number: int, of: int, whole: bool, how: int) -> None:
        share = self._share(number)
        if share is not None:
            self._decide(share, Kind.RELEASE, {} if whole else {"amount": max(1, share.left * of // 100)}, how)

    @rule(number=which, of=part, how=which)
    def reverse(self, number: int, of: int, how: int) -> None:
        share = one(Share.objects.filter(releases__status="sent").distinct(), number)
        if share is not None:
            self._decide(share, Kind.REVERSE, {"amount": max(1, share.released * of // 100)}, how)

    @rule(number=which, hours=st.sampled_from([0, 0, 5, 50]), how=which)
    def hold(self, number: int, hours: int, how: int) -> None:
        share = self._share(number)
        if share is not None:
            request = {"until": (now() + timedelta(hours=hours)).isoformat()} if hours else {}
            self._decide(share, Kind.HOLD, request, how)

    @rule(number=which, how=which)
    def end_a_hold(self, number: int, how: int) -> None:
        share = one(Share.objects.filter(holds__ended_at=None, holds__isnull=False).distinct(), number)
        if share is not None:
            hold = share.holds.filter(ended_at=None).latest("pk")
            self._decide(share, Kind.END_HOLD, {"hold": hold.pk}, how)

    @rule(number=which, policy=st.sampled_from(POLICIES), how=which)
    def cancel(self, number: int, policy: str, how: int) -> None:
        share = self._share(number)
        if share is not None:
            self._decide(share, Kind.CANCEL, {"policy": policy, "reason": "seller_cancelled"}, how)

    @precondition(lambda self: Refund.objects.filter(undecided=True).exists())
    @rule(number=which, policy=st.sampled_from(POLICIES), how=which)
    def decide_about_an_outside_refund(self, number: int, policy: str, how: int) -> None:
        refund = one(Refund.objects.filter(undecided=True), number)
        if refund is not None:
            self._decide(refund.share, Kind.DECIDE, {"refund": refund.pk, "policy": policy}, how)

    @precondition(lambda self: Refund.objects.filter(status__in=["failed", "refused"]).exists())
    @rule(number=which, how=which)
    def refund_again(self, number: int, how: int) -> None:
        refund = one(Refund.objects.filter(status__in=["failed", "refused"]), number)
        if refund is not None:
            self._decide(refund.share, Kind.RETRY, {"refund": refund.pk}, how)

    @precondition(lambda self: self.forms)
    @rule(number=which, twice=st.booleans())
    def press_a_button_seen_before(self, number: int, twice: bool) -> None:
        share, kind, request, plan_hash = self.forms[number % len(self.forms)]
        for _press in range(2 if twice else 1):
            self._try(f"{kind} (seen before)", lambda: self._confirm(share, kind, request, plan_hash))

    @precondition(lambda self: MoneyAction.objects.filter(status="waiting").exists())
    @rule(number=which, agrees=st.booleans())
    def a_second_person(self, number: int, agrees: bool) -> None:
        action = one(MoneyAction.objects.filter(status="waiting"), number)
        if action is not None and agrees:
            self._try("approve", lambda: decisions.approve(action, by=self.stand.staff[1]))
        elif action is not None:
            self._try("decline", lambda: decisions.decline(action, by=self.stand.staff[1], reason="No."))

    def _decide(self, share: Share, kind: str, request: dict[str, Any], how: int) -> None:
        """By a rule at once, by staff who press what they just saw, or later."""
        if how % 2 == 0:
            self._try(kind, lambda: decisions.by_itself(share, kind, request, actor="test", reason="Asked for."))
            return

        def look() -> None:
            plan = decisions.preview(share, kind, request)
            if how == 1:
                self.forms.append((share, kind, request, plan.hash))
            else:
                self._confirm(share, kind, request, plan.hash)

        self._try(f"{kind} (by staff)", look)

    def _confirm(self, share: Share, kind: str, request: dict[str, Any], plan_hash: str) -> None:
        by = Decider("staff0@example.org", self.stand.staff[0])
        decisions.confirm(share, kind, request, plan_hash=plan_hash, by=by, reason="They asked.")

    # --- what happens at Stripe ---

    @rule(number=which, of=part)
    def refund_outside(self, number: int, of: int) -> None:
        payment = one(Payment.objects.exclude(charge_id=None), number)
        if payment is not None:
            amount = max(1, payment.amount * of // 100)
            self._by_hand("/v1/refunds", {"charge": payment.charge_id, "amount": amount})

    @rule(number=which, of=part)
    def reverse_outside(self, number: int, of: int) -> None:
        release = one(Release.objects.exclude(transfer_id=None), number)
        if release is not None:
            amount = max(1, release.amount * of // 100)
            self._by_hand(f"/v1/transfers/{release.transfer_id}/reversals", {"amount": amount})

    @rule(number=which)
    def a_refund_comes_back(self, number: int) -> None:
        refund = one(Refund.objects.exclude(stripe_id=None), number)
        if refund is not None:
            self._outside("fail refund", lambda: business.fail_refund(self.stand.emulator, str(refund.stripe_id)))

    @rule(number=which)
    def a_payout_comes_back(self, number: int) -> None:
        found = [row for row in self.stand.emulator.store.find("payout", account=None) if row.body["amount"] > 0]
        if found:
            chosen = found[number % len(found)].id
            self._outside("fail payout", lambda: business.fail_payout(self.stand.emulator, chosen))

    @rule(number=which, capability=st.sampled_from(["transfers", "payouts"]))
    def a_seller_loses_a_right(self, number: int, capability: str) -> None:
        account = self._account(number)
        self._outside("lose right", lambda: business.lose_capability(self.stand.emulator, account, capability))

    @rule(number=which)
    def a_seller_is_restored(self, number: int) -> None:
        account = self._account(number)
        self._outside("restore", lambda: business.restore_account(self.stand.emulator, account))

    @rule(number=which, currency=st.sampled_from(CURRENCIES))
    def a_seller_spends_it(self, number: int, currency: str) -> None:
        account = self._account(number)
        self._outside("drain", lambda: business.drain(self.stand.emulator, account, None, currency))

    # --- time, events, sweeps ---

    @rule(seconds=st.sampled_from([70, 10 * MINUTE, HOUR, 7 * HOUR, DAY + HOUR, 2 * DAY, 4 * DAY, 9 * DAY]))
    def wait(self, seconds: int) -> None:
        self.stand.wait(seconds)

    @rule(luck=st.randoms(use_true_random=False), orderly=st.booleans(), works=st.booleans())
    def events_come(self, luck: random.Random, orderly: bool, works: bool) -> None:
        """In any order, some twice, some not yet: at least once is all Stripe promises."""

        def order(due: list[Delivery]) -> list[tuple[Delivery, int]]:
            if orderly:
                return [(each, 1) for each in due]
            luck.shuffle(due)
            return [(each, luck.choice([0, 1, 1, 2])) for each in due]

        self.played["events"] += self.stand.deliver(order)
        if works:
            self.work()

    @rule()
    def work(self) -> None:
        """A worker handles what is stored."""
        self._waited_for()
        self._try("work", self._handle_all)

    @rule(name=st.sampled_from(sorted(SWEEPS)))
    def sweep(self, name: str) -> None:
        self._try(f"sweep {name}", SWEEPS[name])

    # --- what goes wrong ---

    @rule(point=st.sampled_from(POINTS))
    def the_process_will_die_at(self, point: str) -> None:
        self.point = point

    @rule(fault=st.sampled_from(FAULTS), call=st.sampled_from(CALLS), times=st.integers(1, 3))
    def stripe_will_fail(self, fault: tuple[str, dict[str, Any]], call: str, times: int) -> None:
        name, params = fault
        self.stand.emulator.faults.add(name, match=call, times=times, **params)
        self.played[f"fault {name}"] += 1

    @rule()
    def an_event_nobody_knows_will_come(self) -> None:
        self.stand.emulator.faults.add("event_unknown")

    @rule(point=st.sampled_from(POINTS), what=st.sampled_from(sorted(BUSY)), number=which, of=part)
    def the_process_dies_while(self, point: str, what: str, number: int, of: int) -> None:
        self.point = point
        self._busy(what, number, of)

    @rule(fault=st.sampled_from(FAULTS), what=st.sampled_from(sorted(BUSY)), number=which, of=part)
    def stripe_fails_while(self, fault: tuple[str, dict[str, Any]], what: str, number: int, of: int) -> None:
        name, params = fault
        self.stand.emulator.faults.add(name, match=BUSY[what], **params)
        self.played[f"fault {name}"] += 1
        self._busy(what, number, of)

    @rule(what=st.sampled_from(sorted(BUSY)), number=which, of=part)
    def events_overtake_the_answer(self, what: str, number: int, of: int) -> None:
        self.stand.emulator.faults.add("webhook_before_answer", match=BUSY[what])
        self._busy(what, number, of)

    def _busy(self, what: str, number: int, of: int) -> None:
        share = self._share(number)
        policy = POLICIES[of % len(POLICIES)]
        if what == "sale" or share is None:
            self._try("sale", lambda: self._buy(number, CURRENCIES[of % 3], [40 * of + 60], "shipped", "ordinary"))
            self._settle()
        elif what == "refund":
            amount = max(1, share.refundable * of // 100)
            self._decide(share, Kind.REFUND, {"amount": amount, "policy": policy, "reason": "goodwill"}, 0)
        elif what == "release":
            self._decide(share, Kind.RELEASE, {}, 0)
        elif what == "reversal":
            self._decide(share, Kind.REVERSE, {"amount": max(1, share.released * of // 100)}, 0)
        else:
            self._try("every sweep", lambda: [sweep() for sweep in SWEEPS.values()])

    @rule()
    def stripe_is_well_again(self) -> None:
        self.stand.emulator.faults.clear()

    # --- what is true ---

    @invariant()
    def the_money_is_all_there(self) -> None:
        self.steps += 1
        self.played["steps"] += 1
        self.has_cases, self.has_disputes = Case.objects.exists(), bool(self._disputes())
        invariants.check(self.stand.emulator)
        checks.i09_a_key_has_one_body_and_is_never_sent_when_old(self.stand.requests)
        checks.i14_every_number_is_whole_and_sums(CURRENCIES)
        assert not self.stand.bugs.found, "\n".join(self.stand.bugs.found)

    def teardown(self) -> None:
        """Faults stop; with time everything comes to its end."""
        if self.steps:
            self.played["examples"] += 1
            self.come_to_rest()
            if os.environ.get("SIM_STEPS") and self.played["examples"] % TELL_EVERY == 0:
                print(f"{self.played['steps']} steps, {self.played['examples']} examples", flush=True)  # noqa: T201

    def come_to_rest(self) -> None:
        """Sweeps and events until nothing moves, then everything at Stripe is in the books."""
        self.point = ""
        self.stand.emulator.faults.clear()
        hours = 0
        while True:
            # Stripe keeps a refund waiting for as long as the platform has not the money for it: somebody tops it up,
            # and again when the payout of the night took what was there before the refund was.
            for currency in CURRENCIES:
                business.fund(self.stand.emulator, "platform", 10 * LARGEST, currency)
            self.stand.wait(HOUR + MINUTE)
            self._settle()
            for name in ("operations", "payments", "all about held money", "all about cases"):
                SWEEPS[name]()
            self._settle()
            for stale in Operation.objects.filter(status="stale"):
                operations.look_up(stale, actor="staff0@example.org", reason="It is stale.")
            assert not self.stand.bugs.found, "\n".join(self.stand.bugs.found)
            left = checks.unfinished(now())
            if not left:
                break
            hours += 1
            assert hours < PATIENCE, f"I18: still under way after {hours} hours: {left}"
        self.played["at rest"] += 1
        self.played["hours to rest"] += hours
        self.the_money_is_all_there()
        invariants.check_at_rest(self.stand.emulator)
        agreement.check(self.stand.world)
