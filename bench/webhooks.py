"""G1-G4: how fast, how evenly and how surely Stripe's events are stored (docs/operations.md says what for).

Our marketplace and the floor (bench/floor.py) run side by side under the same gunicorn options, on the same database
server. In each round both get the same number of events in turns of a fraction of a second, so that whatever else the
machine does falls on both alike; what is compared is compared round by round. The client runs on the same machine and
takes its share of it from both alike.
"""

import itertools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from psycopg import sql

from bench import client, events
from bench.figures import Figure, line, quantile, ratios
from bench.servers import Program, Stage, settle_down
from bench.stripe_listener import Listener
from dev.processes import wait_until

STORED = sql.SQL("SELECT count(*) FROM inbox_stripeevent")
UNIQUE = sql.SQL("SELECT count(DISTINCT event_id) FROM inbox_stripeevent")
ENDED = sql.SQL("SELECT count(*) FROM inbox_stripeevent WHERE status IN ('handled', 'ignored')")
HANDLED = sql.SQL("SELECT count(*) FROM inbox_stripeevent WHERE status = 'handled'")

OPEN_LOOP_RATE = 80.0
DUPLICATES = 0.2
# How often two sides take turns within one round.
TURNS = 4
FEWEST_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Size:
    """How much is sent. Rounds are five or more; everything together stays under five minutes."""

    # Many short rounds: the median of many pairs is steadier than that of a few long ones.
    rounds: int = 40
    events: int = 300
    open_loop_rounds: int = 9
    open_loop_seconds: float = 4
    bad_signatures: int = 200
    without_broker: int = 300
    seconds_for_a_goal: float = 50


LARGE = Size(
    rounds=100,
    events=1200,
    open_loop_rounds=15,
    open_loop_seconds=20,
    bad_signatures=2000,
    without_broker=3000,
    seconds_for_a_goal=1800,
)


@dataclass(frozen=True, slots=True)
class Round:
    """One round on one side."""

    result: client.Result
    cpu_per_event: float


type Side = tuple[Program, list[bytes]]


