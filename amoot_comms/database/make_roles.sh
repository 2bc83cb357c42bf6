#!/bin/sh
# Makes the database's roles in the container of PostgreSQL: by itself when the volume is new, and by hand for
# one of an older portal:  docker compose exec postgres sh /docker-entrypoint-initdb.d/make_roles.sh
set -eu
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<END
\set owner_password \`cat "$OWNER_PASSWORD_FILE"\`
\set application_password \`cat "$APPLICATION_PASSWORD_FILE"\`
SELECT set_config('portal.owner_password', :'owner_password', false),
       set_config('portal.application_password', :'application_password', false) \g /dev/null
\i $ROLES_SQL
END
