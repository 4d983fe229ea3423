"""The shop's pages and the seller's listings."""

from django.contrib.sitemaps.views import sitemap
from django.urls import path

from catalog import sitemaps
from catalog.views import acts, desk, imports, own_shop, photos, shop, variants

app_name = "catalog"

urlpatterns = [
    path("", shop.home, name="home"),
    path("browse/", shop.browse, name="browse"),
    path("browse/<slug:slug>/", shop.browse, name="category"),
    path("listings/<int:pk>-<str:slug>/", shop.listing, name="listing"),
    path("sitemap.xml", sitemaps.index, name="sitemap"),
    path("sitemap-<slug:section>.xml", sitemap, {"sitemaps": sitemaps.SITEMAPS}, name="sitemap_part"),
    path("shops/<slug:slug>/", shop.seller_shop, name="shop"),
    path("desk/shop/", own_shop.own_shop, name="own_shop"),
    path("desk/shop/photo/remove/", own_shop.portrait_remove, name="portrait_remove"),
    path("desk/listings/", desk.seller_listings, name="seller_listings"),
    path("desk/listings/new/", desk.listing_new, name="listing_new"),
    path("desk/listings/bulk/", acts.listings_bulk, name="listings_bulk"),
    path("desk/listings/<int:pk>/", desk.listing_edit, name="listing_edit"),
    path("desk/listings/<int:pk>/publish/", desk.listing_publish, name="listing_publish"),
    path("desk/listings/<int:pk>/hide/", desk.listing_hide, name="listing_hide"),
    path("desk/listings/<int:pk>/schedule/", acts.listing_schedule, name="listing_schedule"),
    path("desk/listings/<int:pk>/duplicate/", acts.listing_duplicate, name="listing_duplicate"),
    path("desk/listings/<int:pk>/variants/", variants.listing_variants, name="listing_variants"),
    path("desk/listings/<int:pk>/stock/", acts.listing_stock, name="listing_stock"),
    path("desk/listings/<int:pk>/photos/", photos.photos_add, name="photos_add"),
    path("desk/import/", imports.imports, name="imports"),
    path("desk/import/<int:pk>/", imports.import_run, name="import_run"),
    path("desk/import/<int:pk>/progress/", imports.import_progress, name="import_progress"),
    path("desk/import/<int:pk>/confirm/", imports.import_confirm, name="import_confirm"),
    path("desk/import/<int:pk>/discard/", imports.import_discard, name="import_discard"),
    path("desk/export/", imports.export_listings, name="export_listings"),
    path("desk/photos/<int:pk>/earlier/", photos.photo_earlier, name="photo_earlier"),
    path("desk/photos/<int:pk>/remove/", photos.photo_remove, name="photo_remove"),
    path("desk/photos/<int:pk>/describe/", photos.photo_describe, name="photo_describe"),
]
