"""What people do on the hosted pages: Checkout, onboarding and the Express dashboard, without any web framework.

Every function takes the Emulator first, runs in one store transaction and raises HostedError with a message for people.
"""

from emulator.hosted.checkout import (
    TEST_CARDS,
    checkout_authenticate,
    checkout_order,
    checkout_pay,
    checkout_pay_debit,
    checkout_pay_saved,
    checkout_remove_card,
    checkout_view,
)
from emulator.hosted.dashboard import dashboard_view
from emulator.hosted.intents import intent_authenticate, intent_view
from emulator.hosted.onboarding import (
    onboarding_finish,
    onboarding_leave,
    onboarding_open,
    onboarding_save,
    onboarding_view,
)
from emulator.hosted.shortcuts import complete_onboarding

__all__ = [
    "TEST_CARDS",
    "checkout_authenticate",
    "checkout_order",
    "checkout_pay",
    "checkout_pay_debit",
    "checkout_pay_saved",
    "checkout_remove_card",
    "checkout_view",
    "complete_onboarding",
    "dashboard_view",
    "intent_authenticate",
    "intent_view",
    "onboarding_finish",
    "onboarding_leave",
    "onboarding_open",
    "onboarding_save",
    "onboarding_view",
]
