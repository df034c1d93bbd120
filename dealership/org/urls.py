"""Pages of this app: the settings."""

from django.urls import URLPattern, URLResolver, path

from dealership.org.views import people, rules, saved_view, structure, trail

app_name = "org"
urlpatterns: list[URLPattern | URLResolver] = [
    path("people/", people.people_list, name="people"),
    path("people/new/", people.person_new, name="person_new"),
    path("people/<int:pk>/", people.person_detail, name="person"),
    path("people/<int:pk>/memberships/", people.membership_add, name="membership_add"),
    path("people/<int:pk>/memberships/<int:membership>/end/", people.membership_end, name="membership_end"),
    path("people/<int:pk>/password/", people.person_password, name="person_password"),
    path("people/<int:pk>/<slug:act>/", people.person_switch, name="person_switch"),
    path("stores/", structure.store_list, name="stores"),
    path("stores/new/", structure.store_new, name="store_new"),
    path("stores/<int:pk>/", structure.store_detail, name="store"),
    path("stores/<int:pk>/teams/", structure.team_save, name="team_save"),
    path("sources/", structure.sources, name="sources"),
    path("sources/<int:pk>/", structure.source_detail, name="source"),
    path("policies/", rules.policies, name="policies"),
    path("policies/<str:key>/", rules.policy_detail, name="policy"),
    path("policies/<str:key>/<int:pk>/withdraw/", rules.policy_withdraw, name="policy_withdraw"),
    path("calendar/", rules.calendar, name="calendar"),
    path("calendar/<int:pk>/remove/", rules.calendar_remove, name="calendar_remove"),
    path("audit/", trail.audit, name="audit"),
    path("reveals/", trail.reveals, name="reveals"),
    path("views/", saved_view.save, name="saved_view_save"),
    path("views/<int:pk>/remove/", saved_view.remove, name="saved_view_remove"),
    path("exports/", trail.exports, name="exports"),
]
