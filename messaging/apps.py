import os

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = _("Messages")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from common import failpoints as points
        from contacts.hooks import register, register_forecast
        from gateways.registry import check_settings
        from messaging import audit_words
        from messaging.actions.stop_contact import consent_changed, forecast

        check_settings()
        audit_words.register()
        register(consent_changed)
        register_forecast(forecast)
        if settings.DEVELOPMENT:
            points.arm(os.environ.get("CRASH_AT", ""))
