"""Pages of this app."""

from django.urls import URLPattern, URLResolver, path

from sales.views import catalogue, day_close, deal, desk, payment, target, vehicle

app_name = "sales"
urlpatterns: list[URLPattern | URLResolver] = [
    path("deals/", deal.DealList.as_view(), name="deal_list"),
    path("deals/board/", deal.DealBoard.as_view(), name="deal_board"),
    path("deals/new/<int:prospect_id>/", deal.DealNew.as_view(), name="deal_new"),
    path("deals/quote/<int:prospect_id>/", deal.DealQuote.as_view(), name="deal_quote"),
    path("deals/<int:deal_id>/", deal.DealPage.as_view(), name="deal_page"),
    path("deals/<int:deal_id>/edit/", deal.DealEdit.as_view(), name="deal_edit"),
    path("deals/<int:deal_id>/do/<slug:act>/", deal.DealAct.as_view(), name="deal_act"),
    path("deals/<int:deal_id>/document/", deal.DealDocument.as_view(), name="deal_document"),
    path("deals/<int:deal_id>/fifo/", deal.FifoHint.as_view(), name="deal_fifo"),
    path("deals/<int:deal_id>/print/<slug:paper>/", deal.DealPrint.as_view(), name="deal_print"),
    path("stock/", vehicle.VehicleList.as_view(), name="vehicle_list"),
    path("stock/new/", vehicle.VehicleNew.as_view(), name="vehicle_new"),
    path("stock/<int:vehicle_id>/", vehicle.VehiclePage.as_view(), name="vehicle_page"),
    path("stock/<int:vehicle_id>/do/<slug:act>/", vehicle.VehicleAct.as_view(), name="vehicle_act"),
    path("allocation/", desk.AllocationList.as_view(), name="allocation_list"),
    path("delivery/", desk.DeliveryList.as_view(), name="delivery_list"),
    path("prices/", desk.PriceList.as_view(), name="price_list"),
    path("prices/<int:price_id>/withdraw/", desk.PriceWithdraw.as_view(), name="price_withdraw"),
    path("catalogue/", catalogue.Catalogue.as_view(), name="catalogue"),
    path("catalogue/<slug:kind>/new/<int:parent_id>/", catalogue.CatalogueNew.as_view(), name="catalogue_new"),
    path("catalogue/<slug:kind>/<int:row_id>/", catalogue.CatalogueRow.as_view(), name="catalogue_row"),
    path("catalogue/<slug:kind>/<int:row_id>/switch/", catalogue.CatalogueSwitch.as_view(), name="catalogue_switch"),
    path("day-close/", day_close.DayClosePage.as_view(), name="day_close"),
    path("day-close/<int:day_close_id>/do/<slug:act>/", day_close.DayCloseAct.as_view(), name="day_close_act"),
    path("payments/", payment.PaymentList.as_view(), name="payment_list"),
    path("payments/<int:payment_id>/", payment.PaymentPage.as_view(), name="payment_page"),
    path("payments/<int:payment_id>/do/<slug:act>/", payment.PaymentAct.as_view(), name="payment_act"),
    path("payments/<int:payment_id>/print/", payment.PaymentPrint.as_view(), name="payment_print"),
    path("refunds/<int:refund_id>/pay/", payment.RefundPay.as_view(), name="refund_pay"),
    path("targets/", target.TargetSheet.as_view(), name="target_sheet"),
    path("targets/<int:target_id>/acknowledge/", target.TargetAcknowledge.as_view(), name="target_acknowledge"),
]
