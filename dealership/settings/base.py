"""Settings shared by every environment. Secrets and addresses come from the environment only."""

from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _
from whitenoise.compress import Compressor

from dealership.audit.history import TRACKERS

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()

SECRET_KEY = env.str("SECRET_KEY", default="")
DEBUG = False
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "pgtrigger",
    "pghistory",
    "csp",
    "django_htmx",
    "widget_tweaks",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "django_structlog",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "dealership.core",
    "dealership.audit",
    "dealership.accounts",
    "dealership.org",
    "dealership.notices",
    "dealership.jobs",
    "dealership.approvals",
    "leads",
    "sales",
    "reviews",
    "reports",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dealership.core.middleware.PageCompressionMiddleware",
    "dealership.core.middleware.SecurityHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "dealership.core.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "dealership.core.middleware.RequestScopeMiddleware",
    "dealership.core.middleware.SessionTimeoutMiddleware",
    "dealership.core.middleware.SignInMiddleware",
    "dealership.org.middleware.AccountDutiesMiddleware",
    "dealership.core.middleware.DomainErrorMiddleware",
]

ROOT_URLCONF = "dealership.urls"
WSGI_APPLICATION = "dealership.wsgi.application"
ASGI_APPLICATION = "dealership.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Icons are SVG files of the npm package: `{% include "outline/phone.svg" %}`.
        "DIRS": [BASE_DIR / "templates", BASE_DIR / "node_modules" / "@tabler" / "icons" / "icons"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "dealership.notices.context_processors.shell",
                "dealership.jobs.context_processors.background",
                "dealership.accounts.context_processors.sign_in",
                "dealership.org.context_processors.settings_tabs",
            ],
        },
    },
]

# --- Database: PostgreSQL only -------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default="postgres://sales@127.0.0.1:5432/dealership")}
DATABASES["default"].update(
    {
        "ATOMIC_REQUESTS": False,
        # A connection knows the statements it has run (core/named.py): an old one is worth keeping.
        "CONN_MAX_AGE": 1800,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "options": (
                f"-c statement_timeout={env.int('DB_STATEMENT_TIMEOUT_MS', default=15000)} "
                "-c lock_timeout=3000 -c idle_in_transaction_session_timeout=30000 "
                # The rows lie in memory or on an SSD: by an index they are read hardly slower than in turn. Lists join
                # seven small tables to one: weighing every order of joins took ten times as long as the answer.
                "-c random_page_cost=1.1 -c join_collapse_limit=6 "
                # What no trigger ignores, said once: an unset name would cost every trigger a caught exception.
                "-c pgtrigger.ignore={}"
            ),
        },
    }
)

PGHISTORY_DEFAULT_TRACKERS = TRACKERS

