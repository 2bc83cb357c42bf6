"""Bounds and times that an installation may change; `amoot_comms/settings.py` takes them all."""

from amoot_comms.environment import Environment

env = Environment()

# Posts taken from one provider in a minute, and how many are kept; whatever is lost is asked for.
CALLBACKS_PER_MINUTE = env.int("CALLBACKS_PER_MINUTE", default=600)
CALLBACKS_KEPT = env.int("CALLBACKS_KEPT", default=10_000)
SMS_MAX_PARTS = env.int("SMS_MAX_PARTS", default=8)
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=50 * 1024 * 1024)
IMPORT_MAX_ROWS = env.int("IMPORT_MAX_ROWS", default=200_000)
# What the process that reads an XLSX file may use: memory, and seconds of computing for the largest file.
IMPORT_READ_MEMORY_MB = env.int("IMPORT_READ_MEMORY_MB", default=512)
IMPORT_READ_SECONDS = env.int("IMPORT_READ_SECONDS", default=60)
# Customers whom the box of the opt-out call shows in a day to somebody who may not see them otherwise.
OPT_OUT_LOOK_UPS_A_DAY = env.int("OPT_OUT_LOOK_UPS_A_DAY", default=100)
# Minutes without a press on its card after which an opt-out call goes back to the queue; working days until
# an open one is late.
DESK_IDLE_MINUTES = env.int("DESK_IDLE_MINUTES", default=10)
DESK_LATE_WORKING_DAYS = env.int("DESK_LATE_WORKING_DAYS", default=1)
# Whether Thursday is a working day; Friday never is one (staff/working_days.py).
THURSDAY_IS_WORKING_DAY = env.bool("THURSDAY_IS_WORKING_DAY", default=False)
