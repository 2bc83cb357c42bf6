from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "amoot_comms"
    verbose_name = _("Portal")

    def ready(self) -> None:
        from accounts import receivers
        from amoot_comms import letters, tzcheck

        receivers.connect()
        tzcheck.refuse_stale_python()
        register(tzcheck.check_python, Tags.compatibility)
        register(tzcheck.check_database, Tags.database)
        register(letters.check_database, Tags.database)
        connection_created.connect(tzcheck.refuse_stale_database, dispatch_uid="portal_time_zone")
