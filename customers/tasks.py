"""Bells for what Stripe was not told yet."""

from celery import shared_task

from customers import profiles


@shared_task(name="customers.tell_stripe")
def tell_stripe() -> None:
    """E-mail addresses that were changed, where the buyer was on none of our pages since."""
    profiles.tell_stripe_new_addresses()
