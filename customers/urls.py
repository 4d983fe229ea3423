"""Addresses of the buyer's own pages."""

from django.urls import path

from customers import views

app_name = "customers"

urlpatterns = [
    path("account/", views.profile, name="profile"),
    path("account/addresses/", views.addresses, name="addresses"),
    path("account/addresses/new/", views.address_add, name="address_add"),
    path("account/addresses/<int:pk>/", views.address_edit, name="address_edit"),
    path("account/addresses/<int:pk>/delete/", views.address_delete, name="address_delete"),
    path("account/addresses/<int:pk>/default/", views.address_default, name="address_default"),
]
