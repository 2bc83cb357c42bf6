"""The portal for an ASGI server, for pages that stream."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amoot_comms.settings")
application = get_asgi_application()
