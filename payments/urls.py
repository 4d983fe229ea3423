"""Payments' addresses."""

from django.urls import path

from payments.views import cancel, checkout, receipt, seller

app_name = "payments"

urlpatterns = [
    path("checkout/", checkout.show, name="checkout"),
    path("checkout/return/", checkout.come_back, name="checkout_return"),
    path("checkout/<slug:number>/pay/", checkout.resume, name="resume"),
    path("checkout/<slug:number>/cancelled/", checkout.cancelled, name="checkout_cancelled"),
    path("receipts/<slug:number>/", receipt.page, name="receipt"),
    path("receipts/<slug:number>.pdf", receipt.pdf, name="receipt_pdf"),
    path("desk/", seller.desk, name="desk"),
    path("desk/orders/<slug:number>/cancel/", cancel.cancel, name="cancel_order"),
    path("desk/payouts/", seller.payouts, name="payouts"),
]
