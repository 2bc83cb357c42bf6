"""Texts of Django and its sign-in package that are said better in Persian than their own catalogues do.

Only collected: a msgid that stands in the portal's catalogue wins over the one of the package.
"""

from django.utils.translation import gettext_noop, ngettext_lazy

ADMIN = (
    gettext_noop("Enter a new password for the user <strong>%(username)s</strong>."),
    gettext_noop("Set password"),
    gettext_noop("Recent actions"),
    gettext_noop("My actions"),
    gettext_noop("Start typing to filter…"),
    gettext_noop("Filter navigation items"),
    gettext_noop("Model name"),
    gettext_noop("Breadcrumbs"),
    gettext_noop("Skip to main content"),
    ngettext_lazy("Please correct the error below.", "Please correct the errors below."),
)
PASSWORDS = (
    gettext_noop("Enter the same password as before, for verification."),
    gettext_noop("This password is too common."),
    gettext_noop("This password is entirely numeric."),
    gettext_noop("Your password can’t be a commonly used password."),
    gettext_noop("Your password can’t be entirely numeric."),
    gettext_noop("Your password can’t be too similar to your other personal information."),
    gettext_noop("The password is too similar to the %(verbose_name)s."),
    gettext_noop("Password (again)"),
    gettext_noop("Incorrect password."),
    gettext_noop("Forgot your password?"),
    gettext_noop("Forgot Password?"),
    gettext_noop("Your password is now changed."),
)
SIGN_IN = (
    gettext_noop("MFA"),
    gettext_noop("TOTP Authenticator"),
    gettext_noop("Authenticator code"),
    gettext_noop("Authenticator App"),
    gettext_noop("Authenticator app activated."),
    gettext_noop("Authenticator app deactivated."),
    gettext_noop("Authenticator secret"),
    gettext_noop("Two-Factor Authentication"),
    gettext_noop("A new set of Two-Factor Authentication recovery codes has been generated."),
    gettext_noop("You cannot generate recovery codes without having two-factor authentication enabled."),
)
FIELDS = (
    gettext_noop("This field cannot be null."),
    gettext_noop("This field cannot be blank."),
)
