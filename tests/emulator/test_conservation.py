"""Money neither appears nor vanishes, whatever is asked for, legal or not."""

import os
from functools import partial

import stripe
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from emulator.core import Emulator
from tests.emulator.shop import DAY, Shop
from tests.stripe_inprocess import in_process_client

CARDS = (
    "pm_card_visa pm_card_visa pm_card_bypassPending pm_card_bypassPending pm_card_chargeDeclined "
    "pm_card_createDispute pm_card_createDisputeInquiry pm_card_createIssuerFraudRecord "
    "pm_card_refundFail pm_card_pendingRefund"
).split()
AMOUNTS = st.integers(min_value=-5, max_value=20_000)


class Market(RuleBasedStateMachine):
    """Random charges, transfers, reversals, refunds and days passing; Stripe's refusals are part of the game."""

    charges = Bundle("charges")
    transfers = Bundle("transfers")

    def __init__(self) -> None:
        super().__init__()
        self.em = Emulator(seed=1, clock="frozen", strict=True)
        self.client = in_process_client(self.em)
        self.shop = Shop(self.em, self.client)
        self.sellers = [self.shop.seller(), self.shop.seller(), self.shop.account()]

    def attempt(self, call, params):
        """The result, or None when Stripe would have refused; anything else is our own failure."""
        try:
            return call(params)
        except (stripe.InvalidRequestError, stripe.CardError):
            return None

    @rule(
        target=charges,
        amount=AMOUNTS,
        fee=st.none() | AMOUNTS,
        part=st.none() | AMOUNTS,
        seller=st.sampled_from([None, 0, 0, 1, 1, 2]),
        card=st.sampled_from(CARDS),
        currency=st.sampled_from(["eur", "eur", "eur", "usd", "jpy"]),
    )
    def charge(self, amount, fee, part, seller, card, currency):
        params = {"amount": amount, "currency": currency, "payment_method": card, "confirm": True}
        if seller is not None:
            params["transfer_data"] = {"destination": self.sellers[seller]}
            if part is not None and fee is None:
                params["transfer_data"]["amount"] = part
        if fee is not None:
            params["application_fee_amount"] = fee
        made = self.attempt(self.client.v1.payment_intents.create, params)
        return multiple() if made is None else made.latest_charge

    @rule(
        target=transfers,
        charge=st.none() | charges,
        amount=AMOUNTS,
        seller=st.sampled_from([0, 1, 2]),
        currency=st.sampled_from(["eur", "eur", "usd"]),
    )
    def transfer(self, charge, amount, seller, currency):
        params = {"amount": amount, "currency": currency, "destination": self.sellers[seller]}
        if charge is not None:
            params["source_transaction"] = charge
        made = self.attempt(self.client.v1.transfers.create, params)
        return multiple() if made is None else made.id

    @rule(transfer=transfers, amount=st.none() | AMOUNTS, fee=st.booleans())
    def reverse(self, transfer, amount, fee):
        params = {"refund_application_fee": fee} | ({} if amount is None else {"amount": amount})
        self.attempt(lambda given: self.client.v1.transfers.reversals.create(transfer, given), params)

    @rule(charge=charges, amount=st.none() | AMOUNTS, reverse=st.booleans(), fee=st.booleans())
    def refund(self, charge, amount, reverse, fee):
        params = {"charge": charge, "reverse_transfer": reverse, "refund_application_fee": fee}
        self.attempt(self.client.v1.refunds.create, params | ({} if amount is None else {"amount": amount}))

    @rule(charge=consumes(charges))
    def reverse_what_a_destination_charge_sent(self, charge):
        transfer = getattr(self.client.v1.charges.retrieve(charge), "transfer", None)
        if transfer is not None:
            self.attempt(lambda given: self.client.v1.transfers.reversals.create(transfer, given), {})

    @rule(
        target=charges,
        amount=AMOUNTS,
        capture=st.none() | AMOUNTS,
        fee=st.none() | AMOUNTS,
        seller=st.sampled_from([None, 0, 2]),
        card=st.sampled_from(CARDS),
        end=st.sampled_from(["capture", "capture", "cancel", "wait"]),
    )
    def hold_and_capture(self, amount, capture, fee, seller, card, end):
        params = {"amount": amount, "currency": "eur", "payment_method": card, "confirm": True}
        if seller is not None:
            params["transfer_data"] = {"destination": self.sellers[seller]}
        held = self.attempt(self.client.v1.payment_intents.create, {**params, "capture_method": "manual"})
        if held is None:
            return multiple()
        given = {} if capture is None else {"amount_to_capture": capture}
        given |= {} if fee is None else {"application_fee_amount": fee}
        taken = None
        if end == "capture":
            taken = self.attempt(partial(self.client.v1.payment_intents.capture, held.id), given)
        elif end == "cancel":
            self.attempt(partial(self.client.v1.payment_intents.cancel, held.id), {})
        return multiple() if taken is None else taken.latest_charge

    @rule(
        newest=st.integers(min_value=0, max_value=3),
        text=st.sampled_from(["winning_evidence", "losing_evidence", "a photo", None]),
        submit=st.booleans(),
    )
    def answer_a_dispute(self, newest, text, submit):
        found = self.client.v1.disputes.list().data[newest : newest + 1]
        for dispute in found:
            if text is None:
                self.attempt(partial(self.client.v1.disputes.close, dispute.id), {})
            else:
                params = {"evidence": {"uncategorized_text": text}, "submit": submit}
                self.attempt(partial(self.client.v1.disputes.update, dispute.id), params)

    @rule(newest=st.integers(min_value=0, max_value=3), amount=st.none() | AMOUNTS)
    def refund_a_fee(self, newest, amount):
        for fee in self.client.v1.application_fees.list().data[newest : newest + 1]:
            params = {} if amount is None else {"amount": amount}
            self.attempt(partial(self.client.v1.application_fees.refunds.create, fee.id), params)

    @rule(
        amount=AMOUNTS,
        who=st.sampled_from([None, 0, 1]),
        kind=st.sampled_from(["pay out", "top up", "cancel", "reverse"]),
    )
    def move_money_to_or_from_the_bank(self, amount, who, kind):
        options = {} if who is None else {"stripe_account": self.sellers[who]}
        params = {"amount": amount, "currency": "eur"}
        if kind == "top up":
            self.attempt(self.client.v1.topups.create, params)
        elif kind == "pay out":
            self.attempt(partial(self.client.v1.payouts.create, options=options), params)
        else:
            for payout in self.client.v1.payouts.list({"limit": 1}, options=options).data:
                act = self.client.v1.payouts.cancel if kind == "cancel" else self.client.v1.payouts.reverse
                self.attempt(partial(act, payout.id, options=options), {})

    @rule(
        who=st.sampled_from([None, 0, 1]),
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
    )
    def settle_when_to_pay_out(self, who, schedule, least, debit):
        payouts = {"schedule": schedule, "minimum_balance_by_currency": {"eur": least}}
        options = {} if who is None else {"stripe_account": self.sellers[who]}
        params = {"payments": {"payouts": payouts, "debit_negative_balances": debit}}
        self.attempt(partial(self.client.v1.balance_settings.update, options=options), params)

    @rule(seconds=st.sampled_from([1, 60]))
    def moments_pass(self, seconds):
        self.em.advance(seconds=seconds)

    @rule(days=st.integers(min_value=1, max_value=5))
    def days_pass(self, days):
        self.em.advance(seconds=days * DAY)

    @invariant()
    def money_is_conserved(self):
        self.em.require_conservation()

    @invariant()
    def balances_are_the_sums_of_their_transactions(self):
        for account in ("", *self.sellers[:2]):
            options = {"stripe_account": account} if account else {}
            rows = list(self.client.v1.balance_transactions.list({"limit": 100}, options=options).auto_paging_iter())
            ready = sum(row.net for row in rows if row.status == "available")
            pending = sum(row.net for row in rows if row.status == "pending")
            assert self.shop.balance(account) == (ready, pending)

    @invariant()
    def an_automatic_payout_is_the_sum_of_what_it_swept(self):
        for account in ("", *self.sellers[:2]):
            options = {"stripe_account": account} if account else {}
            for payout in self.client.v1.payouts.list({"limit": 3}, options=options).data:
                rows = self.client.v1.balance_transactions.list({"payout": payout.id, "limit": 100}, options=options)
                if payout.automatic and not rows.has_more:
                    assert payout.amount == sum(row.net for row in rows.data)

    def teardown(self):
        self.em.close()


TestMarket = Market.TestCase
TestMarket.settings = settings(
    max_examples=int(os.environ.get("MARKET_EXAMPLES", "15")),
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
