"""Read by gunicorn by itself: its lines pass the same mask as the portal's own."""

from amoot_comms.settings import LOGGING

logconfig_dict = LOGGING
