"""The one exception to our content policy: a page whose form leads to Stripe."""

from django.conf import settings
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override

# What every page carries.
POLICY: dict[str, list[str]] = settings.SECURE_CSP

# Chromium checks form-action again at each redirect after the POST, so 'self' alone would stop the handoff
# to Stripe. Only pages that hold such a form carry this; everywhere else forms stay at home.
handoff_to_stripe = csp_override({**POLICY, "form-action": [CSP.SELF, *settings.STRIPE_HOSTED_ORIGINS]})
