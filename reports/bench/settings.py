"""The settings of the measured server: production behaviour, with the references' addresses and a statement counter."""

from dealership.settings.local import *  # noqa: F403  a settings module is its base and a few names
from dealership.settings.local import MIDDLEWARE

DEBUG = False
ROOT_URLCONF = "reports.bench.urls"
MIDDLEWARE = ["reports.bench.references.CountStatements", *MIDDLEWARE]
# The driver is one address: it may sign in and post as often as it needs.
ACCOUNT_RATE_LIMITS = {}
