"""API addresses of this app, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from reports.api import close, kpi, workbook

urlpatterns: list[URLPattern | URLResolver] = [
    path("kpis/", kpi.KpiList.as_view(), name="api-kpis-list"),
    path("kpis/<slug:key>/", kpi.KpiFigure.as_view(), name="api-kpis-detail"),
    path("kpis/<slug:key>/rows/", kpi.KpiRows.as_view(), name="api-kpis-rows"),
    path("month-closes/", close.MonthCloseList.as_view(), name="api-month-closes-list"),
    path("month-closes/<int:pk>/", close.MonthCloseDetail.as_view(), name="api-month-closes-detail"),
    path("month-closes/<int:pk>/recheck/", close.MonthCloseRecheck.as_view(), name="api-month-closes-recheck"),
    path("month-closes/<int:pk>/confirm/", close.MonthCloseConfirm.as_view(), name="api-month-closes-confirm"),
    path("month-closes/<int:pk>/close/", close.MonthCloseClose.as_view(), name="api-month-closes-close"),
    path("month-closes/<int:pk>/reopen/", close.MonthCloseReopen.as_view(), name="api-month-closes-reopen"),
    path("month-closes/<int:pk>/workbook/", workbook.MonthCloseWorkbook.as_view(), name="api-month-closes-workbook"),
]
