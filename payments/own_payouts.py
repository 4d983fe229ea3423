"""The platform's own payouts at Stripe: held money is in its balance, and must not leave for its bank by itself."""

from gateway import operations
from kit.clock import now


def set_manual(*, actor: str) -> None:
    """Have Stripe pay the platform's own balance out only when somebody asks. Safe to repeat.

    Raises StripeRefused or StripeUnavailable. (docs.stripe.com/api/balance-settings)
    """
    operation = operations.plan(
        name="balance_settings.update",
        business_key=f"own-payouts:manual:{now():%Y%m%d%H%M%S}",
        path="/v1/balance_settings",
        params={"payments": {"payouts": {"schedule": {"interval": "manual"}}}},
        actor=actor,
        reason="Money held for sellers stays in our balance.",
    )
    operations.require(operations.execute(operation))
