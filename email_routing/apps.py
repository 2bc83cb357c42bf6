from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EmailRoutingConfig(AppConfig):
    name = "email_routing"
    verbose_name = _("E-mail routing")
    default_auto_field = "django.db.models.BigAutoField"
