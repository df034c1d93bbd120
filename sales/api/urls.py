"""API addresses of this app, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from sales.api import deal, payment, target, vehicle

urlpatterns: list[URLPattern | URLResolver] = [
    path("vehicles/", vehicle.VehicleList.as_view(), name="api-vehicle-list"),
    path("vehicles/<int:pk>/", vehicle.VehicleOne.as_view(), name="api-vehicle-one"),
    path("vehicles/<int:pk>/lock/", vehicle.VehicleLock.as_view(), name="api-vehicle-lock"),
    path("vehicles/<int:pk>/release/", vehicle.VehicleRelease.as_view(), name="api-vehicle-release"),
    path("deals/", deal.DealList.as_view(), name="api-deal-list"),
    path("deals/<int:pk>/", deal.DealOne.as_view(), name="api-deal-one"),
    path("deals/<int:pk>/submit/", deal.DealSubmit.as_view(), name="api-deal-submit"),
    path("deals/<int:pk>/recall/", deal.DealRecall.as_view(), name="api-deal-recall"),
    path("deals/<int:pk>/allocate/", deal.DealAllocate.as_view(), name="api-deal-allocate"),
    path("deals/<int:pk>/release/", deal.DealRelease.as_view(), name="api-deal-release"),
    path("deals/<int:pk>/loan/", deal.DealLoan.as_view(), name="api-deal-loan"),
    path("deals/<int:pk>/payments/", deal.DealPayments.as_view(), name="api-deal-payments"),
    path("deals/<int:pk>/invoice/", deal.DealInvoice.as_view(), name="api-deal-invoice"),
    path("deals/<int:pk>/pdi/", deal.DealPdi.as_view(), name="api-deal-pdi"),
    path("deals/<int:pk>/document/", deal.DealDocument.as_view(), name="api-deal-document"),
    path("deals/<int:pk>/deliver/", deal.DealDeliver.as_view(), name="api-deal-deliver"),
    path("deals/<int:pk>/cancel/", deal.DealCancel.as_view(), name="api-deal-cancel"),
    path("payments/", payment.PaymentList.as_view(), name="api-payment-list"),
    path("payments/<int:pk>/", payment.PaymentOne.as_view(), name="api-payment-one"),
    path("payments/<int:pk>/clear/", payment.PaymentClear.as_view(), name="api-payment-clear"),
    path("payments/<int:pk>/reject/", payment.PaymentReject.as_view(), name="api-payment-reject"),
    path("payments/<int:pk>/reverse/", payment.PaymentReverse.as_view(), name="api-payment-reverse"),
    path("payments/<int:pk>/reconcile/", payment.PaymentReconcile.as_view(), name="api-payment-reconcile"),
    path("targets/", target.TargetList.as_view(), name="api-target-list"),
    path("targets/<int:pk>/acknowledge/", target.TargetAcknowledge.as_view(), name="api-target-acknowledge"),
]
