"""Payments' addresses."""

from django.urls import path

from payments.views import cancel, checkout, milestones, money, payouts, receipt, schedule, seller

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
    path("desk/money/", money.money, name="money"),
    path("desk/money/<slug:currency>/<slug:place>/", money.place, name="money_place"),
    path("desk/payouts/", payouts.payouts, name="payouts"),
    path("desk/payouts/schedule/", schedule.schedule, name="schedule"),
    path("desk/payouts/bank/", payouts.bank, name="bank"),
    path("desk/payouts/month.csv", payouts.month_csv, name="payouts_month"),
    path("desk/payouts/<slug:stripe_id>/", payouts.payout, name="payout"),
    path("desk/payouts/<slug:stripe_id>.csv", payouts.payout_csv, name="payout_csv"),
]
