"""The database's functions that compare tags and customer numbers (`persian.keys`)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db.models import Func, TextField


class Key(Func):
    function = "contacts_key"
    output_field = TextField()


class TagKeys(Func):
    function = "contacts_tag_keys"
    output_field = ArrayField(TextField())
