"""Addresses of the whole product that belong to no app."""

from dealership.tests.matrix import READ_WRITE, Url

URLS = {
    "home": Url(),
    "today": Url(),
    "search": Url(READ_WRITE, data={"q": "138001"}),
    "healthz": Url(public=True),
    "api-schema": Url(),
    "api-docs": Url(),
}
