"""The one settings module. Every variable read here is listed, with what it does, in `.env.example`.

Without `DATABASE_URL` the portal runs in development mode on the embedded services (see
`devtools/embedded`); with it, production mode is the default and secrets must be given.
"""

import warnings
from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from accounts.defaults import *  # noqa: F403 (sign-in's own settings)
from amoot_comms.environment import (
    DEVTOOLS,
    Environment,
    kept_secret,
    password_of,
    refuse_development_switches,
    refuse_published_tokens,
    refuse_unfit_for_an_address,
    refuse_weak_secrets,
)
from amoot_comms.logs import logging_config
from persian.jalali import parse_date

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = Environment()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")
# After the file, which gives them, too.
from amoot_comms.limits import *  # noqa: E402, F403 (bounds and times that an installation may change)

# The portal connects as the role *application*; as the tables' owner those commands that manage.py names.
DATABASE_URL = env.str("DATABASE_URL", default="")
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", default="")
# The role whose rights `migrate` sets (amoot_comms/database/grants.py).
DATABASE_APPLICATION_ROLE = env.str("DATABASE_APPLICATION_ROLE", default="amoot_application")

DEVELOPMENT = env.bool("DEVELOPMENT", default=not (DATABASE_URL or DATABASE_OWNER_URL))
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=DEVELOPMENT)
PRODUCTION = not DEVELOPMENT


# Secrets that this process does without, by name: it is not given them and cannot give them away.
WITHOUT_SECRETS = env.list("WITHOUT_SECRETS", default=[])


def required(name: str, development: str) -> str:
    """A value that production must be given and development may default; empty in a process without it."""
    if name in WITHOUT_SECRETS:
        return ""
    value: str = env.str(name, default="")
    if value:
        return value
    if DEVELOPMENT:
        return development
    raise ImproperlyConfigured(
        f"{name} is not set. Production needs it in the environment or in a file named by {name}_FILE;"
        " .env.example says what it is. (DEVELOPMENT=1 runs with unsafe defaults instead.)"
    )


SECRET_KEY = required("SECRET_KEY", "development-only-key-that-protects-nothing-0123456789")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if DEVELOPMENT else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000" if DEVELOPMENT else "https://localhost")

INSTALLED_APPS = [
    "amoot_comms",
    *DEVTOOLS,
    "messaging",
    "email_routing",
    "contacts",
    "channels",
    "staff",
    "audit",
    "pgtrigger",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "anymail",
    "csp",
    "amoot_comms.admin_apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "amoot_comms.middleware.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "amoot_comms.middleware.HealthMiddleware",
    "amoot_comms.middleware.LogContextMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "amoot_comms.middleware.ChosenLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "amoot_comms.bodies.BodyLimitMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "amoot_comms.middleware.SessionLimitsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "amoot_comms.middleware.SecondFactorMiddleware",
    "amoot_comms.middleware.NoStoreMiddleware",
    "amoot_comms.middleware.PressedElsewhereMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "amoot_comms.urls"
WSGI_APPLICATION = "amoot_comms.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "csp.context_processors.nonce",
                "amoot_comms.context_processors.portal",
            ],
        },
    },
]

# --- Database and broker -------------------------------------------------------------------------

