"""`python -m marketplace.demo` starts the demo; `python -m marketplace.demo reset` forgets its data."""

import argparse
import os
import shutil
import sys
from pathlib import Path

from dev.postgres import ServiceError
from dev.services import Services
from marketplace.demo.console import say
from marketplace.demo.errors import DemoError
from marketplace.demo.plan import ROOT, make_plan
from marketplace.demo.runfile import RunFile, only_one
from marketplace.demo.supervisor import Supervisor


def start(var: Path) -> int:
    """Run the demo until Ctrl-C."""
    with only_one(var / "demo"):
        return Supervisor(make_plan(var)).run()


def reset(var: Path) -> int:
    """Remove the demo's database, queue, mail, photos, emulator and secrets. Refuses while a demo runs."""
    with only_one(var / "demo"):
        RunFile(var / "demo").end_leftovers()
        Services("demo", base=var).down()
        for path in (var / "demo", var / "mail"):
            if path.exists():
                shutil.rmtree(path)
        (var / "demo.json").unlink(missing_ok=True)
    say("The demo's data is gone; the next `make demo` starts over.")
    if os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"):
        say("What DATABASE_URL or REDIS_URL point at was left as it is.")
    return 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m marketplace.demo", description=__doc__)
    parser.add_argument("action", nargs="?", choices=("start", "reset"), default="start")
    parser.add_argument("--var", type=Path, default=ROOT / "var", help="the folder that holds the data")
    asked = parser.parse_args()
    try:
        return {"start": start, "reset": reset}[asked.action](asked.var.resolve())
    except (DemoError, ServiceError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
