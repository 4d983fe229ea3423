"""Publish the first terms of buying and refund policy. A later version is drafted and published in the admin."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

TERMS = """\
These terms are short so that you can read all of them. Where a law gives you more, the law counts.

## Who you buy from

Each listing is sold by the shop named on it. Your contract about the thing is with that shop; we run the place, take the payment and help when something goes wrong. One checkout may hold orders of several shops, and each of them sends its own part.

## Ordering and paying

You order by choosing “Continue to pay” and paying on the page of Stripe, our payment partner. Price and description are those shown at that moment; a later change of a listing does not touch your order. Your things are set aside while you pay. If nothing is paid in time, the order ends and nothing is charged.

What is sent to you, or bought from several shops at once, is paid to us first: we hold the shop’s part until the things are with you, and release it afterwards. What is handed over at once, like a download or a thing you pick up, is paid to the shop at once.

## Delivery

A shop sends within the time it has for that and says how to follow the parcel. Until you have it, its loss is the shop’s. Tell us on your order’s page when something has arrived; when you say nothing, we go by what the carrier says and by the time that has passed.

## When something is wrong

Write to us or to the shop first. Most things are settled in a day or two, and you get your money back faster than through a bank. Our refund policy says when that is.

If you ask your bank to take a payment back instead, the bank asks us what happened, and we answer with what we know of the order. A payment that is with the bank cannot be refunded by us at the same time.

## What we keep about your order

With each order we keep what you bought and as what it was described, where it was sent, and which version of these terms and of the refund policy you accepted.

We also keep from where you ordered: the address of your internet connection, what your browser calls itself and which languages it asked for, the e-mail address and number of your account, and a random number that our cookie “device” gave to your browser at the checkout. The number says nothing about you or your device except that it was the same browser. All of this serves one purpose: to show who ordered when a bank asks about a payment. It is erased after about a year and a half, or once the bank has decided if it is asking then.

## Fair use

Order for yourself or as a gift, with a card you may use. Do not buy what you do not mean to pay, and deal with shops here, not elsewhere.
"""

REFUNDS = """\
This policy counts for everything bought here, in every shop. Where a law gives you more, the law counts.

## You get everything back

You get the full amount back, delivery included, when

- it never arrived
- it arrived broken
- it is not what was described, or not what you ordered
- the shop cannot send it, or does not send it in time and you no longer want it

## You changed your mind

Within 14 days of receiving a thing you can send it back without saying why. Tell the shop or us first, and send it back within 14 days after that, as it was. You get back what you paid; sending it back is on you unless the shop says otherwise.

This does not count for things made for you alone, for what spoils, for sealed things that cannot be resold once opened, for downloads once you have them, and for services that were given in full at your wish.

## How to ask

Open your order’s page, or answer the mail about it, within 30 days of the day it arrived or should have arrived. Say what is wrong, and add a photo if there is something to see. The shop answers within two working days; if it does not, we decide.

## How the money comes back

Refunds go back the way you paid, to the same card. We ask Stripe for it on the day it is decided; banks take up to ten days to show it. If part of an order was fine, only the rest is refunded, and we say how much before it happens.

A payment your bank is taking back cannot be refunded by us as well: ask your bank to end that first, if you would rather have the refund.
"""

FIRST = (("terms", "Terms of buying", TERMS), ("refunds", "Refund policy", REFUNDS))


def publish(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    terms = apps.get_model("orders", "Terms")
    for kind, title, body in FIRST:
        terms.objects.get_or_create(
            kind=kind, version=1, defaults={"title": title, "body": body, "published_at": timezone.now()}
        )


class Migration(migrations.Migration):
    dependencies = [("orders", "0005_purchase_facts")]

    # What buyers accepted is not taken back.
    operations = [migrations.RunPython(publish, migrations.RunPython.noop)]
