"""`make bench-emulator`: what the emulator takes, one line a goal, each beside a bare Django view in the same run.

E1  payment intents created over HTTP a second, in a process of its own with a file as its store
E2  one create in-process
E3  the same among 50,000, 100,000 and 200,000 objects, in turns with one among few
E4  reads, lists, the panel and a tick among as many

The view (bench/emulated_floor.py) has the emulator's server class, no middleware and no store. The client runs on the
same machine and takes its share of it. Whatever else runs there only ever takes away: of several windows the best one
counts, and the median, the least and the machine's load stand beside it.
"""

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.client import Client, LoadError, Result
from bench.emulated_calls import Caller, creates, milliseconds
from bench.emulated_servers import Pair, pair
from bench.figures import Figure, line, quantile, ratios
from bench.servers import BenchError, Program
from emulator.core import Emulator

CONNECTIONS = 2
WARM_UP = 300
FIRST_SALES = 60
RATE_WANTED = 300
MILLISECONDS_WANTED = 1.0
SLOPE_ALLOWED = 1.25
READS_SLOPE_ALLOWED = 1.5
# A difference below this is the clock's and the cache's, not a slope.
TOO_LITTLE_TO_TELL = 0.05


@dataclass(frozen=True, slots=True)
class Size:
    rounds: int = 20
    requests: int = 300
    calls: int = 300
    levels: tuple[int, ...] = (0, 50_000, 100_000, 200_000)


SMALL = Size(rounds=2, requests=40, calls=15, levels=(0, 1_500))


