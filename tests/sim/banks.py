"""What banks do in the game: disputes, inquiries, answers to them, appeals and fraud warnings."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from emulator import business
from emulator.store import Row
from payments import fetching_back
from payments.models import Payment, Share
from tests.sim.game import Game, one, part, which

# The first is borne by the marketplace in this game (tests/sim/conftest.py).
REASONS = ("general", "fraudulent", "product_not_received", "duplicate")
WORDS = ("winning_evidence", "losing_evidence", "escalate_inquiry_evidence", "It was delivered on Monday.")
ENDS = (
    ("won",),
    ("lost",),
    ("under_review", "won"),
    ("lost", "appeal_under_review", "won"),
    ("won", "appeal_under_review", "lost"),
    ("lost", "appeal_under_review", "lost"),
)


class Banks(Game):
    """The rules."""

    def _disputes(self) -> list[Row]:
        found: list[Row] = self.stand.emulator.store.find("dispute")
        return found

    @rule(number=which, of=part, inquiry=st.booleans(), reason=st.sampled_from(REASONS))
    def dispute(self, number: int, of: int, inquiry: bool, reason: str) -> None:
        payment = one(Payment.objects.exclude(charge_id=None), number)
        if payment is not None:
            self._open(payment, of, reason, inquiry=inquiry)

    def _open(self, payment: Payment, of: int, reason: str, *, inquiry: bool) -> None:
        amount = None if of > 50 else max(1, payment.amount * of // 100)
        charge = str(payment.charge_id)
        what = "inquiry" if inquiry else "dispute"
        self._outside(
            what,
            lambda: business.open_dispute(self.stand.emulator, charge, reason, inquiry=inquiry, amount=amount),
        )

    @precondition(lambda self: self.has_disputes)
    @rule(number=which, way=which)
    def move_a_dispute(self, number: int, way: int) -> None:
        found = [row for row in self._disputes() if business.dispute_ways(row.body["status"])]
        if found:
            chosen = found[number % len(found)]
            ways = business.dispute_ways(chosen.body["status"])
            self._move(chosen.id, ways[way % len(ways)])

    def _move(self, dispute: str, to: str) -> None:
        self._outside(f"dispute {to}", lambda: business.move_dispute(self.stand.emulator, dispute, to))

    @precondition(lambda self: self.has_disputes)
    @rule(number=which, words=st.sampled_from(WORDS), submit=st.booleans())
    def answer_a_dispute(self, number: int, words: str, submit: bool) -> None:
        found = self._disputes()
        chosen = found[number % len(found)].id
        evidence = {"evidence": {"uncategorized_text": words}, "submit": submit}
        self._by_hand(f"/v1/disputes/{chosen}", evidence)
        self.played["evidence " + ("submitted" if submit else "drafted")] += 1

    @precondition(lambda self: self.has_disputes)
    @rule(number=which)
    def concede_a_dispute(self, number: int) -> None:
        found = self._disputes()
        self._by_hand(f"/v1/disputes/{found[number % len(found)].id}/close", {})

    @rule(number=which)
    def a_fraud_warning(self, number: int) -> None:
        payment = one(Payment.objects.exclude(charge_id=None), number)
        if payment is not None:
            self._outside("fraud warning", lambda: business.warn_of_fraud(self.stand.emulator, str(payment.charge_id)))

    @rule(
        number=which,
        of=part,
        reason=st.sampled_from(REASONS),
        end=st.sampled_from(ENDS),
        spent=st.booleans(),
        heard=st.booleans(),
    )
    def what_was_released_is_disputed(
        self, number: int, of: int, reason: str, end: tuple[str, ...], spent: bool, heard: bool
    ) -> None:
        """To its end; the seller has the money or not any more, and we hear of each step or only of the last."""
        share = one(Share.objects.filter(released__gt=0).select_related("payment", "account"), number)
        if share is None or not share.payment.charge_id:
            return
        if spent:
            account = str(share.account.stripe_id)
            self._outside("drain", lambda: business.drain(self.stand.emulator, account, None, share.currency))
        known = {row.id for row in self._disputes()}
        self._open(share.payment, of, reason, inquiry=False)
        for made in [row.id for row in self._disputes() if row.id not in known]:
            for step in end:
                if heard:
                    self._settle()
                    self._try("sweep fetching_back fetch_back", fetching_back.fetch_back)
                self._move(made, step)
            self._settle()
