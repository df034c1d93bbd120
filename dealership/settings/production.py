"""Production: https only, secrets from the environment, no demo data, TOTP for roles that see profit."""

from dealership.settings.base import *
from dealership.settings.base import env

SECRET_KEY = env.str("SECRET_KEY", default="")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrftoken"
MFA_REQUIRED_FOR_PROFIT_ROLES = True
DEMO_ALLOWED = False
