"""Fields that Stripe leaves out instead of sending null, by object and path: the one place for them.

The library types both as Optional, so this cannot be read from it. "*" leaves out all that is optional and not given.
"""

from __future__ import annotations

_NOTHING: frozenset[str] = frozenset()


def _fields(text: str) -> frozenset[str]:
    return frozenset(text.split())


OMITTED: dict[str, frozenset[str]] = {
    "account": _fields("capabilities company external_accounts future_requirements groups individual"),
    "account.business_profile": _fields("monthly_estimated_revenue specified_commercial_transactions_act_url"),
    "account.capabilities": _fields("*"),
    "account.controller": _fields("*"),
    "account.settings": _fields(
        "bacs_debit_payments card_issuing invoices paypay_payments sepa_debit_payments treasury"
    ),
    "account.settings.payouts.schedule": _fields("*"),
    "account.tos_acceptance": _fields("service_agreement"),
    "application_fee.fee_source": _fields("*"),
    "balance": _fields("connect_reserved instant_available issuing refund_and_dispute_prefunding"),
    "balance.available.source_types": _fields("*"),
    "balance.connect_reserved": _fields("*"),
    "balance.pending.source_types": _fields("*"),
    "balance_settings.payments.settlement_timing": _fields("delay_days_override"),
    # the library cannot read this one as null: a hash of lists of objects
    "balance_settings.payments.payouts": _fields("automatic_transfer_rules_by_currency"),
    "balance_settings.payments.payouts.schedule": _fields("monthly_payout_days weekly_payout_days"),
    "charge": _fields("transfer level3 radar_options authorization_code presentment_details refunds source"),
    "charge.fraud_details": _fields("*"),
    "charge.outcome": _fields("risk_score rule"),
    "charge.payment_method_details": _fields("*"),
    "charge.payment_method_details.card": _fields(
        "capture_before description electronic_commerce_indicator iin issuer moto setup_credential_usage "
        "stored_credential_usage"
    ),
    "checkout.session": _fields(
        "line_items optional_items name_collection branding_settings presentment_details allowed_payment_method_types "
        "excluded_payment_method_types managed_payments redirect_on_completion return_url tax_id_collection"
    ),
    "checkout.session.payment_method_options": _fields("*"),
    "checkout.session.payment_method_options.card": _fields("*"),
    "checkout.session.total_details": _fields("breakdown"),
    "coupon": _fields("applies_to currency_options"),
    "customer": _fields(
        "business_name individual_name cash_balance customer_account invoice_credit_balance sources subscriptions tax "
        "tax_ids"
    ),
    "dispute.evidence.enhanced_evidence": _fields("*"),
    "dispute.evidence_details.enhanced_eligibility": _fields("*"),
    "event": _fields("account context"),
    "event.data": _fields("previous_attributes"),
    "item": _fields("discounts taxes"),
    "item.price": _fields("currency_options tiers"),
    "payment_intent": _fields(
        "allowed_payment_method_types amount_details hooks managed_payments payment_details payment_record "
        "presentment_details source"
    ),
    "payment_intent.automatic_payment_methods": _fields("allow_redirects"),
    "payment_intent.last_payment_error": _fields("*"),
    "payment_intent.next_action": _fields("*"),
    "payment_intent.payment_method_options": _fields("*"),
    "payment_intent.payment_method_options.card": _fields("*"),
    "payment_intent.transfer_data": _fields("amount description metadata payment_data"),
    "payment_method": _fields("*"),
    "payment_method.card": _fields("description iin issuer"),
    "price": _fields("currency_options tiers"),
    "refund": _fields(
        "description failure_balance_transaction failure_reason instructions_email next_action presentment_details "
        "pending_reason"
    ),
    "refund.destination_details": _fields("*"),
    "refund.destination_details.card": _fields("reference"),
    "setup_intent": _fields("allowed_payment_method_types attach_to_self flow_directions managed_payments"),
    "setup_intent.next_action": _fields("*"),
    "setup_intent.payment_method_options": _fields("*"),
    "setup_intent.payment_method_options.card": _fields("*"),
    "shipping_rate.fixed_amount": _fields("currency_options"),
    "v2.core.account": _fields("closed"),
    "webhook_endpoint": _fields("secret"),
}


def omitted_fields(path: str) -> frozenset[str]:
    return OMITTED.get(path, _NOTHING)
