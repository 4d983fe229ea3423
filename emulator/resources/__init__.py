"""One file a resource; importing this package registers every modelled operation."""

from emulator.resources import (  # noqa: F401
    account_links,
    accounts_v1,
    accounts_v2,
    application_fees,
    balance,
    charges,
    checkout_sessions,
    customers,
    disputes,
    events,
    files,
    fraud_warnings,
    payment_intents,
    payment_methods,
    payouts,
    refunds,
    setup_intents,
    transfers,
    webhook_endpoints,
)
