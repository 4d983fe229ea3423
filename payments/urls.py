"""Payments' addresses."""

from django.urls import path

from payments.views import cancel, checkout, milestones, receipt, seller

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
    path("desk/orders/<slug:number>/milestones/", milestones.propose, name="propose_milestones"),
    path("desk/orders/<slug:number>/milestones/withdraw/", milestones.withdraw, name="withdraw_milestones"),
    path("desk/orders/<slug:number>/milestones/<int:pk>/done/", milestones.done, name="milestone_done"),
    path("orders/<slug:number>/milestones/<slug:order>/", milestones.show, name="milestones"),
    path("orders/<slug:number>/milestones/<slug:order>/answer/", milestones.answer, name="answer_milestones"),
    path("orders/<slug:number>/milestones/<slug:order>/<int:pk>/", milestones.confirm, name="confirm_milestone"),
    path(
        "orders/<slug:number>/milestones/<slug:order>/<int:pk>/not-done/",
        milestones.not_done,
        name="milestone_not_done",
    ),
    path("desk/payouts/", seller.payouts, name="payouts"),
]