_as_owner = env.bool("DATABASE_AS_OWNER", default=False) and DATABASE_OWNER_URL
DATABASES = {
    "default": env.db_url_config(_as_owner or DATABASE_URL or "postgres://amoot:amoot@127.0.0.1:1/amoot")
    | {"CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60), "CONN_HEALTH_CHECKS": True}
}
DATABASES["default"].setdefault("OPTIONS", {})
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:1/0")
CELERY_BROKER_URL = REDIS_URL
# The longest statement of a worker, in seconds: planning a million recipients takes two minutes.
TASK_STATEMENT_SECONDS = env.int("TASK_STATEMENT_SECONDS", default=600)

# Shared by all processes, or a one-time code could be used once in each, and every limit on
# attempts would count by the process. Nothing that a promise rests on is in it.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "portal_cache"}}

# --- Sign-in and sessions ------------------------------------------------------------------------

MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEVELOPMENT
# With demo data a second factor is offered only.
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", default=not DEMO)

# Seconds for which a proof holds before roles, hours, outages, exports and the like ask for another, and
# the number of recipients above which sending asks, too.
ACCOUNT_REAUTHENTICATION_TIMEOUT = env.int("FRESH_PROOF_SECONDS", default=5 * 60)
FRESH_PROOF_RECIPIENTS = env.int("FRESH_PROOF_RECIPIENTS", default=100)
# Encrypt the second factors in the database and nothing else; the newest first, separated by commas.
FACTOR_KEYS = required("FACTOR_KEYS", kept_secret("factor-key") if DEVELOPMENT else "").split(",")

# How long a link to choose a password works, one's own ("forgot") and an administrator's alike.
PASSWORD_RESET_TIMEOUT = env.int("PASSWORD_LINK_HOURS", default=24) * 3600

AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURE_LIMIT", default=5)
AXES_COOLOFF_TIME = env.float("LOGIN_COOLOFF_HOURS", default=0.25)

# Read by `common.client_address`, for limits, mails, the audit and the log alike.
BEHIND_TLS_PROXY = env.bool("BEHIND_TLS_PROXY", default=PRODUCTION)
PROXY_COUNT = env.int("PROXY_COUNT", default=int(BEHIND_TLS_PROXY))
if BEHIND_TLS_PROXY and PROXY_COUNT < 1:
    raise ImproperlyConfigured(
        "BEHIND_TLS_PROXY is 1, so PROXY_COUNT must say how many proxies stand in front (1 or more):"
        " otherwise every visitor has the proxy's address, and a stranger locks everybody out."
    )

SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=30 * 60)
SESSION_ABSOLUTE_SECONDS = env.int("SESSION_ABSOLUTE_SECONDS", default=10 * 3600)
SESSION_COOKIE_AGE = SESSION_IDLE_SECONDS
LANGUAGE_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
# A browser takes a cookie of this prefix by TLS only, from this host only: no neighbour under the same
# domain can plant one.
_PREFIX = "__Host-" if PRODUCTION else ""
SESSION_COOKIE_NAME = f"{_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{_PREFIX}csrftoken"
DEVICE_COOKIE_NAME = f"{_PREFIX}device"
LANGUAGE_COOKIE_NAME = f"{_PREFIX}django_language"

# --- Headers -------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
    }
}

# --- Language and time ---------------------------------------------------------------------------

LANGUAGE_CODE = "fa"
LANGUAGES = [("fa", _("Persian")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Tehran"

# --- Static files --------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
NODE_MODULES = BASE_DIR / "node_modules"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/bootstrap", NODE_MODULES / "bootstrap" / "dist"),
    ("vendor/icons", NODE_MODULES / "bootstrap-icons" / "font"),
    ("vendor/htmx", NODE_MODULES / "htmx.org" / "dist"),
    ("vendor/chartjs", NODE_MODULES / "chart.js" / "dist"),
    ("vendor/vazirmatn", NODE_MODULES / "vazirmatn" / "fonts" / "webfonts"),
    ("vendor/tinykeys", NODE_MODULES / "tinykeys" / "dist"),
    ("vendor/jalalidatepicker", NODE_MODULES / "@majidh1" / "jalalidatepicker" / "dist"),
]
if PRODUCTION and not NODE_MODULES.is_dir():
    # They were collected when the image was made; every command would warn of each.
    del STATICFILES_DIRS[1:]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEVELOPMENT
if DEVELOPMENT:
    # The finders serve the files; nothing has been collected, and that is no news.
    warnings.filterwarnings("ignore", message="No directory at", category=UserWarning)
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(VAR_DIR / "media"))
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- E-mail --------------------------------------------------------------------------------------

EMAIL_BACKEND = env.str(
    "EMAIL_BACKEND",
    default="django.core.mail.backends.filebased.EmailBackend"
    if DEVELOPMENT
    else "django.core.mail.backends.smtp.EmailBackend",
)
EMAIL_FILE_PATH = str(VAR_DIR / "mail")
EMAIL_HOST = env.str("EMAIL_HOST", default="localhost")
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", default=False)
if EMAIL_USE_TLS and EMAIL_USE_SSL:
    raise ImproperlyConfigured("Set EMAIL_USE_TLS (port 587) or EMAIL_USE_SSL (port 465), not both.")
# A mail server that never answers must not keep a worker.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="noreply@amootsoft.com")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
ANYMAIL = env.json("ANYMAIL", default={})

# --- Gateways: addresses come from here only -----------------------------------------------------

