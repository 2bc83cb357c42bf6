from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = _("Staff")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audit import nightly
        from staff import audit_words
        from staff.permissions import readers_of_the_trail
        from staff.roles import sync_roles

        audit_words.register()
        nightly.tell_by_mail(readers_of_the_trail)

        # Once a migrate, not once an app: this app stands for all of them.
        post_migrate.connect(sync_roles, sender=self, dispatch_uid="staff.sync_roles")
