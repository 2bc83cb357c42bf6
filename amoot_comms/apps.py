from django.apps import AppConfig, apps
from django.core.checks import Tags, register
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "amoot_comms"
    verbose_name = _("Portal")

    def ready(self) -> None:
        from accounts import audit_words as accounts_words
        from accounts import receivers
        from amoot_comms import audit_words, letters, tzcheck
        from amoot_comms.database import checks, granting

        accounts_words.register()
        audit_words.register()
        receivers.connect()
        tzcheck.refuse_stale_python()
        register(letters.check_database, Tags.database)
        register(checks.check_database, Tags.database, deploy=True)
        # The signal comes once for each app with models; every table is there by then.
        post_migrate.connect(
            granting.after_migrate, sender=apps.get_app_config("audit"), dispatch_uid="portal_grants"
        )
        connection_created.connect(tzcheck.refuse_stale_database, dispatch_uid="portal_time_zone")