FAKE_GATEWAY_PORT = env.int("FAKE_GATEWAY_PORT", default=8019)
_FAKE = f"http://127.0.0.1:{FAKE_GATEWAY_PORT}"
AMOOTSMS_BASE_URL = required("AMOOTSMS_BASE_URL", f"{_FAKE}/rest")
AMOOTSMS_TOKEN = required("AMOOTSMS_TOKEN", "fake-amootsms-token")
AMOOTSMS_LINE = env.str("AMOOTSMS_LINE", default="public")
AMOOTSMS_MAX_BATCH = env.int("AMOOTSMS_MAX_BATCH", default=100)
# Recipients a second by this line, over all workers; 0: as fast as the provider takes them.
AMOOTSMS_RATE = env.float("AMOOTSMS_RATE", default=0)
AVANAK_BASE_URL = required("AVANAK_BASE_URL", f"{_FAKE}/Rest")
AVANAK_TOKEN = required("AVANAK_TOKEN", "fake-avanak-token")
AVANAK_MAX_BATCH = env.int("AVANAK_MAX_BATCH", default=100)
AVANAK_RATE = env.float("AVANAK_RATE", default=0)
AVANAK_SPEAKER = env.str("AVANAK_SPEAKER", default="female")
# Seconds: the longest gateway request; the lease after which a claim's outcome is unknown.
GATEWAY_TIMEOUT_SECONDS = env.float("GATEWAY_TIMEOUT_SECONDS", default=20)
SEND_LEASE_SECONDS = env.float("SEND_LEASE_SECONDS", default=30)
# A call of unknown outcome is asked about only after this quiet period.
SETTLE_QUIET_SECONDS = env.float("SETTLE_QUIET_SECONDS", default=60)
# Hours after which a message whose delivery nobody reported is `unreported`.
REPORT_HOURS = env.float("REPORT_HOURS", default=72)
# The first day on which whatever the portal does not know counts as sent past it; None: the day after its
# first call.
try:
    COMPARE_SINCE = parse_date(env.str("COMPARE_SINCE")) if env.str("COMPARE_SINCE", default="") else None
except ValueError as error:
    raise ImproperlyConfigured("COMPARE_SINCE must be a date such as 1405/09/01 or 2026-11-22.") from error
# Lifts the limit of C7.6, so that benchmarks and journeys can send promotional messages at night.
OPEN_PROCEDURE_HOURS = env.bool("OPEN_PROCEDURE_HOURS", default=False)
# Stands in the address that the providers post to, and is all that they show for themselves.
CALLBACK_SECRET = required("CALLBACK_SECRET", "development-callback-secret-that-protects-nothing")
refuse_unfit_for_an_address(CALLBACK_SECRET)

# --- Audit trail ---------------------------------------------------------------------------------

# 32 bytes in base64: signs the seals (Ed25519). Only the process that seals needs it.
AUDIT_SIGNING_KEY = env.str(
    "AUDIT_SIGNING_KEY", default="development-only-audit-key-seals-nothing-00" if DEVELOPMENT else ""
)
# Public keys whose seals are believed: the current one and all former ones.
AUDIT_PUBLIC_KEYS = env.list("AUDIT_PUBLIC_KEYS", default=[])
# Where the heads of the trail are appended, on another volume than the database's. In development a file
# for each database under var/audit.
AUDIT_HEADS_PATH = env.str("AUDIT_HEADS_PATH", default="")

# --- Metrics -------------------------------------------------------------------------------------

# Without it there is no /metrics in production, and in development for this machine only.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# --- Secrets -------------------------------------------------------------------------------------

# Of our own choosing: production refuses those that are short or stand in the repository.
_own_secrets = {
    "SECRET_KEY": SECRET_KEY,
    "CALLBACK_SECRET": CALLBACK_SECRET,
    "METRICS_TOKEN": METRICS_TOKEN,
    "AUDIT_SIGNING_KEY": AUDIT_SIGNING_KEY,
    "The password in DATABASE_URL": password_of(DATABASE_URL),
    "The password in DATABASE_OWNER_URL": password_of(DATABASE_OWNER_URL),
    "The password in REDIS_URL": password_of(REDIS_URL),
}
# Issued by others.
_issued = {
    "AMOOTSMS_TOKEN": AMOOTSMS_TOKEN,
    "AVANAK_TOKEN": AVANAK_TOKEN,
    "EMAIL_HOST_PASSWORD": EMAIL_HOST_PASSWORD,
}
if PRODUCTION:
    refuse_weak_secrets({**_own_secrets, "FACTOR_KEYS": FACTOR_KEYS})
    refuse_published_tokens(_issued)
    refuse_development_switches(hosts=ALLOWED_HOSTS, debug=DEBUG, demo=DEMO, open_hours=OPEN_PROCEDURE_HOURS)

# --- Logs ----------------------------------------------------------------------------------------

LOGGING = logging_config(
    json=env.bool("LOG_JSON", default=PRODUCTION),
    level=env.str("LOG_LEVEL", default="INFO"),
    secrets=(*FACTOR_KEYS, *(_own_secrets | _issued).values()),
)
