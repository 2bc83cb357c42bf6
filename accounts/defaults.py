"""Sign-in's settings that no environment changes; `amoot_comms/settings.py` takes them all."""

AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "accounts.passwords.LongEnough", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.passwords.HardToGuess"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

# --- django-allauth ------------------------------------------------------------------------------

ACCOUNT_ADAPTER = "accounts.adapter.NoSignupAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# By client address: a whole office signs in at eight o'clock from one. Guesses of one password are
# counted by django-axes. By the typed address ("key"): mails that a stranger can have sent to a colleague.
# Sign-ins are counted by the adapter ("sign_in"), which leaves out known browsers.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "sign_in": "300/m/ip",
    "reset_password": "60/m/ip,5/h/key",
    "reset_password_from_key": "60/m/ip",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Amoot"
# Steps of 30 s before and after: phones' clocks differ. A code works once all the same (`code_forms`).
MFA_TOTP_TOLERANCE = 1
MFA_ADAPTER = "accounts.factor_adapter.FactorAdapter"
# Addresses come from HR and IT. Otherwise a reset's unverified address would shut its owner out.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "accounts.code_forms.AuthenticateForm",
    "reauthenticate": "accounts.code_forms.ReauthenticateForm",
    "activate_totp": "accounts.code_forms.ActivateTOTPForm",
}

# --- django-axes ---------------------------------------------------------------------------------

AXES_LOCKOUT_PARAMETERS = "accounts.devices.lockout_parameters"
AXES_LOCKOUT_TEMPLATE = "account/lockout.html"
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "common.client_address.client_address"
AXES_USERNAME_CALLABLE = "accounts.devices.counted_name"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# --- Sessions and cookies ------------------------------------------------------------------------

SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# How long a browser stays known after a sign-in (`accounts.devices`).
DEVICE_COOKIE_AGE = 180 * 24 * 3600
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "amoot_comms.views.csrf_failure"
