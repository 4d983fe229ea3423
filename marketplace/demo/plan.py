"""What the demo consists of: folders, ports, secrets, the environment and the programs."""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from dev.files import write_private
from marketplace.demo.ports import HOST, read_port
from marketplace.environment import DEFAULT_NAME

ROOT = Path(__file__).resolve().parent.parent.parent
WEB_PORT = 8000
EMULATOR_PORT = 8400
# How far back the trade goes that a newcomer finds.
DAYS = 92
# Settings a shell may carry that would point the demo at something real.
DROPPED = ("STRIPE_TIMEOUT_SECONDS", "TEST_SUFFIX", "PORT", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS")


@dataclass(frozen=True)
class Program:
    """A process the supervisor keeps running."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Keys:
    """The demo's secrets, made once for this checkout."""

    secret_key: str
    platform_webhook: str
    connect_webhook: str
    control_token: str
    password: str


@dataclass(frozen=True)
class Plan:
    """Everything that is decided before the first process starts."""

    var: Path
    web_port: int
    emulator_port: int
    keys: Keys
    # Without a past and with half the street: for who cannot wait (DEMO_SIZE=small).
    small: bool = False

    @property
    def folder(self) -> Path:
        """Where the demo keeps its data."""
        return self.var / "demo"

    @property
    def facts(self) -> Path:
        """Addresses and logins for other programs; there while the demo is ready."""
        return self.var / "demo.json"

    @property
    def web(self) -> str:
        """The marketplace's address."""
        return f"http://{HOST}:{self.web_port}"

    @property
    def emulator(self) -> str:
        """The emulator's address."""
        return f"http://{HOST}:{self.emulator_port}"

    @property
    def logs(self) -> Path:
        """Where every program writes."""
        return self.folder / "log"

    def environment(self, base: Mapping[str, str], servers: Mapping[str, str]) -> dict[str, str]:
        """The children's environment: what we decide wins over what the shell carries, so no real key is ever used."""
        return {
            **{name: value for name, value in base.items() if name not in DROPPED},
            **servers,
            "MARKETPLACE_ENV": "demo",
            "DJANGO_SETTINGS_MODULE": "marketplace.settings",
            "PYTHONUNBUFFERED": "1",
            "SECRET_KEY": self.keys.secret_key,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "SITE_URL": self.web,
            "STRIPE_SECRET_KEY": "sk_test_emulator",
            "STRIPE_API_BASE": self.emulator,
            "STRIPE_WEBHOOK_SECRETS": self.keys.platform_webhook,
            "STRIPE_CONNECT_WEBHOOK_SECRETS": self.keys.connect_webhook,
            "STRIPE_HOSTED_ORIGINS": self.emulator,
            "CLOCK_URL": f"{self.emulator}/_emulator/clock",
            "EMULATOR_CONTROL_TOKEN": self.keys.control_token,
            "EMAIL_URL": "file",
            "MAIL_DIR": str(self.var / "mail"),
            "MEDIA_ROOT": str(self.folder / "media"),
            "PRIVATE_ROOT": str(self.folder / "private"),
            "DEMO_PASSWORD": self.keys.password,
            "DEMO_SIZE": "small" if self.small else "whole",
        }

    def emulator_program(self) -> Program:
        """The stand-in for Stripe, with its events sent to the web server."""
        return Program(
            "emulator",
            (
                *_python("emulator"),
                *("--port", str(self.emulator_port), "--db", str(self.folder / "emulator.sqlite3")),
                *(
                    "--days-ago",
                    "0" if self.small else str(DAYS),
                    "--clock",
                    "offset",
                    "--public-url",
                    self.emulator,
                    "--platform-name",
                    DEFAULT_NAME,
                ),
                *("--webhook", f"{self.web}/stripe/events/platform={self.keys.platform_webhook}"),
                *("--connect-webhook", f"{self.web}/stripe/events/connect={self.keys.connect_webhook}"),
            ),
        )

    def web_program(self) -> Program:
        """The marketplace's pages and the door for events."""
        return Program(
            "web",
            (
                *_python("gunicorn", "marketplace.wsgi", "--bind", f"{HOST}:{self.web_port}"),
                *("--worker-class", "marketplace.web_worker.Worker", "--limit-request-line", "8190"),
                *("--workers", "2", "--threads", "4", "--graceful-timeout", "3"),
                *("--no-control-socket", "--access-logfile", "-"),
            ),
        )

    def celery_programs(self) -> tuple[Program, ...]:
        """The worker, and the clock that wakes it."""
        celery = _python("celery", "-A", "marketplace")
        worker = ("worker", "--concurrency", "2", "--hostname", "demo@%h", "--without-gossip", "--without-mingle")
        beat = ("beat", "--pidfile=", "--schedule", str(self.folder / "beat-schedule"))
        return (
            Program("worker", (*celery, *worker, "--loglevel", "info")),
            Program("beat", (*celery, *beat, "--loglevel", "info")),
        )


def make_plan(var: Path = ROOT / "var", environ: Mapping[str, str] = os.environ) -> Plan:
    """Read the ports from the environment and the secrets from <var>/demo/secrets.json, made at the first run."""
    return Plan(
        var=var,
        web_port=read_port(environ.get("PORT", ""), WEB_PORT, "PORT"),
        emulator_port=read_port(environ.get("EMULATOR_PORT", ""), EMULATOR_PORT, "EMULATOR_PORT"),
        keys=_keys(var / "demo" / "secrets.json"),
        small=environ.get("DEMO_SIZE", "") == "small",
    )


def manage(*arguments: str) -> tuple[str, ...]:
    """A management command, run by this Python."""
    return (sys.executable, str(ROOT / "manage.py"), *arguments)


def _python(*module_and_arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *module_and_arguments)


def _keys(path: Path) -> Keys:
    if path.exists():
        return Keys(**json.loads(path.read_text()))
    keys = Keys(
        secret_key=secrets.token_urlsafe(50),
        platform_webhook=f"whsec_{secrets.token_hex(16)}",
        connect_webhook=f"whsec_{secrets.token_hex(16)}",
        control_token=secrets.token_urlsafe(24),
        password=_readable_password(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, json.dumps(asdict(keys), indent=2))
    return keys


def _readable_password() -> str:
    """Easy to read aloud and to type: no letters that look like others."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join(["demo", *("".join(secrets.choice(letters) for _ in range(4)) for _ in range(3))])
