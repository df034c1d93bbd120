"""Pages of this app."""

from django.urls import URLPattern, URLResolver, path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from dealership.accounts import views

app_name = "accounts"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.profile, name="profile"),
    path("tokens/", views.token_new, name="token_new"),
    path("tokens/<int:pk>/revoke/", views.token_end, name="token_end"),
    path("sessions/<int:pk>/end/", views.session_close, name="session_close"),
    path("language/", require_POST(set_language), name="language"),
]
