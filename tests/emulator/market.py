"""A market in which anything may be asked of the emulator, legal or not, while banks, buyers and sockets misbehave.

Hypothesis plays it. Money is checked after every request that could move some, the objects after every step.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import stripe
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from emulator import business, hosted, ledger
from emulator.core import Emulator
from emulator.debits import SHOWN
from emulator.errors import HostedError
from emulator.store import Row
from tests.emulator import sanity
from tests.emulator.opening import CLOSED_BANK, GERMAN_BANK, PLAYED, US_BANK, CheckedHTTPClient, opening
from tests.emulator.shop import DAY

CARDS = (
    "pm_card_visa pm_card_visa pm_card_bypassPending pm_card_bypassPending pm_card_bypassPending "
    "pm_card_chargeDeclined pm_card_createDispute pm_card_createDisputeProductNotReceived "
    "pm_card_createDisputeInquiry pm_card_createIssuerFraudRecord pm_card_refundFail pm_card_pendingRefund "
    "pm_card_threeDSecure2Required"
).split()
NUMBERS = (
    "4242424242424242 4000000000000077 4000000000000002 4000000000000259 4000000000001976 4000000000005126 "
    "4000000000007726 4000000000003220 4111111111111111"
).split()
# mostly amounts that make sense, some that never do
SENSIBLE = st.integers(min_value=50, max_value=2_000).map(lambda tens: tens * 10)
AMOUNTS = st.one_of(
    SENSIBLE,
    SENSIBLE,
    st.integers(min_value=50, max_value=20_000),
    st.sampled_from([-1, 0, 1, 49, 50, 51, 999, 1_000, 10_000, 99_999_999, 100_000_000]),
)
# how much of something that is there: all of it, hundredths of it, or an amount of no relation to it
PARTS = st.one_of(
    st.none(),
    st.integers(min_value=1, max_value=100).map(lambda hundredths: f"{hundredths}%"),
    st.integers(min_value=1, max_value=100).map(lambda hundredths: f"{hundredths}%"),
    AMOUNTS,
)
CURRENCIES = st.sampled_from(["eur", "eur", "eur", "eur", "usd", "jpy", "kwd", "huf"])
WHICH = st.integers(min_value=0, max_value=7)
LOST, NOT_NOW = "lost", "Not now."
FAULTS: tuple[tuple[str, dict[str, Any]] | None, ...] = (
    None,
    ("lost_request", {}),
    ("lost_response", {}),
    ("malformed_body", {}),
    ("save_500", {}),
    ("save_500", {"acted": True}),
    ("error_before", {"status": 500, "message": NOT_NOW}),
    ("error_before", {"status": 429, "message": NOT_NOW, "code": "lock_timeout"}),
)
# the platform, or a seller
WHO = st.sampled_from([None, 0, 0, 1, 2, 3])
REFUSALS = (stripe.InvalidRequestError, stripe.CardError, stripe.IdempotencyError, stripe.PermissionError)
COUNTED = "charge transfer transfer_reversal refund dispute payout topup fee_refund checkout.session".split()


def part_of(whole: int, part: str | int | None) -> int | None:
    """In minor units; None stays None."""
    return max(1, whole * int(part[:-1]) // 100) if isinstance(part, str) else part


def needs(*kinds: str) -> Any:
    """A rule for when the platform has something of these kinds."""
    return precondition(lambda self: all(self.has(kind) for kind in kinds))


class Market(RuleBasedStateMachine):
    """Sellers: two in good order, one whose bank sends payouts back, one in the US, one never onboarded."""

    def __init__(self) -> None:
        super().__init__()
        folder, sellers, self.customer = opening()
        self.sellers = list(sellers)
        self.em = Emulator(seed=1, clock="frozen", strict=True)
        self.em.snapshots.read(Path(folder.name) / "market")
        self.client = stripe.StripeClient(self.em.secret_key, http_client=CheckedHTTPClient(self.em))
        self.v1 = self.client.v1
        self.steps = 0
        self.keys: list[tuple[str, Callable[[str], Any], str | None, int]] = []

    def give_bank(self, account: str, bank: dict[str, str]) -> None:
        params: Any = {"external_account": bank, "default_for_currency": True}
        self.attempt(partial(self.v1.accounts.external_accounts.create, account), params)

    # --- how things are tried ---

    def attempt(self, call: Callable[..., Any], params: Any) -> Any:
        """The result, or None when it was refused or is not modelled; anything else is our own failure."""
        try:
            return call(params)
        except REFUSALS:
            return None
        except stripe.APIError as error:
            if error.http_status == 501:
                return None
            raise

    def by_hand(self, act: Callable[..., Any], *given: Any, **more: Any) -> None:
        """What people, banks and buyers do; refusals are part of the game."""
        try:
            act(self.em, *given, **more)
        except HostedError:
            pass
        finally:
            self.em.require_conservation()

    def has(self, kind: str) -> bool:
        sql = "SELECT 1 FROM object WHERE kind = ? AND account = '' LIMIT 1"
        return self.em.store.one(sql, (kind,)) is not None

    def pick(self, kind: str, which: int) -> Row:
        """One of the platform's newest of a kind."""
        known = self.em.store.find(kind, limit=8)
        return known[which % len(known)]

    def options(self, who: int | None) -> Any:
        return {} if who is None else {"stripe_account": self.sellers[who]}

    # --- payments ---

    @rule(amount=SENSIBLE, seller=st.sampled_from([None, 0, 0, 1, 2, 3]), fee=PARTS, card=st.sampled_from(CARDS[:5]))
    def sell(self, amount, seller, fee, card):
        """A sale that nothing is wrong with."""
        params: Any = {"amount": amount, "currency": "eur", "payment_method": card, "confirm": True}
        if seller is not None:
            params["transfer_data"] = {"destination": self.sellers[seller]}
            params |= {"application_fee_amount": part_of(amount, fee)} if isinstance(fee, str) else {}
        self.attempt(self.v1.payment_intents.create, params)

    @rule(
        amount=AMOUNTS,
        currency=CURRENCIES,
        payment_method=st.sampled_from(CARDS),
        seller=st.sampled_from([None, None, 0, 0, 1, 2, 3, 4]),
        fee=st.none() | PARTS,
        part=st.none() | st.none() | PARTS,
        manual=st.booleans(),
        confirm=st.sampled_from([True, True, True, False]),
        customer=st.booleans(),
    )
    def pay(self, amount, currency, seller, fee, part, manual, **more):
        customer = more.pop("customer")
        params: Any = {"amount": amount, "currency": currency, **more}
        if seller is not None:
            params["transfer_data"] = {"destination": self.sellers[seller]}
            if part is not None and (fee is None or amount % 3 == 0):
                params["transfer_data"]["amount"] = part_of(amount, part)
        if fee is not None and (seller is not None or amount % 3 == 0):
            params["application_fee_amount"] = part_of(amount, fee)
        if manual:
            params["capture_method"] = "manual"
        if customer:
            params |= {"customer": self.customer, "setup_future_usage": "off_session"}
        self.attempt(self.v1.payment_intents.create, params)

    @rule(
        amount=AMOUNTS,
        iban=st.sampled_from([debit.iban for debit in SHOWN]),
        seller=st.sampled_from([None, 0, 1, 2]),
        fee=PARTS,
    )
    def pay_by_debit(self, amount, iban, seller, fee):
        payer = {"name": "Bob", "email": "bob@example.org"}
        method = self.v1.payment_methods.create(
            {"type": "sepa_debit", "sepa_debit": {"iban": iban}, "billing_details": payer}
        ).id
        params: Any = {"amount": amount, "currency": "eur", "payment_method": method, "confirm": True}
        if seller is not None:
            params |= {"transfer_data": {"destination": self.sellers[seller]}}
            params |= {} if fee is None else {"application_fee_amount": part_of(amount, fee)}
        self.attempt(self.v1.payment_intents.create, params)

    @needs("payment_intent")
    @rule(which=WHICH, succeed=st.booleans())
    def a_bank_answers(self, which, succeed):
        waiting = [one.id for one in self.em.store.find("payment_intent") if one.body["status"] == "processing"]
        if waiting:
            self.by_hand(business.settle_payment, waiting[which % len(waiting)], succeed=succeed)

    @needs("payment_intent")
    @rule(which=WHICH, amount=PARTS, fee=st.none() | PARTS, part=st.none() | st.none() | PARTS)
    def capture(self, which, amount, fee, part):
        id = self.held(which)
        whole = self.em.store.get(id).body["amount"]
        params: Any = {} if amount is None else {"amount_to_capture": part_of(whole, amount)}
        params |= {} if fee is None else {"application_fee_amount": part_of(whole, fee)}
        params |= {} if part is None else {"transfer_data": {"amount": part_of(whole, part)}}
        self.attempt(partial(self.v1.payment_intents.capture, id), params)

    def held(self, which: int) -> str:
        """An intent that waits for its capture, if there is one."""
        waiting = [one.id for one in self.em.store.find("payment_intent") if one.body["status"] == "requires_capture"]
        return waiting[which % len(waiting)] if waiting else self.pick("payment_intent", which).id

    @needs("payment_intent")
    @rule(
        which=WHICH,
        how=st.sampled_from(["cancel", "confirm", "update", "authenticate", "refuse"]),
        amount=AMOUNTS,
        card=st.sampled_from(CARDS),
    )
    def go_on_with_an_intent(self, which, how, amount, card):
        id = self.held(which) if how == "cancel" else self.pick("payment_intent", which).id
        if how == "cancel":
            self.attempt(partial(self.v1.payment_intents.cancel, id), {})
        elif how == "confirm":
            self.attempt(partial(self.v1.payment_intents.confirm, id), {"payment_method": card})
        elif how == "update":
            self.attempt(partial(self.v1.payment_intents.update, id), {"amount": amount})
        else:
            self.by_hand(hosted.intent_authenticate, id, succeed=how == "authenticate")

    @rule(
        amount=SENSIBLE | AMOUNTS,
        currency=CURRENCIES,
        quantity=st.integers(min_value=1, max_value=3),
        seller=st.sampled_from([None, 0, 1, 1, 4]),
        fee=PARTS,
        coupon=st.sampled_from([None, None, 10, 33.3, 100, "amount"]),
        manual=st.booleans(),
    )
    def open_a_session(self, amount, currency, quantity, seller, fee, coupon, manual):
        price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Hat"}}
        data: Any = {"capture_method": "manual"} if manual else {}
        data |= {} if seller is None else {"transfer_data": {"destination": self.sellers[seller]}}
        data |= {} if fee is None or seller is None else {"application_fee_amount": part_of(amount, fee)}
        params: Any = {
            "mode": "payment",
            "success_url": "https://shop.example/done",
            "line_items": [{"quantity": quantity, "price_data": price}, {"quantity": 1, "price_data": price}],
            "payment_intent_data": data,
        }
        if coupon is not None:
            off: Any = {"amount_off": 700, "currency": "eur"} if coupon == "amount" else {"percent_off": coupon}
            params["discounts"] = [{"coupon": self.v1.coupons.create(off).id}]
        self.attempt(self.v1.checkout.sessions.create, params)

    @needs("checkout.session")
    @rule(
        which=WHICH,
        number=st.sampled_from(NUMBERS),
        how=st.sampled_from(["pay", "pay", "pay", "debit", "authenticate", "refuse", "expire"]),
    )
    def act_on_a_session(self, which, number, how):
        id = self.pick("checkout.session", which).id
        if how == "pay":
            given = {"exp_month": 12, "exp_year": 2060, "cvc": "123", "email": "bob@example.org"}
            self.by_hand(hosted.checkout_pay, id, number=number, **given)
        elif how == "debit":
            iban = SHOWN[which % len(SHOWN)].iban
            self.by_hand(hosted.checkout_pay_debit, id, iban=iban, email="bob@example.org", name="Bob")
        elif how == "expire":
            self.attempt(partial(self.v1.checkout.sessions.expire, id), {})
        else:
            self.by_hand(hosted.checkout_authenticate, id, succeed=how == "authenticate")

    # --- transfers, refunds, fees ---

    @needs("charge")
    @rule(
        which=WHICH,
        amount=PARTS,
        seller=st.sampled_from([0, 0, 1, 2, 3, 4]),
        currency=st.none() | st.none() | CURRENCIES,
        source=st.sampled_from([True, True, False]),
    )
    def transfer(self, which, amount, seller, currency, source):
        row = self.pick("charge", which)
        id, body = row.id, row.body
        params: Any = {"amount": part_of(body["amount"], amount or "90%"), "destination": self.sellers[seller]}
        params["currency"] = currency or body["currency"]
        if source:
            params["source_transaction"] = id
        self.attempt(self.v1.transfers.create, params)

    @needs("transfer")
    @rule(which=WHICH, part=PARTS, fee=st.booleans())
    def reverse(self, which, part, fee):
        row = self.pick("transfer", which)
        amount = part_of(row.body["amount"], part)
        params: Any = {"refund_application_fee": fee} | ({} if amount is None else {"amount": amount})
        self.attempt(partial(self.v1.transfers.reversals.create, row.id), params)

    @needs("charge")
    @rule(which=WHICH, part=PARTS, reverse=st.booleans(), fee=st.booleans(), intent=st.booleans())
    def refund(self, which, part, reverse, fee, intent):
        row = self.pick("charge", which)
        id, body = row.id, row.body
        amount = part_of(body["amount"], part)
        params: Any = {"payment_intent": body["payment_intent"]} if intent else {"charge": id}
        # mostly only what the charge has can be taken back
        params["reverse_transfer"] = reverse and bool(body.get("transfer") or which == 0)
        params["refund_application_fee"] = fee and bool(body["application_fee"] or which == 0)
        params |= {} if amount is None else {"amount": amount}
        self.attempt(self.v1.refunds.create, params)

    @needs("refund")
    @rule(which=WHICH, how=st.sampled_from(["fail", "cancel", "label"]))
    def act_on_a_refund(self, which, how):
        id = self.pick("refund", which).id
        if how == "fail":
            self.by_hand(business.fail_refund, id)
        elif how == "cancel":
            self.attempt(partial(self.v1.refunds.cancel, id), {})
        else:
            self.attempt(partial(self.v1.refunds.update, id), {"metadata": {"a": "b"}})

    @needs("application_fee")
    @rule(which=WHICH, part=PARTS)
    def refund_a_fee(self, which, part):
        row = self.pick("application_fee", which)
        amount = part_of(row.body["amount"], part)
        params: Any = {} if amount is None else {"amount": amount}
        self.attempt(partial(self.v1.application_fees.refunds.create, row.id), params)

    # --- disputes and warnings ---

    @needs("charge")
    @rule(which=WHICH, inquiry=st.booleans(), warning=st.sampled_from([False, False, True]), part=PARTS)
    def a_bank_complains(self, which, inquiry, warning, part):
        row = self.pick("charge", which)
        if warning:
            self.by_hand(business.warn_of_fraud, row.id)
        else:
            amount = part_of(row.body["amount"], part)
            self.by_hand(business.open_dispute, row.id, inquiry=inquiry, amount=amount)

    @needs("dispute")
    @rule(
        which=WHICH,
        text=st.sampled_from(["winning_evidence", "losing_evidence", "escalate_inquiry_evidence", "a photo", None]),
        submit=st.booleans(),
    )
    def answer_a_dispute(self, which, text, submit):
        id = self.pick("dispute", which).id
        if text is None:
            self.attempt(partial(self.v1.disputes.close, id), {})
        else:
            params: Any = {"evidence": {"uncategorized_text": text}, "submit": submit}
            self.attempt(partial(self.v1.disputes.update, id), params)

    @needs("dispute")
    @rule(
        which=WHICH,
        to=st.sampled_from(["needs_response", "warning_closed", "won", "won", "lost", "appeal_under_review"]),
    )
    def a_dispute_moves(self, which, to):
        self.by_hand(business.move_dispute, self.pick("dispute", which).id, to)

    # --- banks ---

    @needs("charge")
    @rule(part=PARTS, currency=CURRENCIES, who=WHO)
    def ask_for_a_payout(self, part, currency, who):
        account = "" if who is None else self.sellers[who]
        ready = ledger.available(self.em.store, account, currency, self.em.now())
        params: Any = {"amount": part_of(ready, part or "100%"), "currency": currency}
        self.attempt(partial(self.v1.payouts.create, options=self.options(who)), params)

    @precondition(lambda self: self.em.store.one("SELECT 1 FROM object WHERE kind = 'payout' LIMIT 1"))
    @rule(which=WHICH, how=st.sampled_from(["cancel", "reverse", "fail", "fail"]))
    def act_on_a_payout(self, which, how):
        known = self.em.store.find("payout", account=None)
        row = known[which % len(known)]
        options: Any = {"stripe_account": row.account} if row.account else {}
        if how == "fail":
            self.by_hand(business.fail_payout, row.id)
        else:
            act = self.v1.payouts.cancel if how == "cancel" else self.v1.payouts.reverse
            self.attempt(partial(act, row.id, options=options), {})

    @rule(amount=AMOUNTS, currency=CURRENCIES, cancel=st.sampled_from([False, False, True]))
    def top_up(self, amount, currency, cancel):
        self.attempt(self.v1.topups.create, {"amount": amount, "currency": currency})
        if cancel and (made := self.em.store.find("topup")):
            self.attempt(partial(self.v1.topups.cancel, made[0].id), {})

    @rule(who=st.sampled_from([0, 2, 3, 4]), bank=st.sampled_from([GERMAN_BANK, US_BANK, CLOSED_BANK]))
    def a_seller_changes_banks(self, who, bank):
        self.give_bank(self.sellers[who], bank)

    @rule(who=WHO, part=AMOUNTS, way=st.sampled_from([business.fund, business.drain]))
    def money_is_brought_or_taken(self, who, part, way):
        self.by_hand(way, "platform" if who is None else self.sellers[who], part, "eur")

    @rule(
        who=st.sampled_from([0, 4]),
        how=st.sampled_from(["reject", "unreject", "on", "off", "onboard", "lose", "restore", "restore"]),
    )
    def a_sellers_standing_changes(self, who, how):
        account = self.sellers[who]
        if how == "reject":
            self.attempt(partial(self.v1.accounts.reject, account), {"reason": "terms_of_service"})
        elif how == "unreject":
            self.attempt(partial(self.v1.accounts.unreject, account), {})
        elif how == "onboard":
            self.by_hand(hosted.complete_onboarding, account)
        elif how in ("lose", "restore"):
            self.by_hand(business.lose_capability if how == "lose" else business.restore_account, account)
        else:
            update = partial(self.v1.accounts.capabilities.update, account, "transfers")
            self.attempt(update, {"requested": how == "on"})

    @rule(
        who=WHO,
        schedule=st.sampled_from(
            [
                {"interval": "daily"},
                {"interval": "manual"},
                {"interval": "weekly", "weekly_payout_days": ["tuesday", "friday"]},
                {"interval": "weekly"},
                {"interval": "monthly", "monthly_payout_days": [1, 31]},
            ]
        ),
        least=st.sampled_from(["", 0, 700, -1]),
        debit=st.booleans(),
        delay=st.sampled_from(["", 3, 32]),
    )
    def settle_when_to_pay_out(self, who, schedule, least, debit, delay):
        payouts = {"schedule": schedule, "minimum_balance_by_currency": {"eur": least}}
        timing = {"delay_days_override": delay}
        params: Any = {"payments": {"payouts": payouts, "debit_negative_balances": debit, "settlement_timing": timing}}
        self.attempt(partial(self.v1.balance_settings.update, options=self.options(who)), params)

    # --- sockets and keys ---

    @needs("charge", "transfer", "application_fee")
    @rule(
        what=st.sampled_from(["pay", "transfer", "refund", "reverse", "payout", "top up", "fee"]),
        fault=st.sampled_from(FAULTS),
        amount=SENSIBLE | AMOUNTS,
        which=WHICH,
        again=st.integers(min_value=1, max_value=3),
    )
    def ask_several_times_under_one_key(self, what, fault, amount, which, again):
        """Whatever is lost on the way, one key does one thing at most, and answers the same for ever."""
        kind, call = self.request(what, amount, which)
        key = f"key-{len(self.keys)}"
        before = self.count(kind)
        if fault is not None:
            self.em.faults.add(fault[0], match="POST .*", **fault[1])
        answers = [self.answer(call, key) for _ in range(again + 1)]
        self.em.faults.clear()
        executed = [one for one in answers if one != LOST]
        made = self.count(kind) - before

        assert len(set(executed)) <= 1, answers
        if fault is not None and fault[1].get("acted"):
            assert made <= 1, answers
        else:
            assert made == len({one for one in executed if not one.startswith("error")}), answers
        self.keys.append((key, call, executed[0] if executed else None, self.em.now()))

    @precondition(lambda self: self.keys)
    @rule(which=WHICH)
    def ask_again_under_an_old_key(self, which):
        place = -1 - which % len(self.keys)
        key, call, first, at = self.keys[place]
        now = self.answer(call, key)

        if first is not None and self.em.now() < at + DAY:
            assert now == first
        else:
            # forgotten: it was done again, and that is remembered from now on
            self.keys[place] = (key, call, now, self.em.now())

    def request(self, what: str, amount: int, which: int) -> tuple[str, Callable[[str], Any]]:
        """(what it makes, the call): every parameter fixed now, so that each repetition asks for the same."""
        money: Any = {"amount": amount, "currency": "eur"}
        given: Any
        if what == "pay":
            given = {**money, "payment_method": "pm_card_bypassPending", "confirm": True}
            return "payment_intent", lambda key: self.v1.payment_intents.create(given, {"idempotency_key": key})
        if what == "transfer":
            given = {**money, "destination": self.sellers[which % 4]}
            return "transfer", lambda key: self.v1.transfers.create(given, {"idempotency_key": key})
        if what == "refund":
            given = {"charge": self.pick("charge", which).id, "amount": amount}
            return "refund", lambda key: self.v1.refunds.create(given, {"idempotency_key": key})
        if what == "reverse":
            id = self.pick("transfer", which).id
            return "transfer_reversal", lambda key: self.v1.transfers.reversals.create(
                id, {"amount": amount}, {"idempotency_key": key}
            )
        if what == "fee":
            fee = self.pick("application_fee", which).id
            return "fee_refund", lambda key: self.v1.application_fees.refunds.create(
                fee, {"amount": amount}, {"idempotency_key": key}
            )
        if what == "payout":
            seller = self.sellers[which % 4]
            return "payout", lambda key: self.v1.payouts.create(
                money, {"stripe_account": seller, "idempotency_key": key}
            )
        return "topup", lambda key: self.v1.topups.create(money, {"idempotency_key": key})

    def answer(self, call: Callable[[str], Any], key: str) -> str:
        """The id made, the error executed, or that nothing was done or nothing (readable) came back."""
        try:
            return str(call(key).id)
        except stripe.APIConnectionError:
            return LOST
        except stripe.StripeError as error:
            body: Any = error.json_body
            # what is no JSON leaves the library with headers where the body should be
            if not isinstance(body, dict) or body["error"]["message"] == NOT_NOW:
                return LOST
            return f"error {error.http_status} {body['error']['message']}"

    def count(self, kind: str) -> int:
        # what a reversal makes on the seller's side has its kind too, and an account of its own
        accounts = None if kind == "payout" else ""
        return len(self.em.store.find(kind, account=accounts))

    # --- time ---

    @rule(seconds=st.sampled_from([1, 60, 3_600]))
    def moments_pass(self, seconds):
        self.em.advance(seconds=seconds)

    @rule(days=st.integers(min_value=1, max_value=5))
    def days_pass(self, days):
        self.em.advance(seconds=days * DAY)

    @needs("charge")
    @rule(days=st.sampled_from([15, 40, 130]))
    def months_pass(self, days):
        self.em.advance(seconds=days * DAY)

    # --- what must hold ---

    @invariant()
    def every_object_adds_up(self):
        self.steps += 1
        PLAYED["steps"] += 1
        self.em.require_conservation()
        sanity.check(self.em)

    @invariant()
    def a_balance_is_the_sum_of_its_transactions(self):
        """The platform's and the sellers' in turn, now and then: a request is the dearest thing here."""
        turn, rest = divmod(self.steps, 3)
        if rest:
            return
        account = ("", *self.sellers)[turn % (len(self.sellers) + 1)]
        options: Any = {"stripe_account": account} if account else {}
        sanity.check_balance(self.em, account, self.v1.balance.retrieve(options=options))

    def teardown(self):
        for kind in COUNTED:
            for row in self.em.store.find(kind, account=None):
                PLAYED[f"{kind} {row.body['status']}" if row.body.get("status") else kind] += 1
        self.em.close()