class Bench:
    def __init__(self, folder: Path, servers: Pair, size: Size) -> None:
        self.folder = folder
        self.servers = servers
        self.size = size
        self.create_ms = 0.0

    def over_http(self) -> str:
        """E1, in turns with the view."""
        sides = (self.servers.emulator, self.servers.floor)
        for side in sides:
            self._send(side, WARM_UP)
        rates: tuple[list[float], list[float]] = ([], [])
        costs: tuple[list[float], list[float]] = ([], [])
        waits: list[float] = []
        for number in range(self.size.rounds):
            for index in (0, 1) if number % 2 else (1, 0):
                before = sides[index].cpu_seconds()
                result = self._send(sides[index], self.size.requests)
                rates[index].append(result.rate)
                costs[index].append((sides[index].cpu_seconds() - before) / self.size.requests * 1000)
                waits += [] if index else result.latencies
        ours, floor = (Figure(tuple(found)) for found in rates)
        return line(
            "E1",
            f"{max(rates[0]):.0f}/s",
            f">={RATE_WANTED}/s",
            ok=max(rates[0]) >= RATE_WANTED,
            about=f"payment intents created over HTTP, store in a file, {CONNECTIONS} connections: the best of "
            f"{self.size.rounds} windows of {self.size.requests}, median {ours.show()}/s; p50 "
            f"{quantile(waits, 0.5) * 1000:.1f} ms, p99 {quantile(waits, 0.99) * 1000:.1f} ms, CPU "
            f"{Figure(tuple(costs[0])).show(2)} ms each; bare view {max(rates[1]):.0f}/s, median {floor.show()}/s, "
            f"so {ratios(*rates).show(2)}x of it; {_load()}",
        )

    def _send(self, side: Program, count: int) -> Result:
        with Client(side.port, CONNECTIONS) as client:
            result = client.send(creates(count))
        if set(result.statuses) != {200}:
            raise LoadError(f"{side.name} answered {dict(result.statuses)}")
        return result

    def view_ms(self) -> float:
        """One answer of the bare view over one connection, in the quietest of several windows."""
        found = []
        for _ in range(5):
            with Client(self.servers.floor.port, 1) as client:
                found.append(quantile(client.send(creates(self.size.calls)).latencies, 0.5) * 1000)
        return min(found)

    def in_process(self) -> str:
        """E2, in memory as tests use it."""
        em = Emulator(clock="offset")
        caller = Caller(em)
        milliseconds(caller.create_intent, WARM_UP, 1)
        windows = Figure(tuple(milliseconds(caller.create_intent, self.size.calls, 1) for _ in range(9)))
        em.close()
        view = self.view_ms()
        return line(
            "E2",
            f"{windows.show(2)}ms",
            f"<={MILLISECONDS_WANTED:.2f}ms",
            ok=windows.middle <= MILLISECONDS_WANTED,
            about=f"medians of 9 windows of {self.size.calls} creates in-process, in memory; a bare view over HTTP "
            f"takes {view:.2f} ms, so {windows.middle / view:.2f}x of it",
        )

    def among_many(self) -> tuple[str, str]:
        """E3 and E4: the same calls at every level; a create in turns with one among few, and beside the view."""
        few = Emulator(str(self.folder / "few.sqlite3"), clock="offset")
        em = Emulator(str(self.folder / "filled.sqlite3"), clock="offset")
        caller, beside = Caller(em), Caller(few)
        caller.open_sellers()
        written: list[Figure] = []
        views: list[float] = []
        read: list[dict[str, float]] = []
        sold, counts = 0, []
        for level in self.size.levels:
            while caller.objects() < level:
                for _ in range(50):
                    caller.sell(sold)
                    sold += 1
            counts.append(caller.objects())
            views.append(self.view_ms())
            written.append(self._in_turns(caller, beside))
            while sold < FIRST_SALES:  # lists have a full page from the first level on
                caller.sell(sold)
                sold += 1
            read.append({name: milliseconds(call, self.size.calls // 5) for name, call in caller.reads().items()})
        em.close()
        few.close()
        return self._writing(counts, written, views), self._reading(read, counts)

    def _in_turns(self, many: Caller, few: Caller) -> Figure:
        """A create among many as a ratio to one among few, window by window: the machine's load meets both alike."""
        times = self.size.calls // 3
        pairs = [
            (milliseconds(few.create_intent, times, 1), milliseconds(many.create_intent, times, 1)) for _ in range(9)
        ]
        self.create_ms = min(among_many for _among_few, among_many in pairs)
        return Figure(tuple(among_many / among_few for among_few, among_many in pairs))

    def _writing(self, counts: list[int], took: list[Figure], views: list[float]) -> str:
        levels = ", ".join(f"{count:,}: {ratio.show(2)}x" for count, ratio in zip(counts, took, strict=True))
        return line(
            "E3",
            f"{took[-1].middle:.2f}x",
            f"<={SLOPE_ALLOWED:.2f}x",
            ok=took[-1].middle <= SLOPE_ALLOWED,
            about=f"one create in-process, store in a file, in turns with one among few: among {levels}; the last "
            f"takes {self.create_ms:.2f} ms = {self.create_ms / views[-1]:.2f}x the view",
        )

    def _reading(self, took: list[dict[str, float]], counts: list[int]) -> str:
        first, last = took[0], took[-1]
        slopes = {name: last[name] / first[name] for name in first if last[name] - first[name] > TOO_LITTLE_TO_TELL}
        worst = max(slopes, key=lambda name: slopes[name], default=None)
        slope = 1.0 if worst is None else slopes[worst]
        steepest = "none rises" if worst is None else f"steepest: {worst}, {first[worst]:.2f} to {last[worst]:.2f} ms"
        return line(
            "E4",
            f"{slope:.2f}x",
            f"<={READS_SLOPE_ALLOWED:.2f}x",
            ok=slope <= READS_SLOPE_ALLOWED,
            about=f"{len(first)} reads, lists and panel pages among {counts[-1]:,} objects against {counts[0]:,}; "
            f"{steepest}; slowest: {max(last, key=lambda name: last[name])}, {max(last.values()):.2f} ms",
        )


def _load() -> str:
    """Who else wants the processors: with more than there are, the windows are slices of somebody else's time."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def main() -> int:
    """0 when everything was measured, also when a goal was missed: the lines say so."""
    parser = argparse.ArgumentParser(prog="python -m bench.emulated", description="Measure the emulator.")
    parser.add_argument("--small", action="store_true", help="little of everything: to see that it runs")
    size = SMALL if parser.parse_args().small else Size()
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="bench-emulator-") as name, pair(Path(name)) as servers:
            bench = Bench(Path(name), servers, size)
            print(bench.over_http(), flush=True)
            print(bench.in_process(), flush=True)
            for each in bench.among_many():
                print(each, flush=True)
    except (BenchError, LoadError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(f"bench: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
