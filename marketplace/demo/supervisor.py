"""Starts everything in order, watches it, and ends it: the whole demo under one process."""

import http.client
import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from types import FrameType

from dev.files import write_private
from dev.postgres import Postgres, ServiceError
from dev.processes import tail
from dev.services import Services
from dev.valkey import Valkey
from marketplace.demo import people
from marketplace.demo.child import Child
from marketplace.demo.console import Step, say
from marketplace.demo.errors import DemoError, Interrupted
from marketplace.demo.given import require_database, require_redis
from marketplace.demo.parent import follow_make, make_was_interrupted
from marketplace.demo.plan import Plan, Program, manage
from marketplace.demo.ports import require_free
from marketplace.demo.runfile import RunFile

LOOK_EVERY = 0.2
# A small or busy machine takes minutes over what takes seconds elsewhere; a program that ends is noticed at once.
START_PATIENCE = 300.0
END_PATIENCE = 4.0


class Supervisor:
    """One run of the demo."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.run_file = RunFile(plan.folder)
        self.services = Services("demo", base=plan.var)
        self.children: list[Child] = []
        self.helper: Child | None = None
        self.environment: dict[str, str] = {}
        self.signals = 0
        self._servers_looked_at = 0.0

    def run(self) -> int:
        """Start, watch until asked to stop, stop. The exit code: 0 after Ctrl-C, 1 when the demo could not go on."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            # A closed terminal ends the demo, unless `nohup` asked otherwise.
            signal.signal(signal.SIGHUP, self._on_signal)
        follow_make()
        try:
            self._start()
            self._watch()
        except Interrupted:
            return 0
        except (DemoError, ServiceError) as error:
            if self.signals:
                # Ctrl-C reached a helper of ours too; its failure is no news.
                return 0
            say(str(error))
            return 1
        finally:
            self._end()
        return 0

    # --- Start ----------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        began = time.monotonic()
        self.plan.facts.unlink(missing_ok=True)
        leftovers = self.run_file.end_leftovers()
        if leftovers:
            say(f"Ended what an earlier run left behind: {', '.join(leftovers)}")
        require_free(self.plan.web_port, "PORT", "the marketplace")
        require_free(self.plan.emulator_port, "EMULATOR_PORT", "the Stripe emulator")
        self.plan.logs.mkdir(parents=True, exist_ok=True)
        self._start_servers()
        emulator = self._start_child(self.plan.emulator_program())
        # Beside the migrations, to save seconds; /readyz says no until they are applied.
        web = self._start_child(self.plan.web_program())
        self._once("migrate", "Migrating the database", "migrate", "--no-input")
        self._await(emulator, f"{self.plan.emulator}/healthz", "The Stripe emulator answers")
        for program in self.plan.celery_programs():
            self._start_child(program)
        self._once("seed", "Adding the sample data", "seed_demo")
        self._await(web, f"{self.plan.web}/readyz", "The marketplace answers")
        self._announce(time.monotonic() - began)

    def _start_servers(self) -> None:
        """Our own servers, or those of the environment: then only asked whether they answer."""
        given = [name for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)]
        if given:
            say(f"Using {' and '.join(given)} as given")
        if self.services.postgres is None:
            require_database(os.environ["DATABASE_URL"])
        if self.services.valkey is None:
            require_redis(os.environ["REDIS_URL"])
        own = [name for name, word in self.services.status().items() if word != "given by the environment"]
        if own:
            with Step(f"Starting {' and '.join(own)}"):
                self.services.ensure(with_parent=True)
        self.environment = self.plan.environment(os.environ, self.services.addresses())
        self._note()

    def _start_child(self, program: Program) -> Child:
        child = Child(program, self.environment, self.plan.logs / f"{program.name}.log")
        child.start()
        self.children.append(child)
        self._note()
        return child

    def _once(self, name: str, title: str, *arguments: str) -> None:
        """Run a management command to its end. Like the children, in a session of its own."""
        with Step(title):
            child = Child(Program(name, manage(*arguments)), self.environment, self.plan.logs / f"{name}.log")
            self.helper = child
            child.start()
            self._note()
            self._wait_for(child.has_ended, title, child)
            self.helper = None
            self._note()
            if child.process is None or child.process.returncode:
                raise DemoError(f"{title}: {name} {child.reason()}. The end of {child.log}:\n{tail(child.log)}")

    def _await(self, child: Child, address: str, title: str) -> None:
        """Wait for an address to answer 200 while looking after the programs behind it."""
        with Step(title):
            self._wait_for(lambda: answers(address), title, child)

    def _wait_for(self, condition: Callable[[], bool], title: str, child: Child) -> None:
        deadline = time.monotonic() + START_PATIENCE
        while not condition():
            self._look()
            if time.monotonic() > deadline:
                raise DemoError(
                    f"{title}: not within {START_PATIENCE:.0f} s. The end of {child.log}:\n{tail(child.log)}"
                )
            time.sleep(LOOK_EVERY)

    def _announce(self, seconds: float) -> None:
        logins = people.logins(self.plan.keys.password)
        facts = {"web": self.plan.web, "emulator": self.plan.emulator, "logins": logins}
        write_private(self.plan.facts, json.dumps(facts, indent=2) + "\n")
        say(f"Ready after {seconds:.1f} s.\n")
        print(f"  The marketplace   {self.plan.web}/")
        print(f"  Its admin         {self.plan.web}/admin/   (begins with what needs a person)")
        print(f"  Held money        {self.plan.web}/admin/payments/share/   (refund, release, hold back)")
        print(f"  Stripe, emulated  {self.plan.emulator}/_emulator/   (its clock, events and faults)")
        print(f"  Logs              {self.plan.logs}\n")
        width = max(len(login["email"]) for login in logins)
        for login in logins:
            print(f"  {login['role']:<8}{login['email']:<{width}}  {login['password']}   {login['about']}")
        print("\n  No real money moves here. Stop everything with Ctrl-C.\n", flush=True)

    # --- Watch ----------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while True:
            self._look()
            time.sleep(LOOK_EVERY)

    def _look(self) -> None:
        """One round: asked to stop? anybody gone? anybody due again?"""
        if self.signals or make_was_interrupted():
            raise Interrupted
        self._look_at_servers()
        for child in self.children:
            if child.has_ended():
                say(child.plan_restart())
            if child.start_again_at is not None and time.monotonic() >= child.start_again_at:
                child.start()
                self._note()

    def _look_at_servers(self) -> None:
        """Our PostgreSQL and Valkey come back after any end. Servers given by the environment are not ours to start."""
        if not self.environment or time.monotonic() - self._servers_looked_at < 1.0:
            return
        self._servers_looked_at = time.monotonic()
        gone = [name for name, word in self.services.status().items() if word == "stopped"]
        if gone:
            with Step(f"{' and '.join(gone)} ended; starting again"):
                self.services.ensure(with_parent=True)
            self._note()

    def _note(self) -> None:
        pids = {child.name: child.process.pid for child in self._started() if child.process is not None}
        self.run_file.write(self.plan.web, {**pids, **self._own_servers()})

    def _started(self) -> list[Child]:
        return [*self.children, self.helper] if self.helper else self.children

    def _own_servers(self) -> dict[str, int]:
        """Servers this run started. One that was running before is somebody else's to stop."""
        servers: dict[str, Postgres | Valkey | None] = {
            "postgres": self.services.postgres,
            "valkey": self.services.valkey,
        }
        return {name: server.process.pid for name, server in servers.items() if server and server.process}

    # --- End ------------------------------------------------------------------------------------------------------

    def _end(self) -> None:
        """End what this run started, newest first, and nothing else."""
        before = self.signals
        alive = [child for child in reversed(self._started()) if child.process is not None]
        if alive or self._own_servers():
            say("Stopping")
        for child in alive:
            child.ask_to_end()
        deadline = time.monotonic() + END_PATIENCE
        while time.monotonic() < deadline and not all(child.has_ended() for child in alive):
            if self.signals > before + 1:
                # A second Ctrl-C: no more patience.
                break
            time.sleep(0.05)
        for child in alive:
            child.kill_group()
        for server in (self.services.valkey, self.services.postgres):
            if server is not None and server.process is not None:
                server.stop()
        self.run_file.remove()
        self.plan.facts.unlink(missing_ok=True)
        if alive and self.signals:
            say("Everything has stopped. The data stays for the next run; `make demo-reset` forgets it.")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1


def answers(address: str) -> bool:
    """Whether the address answers 200 within a second."""
    try:
        with urllib.request.urlopen(address, timeout=2) as response:  # noqa: S310 - our own loopback address
            return response.status == 200
    except (OSError, http.client.HTTPException, urllib.error.URLError):
        return False
