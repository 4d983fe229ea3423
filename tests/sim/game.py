"""What every part of the game uses: doing things that may be refused or die half-way, and hearing what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, ClassVar

import stripe
from django.db.models.functions import Now
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from cases.errors import CaseError
from emulator.errors import HostedError
from gateway.errors import GatewayError
from inbox.handle import handle_waiting
from inbox.models import StripeEvent
from kit.faults import armed
from kit.transitions import IllegalMove
from orders import placing
from payments.consequences import Refused
from payments.errors import PaymentError
from payments.models import Share
from tests.sim.stand import Stand
from tests.unit.gateway.support import Killed, die

# A refusal with a sentence. What Stripe does not say yes to is one, too; so is what a hosted page turns down.
LEGAL = (
    Refused, GatewayError, PaymentError, IllegalMove, HostedError, placing.CannotPlace, placing.OpenPurchase, CaseError,
)  # fmt: skip
WRONG = ("CalledInsideTransaction", "FrozenRequestMismatch", "KeyTaken", "NotSure")

which = st.integers(0, 7)
part = st.integers(1, 100)


class Game(RuleBasedStateMachine):
    """The parts."""

    stand: ClassVar[Stand]
    played: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.stand.begin()
        self.stand.at_once = self._handle_all
        self.point = ""
        self.by_hand = 0
        self.steps = 0
        # Looked up once a step: every rule that could be next asks.
        self.has_cases = self.has_disputes = False

    def _try(self, what: str, act: Callable[[], object]) -> None:
        """Do it; a refusal is counted, a death at the point that is armed ends it there."""
        self.played[what] += 1
        with ExitStack() as stack:
            if self.point:
                stack.enter_context(armed(self.point, die))
            try:
                act()
            except Killed:
                self.played[f"died at {self.point}"] += 1
                self.played["deaths"] += 1
                self.point = ""
            except LEGAL as refusal:
                name = type(refusal).__name__
                if name in WRONG:
                    raise
                self.played[f"{what} → {name} {getattr(refusal, 'code', '')}".rstrip()] += 1
                self.played["refusals"] += 1

    def _outside(self, what: str, act: Callable[[], object]) -> None:
        self.played[what] += 1
        try:
            act()
        except HostedError:
            self.played[f"{what} → refused"] += 1

    def _by_hand(self, path: str, params: dict[str, Any]) -> None:
        """Somebody does it in Stripe's Dashboard, or tries to."""
        self.by_hand += 1
        self.played[f"by hand {path.rpartition('/')[2]}"] += 1
        try:
            self.stand.dashboard.raw_request("post", path, idempotency_key=f"by-hand-{self.by_hand}", **params)
        except stripe.StripeError:
            self.played["by hand → refused"] += 1

    def _share(self, number: int) -> Share | None:
        return one(Share.objects.select_related("order"), number)

    def _account(self, number: int) -> str:
        sellers = self.stand.sellers
        return str(self.stand.world.account_of(sellers[number % len(sellers)]).stripe_id)

    def _settle(self) -> None:
        while self.stand.deliver(lambda due: [(each, 1) for each in due]):
            self._waited_for()
            self._try("work", self._handle_all)
        self._waited_for()
        self._try("work", self._handle_all)

    def _handle_all(self) -> None:
        while handle_waiting():
            pass

    def _waited_for(self) -> None:
        """Leases and waits between attempts are counted by the database's clock, which nobody moves here. How often an
        event may fail is not what is tested.
        """
        StripeEvent.objects.filter(status="received").update(due_at=Now(), claimed_until=None, attempts=0)


def one(rows: Any, number: int) -> Any:
    """One of the rows, whichever the number says."""
    found = list(rows.order_by("pk"))
    return found[number % len(found)] if found else None
