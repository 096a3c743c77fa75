"""Settings, read from the environment; .env.example describes each variable.

./start sets DEMO=1.  Without it no variable has an unsafe default.
"""

import base64
import logging
import os
import zoneinfo
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from therapy.demo.people import ACCOUNTS, PASSWORD

BASE = Path(__file__).resolve().parent.parent
env = os.environ.get
DEMO = env("DEMO") == "1"


def required(name, in_demo=None):
    value = env(name) or (in_demo if DEMO else None)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. See .env.example.")
    return value


def listed(text):
    return [part.strip() for part in text.split(",") if part.strip()]


def key_of_32_bytes(name, text):
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ImproperlyConfigured(
            f"{name} must be 32 random bytes in base64: openssl rand -base64 32"
        )
    return key


def networks(name, text):
    try:
        return [ip_network(part) for part in listed(text)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}") from None


SECRET_KEY = required("SECRET_KEY")
if len(SECRET_KEY) < 50 and not DEMO:
    raise ImproperlyConfigured("SECRET_KEY must have at least 50 characters.")
# Root key of all field encryption.  Old keys only decrypt; docs/security.md, Keys.
MASTER_KEY = key_of_32_bytes("MASTER_KEY", required("MASTER_KEY"))
OLD_MASTER_KEYS = [
    key_of_32_bytes("OLD_MASTER_KEYS", text)
    for text in listed(env("OLD_MASTER_KEYS", ""))
]
# Encrypts backups.  Default: a key derived from MASTER_KEY.
BACKUP_KEY = env("BACKUP_KEY") and key_of_32_bytes("BACKUP_KEY", env("BACKUP_KEY"))
DEMO_ACCOUNTS = [  # listed on the sign-in page
    {
        "email": email,
        "password": PASSWORD,
        "label": f"{email.split('@')[0].title()}, {who}",
    }
    for email, who in (ACCOUNTS if DEMO else [])
]

ALLOWED_HOSTS = listed(
    required("ALLOWED_HOSTS", in_demo="localhost,127.0.0.1,[::1],testserver")
)
CSRF_TRUSTED_ORIGINS = listed(env("CSRF_TRUSTED_ORIGINS", ""))
# Base of links in emails; the Host header of a request is never used.
SITE_URL = required("SITE_URL", in_demo="http://localhost:8000").rstrip("/")
if urlsplit(SITE_URL).scheme not in ("https", "http" if DEMO else "https"):
    raise ImproperlyConfigured("SITE_URL must begin with https://")
ROOT_URLCONF = "therapy.urls"
WSGI_APPLICATION = "therapy.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 24 * 60 * 60  # the longest; accounts/sessions.py ends it sooner
CSRF_FAILURE_VIEW = "accounts.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

INSTALLED_APPS = [
    "therapy",  # for its management commands only
    "portal",
    "digests",
    "overview",
    "transfer",
    "notes",
    "toolkit",
    "goals",
    "appointments",
    "clients",
    "accounts",
    "ui",
    "database",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "therapy.static_files.StaticFiles",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.middleware.PrivacyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.PersonMiddleware",  # loads the user, tells the database
    "accounts.middleware.SignInRequiredMiddleware",
    "accounts.middleware.SecondStepMiddleware",
    "accounts.middleware.OneActMiddleware",
    "accounts.sign_in_limits.TriesMiddleware",  # before the view's own transaction
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.RefusalMiddleware",
    "clients.record_rate_limit.PaceMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.idle_timeout.context",
            ]
        },
    }
]

# Each process gets the URL of its own role: web, worker, or owner (migrations only).
# See deploy/roles.sql.
DATABASE_URL = required("DATABASE_URL")
if urlsplit(DATABASE_URL).scheme not in ("postgresql", "postgres"):
    raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://")
# Restore uses the owner's role, and reads all rows with the backup's.
DATABASE_URLS = {
    "web": DATABASE_URL,
    "owner": env("MIGRATE_DATABASE_URL"),
    "worker": env("WORKER_DATABASE_URL"),
    "backup": env("BACKUP_DATABASE_URL"),
}
DATABASES = {
    "default": dj_database_url.parse(
        DATABASE_URL,
        engine="database.engine",
        conn_max_age=600,  # prepared plans are lost with the connection
        conn_health_checks=True,
    )
}
# Row-level security has the user's identity only inside a transaction.
DATABASES["default"]["ATOMIC_REQUESTS"] = True
# If the database is unreachable, fail after 5 s, so that the page returns 503.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DATABASES["default"]["TEST"] = {"NAME": "test_cairn"}

