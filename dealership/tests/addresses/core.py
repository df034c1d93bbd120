"""Addresses of the whole product that belong to no app."""

from dealership.tests.matrix import Url

URLS = {
    "home": Url(),
    "today": Url(),
    "healthz": Url(public=True),
    "api-schema": Url(),
    "api-docs": Url(),
}
