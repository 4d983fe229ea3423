"""What buyers and sellers do in the game before any bank: cases, offers, answers and silence."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from accounts.models import User
from cases import ending, offers, opening, talking
from cases.models import Case, Party
from cases.tasks import act_on_cases
from payments.decisions import Decider
from payments.models import Share
from tests.sim.game import Game, one, part, which

WORDS = "It is not what I ordered, and I do not want to keep it."
DAY = 86_400


class Complaints(Game):
    """The rules."""

    def _who(self, case: Case, party: Party) -> User:
        if party == Party.BUYER:
            buyer: User = case.share.order.purchase.customer.user
            return buyer
        found: User = case.share.order.seller.memberships.select_related("user").earliest("pk").user
        return found

    def _live(self, number: int) -> Case | None:
        rows = Case.objects.filter(status__in=Case.LIVE).select_related(
            "share__order__seller", "share__order__purchase__customer__user"
        )
        found: Case | None = one(rows, number)
        return found

    @rule(number=which, of=part, reason=st.sampled_from(sorted(Case.Reason.values)))
    def the_buyer_complains(self, number: int, of: int, reason: str) -> None:
        share: Share | None = one(Share.objects.select_related("order__purchase__customer__user"), number)
        if share is not None:
            buyer, asked = share.order.purchase.customer.user, max(1, share.gross * of // 100)
            self._try(
                "case", lambda: opening.open_case(share, by=buyer, reason=reason, text=WORDS, asked=asked, files=())
            )

    @precondition(lambda self: self.has_cases)
    @rule(number=which, of=part, party=st.sampled_from([Party.BUYER, Party.SELLER]))
    def somebody_offers(self, number: int, of: int, party: Party) -> None:
        case = self._live(number)
        if case is not None:
            amount = max(1, case.share.refundable * of // 100)
            self._try("offer", lambda: offers.make(case, party, by=self._who(case, party), amount=amount))

    @precondition(lambda self: self.has_cases)
    @rule(number=which, twice=st.booleans())
    def the_other_accepts(self, number: int, twice: bool) -> None:
        case = self._live(number)
        offer = offers.standing(case) if case is not None else None
        if case is None or offer is None:
            return
        party = Party(offer.party).other

        def accept() -> None:
            plan = offers.preview(offer)
            for _click in range(2 if twice else 1):
                offers.accept(offer, party, by=self._who(case, party), plan_hash=plan.hash)

        self._try("accept an offer", accept)

    @precondition(lambda self: self.has_cases)
    @rule(number=which, party=st.sampled_from([Party.BUYER, Party.SELLER]))
    def somebody_answers(self, number: int, party: Party) -> None:
        case = self._live(number)
        if case is not None:
            self._try("say", lambda: talking.say(case, party, by=self._who(case, party), text=WORDS))

    @precondition(lambda self: self.has_cases)
    @rule(number=which)
    def the_buyer_withdraws(self, number: int) -> None:
        case = self._live(number)
        if case is not None:
            self._try("withdraw a case", lambda: ending.withdraw(case, by=self._who(case, Party.BUYER)))

    @precondition(lambda self: self.has_cases)
    @rule(number=which, of=st.integers(0, 100), policy=st.sampled_from(["shared", "seller", "platform"]))
    def the_marketplace_decides_a_case(self, number: int, of: int, policy: str) -> None:
        case = self._live(number)
        if case is None:
            return
        by = Decider("staff0@example.org", self.stand.staff[0])

        def decide() -> None:
            amount = case.share.refundable * of // 100
            plan = ending.preview(case, amount, policy=policy)
            shown = plan.hash if plan is not None else ""
            ending.decide(case, amount, policy=policy, by=by, reason="Both were heard.", plan_hash=shown)

        self._try("decide a case", decide)

    @precondition(lambda self: self.has_cases)
    @rule(days=st.sampled_from([1, 3, 4]))
    def nobody_says_a_word(self, days: int) -> None:
        """Silence: whoever had the turn loses it."""
        self.stand.wait(days * DAY)
        self._settle()
        self._try("sweep all about cases", act_on_cases)