AUTHENTICATION_BACKENDS = ["accounts.backend.PasswordBackend"]
# A single factor needs length and no composition rules (NIST SP 800-63B-4).
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.LengthValidator"},
    {"NAME": "accounts.passwords.GuessableValidator"},
    {
        "NAME": "accounts.passwords.SimilarValidator",
        "OPTIONS": {"user_attributes": ("name", "email")},
    },
    {"NAME": "accounts.passwords.CommonValidator"},
]
PASSWORD_RESET_TIMEOUT = 60 * 60  # the email is not sent after that either
PASSWORD_HASHERS = [
    "accounts.passwords.Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "digests.adapter.MailAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SESSION_REMEMBER = False  # the cookie ends with the browser
ACCOUNT_FORMS = {"login": "accounts.people_forms.SignInForm"}
ACCOUNT_LOGIN_TIMEOUT = 15 * 60  # between the first step and the second
ACCOUNT_LOGOUT_ON_GET = False
MFA_ADAPTER = "accounts.factors.FactorAdapter"
MFA_FORMS = {
    "authenticate": "accounts.factor_forms.SecondStepForm",
    "authenticate_webauthn": "accounts.factor_forms.PasskeyStepForm",
    "login_webauthn": "accounts.factor_forms.PasskeySignInForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO  # http://localhost
MFA_TOTP_TOLERANCE = 1  # the code before and the one after
MFA_RECOVERY_CODE_COUNT = 8
# Points by which the mean of goal ratings must change to be reported as a change.  The
# default was published for a youth sample rated by parents; a practice can change it.
GOAL_CHANGE_THRESHOLD = float(env("GOAL_CHANGE_THRESHOLD") or 2.45)
# Maximum of records that a person may open in a minute (clients/record_rate_limit.py).
RECORDS_A_MINUTE = int(env("RECORDS_A_MINUTE") or 200)
# Staff need two-step verification, except in the demo.
SECOND_STEP_REQUIRED = not DEMO
ACCOUNT_EMAIL_VERIFICATION = "none"
# allauth's limits count per account from any address, so strangers could lock someone
# out.  accounts/sign_in_limits.py is used instead.
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False

LANGUAGE_CODE = "en-us"
LANGUAGES = [("en", "English")]  # each language in its own name; see docs/translate.md
LOCALE_PATHS = [BASE / "locale"]
TIME_ZONE = "UTC"
# Use the pinned tzdata package, never the system's; see ui/time_zones.py.
zoneinfo.reset_tzpath([])
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = Path(env("STATIC_ROOT") or BASE / "var" / "static")
STATICFILES_DIRS = [BASE / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "therapy.static_files.HashedFiles"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # Bootstrap's form arrows are data: images
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# Outside the demo everything uses HTTPS.  Browsers accept a __Host- cookie only from
# this host: not from another subdomain, not over http.
SECURE_COOKIES = not DEMO
COOKIE_PREFIX = "__Host-" if SECURE_COOKIES else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}language"
DEVICE_COOKIE_NAME = f"{COOKIE_PREFIX}device"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_COOKIES
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = not DEMO
# Requested from the same machine, over http.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 0 if DEMO else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEMO
# HSTS preload is up to the owner of the domain, because it is hard to undo.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Only if a proxy sets the header; otherwise any client could claim to use HTTPS.
TRUST_PROXY = env("TRUST_PROXY") == "1"
if TRUST_PROXY:
    MIDDLEWARE.insert(0, "accounts.middleware.ProxyMiddleware")
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Networks that may read /metrics (therapy/monitoring/health.py).
OPERATOR_NETWORKS = networks(
    "OPERATOR_NETWORKS", env("OPERATOR_NETWORKS") or "127.0.0.0/8, ::1"
)

# In PostgreSQL, so that Redis is only the broker and every page works without it.
CACHES = {"default": {"BACKEND": "accounts.json_cache.JsonCache"}}
# In redis-py's format; Celery has its own format for sockets (unix:///path?db=0).
REDIS_URL = required("REDIS_URL", in_demo="redis://localhost:6379/0")
if urlsplit(REDIS_URL).scheme not in ("redis", "rediss", "unix"):
    raise ImproperlyConfigured(
        "REDIS_URL must begin with redis://, rediss:// or unix://"
    )
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace(
    "?db=", "?virtual_host="
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # the worker waits for Redis indefinitely
# A page must not hang if Redis does not answer.  PostgreSQL stores what is due, and the
# next tick finds it.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "max_retries": 1,
    "interval_start": 0,
}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
# Seconds; both below visibility_timeout, after which Redis delivers a task again.
CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT = 100, 120
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
# Beat has no state: it only ticks, and PostgreSQL stores what is due.  The default
# scheduler would write a file.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "tick": {
        "task": "tick",
        "schedule": float(env("TICK_SECONDS", "60")),
        # After an hour without a worker, one tick runs instead of sixty.
        "options": {"expires": 50},
    },
}


def email_settings(url):
    """smtp://user:password@host:port, smtp+tls:// (STARTTLS) or smtps://."""
    parts = urlsplit(url)
    ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
    if parts.scheme not in ports or not parts.hostname:
        raise ImproperlyConfigured(
            "EMAIL_URL must look like smtp://user:password@host:port; "
            "use smtp+tls:// for STARTTLS and smtps:// for implicit TLS."
        )
    try:
        port = parts.port or ports[parts.scheme]
    except ValueError:
        raise ImproperlyConfigured("EMAIL_URL: the port is not a number.") from None
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }


globals().update(email_settings(required("EMAIL_URL", in_demo="smtp://127.0.0.1:2525")))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = required(
    "DEFAULT_FROM_EMAIL", in_demo="Cairn <cairn@example.test>"
)
# Uploads are never written to disk; larger files are refused.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = (
    5 * 1024 * 1024 + 64 * 1024
)  # 5 MB and the rest of the form
# No names, addresses or one-use links in any log: see therapy/logs.py.
# Library warnings too: openpyxl's repeat the content of cells.
logging.captureWarnings(True)
SILENT = {"handlers": ["nowhere"], "level": "CRITICAL", "propagate": False}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"masked": {"()": "therapy.logs.MaskingFormatter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "masked"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    # Django's default handler emails errors to ADMINS; log to the console only.
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # They log details of the text that they draw.
        "fontTools": SILENT,
        "fpdf": SILENT,
    },
}
