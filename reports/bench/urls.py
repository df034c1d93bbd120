"""The product's addresses and two references beside them."""

from django.urls import include, path

from reports.bench import references

urlpatterns = [
    path("bench/bare/", references.bare),
    path("bench/floor/", references.floor),
    path("", include("dealership.urls")),
]
handler404 = "dealership.core.views.page_not_found"
handler500 = "dealership.core.views.server_error"
