"""Addresses of the seller's disputes."""

from django.urls import path

from evidence.views import seller

app_name = "evidence"

urlpatterns = [
    path("desk/disputes/", seller.disputes, name="desk_disputes"),
    path("desk/disputes/<int:pk>/", seller.dispute, name="desk_dispute"),
    path("desk/disputes/<int:pk>/words/", seller.say, name="say"),
    path("desk/disputes/<int:pk>/files/", seller.upload, name="upload"),
    path("desk/disputes/<int:pk>/files/<int:file>/", seller.file, name="file"),
    path("desk/disputes/<int:pk>/files/<int:file>/withdraw/", seller.withdraw, name="withdraw"),
]
