"""Pages of the rota (排班)."""

from django.urls import URLPattern, URLResolver, path

from dealership.org.views import rota

app_name = "rota"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", rota.rota_page, name="page"),
    path("set/", rota.rota_set, name="set"),
    path("copy/", rota.rota_copy, name="copy"),
    path("leave/", rota.leave_new, name="leave_new"),
    path("leave/<int:pk>/decide/", rota.leave_decide, name="leave_decide"),
    path("leave/<int:pk>/withdraw/", rota.leave_withdraw, name="leave_withdraw"),
]
