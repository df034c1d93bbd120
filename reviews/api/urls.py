"""API addresses of this app, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from reviews.api import report

urlpatterns: list[URLPattern | URLResolver] = [
    path("reviews/", report.ReviewList.as_view(), name="api-review-list"),
    path("reviews/open/", report.ReviewOpen.as_view(), name="api-review-open"),
    path("reviews/remind/", report.ReviewRemind.as_view(), name="api-review-remind"),
    path("reviews/<int:pk>/refresh/", report.ReviewRefresh.as_view(), name="api-review-refresh"),
    path("reviews/<int:pk>/", report.ReviewOne.as_view(), name="api-review-one"),
    path("reviews/<int:pk>/submit/", report.ReviewSubmit.as_view(), name="api-review-submit"),
    path("reviews/<int:pk>/comment/", report.ReviewCommentNew.as_view(), name="api-review-comment"),
    path("reviews/<int:pk>/return/", report.ReviewReturn.as_view(), name="api-review-return"),
    path("reviews/<int:pk>/mark-reviewed/", report.ReviewMarkReviewed.as_view(), name="api-review-mark-reviewed"),
    path("reviews/<int:pk>/lock/", report.ReviewLock.as_view(), name="api-review-lock"),
]
