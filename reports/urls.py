"""Pages of this app."""

from django.urls import URLPattern, URLResolver, path

from reports.views import analysis, board, close, kpi, month, registers, workbook

app_name = "reports"
urlpatterns: list[URLPattern | URLResolver] = [
    path("board/", board.board, name="board"),
    path("month/", month.month, name="month"),
    path("losses/", analysis.losses, name="losses"),
    path("sources/", analysis.sources, name="sources"),
    path("grades/", analysis.grade_rows, name="grade_rows"),
    path("workbook/", workbook.workbook, name="workbook"),
    path("registers/", registers.register_first, name="registers"),
    path("registers/<slug:kind>/", registers.register, name="register"),
    path("registers/visits/<slug:act>/", registers.register_sign, name="register_sign"),
    path("registers/prospects/<int:pk>/", registers.prospect_sheet, name="prospect_sheet"),
    path("registers/owners/<int:pk>/", registers.owner_sheet, name="owner_sheet"),
    path("kpis/", kpi.kpi_list, name="kpi_list"),
    path("kpis/<slug:key>/rows/", kpi.kpi_rows, name="kpi_rows"),
    path("closes/", close.month_list, name="close_list"),
    path("closes/<int:pk>/", close.month_detail, name="close_detail"),
    path("closes/<int:pk>/versions/<int:number>/", close.month_version, name="close_version"),
    path("closes/<int:pk>/recheck/", close.month_recheck, name="close_recheck"),
    path("closes/<int:pk>/confirm/", close.month_confirm, name="close_confirm"),
    path("closes/<int:pk>/close/", close.month_close, name="close_close"),
    path("closes/<int:pk>/reopen/", close.month_reopen_request, name="close_reopen"),
    path("closes/<int:pk>/reopen/confirm/", close.month_reopen_confirm, name="close_reopen_confirm"),
]
