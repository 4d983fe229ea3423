"""Pages for the demo and for developers; marketplace.urls includes them only while DEBUG is on."""

from django.urls import path

from marketplace.views import gallery, mail, tour

urlpatterns = [
    path("_mail/", mail.mail_list, name="mail_list"),
    path("_mail/<str:key>/", mail.mail_read, name="mail_read"),
    path("_mail/<str:key>/html/", mail.mail_html, name="mail_html"),
    path("_tour/", tour.page, name="tour"),
    path("_tour/clock/", tour.move_clock, name="tour_clock"),
    path("_tour/become/", tour.become, name="tour_become"),
    path("_gallery/", gallery.gallery, name="gallery"),
    path("_gallery/letter/", gallery.letter, name="gallery_letter"),
    path("_gallery/errors/<slug:name>/", gallery.error_page, name="gallery_error"),
]
