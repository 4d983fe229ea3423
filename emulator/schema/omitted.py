"""Fields that Stripe leaves out instead of sending null, by object and path: the one place for them.

The library types both as Optional, so this cannot be read from it. "*" leaves out all that is optional and not given.
"""

from __future__ import annotations

_NOTHING: frozenset[str] = frozenset()


def _fields(text: str) -> frozenset[str]:
    return frozenset(text.split())


OMITTED: dict[str, frozenset[str]] = {
    "account": _fields("capabilities company external_accounts future_requirements groups individual"),
    "account.business_profile": _fields(
        "annual_revenue monthly_estimated_revenue minority_owned_business_designation "
        "specified_commercial_transactions_act_url estimated_worker_count"
    ),
    "account.capabilities": _fields("*"),
    "account.controller": _fields("*"),
    "account.settings": _fields(
        "bacs_debit_payments card_issuing invoices paypay_payments sepa_debit_payments treasury"
    ),
    "account.settings.card_payments": _fields("statement_descriptor_prefix_kana statement_descriptor_prefix_kanji"),
    "account.settings.payments": _fields(
        "statement_descriptor_kana statement_descriptor_kanji "
        "statement_descriptor_prefix_kana statement_descriptor_prefix_kanji"
    ),
    "account.settings.payouts.schedule": _fields("*"),
    "account.tos_acceptance": _fields("service_agreement"),
    "balance": _fields("connect_reserved instant_available issuing refund_and_dispute_prefunding"),
    "balance.available.source_types": _fields("*"),
    "balance.pending.source_types": _fields("*"),
    "balance.connect_reserved.source_types": _fields("*"),
    "balance_settings.payments.settlement_timing": _fields("delay_days_override start_of_day"),
    "balance_settings.payments.payouts": _fields("automatic_transfer_rules_by_currency"),
    "balance_settings.payments.payouts.schedule": _fields("monthly_payout_days weekly_payout_days"),
    "bank_account": _fields("customer account_type"),
    "capability": _fields("future_requirements"),
    "charge": _fields("transfer level3 radar_options authorization_code presentment_details refunds source"),
    "charge.fraud_details": _fields("*"),
    "charge.outcome": _fields("risk_score rule"),
    "charge.payment_method_details": _fields("*"),
    "charge.payment_method_details.card": _fields(
        "amount_requested authorization_code capture_before description iin "
        "issuer moto partial_authorization transaction_link_id"
    ),
    "charge.transfer_data": _NOTHING,
    "checkout.session": _fields(
        "line_items optional_items name_collection branding_settings presentment_details "
        "allowed_payment_method_types excluded_payment_method_types managed_payments "
        "payment_method_configuration_details_parent"
    ),
    "checkout.session.phone_number_collection": _NOTHING,
    "checkout.session.total_details": _fields("breakdown"),
    "customer": _fields("cash_balance customer_account invoice_credit_balance sources subscriptions tax tax_ids"),
    "customer.invoice_settings": _NOTHING,
    "event": _fields("account context"),
    "event.data": _fields("previous_attributes"),
    "item": _fields("adjustable_quantity discounts taxes"),
    "payment_intent": _fields(
        "allowed_payment_method_types amount_details hooks managed_payments payment_details "
        "payment_record presentment_details source"
    ),
    "payment_intent.automatic_payment_methods": _fields("allow_redirects"),
    "payment_intent.last_payment_error": _fields("*"),
    "payment_intent.next_action": _fields("*"),
    "payment_intent.payment_method_options": _fields("*"),
    "payment_intent.transfer_data": _fields("amount description metadata payment_data"),
    "payment_method": _fields("*"),
    "payout": _fields("payout_method"),
    "refund": _fields(
        "description failure_balance_transaction failure_reason instructions_email next_action "
        "presentment_details pending_reason"
    ),
    "refund.destination_details": _fields("*"),
    "refund.destination_details.card": _fields("reference"),
    "v2.core.account": _fields("closed"),
    "webhook_endpoint": _fields("secret"),
}


def omitted_fields(path: str) -> frozenset[str]:
    return OMITTED.get(path, _NOTHING)
