"""Tests: the real servers, cheap password hashing, no manifest for static files."""

from dealership.settings.base import *
from dealership.settings.base import CELERY_BROKER_TRANSPORT_OPTIONS, INSTALLED_APPS, REST_FRAMEWORK

SECRET_KEY = "test-only-" + "x" * 50
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
REST_FRAMEWORK["DEFAULT_THROTTLE_CLASSES"] = []
CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] = 900
DEMO_ALLOWED = True
INSTALLED_APPS = [*INSTALLED_APPS, "django_migration_linter"]
HEALTH_PROBE_SECONDS = 0
