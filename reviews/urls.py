"""Pages of this app."""

from django.urls import URLPattern, URLResolver, path

from reviews.views import report, team

app_name = "reviews"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", team.history, name="list"),
    path("mine/", report.mine, name="mine"),
    path("evening/", report.evening, name="evening"),
    path("team/", team.team, name="team"),
    path("team/remind/", team.remind, name="remind"),
    path("open/", report.open_own, name="open"),
    path("<int:pk>/", report.detail, name="detail"),
    path("<int:pk>/print/", report.printed, name="print"),
    path("<int:pk>/refresh/", report.refresh, name="refresh"),
    path("<int:pk>/write/", report.write, name="write"),
    path("<int:pk>/submit/", report.submit, name="submit"),
    path("<int:pk>/comment/", team.comment, name="comment"),
    path("<int:pk>/return/", team.give_back, name="return"),
    path("<int:pk>/mark-reviewed/", team.mark_reviewed, name="mark_reviewed"),
    path("<int:pk>/lock/", team.lock, name="lock"),
]
