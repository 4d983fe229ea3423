"""`python -m emulator`: one process serving the API, the hosted pages, the controls and the panel."""

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import django
from django.core.wsgi import get_wsgi_application

from emulator import commands
from emulator.core import Emulator
from emulator.coverage import report
from emulator.schema.operations import table
from emulator.web.runtime import Runtime, install
from emulator.web.server import Server, listen
from emulator.web.worker import DeliveryWorker

ENDING = {signal.SIGTERM, signal.SIGINT}


class RefusedError(Exception):
    """The emulator cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class Endpoint:
    url: str
    secret: str
    connect: bool


def parser(env: Mapping[str, str]) -> argparse.ArgumentParser:
    """Every option can also be given in the environment: --public-url is EMULATOR_PUBLIC_URL and so on."""
    p = argparse.ArgumentParser(
        prog="python -m emulator",
        description="A stateful emulator of Stripe Connect.",
        epilog=f"To one that runs: python -m emulator {{{','.join(commands.NAMES)}}} --help",
    )
    p.add_argument("--host", default=env.get("EMULATOR_HOST", "127.0.0.1"), help="address to listen on (127.0.0.1)")
    p.add_argument("--port", type=int, default=env.get("EMULATOR_PORT", "8400"), help="port to listen on (8400)")
    p.add_argument("--db", default=env.get("EMULATOR_DB", ":memory:"), help="SQLite file that keeps everything")
    p.add_argument("--transcript", default=env.get("EMULATOR_TRANSCRIPT") or None, help="JSONL file of every exchange")
    p.add_argument("--seed", type=int, default=env.get("EMULATOR_SEED") or None, help="makes ids repeatable")
    p.add_argument(
        "--clock",
        choices=("real", "offset", "frozen"),
        default=env.get("EMULATOR_CLOCK", "offset"),
        help="real follows this machine, offset can be moved forward, frozen stands still",
    )
    p.add_argument(
        "--days-ago",
        type=int,
        default=env.get("EMULATOR_DAYS_AGO", "0"),
        help="begin a new store so many days in the past, to live through them by moving the clock (0)",
    )
    p.add_argument("--public-url", default=env.get("EMULATOR_PUBLIC_URL") or None, help="how browsers reach it")
    p.add_argument("--api-key", default=env.get("EMULATOR_API_KEY", "sk_test_emulator"), help="the platform's test key")
    p.add_argument(
        "--platform-name",
        default=env.get("EMULATOR_PLATFORM_NAME", "Marketplace"),
        help="whom buyers pay, as the hosted pages say",
    )
    p.add_argument("--webhook", action="append", metavar="URL=SECRET", help="endpoint for the platform's events")
    p.add_argument("--connect-webhook", action="append", metavar="URL=SECRET", help="endpoint for sellers' events")
    p.add_argument(
        "--strict", action="store_true", default=env.get("EMULATOR_STRICT") == "1", help="check every answer"
    )
    p.add_argument("--coverage", action="store_true", help="print what is modelled, and stop")
    return p


def endpoints(given: Sequence[str], connect: bool) -> list[Endpoint]:
    """URL=SECRET pairs. The url may hold "=" itself: the secret begins at the last "=whsec_", else at the last "="."""
    found = []
    for pair in given:
        url, _, secret = pair.rpartition("=whsec_")
        secret = f"whsec_{secret}" if url else secret
        if not url:
            url, _, secret = pair.rpartition("=")
        if not url.startswith(("http://", "https://")) or not secret:
            raise RefusedError(f"Write a webhook as URL=SECRET; this is not one: {pair}")
        found.append(Endpoint(url, secret, connect))
    return found


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def prepare(options: argparse.Namespace, env: Mapping[str, str]) -> list[Endpoint]:
    """Refuse what would be unsafe or could not work. Raises RefusedError."""
    for key in (options.api_key, env.get("STRIPE_SECRET_KEY", "")):
        if key.startswith(("sk_live_", "rk_live_")):
            raise RefusedError("A live Stripe key was given. The emulator takes test keys only (sk_test_…).")
    if not is_loopback(options.host) and not env.get("EMULATOR_CONTROL_TOKEN"):
        raise RefusedError(f"Listening on {options.host} lets others in: set EMULATOR_CONTROL_TOKEN to a secret first.")
    if options.db != ":memory:":
        Path(options.db).parent.mkdir(parents=True, exist_ok=True)
    own = options.webhook if options.webhook is not None else env.get("EMULATOR_WEBHOOKS", "").split()
    sellers = (
        options.connect_webhook
        if options.connect_webhook is not None
        else env.get("EMULATOR_CONNECT_WEBHOOKS", "").split()
    )
    return endpoints(own, connect=False) + endpoints(sellers, connect=True)


def public_url(options: argparse.Namespace) -> str:
    host = "localhost" if options.host in ("0.0.0.0", "::") else options.host  # noqa: S104
    host = f"[{host}]" if ":" in host else host
    return (options.public_url or f"http://{host}:{options.port}").rstrip("/")


def configure_django(options: argparse.Namespace) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "emulator.web.settings"
    os.environ["EMULATOR_HOST"] = options.host
    os.environ["EMULATOR_PUBLIC_URL"] = public_url(options)
    django.setup()


def start(options: argparse.Namespace, hooks: list[Endpoint]) -> tuple[Server, DeliveryWorker]:
    """Open the store, bind the port, begin delivering. Raises RefusedError."""
    emulator = Emulator(
        options.db,
        secret_key=options.api_key,
        seed=options.seed,
        clock=options.clock,
        public_url=public_url(options),
        strict=options.strict,
        transcript=options.transcript,
        platform_name=options.platform_name,
        days_ago=options.days_ago,
    )
    emulator.keep_transcript()
    table()  # read Stripe's operations now rather than in the first caller's request
    runtime = Runtime(emulator)
    install(runtime)
    try:
        server = listen(options.host, options.port, get_wsgi_application(), served=runtime.ring)
    except OSError as error:
        emulator.close()
        raise RefusedError(
            f"Port {options.port} on {options.host} cannot be used: {error.strerror}. "
            "Stop what is using it, or choose another with --port (EMULATOR_PORT)."
        ) from error
    for hook in hooks:
        emulator.add_webhook_endpoint(hook.url, hook.secret, hook.connect)
    worker = DeliveryWorker(runtime)
    worker.start()
    return server, worker


def main(argv: Sequence[str] | None = None) -> int:
    given = sys.argv[1:] if argv is None else argv
    if given and given[0] in commands.NAMES:
        return commands.main(given, os.environ)
    options = parser(os.environ).parse_args(given)
    if options.coverage:
        print(report())
        return 0
    # Blocked here and in every thread, then waited for: a handler that sets an Event can deadlock with the wait for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        hooks = prepare(options, os.environ)
        configure_django(options)
        server, worker = start(options, hooks)
    except RefusedError as refused:
        print(refused, file=sys.stderr)
        return 1
    print(f"Emulator of Stripe Connect at {public_url(options)} - no real money moves here.", flush=True)
    print(f"Panel: {public_url(options)}/_emulator/", flush=True)
    signal.sigwait(ENDING)
    server.shutdown()
    worker.stop()
    server.server_close()
    worker.runtime.emulator.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
