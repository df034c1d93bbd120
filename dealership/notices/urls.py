"""Pages of this app."""

from django.urls import URLPattern, URLResolver, path

from dealership.notices import views

app_name = "notices"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.notice_list, name="list"),
    path("read/", views.read_all, name="read_all"),
    path("<int:pk>/open/", views.open_one, name="open"),
]
