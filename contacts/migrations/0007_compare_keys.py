"""Tags and customer numbers are compared by one key: digits, dashes, letters and case of one kind."""

import django.contrib.postgres.indexes
from django.db import migrations, models

import contacts.keys

# persian.keys.sql_tables() when this was written; a test compares them.
REPLACED = (
    "\u06f0\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7\u06f8\u06f9\u0660\u0661"
    "\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u2010\u2011\u2012\u2013"
    "\u2014\u2015\u2212\ufe63\uff0d_\u064a\u0649\u0643\u0629\u06d5\u06c1"
    "\u06be\u06aa\u06d2\u0671\u200c\u200d\u0640\u0670\u064b\u064c\u064d\u064e"
    "\u064f\u0650\u0651\u0652\u0653\u0654\u0655\u0656\u0657\u0658\u0659\u065a"
    "\u065b\u065c\u065d\u065e\u065f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a"
    "\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
REPLACEMENTS = "01234567890123456789----------\u06cc\u06cc\u06a9\u0647\u0647\u0647\u0647\u06a9\u06cc\u0627"

KEY = f"lower(translate({{}}, '{REPLACED}', '{REPLACEMENTS}'))"

# Both spell the table out: a function that calls another needs its schema in the search path, which a
# restored dump has not.
FUNCTIONS = f"""
    CREATE FUNCTION contacts_key(text) RETURNS text
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        AS $$ SELECT {KEY.format("$1")} $$;
    CREATE FUNCTION contacts_tag_keys(text[]) RETURNS text[]
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        AS $$ SELECT ARRAY(SELECT {KEY.format("t.tag")} FROM unnest($1) AS t(tag)) $$;
"""  # noqa: S608 - constants of this file
FORGET = "DROP FUNCTION contacts_tag_keys(text[]); DROP FUNCTION contacts_key(text);"

# What the search box looks in, by the letters that the key of a search knows since.
SEARCH = """
    UPDATE contacts_contact SET search_text = translate(search_text, '\u06be\u06aa\u06d2\u0671', '\u0647\u06a9\u06cc\u0627')
     WHERE search_text ~ '[\u06be\u06aa\u06d2\u0671]'
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0006_no_index_of_landlines")]

    operations = [
        migrations.RunSQL(FUNCTIONS, FORGET),
        migrations.RemoveIndex("contact", "contact_tags"),
        migrations.AddIndex(
            "contact",
            django.contrib.postgres.indexes.GinIndex(contacts.keys.TagKeys("tags"), name="contact_tag_keys"),
        ),
        migrations.AddIndex(
            "contact",
            models.Index(
                contacts.keys.Key("customer_no"),
                name="contact_customer_no_key",
                condition=models.Q(("customer_no", ""), _negated=True),
            ),
        ),
        migrations.RunSQL(SEARCH, migrations.RunSQL.noop),
    ]
