"""Addresses of baskets and orders."""

from django.urls import path

from orders.models import Terms
from orders.views import basket, buyer, carriers, downloads, files, guest, saved, seller, terms

app_name = "orders"

urlpatterns = [
    path("basket/", basket.show, name="basket"),
    path("basket/add/", basket.add, name="basket_add"),
    path("basket/<int:pk>/", basket.update, name="basket_update"),
    path("basket/<int:pk>/save/", saved.save_line, name="save_line"),
    path("saved/", saved.saved, name="saved"),
    path("saved/add/", saved.save, name="save"),
    path("saved/<int:pk>/remove/", saved.unsave, name="unsave"),
    path("saved/<int:pk>/basket/", saved.to_basket, name="saved_to_basket"),
    path("terms/", terms.page, {"kind": Terms.Kind.TERMS}, name="terms"),
    path("terms/<int:version>/", terms.page, {"kind": Terms.Kind.TERMS}, name="terms_version"),
    path("refund-policy/", terms.page, {"kind": Terms.Kind.REFUNDS}, name="refunds"),
    path("refund-policy/<int:version>/", terms.page, {"kind": Terms.Kind.REFUNDS}, name="refunds_version"),
    path("guest/find/", guest.find, name="guest_find"),
    path("guest/<str:token>/", guest.open_link, name="guest"),
    path("guest/<str:token>/renew/", guest.renew, name="guest_renew"),
    path("orders/", buyer.purchases, name="buyer_orders"),
    path("orders/<slug:number>/", buyer.purchase, name="purchase"),
    path("orders/<slug:number>/again/", saved.buy_again, name="buy_again"),
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