# --- Redis protocol: broker and cache are separate instances in production ------------------
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHE_URL = env.str("CACHE_URL", default=REDIS_URL)
CACHES = {
    "default": {
        "BACKEND": "dealership.core.cache.FailOpenRedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "dealership",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    },
    # Sign-in attempts and used codes, counted in the database: they must hold when the cache is away.
    "sign_in": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "accounts_signincount",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_ENABLE_UTC = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": env.int("BROKER_VISIBILITY_TIMEOUT", default=1800),
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 30,
    # A page that publishes never waits for a broker that is away: the hint is sent again by the tick (F06, F07).
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}

# A queued job is sent again after this long without being taken, a running one after this long without a sign of life.
JOB_RESEND_SECONDS = env.int("JOB_RESEND_SECONDS", default=60)
JOB_STALE_SECONDS = env.int("JOB_STALE_SECONDS", default=90)
# The shell asks at most this often per process whether background work is delayed.
HEALTH_PROBE_SECONDS = 20

# --- Language, time --------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("English"))]
# What a filter shows while nothing is chosen.
FILTERS_EMPTY_CHOICE_LABEL = _("全部")
LOCALE_PATHS = [BASE_DIR / "dealership" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
USE_THOUSAND_SEPARATOR = False

# --- Static files and uploads ----------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "dealership.core.finders.PackageFinder",
]
# Pages name the hashed files only, so only these are kept and compressed; source maps are for developers' tools.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / "var" / "media"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Sign-in -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "dealership.accounts.passwords.LongEnough", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "today"
ACCOUNT_ADAPTER = "dealership.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
# A whole store shares one address: the address limit is wide, the account limit narrow.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "30/5m/ip,5/5m/key",
    "change_password": "5/m/user",
    "reset_password": "5/m/ip,3/h/key",
}
# Forgotten passwords are reset by mail only where a mail server is configured; else the administrator resets them.
EMAIL_HOST = env.str("EMAIL_HOST", default="")
EMAIL_PORT = env.int("EMAIL_PORT", default=465)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", default=True)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=EMAIL_HOST_USER or "no-reply@localhost")
PASSWORD_RESET_BY_MAIL = bool(EMAIL_HOST)
PASSWORD_RESET_TIMEOUT = 3600
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ADAPTER = "dealership.accounts.adapter.SecondFactorAdapter"
MFA_TOTP_ISSUER = "4S 销售管理"
USERSESSIONS_TRACK_ACTIVITY = False
# Roles that may see profit must use TOTP where this is on (production).
MFA_REQUIRED_FOR_PROFIT_ROLES = False

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600  # absolute life of a session
SESSION_IDLE_SECONDS = 3 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "dealership.core.views.csrf_failure"
API_TOKEN_DAYS = 90

# --- Response headers -----------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

# --- API ---------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "dealership.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "dealership.core.api.CursorPages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": "1200/min", "token": "20/min"},
    "EXCEPTION_HANDLER": "dealership.core.api.problem_handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "4S 销售管理 API",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    # `check --deploy` is about safety; names of enums in the schema are not.
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # Fields of one name hold different words: the schema names each set of words after its class.
    "ENUM_NAME_OVERRIDES": {
        name: f"{module}.{name}"
        for module, names in {
            "dealership.approvals.models": ("ApprovalState",),
            "dealership.jobs.models": ("JobState",),
            "dealership.org.choices": ("DutyKind",),
            "leads.choices": (
                "CardChannel",
                "AgreementKind",
                "CareKind",
                "ContactChannel",
                "CustomerKind",
                "DriveKind",
                "FollowUpOutcome",
                "Grade",
                "ImportKind",
                "ImportState",
                "LeadInvalidReason",
                "ProspectStatus",
                "PurchaseKind",
                "RowVerdict",
                "TaskKind",
                "VisitChannel",
                "VisitPurpose",
                "VisitType",
            ),
            "leads.campaign_choices": ("CampaignKind",),
            "leads.loss_choices": ("CallBackResult", "LossReason"),
            "reports.choices": ("CloseState",),
            "reviews.choices": ("ReviewKind", "ReviewState"),
            "sales.choices": (
                "CancelReason",
                "DealStatus",
                "DepositKind",
                "DocumentKind",
                "DocumentState",
                "LineKind",
                "PaymentMethod",
                "PaymentMode",
                "PaymentPurpose",
                "PaymentStatus",
                "RefundStatus",
                "TargetKind",
                "VehicleStatus",
            ),
        }.items()
        for name in names
    }
    | {"OpenGrade": "leads.choices.OPEN_GRADE_CHOICES"},
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

LOGGING_CONFIG = None  # structlog configures logging (dealership.core.logs)
from dealership.core.logs import configure_logging  # noqa: E402

configure_logging()
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False

# Key of encrypted columns; defaults to SECRET_KEY.
FIELD_KEY = env.str("FIELD_KEY", default="")

# Demo data may only be loaded where this is on.
DEMO_ALLOWED = False
APP_VERSION = "0.1.0"
