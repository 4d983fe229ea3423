"""`python -m marketplace.demo` starts the demo; `python -m marketplace.demo reset` forgets its data."""

import argparse
import os
import shutil
import sys

from dev.services import Services
from marketplace.demo.console import say
from marketplace.demo.errors import DemoError
from marketplace.demo.plan import ROOT, make_plan
from marketplace.demo.runfile import RunFile, only_one
from marketplace.demo.supervisor import Supervisor


def start() -> int:
    """Run the demo until Ctrl-C."""
    with only_one(ROOT / "var" / "demo"):
        return Supervisor(make_plan()).run()


def reset() -> int:
    """Remove the demo's database, queue, mail, photos, emulator and secrets. Refuses while a demo runs."""
    folder = ROOT / "var" / "demo"
    with only_one(folder):
        RunFile(folder).end_leftovers()
        Services("demo").down()
        for path in (folder, ROOT / "var" / "mail"):
            if path.exists():
                shutil.rmtree(path)
        (ROOT / "var" / "demo.json").unlink(missing_ok=True)
    say("The demo's data is gone; the next `make demo` starts over.")
    if os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"):
        say("What DATABASE_URL or REDIS_URL point at was left as it is.")
    return 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m marketplace.demo", description=__doc__)
    parser.add_argument("action", nargs="?", choices=("start", "reset"), default="start")
    try:
        return reset() if parser.parse_args().action == "reset" else start()
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
