"""The fields of Stripe's form for an answer to a dispute, by Stripe's names."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Field(models.TextChoices):
    """One field of the answer. A text field takes words, a file field one file (docs.stripe.com/api/disputes)."""

    ACCESS_ACTIVITY_LOG = "access_activity_log", _("Log of use")
    BILLING_ADDRESS = "billing_address", _("Billing address")
    CANCELLATION_POLICY = "cancellation_policy", _("Cancellation policy")
    CANCELLATION_POLICY_DISCLOSURE = "cancellation_policy_disclosure", _("How the cancellation policy was shown")
    CANCELLATION_REBUTTAL = "cancellation_rebuttal", _("Why it was not cancelled")
    CUSTOMER_COMMUNICATION = "customer_communication", _("Messages with the buyer")
    CUSTOMER_EMAIL_ADDRESS = "customer_email_address", _("Buyer's e-mail address")
    CUSTOMER_NAME = "customer_name", _("Buyer's name")
    CUSTOMER_PURCHASE_IP = "customer_purchase_ip", _("Buyer's IP address at the purchase")
    CUSTOMER_SIGNATURE = "customer_signature", _("Buyer's signature")
    DUPLICATE_CHARGE_DOCUMENTATION = "duplicate_charge_documentation", _("Proof of the other payment")
    DUPLICATE_CHARGE_EXPLANATION = "duplicate_charge_explanation", _("How the two payments differ")
    DUPLICATE_CHARGE_ID = "duplicate_charge_id", _("The other payment at Stripe")
    PRODUCT_DESCRIPTION = "product_description", _("What was sold")
    RECEIPT = "receipt", _("Receipt")
    REFUND_POLICY = "refund_policy", _("Refund policy")
    REFUND_POLICY_DISCLOSURE = "refund_policy_disclosure", _("How the refund policy was shown")
    REFUND_REFUSAL_EXPLANATION = "refund_refusal_explanation", _("Why there is no refund")
    SERVICE_DATE = "service_date", _("Date of the service")
    SERVICE_DOCUMENTATION = "service_documentation", _("Proof of the service")
    SHIPPING_ADDRESS = "shipping_address", _("Delivery address")
    SHIPPING_CARRIER = "shipping_carrier", _("Carrier")
    SHIPPING_DATE = "shipping_date", _("Sent on")
    SHIPPING_DOCUMENTATION = "shipping_documentation", _("Proof of delivery")
    SHIPPING_TRACKING_NUMBER = "shipping_tracking_number", _("Tracking number")
    UNCATEGORIZED_FILE = "uncategorized_file", _("Other files")
    UNCATEGORIZED_TEXT = "uncategorized_text", _("Other words to the bank")


FILE_FIELDS: frozenset[str] = frozenset(
    {
        Field.CANCELLATION_POLICY,
        Field.CUSTOMER_COMMUNICATION,
        Field.CUSTOMER_SIGNATURE,
        Field.DUPLICATE_CHARGE_DOCUMENTATION,
        Field.RECEIPT,
        Field.REFUND_POLICY,
        Field.SERVICE_DOCUMENTATION,
        Field.SHIPPING_DOCUMENTATION,
        Field.UNCATEGORIZED_FILE,
    }
)
TEXT_FIELDS: frozenset[str] = frozenset(Field.values) - FILE_FIELDS
