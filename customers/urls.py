"""Addresses of the buyer's own pages."""

from django.urls import path

from customers.views import addresses, cards, profile

app_name = "customers"

urlpatterns = [
    path("account/", profile.profile, name="profile"),
    path("account/choose/", profile.choose, name="choose"),
    path("account/cards/", cards.cards, name="cards"),
    path("account/cards/add/", cards.card_add, name="card_add"),
    path("account/cards/added/", cards.card_added, name="card_added"),
    path("account/cards/<int:pk>/default/", cards.card_default, name="card_default"),
    path("account/cards/<int:pk>/remove/", cards.card_remove, name="card_remove"),
    path("account/addresses/", addresses.addresses, name="addresses"),
    path("account/addresses/new/", addresses.address_add, name="address_add"),
    path("account/addresses/<int:pk>/", addresses.address_edit, name="address_edit"),
    path("account/addresses/<int:pk>/delete/", addresses.address_delete, name="address_delete"),
    path("account/addresses/<int:pk>/default/", addresses.address_default, name="address_default"),
]
