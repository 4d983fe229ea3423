"""No call to Stripe inside a transaction: a slow answer would pin row locks, a rollback would forget what Stripe
did.
"""

from django.db import connection

from gateway.errors import CalledInsideTransaction


def outside_transaction() -> None:
    """Raise CalledInsideTransaction if a transaction is open. The one a test case wraps around itself does not
    count.
    """
    open_blocks = [block for block in connection.atomic_blocks if not getattr(block, "_from_testcase", False)]
    if open_blocks:
        raise CalledInsideTransaction("Commit first, then call Stripe.")
