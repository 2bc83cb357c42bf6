-- The database's two roles: *owner* has the tables (migrates, backs up), *application* is what the portal
-- connects as. Run by a superuser in the portal's database as often as wanted; passwords come in the settings
-- portal.owner_password and portal.application_password. Which rows and columns the application may write is
-- amoot_comms/database/grants.py's, applied by `migrate`.
DO $roles$
DECLARE
    a_role record;
    a_name text;
BEGIN
    FOR a_role IN SELECT * FROM (VALUES
        ('amoot_owner', current_setting('portal.owner_password')),
        ('amoot_application', current_setting('portal.application_password'))) r(name, password)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = a_role.name) THEN
            EXECUTE format('CREATE ROLE %I', a_role.name);
        END IF;
        EXECUTE format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS'
                       ' PASSWORD %L', a_role.name, a_role.password);
    END LOOP;

    EXECUTE format('ALTER DATABASE %I OWNER TO amoot_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO amoot_application', current_database());

    -- What an older portal made as the superuser. Sequences and indexes go with their tables; what belongs to
    -- an extension stays with it.
    FOR a_name IN
        SELECT c.oid::regclass::text FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
           AND c.relowner <> 'amoot_owner'::regrole
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                              AND d.objid = c.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO amoot_owner', a_name);
    END LOOP;
    FOR a_name IN
        SELECT p.oid::regprocedure::text FROM pg_proc p
         WHERE p.pronamespace = 'public'::regnamespace AND p.proowner <> 'amoot_owner'::regrole
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                              AND d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO amoot_owner', a_name);
    END LOOP;
END
$roles$;
