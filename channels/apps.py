from django.apps import AppConfig
from django.core.checks import Tags, register
from django.utils.translation import gettext_lazy as _


class ChannelsConfig(AppConfig):
    name = "channels"
    verbose_name = _("Official channels")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from channels import audit_words
        from channels.checks import check_hours_are_limited

        audit_words.register()
        register(check_hours_are_limited, Tags.security)
