"""The form of a new message: shape only; what may be sent is decided by the action."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import PURPOSES, Channel
from common.form_fields import ClockField, JalaliDateField
from common.wording import count_text
from messaging.actions.submit import Draft, check_draft
from messaging.audience.members import Audience, everybody, from_bytes, of_import, with_tag
from messaging.compose.drafts import (
    AUDIENCE_FILE_BYTES,
    AUDIENCE_FILES,
    KeptFile,
    SealedDraft,
    sign_file,
    signed_file,
)
from messaging.web.labels import audience_label
from persian.jalali import TEHRAN
from persian.text import fold
from staff.models import User

AUDIENCES = [
    ("all", gettext_lazy("All customers")),
    ("tag", gettext_lazy("Customers with a tag")),
    ("file", gettext_lazy("Numbers of a file")),
]


class ComposeForm(forms.Form):
    """What is to be sent, by which channel, to whom and when. `draft` is what `clean` made of it:
    None where a part of it is missing."""

    channel = forms.ModelChoiceField(
        label=gettext_lazy("Channel"),
        queryset=Channel.objects.sending().order_by("id"),
        widget=forms.RadioSelect,
        empty_label=None,
        to_field_name="code",
        error_messages={"required": gettext_lazy("Choose a channel.")},
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("Purpose"),
        choices=PURPOSES,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what the message is for.")},
    )
    text = forms.CharField(
        label=gettext_lazy("Text"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
        error_messages={"required": gettext_lazy("The text is empty.")},
    )
    audience = forms.ChoiceField(
        label=gettext_lazy("Recipients"),
        choices=AUDIENCES,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who gets the message.")},
    )
    tag = forms.CharField(
        label=gettext_lazy("Tag"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"list": "known-tags", "autocomplete": "off", "dir": "auto"}),
    )
    upload = forms.FileField(
        label=gettext_lazy("File with numbers"),
        required=False,
        allow_empty_file=True,
        help_text=gettext_lazy("A list as for an import, CSV or XLSX, or text; at most 200,000 numbers."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx,text/csv,text/plain"}),
    )
    scheduled_on = JalaliDateField(label=gettext_lazy("Start: date"), required=False)
    scheduled_time = ClockField(label=gettext_lazy("Start: time"), required=False)
    expires_on = JalaliDateField(label=gettext_lazy("Expires: date"), required=False)
    expires_time = ClockField(label=gettext_lazy("Expires: time"), required=False)
    imported = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    kept_file = forms.CharField(required=False, widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.now = now
        # The length is counted while one types; nothing else of the form is needed for it.
        self.fields["text"].widget.attrs |= {
            "hx-post": reverse("messaging:text_length"),
            "hx-trigger": "input changed delay:300ms",
            "hx-target": "#text-length",
            "hx-swap": "innerHTML",
            "hx-params": "text,channel",
            "hx-encoding": "application/x-www-form-urlencoded",
        }
        self.draft: Draft | None = None
        self.file: KeptFile | None = None
        self._content: tuple[bytes, str] | None = None
        self.import_audience = self._import_named()
        if self.import_audience is not None:
            words = audience_label(self.import_audience.as_json())
            self.fields["audience"].choices = [("import", words), *AUDIENCES]  # type: ignore[attr-defined]

    def _import_named(self) -> Audience | None:
        """The import that the form was opened for; None without one, or with one that is not the user's."""
        try:
            key = self.fields["imported"].clean(self["imported"].value())
            return None if key is None else of_import(key, self.user)
        except ValidationError:
            return None

    @classmethod
    def again(cls, sealed: SealedDraft, *, user: User, now: datetime) -> ComposeForm:
        """The form filled with a draft that was looked at, to change it."""
        draft = sealed.draft
        initial: dict[str, Any] = {
            "channel": draft.channel.code,
            "purpose": draft.purpose,
            "text": draft.text,
            "audience": draft.audience.kind,
            "tag": draft.audience.name if draft.audience.kind == "tag" else "",
            "imported": draft.audience.import_id,
            "kept_file": sign_file(sealed.file, user) if sealed.file else "",
            "key": sealed.key,
        }
        for name, instant in (("scheduled", draft.scheduled_at), ("expires", draft.expires_at)):
            if instant is not None:
                local = instant.astimezone(TEHRAN)
                initial |= {f"{name}_on": local.date(), f"{name}_time": local.time()}
        form = cls(initial=initial, user=user, now=now)
        form.file = sealed.file
        return form

    def clean_text(self) -> str:
        return fold(self.cleaned_data["text"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        scheduled_at = self._instant("scheduled")
        expires_at = self._instant("expires")
        audience = self._audience()
        whole = audience is not None and {"channel", "purpose"} <= cleaned.keys()
        times = {"scheduled_on", "scheduled_time", "expires_on", "expires_time"}
        if audience is None or not whole or times & self.errors.keys():
            if not cleaned.get("text", "").strip() and "text" not in self.errors:
                self.add_error("text", _("The text is empty."))
            return cleaned
        self.draft = Draft(
            channel=cleaned["channel"],
            purpose=cleaned["purpose"],
            text=cleaned.get("text", ""),
            audience=audience,
            scheduled_at=scheduled_at,
            expires_at=expires_at,
        )
        self._check(self.draft)
        return cleaned

    def _check(self, draft: Draft) -> None:
        """The action's own refusals, each at its field."""
        fields = {
            "scheduled_at": "scheduled_on",
            "expires_at": "expires_on",
            "audience": "tag" if draft.audience.kind == "tag" else "audience",
        }
        try:
            check_draft(draft, now=self.now)
        except ValidationError as error:
            for name, faults in error.message_dict.items():
                if name == "text" and name in self.errors:
                    continue
                for fault in faults:
                    self.add_error(fields.get(name, name), fault)

    def _instant(self, name: str) -> datetime | None:
        """Day and time in Tehran as one instant; both or neither."""
        day, clock = self.cleaned_data.get(f"{name}_on"), self.cleaned_data.get(f"{name}_time")
        if {f"{name}_on", f"{name}_time"} & self.errors.keys():
            return None
        if day is not None and clock is None:
            self.add_error(f"{name}_time", _("Give the time as well."))
        elif day is None and clock is not None:
            self.add_error(f"{name}_on", _("Give the day as well."))
        elif day is not None and clock is not None:
            return datetime.combine(day, clock, TEHRAN)
        return None

    def _audience(self) -> Audience | None:
        kind = self.cleaned_data.get("audience")
        if kind == "all":
            return everybody()
        if kind == "import":
            return self.import_audience
        if kind == "tag":
            tag = self.cleaned_data.get("tag", "")
            if tag:
                return with_tag(tag)
            self.add_error("tag", _("Name the tag."))
        if kind == "file":
            try:
                return self._file_audience()
            except ValidationError as error:
                self.add_error("upload", error)
        return None

    def _file_audience(self) -> Audience:
        upload = self.cleaned_data.get("upload")
        if upload is None:
            self.file = signed_file(self.cleaned_data.get("kept_file", ""), self.user)
            if self.file is None:
                raise ValidationError(_("Choose the file with the numbers."))
            return self.file.audience()
        if upload.size > AUDIENCE_FILE_BYTES:
            raise ValidationError(
                _("“%(name)s” is larger than %(limit)s MB. Split it, or import it with a tag.")
                % {"name": upload.name, "limit": count_text(AUDIENCE_FILE_BYTES // 1024**2)}
            )
        content = upload.read()
        audience = from_bytes(content, upload.name)
        self._content = (content, upload.name)
        return audience

    def keep_upload(self) -> None:
        """Keep a good upload, so that the form can come back, or the draft be sent, without it."""
        if self._content is None:
            return
        content, name = self._content
        self.file = KeptFile(AUDIENCE_FILES.keep([content], now=self.now), name)
        self.data = {**self.data.dict(), "kept_file": sign_file(self.file, self.user)}  # type: ignore[attr-defined]
