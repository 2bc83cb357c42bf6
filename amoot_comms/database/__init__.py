"""The database's roles: what the application may do, by table and column, and whether it is so."""
