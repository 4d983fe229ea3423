"""Addresses of baskets and orders."""

from django.urls import path

from orders.views import basket, buyer, seller

app_name = "orders"

urlpatterns = [
    path("basket/", basket.show, name="basket"),
    path("basket/add/", basket.add, name="basket_add"),
    path("basket/<int:pk>/", basket.update, name="basket_update"),
    path("orders/", buyer.purchases, name="buyer_orders"),
    path("orders/<slug:number>/", buyer.purchase, name="purchase"),
    path("orders/<slug:number>/status/", buyer.purchase_status, name="purchase_status"),
    path("orders/<slug:number>/received/<slug:order>/", buyer.received, name="received"),
    path("desk/orders/", seller.orders, name="seller_orders"),
    path("desk/orders/<slug:number>/", seller.order, name="seller_order"),
    path("desk/orders/<slug:number>/fulfil/", seller.fulfil, name="fulfil"),
    path("desk/orders/<slug:number>/deliver/", seller.deliver, name="deliver"),
]
