"""Addresses of the way to selling."""

from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("sell/", views.sell, name="sell"),
    path("sell/guidelines/", views.guidelines_page, name="guidelines"),
    path("sell/onboarding/", views.onboarding_page, name="onboarding"),
    path("sell/onboarding/start/", views.onboarding_start, name="onboarding_start"),
    path("sell/onboarding/return/", views.onboarding_return, name="onboarding_return"),
    path("sell/onboarding/refresh/", views.onboarding_refresh, name="onboarding_refresh"),
]
