"""Addresses of baskets and orders."""

from django.urls import path

from orders.models import Terms
from orders.views import basket, buyer, carriers, downloads, files, seller, terms

app_name = "orders"

urlpatterns = [
    path("basket/", basket.show, name="basket"),
    path("basket/add/", basket.add, name="basket_add"),
    path("basket/<int:pk>/", basket.update, name="basket_update"),
    path("terms/", terms.page, {"kind": Terms.Kind.TERMS}, name="terms"),
    path("terms/<int:version>/", terms.page, {"kind": Terms.Kind.TERMS}, name="terms_version"),
    path("refund-policy/", terms.page, {"kind": Terms.Kind.REFUNDS}, name="refunds"),
    path("refund-policy/<int:version>/", terms.page, {"kind": Terms.Kind.REFUNDS}, name="refunds_version"),
    path("orders/", buyer.purchases, name="buyer_orders"),
    path("orders/<slug:number>/", buyer.purchase, name="purchase"),
    path("orders/<slug:number>/status/", buyer.purchase_status, name="purchase_status"),
    path("orders/<slug:number>/received/<slug:order>/", buyer.received, name="received"),
    path("carriers/<slug:carrier>/news", carriers.news, name="carrier_news"),
    path("desk/orders/", seller.orders, name="seller_orders"),
    path("desk/orders/<slug:number>/", seller.order, name="seller_order"),
    path("desk/orders/<slug:number>/slip/", seller.slip, name="packing_slip"),
    path("desk/listings/<int:pk>/files/", files.files, name="listing_files"),
    path("desk/listings/<int:pk>/files/<int:file>/remove/", files.remove, name="listing_file_remove"),
    path("downloads/<str:token>/", downloads.download, name="download"),
    path("desk/orders/<slug:number>/fulfil/", seller.fulfil, name="fulfil"),
    path("desk/orders/<slug:number>/deliver/", seller.deliver, name="deliver"),
]
