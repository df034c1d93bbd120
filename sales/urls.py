"""Pages of this app."""

from django.urls import URLPattern, URLResolver, path

from sales.views import deal

app_name = "sales"
urlpatterns: list[URLPattern | URLResolver] = [
    path("deals/<int:deal_id>/", deal.deal_page, name="deal_page"),
]
