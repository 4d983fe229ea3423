"""`make bench`: the goals, one line each, `id figure goal ok|short what was compared`. `--large` sends more.

Every figure is the median over the rounds, with the least and the most that were seen in brackets. PostgreSQL is set
up as for tests and does not wait for the disk, so it is the work that is compared and not the disk.
"""

import argparse
import sys
import time

from bench import books, money, search
from bench.client import LoadError
from bench.servers import BenchError, stage
from bench.stripe_listener import listening
from bench.webhooks import LARGE, Size, Webhooks
from dev.postgres import ServiceError


def main() -> int:
    """0 when everything was measured, also when a goal was missed: the lines say so."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--large", action="store_true", help="longer rounds and more of them")
    asked = parser.parse_args()
    began = time.monotonic()
    try:
        with listening() as listener, stage(listener.address) as stand:
            for result in Webhooks(stand, listener, LARGE if asked.large else Size()).lines():
                print(result, flush=True)
            for result in search.Search(stand, search.LARGE if asked.large else search.Size()).lines():
                print(result, flush=True)
            for result in books.Books(stand, books.LARGE if asked.large else books.Size()).lines():
                print(result, flush=True)
        # In a database of its own: its orders are seeded by number, and due orders are counted among nothing else.
        with stage(money.NO_STRIPE) as stand:
            for result in money.Money(stand, money.LARGE if asked.large else money.Size()).lines():
                print(result, flush=True)
    except (BenchError, LoadError, ServiceError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(f"bench: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
