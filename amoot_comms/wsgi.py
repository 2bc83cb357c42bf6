"""The portal for a WSGI server (gunicorn)."""

import os

from django.core.wsgi import get_wsgi_application

from amoot_comms.chunked import bounded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amoot_comms.settings")
application = bounded(get_wsgi_application())
