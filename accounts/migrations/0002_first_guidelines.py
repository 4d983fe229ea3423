"""Publish the first seller guidelines. A later version is drafted and published in the admin, or by a migration like this."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

TITLE = "Seller guidelines"

BODY = """\
These guidelines say what we expect of everybody who sells here, and what you can expect of us. They are short so that you can read all of them. Where a law asks for more, the law counts.

## What you may sell

Sell things you own, made, or may sell on somebody’s behalf, and services you can perform yourself. Each listing is one thing that exists, or that you make to order and say so.

Do not list:

- anything that is illegal where you are or where it is sent
- counterfeits, stolen goods, or things that copy somebody else’s protected design
- weapons, ammunition, explosives and dangerous chemicals
- tobacco, nicotine, alcohol, prescription medicine and other drugs
- living animals, and anything made from protected species
- gift cards, vouchers, currency, investments and gambling
- recalled or unsafe products, and food past its date
- things that promote hatred or violence, and sexual content

If you are not sure, ask us before you list it.

## Say it as it is

Describe the thing you send: its material, size, age, condition and faults. Use photos of that very thing, taken by you or with permission. Say whether it is new, used or restored. The price on the listing is the price the buyer pays; taxes you owe are included in it.

Sell under a name buyers can hold you to. If you sell as a business, your legal name and address belong on your shop page. Never write reviews of your own things, and never offer anything in return for a good one.

## Send it when you said

Send each order within the time on its listing, and mark it as sent on the day you do. Pack it so that it arrives whole. Use a carrier with tracking for anything you could not afford to lose: until the buyer has it, the loss is yours.

Digital things and pickups are handed over at once or as agreed with the buyer. If you cannot deliver, say so within two days and refund the order. Going on holiday is fine: hide your listings first.

## When something goes wrong

Answer buyers within two working days. A buyer whose order does not arrive, arrives broken, or is not what you described gets the full amount back, delivery included. Buyers may have a right to change their mind, for example within 14 days in the European Union; you honour it.

Refunds are paid back the way the buyer paid. We refund on your behalf when a buyer is plainly right and you do not answer. If a buyer’s bank takes a payment back, we show you what it says and by when to reply; send us what proves your side. A payment the bank gives back to the buyer is taken from your share of that sale.

## What it costs

Opening a shop and listing things is free. For each sale we keep a fee, a share of what the buyer paid. You see the fee and your share on every order, with the sums they come from. The fee of an order is fixed when the order is placed; a later change never touches it. When you refund an order in full, we give our fee on it back.

## How you are paid

Stripe, our payment partner, keeps the money and pays it to your bank account. Stripe has to know who you are first: you give your details to Stripe, on Stripe’s pages, and we never see your bank or identity documents. Stripe may ask for more later and may stop paying until it has it.

Your share of a sale is credited to your Stripe account and paid out to your bank on Stripe’s schedule. If refunds leave your account below zero, later sales fill it up first.

## Working together

Deal with buyers here. Do not ask them to pay elsewhere, and use their address and e-mail for their order only. Be civil, also when they are not.

When a shop breaks these guidelines we write first and explain what to change. When people lose money or are in danger we hide listings at once, hold back sales, or close the shop. You can always answer, and a person reads it.

When these guidelines change, you read and accept the new version before you publish anything new. What you have sold by then stays under the version you accepted.
"""


def publish(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("accounts", "Guidelines").objects.get_or_create(
        version=1, defaults={"title": TITLE, "body": BODY, "published_at": timezone.now()}
    )


def withdraw(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("accounts", "Guidelines").objects.filter(version=1, acceptances=None).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(publish, withdraw)]
