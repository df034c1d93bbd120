"""Tests: the real servers, cheap password hashing, no manifest for static files."""

from dealership.settings.base import *
from dealership.settings.base import CELERY_BROKER_TRANSPORT_OPTIONS, INSTALLED_APPS, REST_FRAMEWORK, env

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
# The fault tests make the broker hand out a running job again within seconds (F04).
CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] = env.int("TEST_VISIBILITY_SECONDS", default=900)
CELERY_BROKER_TRANSPORT_OPTIONS["unacked_restore_interval"] = env.int("TEST_RESTORE_SECONDS", default=10)
DEMO_ALLOWED = True
INSTALLED_APPS = [*INSTALLED_APPS, "django_migration_linter"]
HEALTH_PROBE_SECONDS = 0
