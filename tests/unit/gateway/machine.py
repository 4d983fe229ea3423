"""A game against operations: plan, send, die, wait, sweep, look up, while Stripe loses answers, fails, forgets keys.

After every step (I09): a key has been sent with one body only, to one address, and never more than 20 hours after its
first time. At the end, when Stripe answers again (I07): each thing that was asked for is at Stripe exactly once, and
belongs to exactly one operation that succeeded.
"""

from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from emulator.core import Emulator
from gateway import client, operations
from gateway.models import Breaker, Operation
from kit.clock import fixed_at
from kit.faults import armed
from tests.stripe_inprocess import InProcessHTTPClient
from tests.unit.gateway.support import Killed, Market, Requests, die, planned

KINDS = {"transfer": "/v1/transfers", "refund": "/v1/refunds", "customer": "/v1/customers"}
THINGS = [f"{kind}:{number}" for kind in KINDS for number in (1, 2)][:5]
POINTS = [
    "operation.claimed", "operation.answered", "operation.settled", "operation.reaping",
    "operation.looking_up", "operation.looked_up", "operation.superseded",
]  # fmt: skip
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("lost_response", {}),
    ("save_500", {}),
    *[("error_before", {"status": status}) for status in (401, 409, 429, 500, 503)],
]
MINUTE, HOUR = 60, 3600
TURNED_AWAY = (401, 403)
LIVE = ["planned", "submitting", "unknown", "stale"]
# Stripe forgets after 24 hours; a clock apart by seconds is not what is tested here.
TOO_OLD = 20 * HOUR + MINUTE


class Game(RuleBasedStateMachine):
    """What happens to operations in a bad month."""

    played: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        Operation.objects.all().delete()
        Breaker.objects.all().delete()
        self.stack, self.clock = ExitStack(), ExitStack()
        self.emulator = Emulator(":memory:", secret_key="sk_test_emulator", clock="frozen")
        self.stack.enter_context(client.speaking_through(InProcessHTTPClient(self.emulator)))
        self.market = Market(self.emulator)
        self.requests = Requests(self.emulator)
        self.asked_for: set[str] = set()
        self.wait(0)

    @initialize()
    def begin(self) -> None:
        self.played["examples"] += 1

    @rule(thing=st.sampled_from(THINGS))
    def ask_for(self, thing: str) -> None:
        self.plan(thing)
        self.asked_for.add(thing)

    @rule(thing=st.sampled_from(THINGS))
    def send(self, thing: str) -> None:
        self.ask_for(thing)
        operations.execute(self.plan(thing))

    @rule(thing=st.sampled_from(THINGS), fault=st.sampled_from(FAULTS), times=st.integers(1, 4))
    def send_in_vain(self, thing: str, fault: tuple[str, dict[str, Any]], times: int) -> None:
        name, params = fault
        path = KINDS[thing.partition(":")[0]]
        self.emulator.faults.add(name, match=f"POST {path}", times=times, **params)
        self.played["faults"] += 1
        self.send(thing)

    @rule(thing=st.sampled_from(THINGS), fault=st.sampled_from(["lost_response", "save_500"]))
    def send_and_hear_nothing_for_a_day(self, thing: str, fault: str) -> None:
        self.send_in_vain(thing, (fault, {}), 1)
        self.wait(25 * HOUR)

    @rule(thing=st.sampled_from(THINGS), point=st.sampled_from(POINTS), sweep=st.booleans())
    def die_at(self, thing: str, point: str, sweep: bool) -> None:
        with armed(point, die):
            try:
                if sweep:
                    operations.finish_due()
                else:
                    self.ask_for(thing)
                    operations.execute(self.plan(thing))
            except Killed:
                self.played["crashes"] += 1

    @rule(kind=st.sampled_from(list(KINDS)), times=st.integers(1, 4))
    def cannot_look(self, kind: str, times: int) -> None:
        self.emulator.faults.add("error_before", match=f"GET {KINDS[kind]}", status=503, times=times)
        self.played["faults"] += 1

    @rule(seconds=st.sampled_from([5, 70, 10 * MINUTE, HOUR, 19 * HOUR, 25 * HOUR]))
    def wait(self, seconds: int) -> None:
        self.emulator.advance(seconds=seconds)
        self.clock.close()
        self.clock.enter_context(fixed_at(datetime.fromtimestamp(self.emulator.now(), UTC)))

    @rule()
    def sweep(self) -> None:
        operations.finish_due()

    @precondition(lambda self: Operation.objects.filter(status__in=["unknown", "stale"]).exists())
    @rule()
    def a_person_looks(self) -> None:
        operation = Operation.objects.filter(status__in=["unknown", "stale"]).earliest("pk")
        try:
            operations.look_up(operation, actor="dana@example.org", reason="It takes long.")
        except client.StripeUnavailable:
            self.played["look-ups without an answer"] += 1

    @invariant()
    def i09_a_key_has_one_body_and_is_never_sent_when_old(self) -> None:
        first: dict[str, tuple[str, Any]] = {}
        began: dict[str, int] = {}
        for (path, key, body), (at, status) in zip(self.requests.seen, self.requests.answers, strict=True):
            assert first.setdefault(key, (path, body)) == (path, body), f"{key} was sent with another request"
            # What was turned away at the door does not age a key: Stripe never saw it.
            if status not in TURNED_AWAY:
                began.setdefault(key, at)
            assert at - began.get(key, at) <= TOO_OLD, f"{key} was sent after {at - began[key]} seconds"

    def teardown(self) -> None:
        """Stripe answers again; a day later everything is done, once."""
        try:
            self.come_to_an_end()
            self.i07_each_thing_is_at_stripe_once()
            self.count()
        finally:
            self.clock.close()
            self.stack.close()
            self.emulator.close()

    def come_to_an_end(self) -> None:
        self.emulator.faults.clear()
        hours = 0
        while Operation.objects.filter(status__in=LIVE).exists():
            hours += 1
            assert hours < 30, "something does not come to an end"
            self.wait(HOUR + MINUTE)
            operations.finish_due()
            for stale in Operation.objects.filter(status="stale"):
                operations.look_up(stale, actor="dana@example.org", reason="It is stale.")
            self.i09_a_key_has_one_body_and_is_never_sent_when_old()

    def count(self) -> None:
        self.played["operations"] += Operation.objects.count()
        self.played["superseded"] += Operation.objects.filter(status="superseded").count()
        self.played["adopted"] += Operation.objects.filter(adopted=True).count()
        self.played["sent"] += len(self.requests.seen)

    def i07_each_thing_is_at_stripe_once(self) -> None:
        there = [
            (row.body["metadata"]["operation"], row.id)
            for kind in KINDS
            for row in self.emulator.store.find(kind, account="")
        ]
        done = Operation.objects.filter(status="succeeded").values_list("business_key", "object_id")
        assert sorted(there) == sorted(done)
        assert {thing for thing, _id in there} == self.asked_for
        assert not Operation.objects.exclude(status__in=["succeeded", "superseded"]).exists()

    def plan(self, thing: str) -> Operation:
        match thing.partition(":")[0]:
            case "transfer":
                return self.market.transfer(thing)
            case "refund":
                return self.market.refund(thing)
        return planned(thing, metadata=operations.identity(thing))