class Webhooks:
    """One run of the four measurements."""

    def __init__(self, stage: Stage, listener: Listener, size: Size) -> None:
        self.stage = stage
        self.listener = listener
        self.size = size
        self.names = (f"run{number:04}" for number in itertools.count())
        self.web = stage.web()
        self.floor = stage.floor()

    def lines(self) -> Iterator[str]:
        """The four goals, each as soon as it is known."""
        for program in (self.web, self.floor):
            client.send(program.port, self._requests(300))
        settle_down({"web": self.web, "floor": self.floor})
        yield self._g1()
        yield self._g2()
        yield self._g3()
        yield self._g4()

    def _g1(self) -> str:
        ours, floor = self._alternating(lambda: self._requests(self.size.events), rounds=self.size.rounds)
        pace = ratios([each.result.rate for each in ours], [each.result.rate for each in floor])
        cost = ratios([each.cpu_per_event for each in ours], [each.cpu_per_event for each in floor])
        return line(
            "G1",
            f"{pace.show(2)}x, CPU {cost.show(2)}x",
            ">=0.90x, CPU <=1.25x",
            ok=pace.middle >= 0.9 and cost.middle <= 1.25,
            about=f"acknowledged {_rates(ours)} events/s at {_cpu(ours)} ms CPU each; the floor beside it "
            f"{_rates(floor)} at {_cpu(floor)} ms; {client.CONNECTIONS} connections, {len(ours)} rounds of "
            f"{self.size.events} each",
        )

    def _g2(self) -> str:
        count = int(OPEN_LOOP_RATE * self.size.open_loop_seconds)
        ours, floor = self._alternating(
            lambda: self._requests(count), rounds=self.size.open_loop_rounds, rate=OPEN_LOOP_RATE
        )
        late = [[quantile(each.result.latencies, 0.95) * 1000 for each in side] for side in (ours, floor)]
        later = [[quantile(each.result.latencies, 0.99) * 1000 for each in side] for side in (ours, floor)]
        ratio = ratios(late[0], late[1])
        return line(
            "G2",
            f"{ratio.show(2)}x",
            "<=1.50x",
            ok=ratio.middle <= 1.5,
            about=f"p95 of {OPEN_LOOP_RATE:.0f} events/s, whatever the answers take: {_ms(late[0])} ms, the floor's "
            f"{_ms(late[1])} ms; p99 {_ms(later[0])} ms, the floor's {_ms(later[1])} ms",
        )

    def _g3(self) -> str:
        plain: list[Round] = []
        doubled: list[Round] = []
        rows_right = True
        for number in self._rounds(self.size.rounds):
            once = self._requests(self.size.events)
            again = _with_duplicates(self._requests(self.size.events), number)
            pair = self._pair((self.web, once), (self.web, again), number)
            plain.append(pair[0])
            doubled.append(pair[1])
            rows_right &= self.stage.count(STORED) == self.stage.count(UNIQUE) == len({*once, *again})
        refused = self._bad_signatures()
        ratio = ratios([each.result.rate for each in doubled], [each.result.rate for each in plain])
        return line(
            "G3",
            f"{ratio.show(2)}x",
            ">=1.00x",
            ok=ratio.middle >= 1.0 and rows_right and refused,
            about=f"our own door with {DUPLICATES:.0%} duplicates {_rates(doubled)} events/s, without {_rates(plain)}; "
            f"{len(plain)} rounds of {self.size.events} each; one row an id: {_yes(rows_right)}; "
            f"{self.size.bad_signatures} bad signatures all 400: {_yes(refused)}",
        )

    def _g4(self) -> str:
        self.stage.empty()
        accounts = self._sellers_accounts(self.size.without_broker // 3)
        requests = self._requests(self.size.without_broker - len(accounts)) + self._account_events(accounts)
        asked_before = self.listener.asked
        self.stage.valkey.stop()
        result = client.send(self.web.port, requests)
        acknowledged = result.statuses[200]
        stored = self.stage.count(STORED)
        asked_meanwhile = self.listener.asked - asked_before
        self.stage.valkey.start(with_parent=True)
        began = time.monotonic()
        self.stage.celery("worker", "--concurrency", "2", "--without-gossip", "--without-mingle")
        self.stage.celery("beat", "--pidfile=", "--schedule", str(self.stage.valkey.folder / "beat-schedule"))
        all_ended = wait_until(lambda: self.stage.count(ENDED) == len(requests), 60, every=0.2)
        seconds = time.monotonic() - began
        handled = self.stage.count(HANDLED)
        return line(
            "G4",
            f"{acknowledged / len(requests):.0%}",
            "100%",
            ok=acknowledged == stored == len(requests)
            and all_ended
            and asked_meanwhile == 0
            and handled == len(accounts),
            about=f"broker stopped: {acknowledged} of {len(requests)} acknowledged, {stored} stored, {asked_meanwhile} "
            f"calls to Stripe meanwhile; broker back: {self.stage.count(ENDED)} processed within {seconds:.1f} s of "
            f"starting a worker, {handled} of them by looking at Stripe",
        )

    def _alternating(
        self, make: Callable[[], list[bytes]], *, rounds: int, rate: float | None = None
    ) -> tuple[list[Round], list[Round]]:
        """Ours and the floor's, all rounds."""
        pairs = [
            self._pair((self.web, make()), (self.floor, make()), number, rate=rate) for number in self._rounds(rounds)
        ]
        return [ours for ours, _floor in pairs], [floor for _ours, floor in pairs]

    def _rounds(self, rounds: int) -> Iterator[int]:
        """As many rounds as were asked for; on a machine that is slow just now fewer, but never fewer than five."""
        began = time.monotonic()
        for number in range(rounds):
            if number >= FEWEST_ROUNDS and time.monotonic() - began > self.size.seconds_for_a_goal:
                return
            yield number

    def _pair(self, first: Side, second: Side, number: int, *, rate: float | None = None) -> tuple[Round, Round]:
        """One round: two sides in turns, each beginning every other time. New connections for every turn, because
        it is chance which of a server's processes they fall to, and how evenly; two sides of one server share them.
        """
        self.stage.empty()
        sides = (first, second)
        before = [program.cpu_seconds() for program, _requests in sides]
        results = (client.Result(), client.Result())
        for turn in range(TURNS):
            with ExitStack() as stack:
                ports = {program.port for program, _requests in sides}
                clients = {port: stack.enter_context(client.Client(port)) for port in ports}
                for side in _either_first(number + turn):
                    program, requests = sides[side]
                    results[side].add(clients[program.port].send(_part(requests, turn), rate=rate))
        costs = [program.cpu_seconds() - spent for (program, _requests), spent in zip(sides, before, strict=True)]
        for (program, _requests), result in zip(sides, results, strict=True):
            if set(result.statuses) != {200}:
                raise client.LoadError(f"{program.name} answered {dict(result.statuses)}")
        ours, others = (
            Round(result, cost / len(requests))
            for result, cost, (_program, requests) in zip(results, costs, sides, strict=True)
        )
        return ours, others

    def _requests(self, count: int) -> list[bytes]:
        return events.requests(next(self.names), count, self.stage.platform_secret)

    def _bad_signatures(self) -> bool:
        """Half signed with another secret, half with a byte of the body changed; none leaves a row."""
        before = self.stage.count(STORED)
        half = self.size.bad_signatures // 2
        forged = events.requests(next(self.names), half, "whsec_of_somebody_else")
        changed = [request[:-3] + b" " + request[-2:] for request in self._requests(self.size.bad_signatures - half)]
        result = client.send(self.web.port, [*forged, *changed])
        return set(result.statuses) == {400} and self.stage.count(STORED) == before

    def _sellers_accounts(self, count: int) -> list[str]:
        names = [f"acct_bench{number:05}" for number in range(count)]
        for name in names:
            self.stage.database.execute(
                "WITH seller AS (INSERT INTO accounts_seller (name, slug, about, country, currency, created_at)"
                " VALUES (%(name)s, %(name)s, '', 'DE', 'eur', now()) RETURNING id)"
                " INSERT INTO accounts_connectedaccount"
                " (seller_id, version, stripe_id, transfers, payouts, requirements, created_at)"
                " SELECT id, 1, %(name)s, 'active', 'active', '[]', now() FROM seller",
                {"name": name},
            )
        return names

    def _account_events(self, accounts: list[str]) -> list[bytes]:
        run = next(self.names)
        return [
            events.request(
                events.body(f"evt_{run}_{account}", type="account.updated", account=account),
                self.stage.connect_secret,
                path=events.CONNECT_PATH,
            )
            for account in accounts
        ]


def _with_duplicates(requests: list[bytes], seed: int) -> list[bytes]:
    """As many requests as before, of which a fifth were sent earlier in the round: at once, or much later."""
    fresh = requests[: round(len(requests) * (1 - DUPLICATES))]
    pick = random.Random(seed)
    sent = list(fresh)
    for again in pick.sample(range(len(fresh)), len(requests) - len(fresh)):
        sent.insert(pick.randint(sent.index(fresh[again]) + 1, len(sent)), fresh[again])
    return sent


def _part(requests: list[bytes], turn: int) -> list[bytes]:
    """One of TURNS equal parts, in order."""
    return requests[turn * len(requests) // TURNS : (turn + 1) * len(requests) // TURNS]


def _either_first(number: int) -> tuple[int, int]:
    return (0, 1) if number % 2 else (1, 0)


def _rates(side: list[Round]) -> str:
    return Figure(tuple(each.result.rate for each in side)).show()


def _cpu(side: list[Round]) -> str:
    return Figure(tuple(each.cpu_per_event * 1000 for each in side)).show(2)


def _ms(values: list[float]) -> str:
    return Figure(tuple(values)).show(1)


def _yes(fact: bool) -> str:
    return "yes" if fact else "NO"
