"""PostgreSQL and Valkey from wheels, under `var/`, when no `DATABASE_URL`/`REDIS_URL` is given.

They are the real servers, so that every promise is tested on what production runs. All commands of
one work tree share them; the last one to leave stops them. Nothing outside `var/` is changed, except
where the work tree cannot be reached by the unprivileged user that PostgreSQL needs (see `places`).
"""

from devtools.embedded.processes import EmbeddedError
from devtools.embedded.sharing import attached, services_for

__all__ = ["EmbeddedError", "attached", "services_for"]
