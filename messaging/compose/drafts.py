"""A draft on its way from the look ahead to the press on send: signed, so that it is the one looked at."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.core import signing
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from channels.models import Channel
from common.kept_files import FileStore
from messaging.actions.submit import Draft, submit
from messaging.audience.members import Audience, everybody, from_bytes, of_import, with_tag
from messaging.models import Message
from staff.models import User

_SALT: Final = "messaging.draft"
_FILE_SALT: Final = "messaging.audience-file"
# Audience files between the look ahead and the press on send.
AUDIENCE_FILES: Final = FileStore("audiences", kept_for=timedelta(days=1))
# 200,000 numbers of the longest spelling, with room for a name in a second column.
AUDIENCE_FILE_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeptFile:
    """An uploaded audience file: where it is kept, and what it was called."""

    token: str
    name: str

    def audience(self) -> Audience:
        """The recipients in the file. Raises `ValidationError` if it is no longer there."""
        try:
            content = AUDIENCE_FILES.path(self.token).read_bytes()
        except FileNotFoundError as error:
            raise ValidationError(
                _("The file is no longer kept here. Choose it again; nothing was sent."), code="gone"
            ) from error
        return from_bytes(content, self.name)


@dataclass(frozen=True, slots=True)
class SealedDraft:
    """A draft as it was looked at: with its submission key, its kept file and its number of recipients."""

    draft: Draft
    key: uuid.UUID
    file: KeptFile | None
    total: int


def sign_file(kept: KeptFile, user: User) -> str:
    return signing.dumps([user.pk, kept.token, kept.name], salt=_FILE_SALT)


def signed_file(text: str, user: User) -> KeptFile | None:
    """The kept file that the form refers to; None if the reference is not this user's or too old."""
    try:
        owner, token, name = signing.loads(text, salt=_FILE_SALT, max_age=AUDIENCE_FILES.kept_for)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return KeptFile(token, name) if owner == user.pk else None


def seal_draft(sealed: SealedDraft, user: User) -> str:
    draft = sealed.draft
    return signing.dumps(
        {
            "user": user.pk,
            "key": str(sealed.key),
            "total": sealed.total,
            "channel": draft.channel.code,
            "purpose": draft.purpose,
            "text": draft.text,
            "audience": draft.audience.kind,
            "name": draft.audience.name,
            "import": draft.audience.import_id,
            "file": sealed.file.token if sealed.file else None,
            "scheduled_at": draft.scheduled_at.isoformat() if draft.scheduled_at else None,
            "expires_at": draft.expires_at.isoformat() if draft.expires_at else None,
        },
        salt=_SALT,
        compress=True,
    )


def _opened(text: str, user: User) -> dict[str, Any]:
    try:
        data: dict[str, Any] = signing.loads(text, salt=_SALT, max_age=AUDIENCE_FILES.kept_for)
    except signing.BadSignature as error:
        raise _stale() from error
    if data["user"] != user.pk:
        raise _stale()
    return data


def _stale() -> ValidationError:
    return ValidationError(
        _("This look ahead is no longer valid. Look again before sending; nothing was sent."), code="stale"
    )


def unseal_draft(text: str, user: User) -> SealedDraft:
    """The draft that was looked at. Raises `ValidationError` if it is not this user's, altered, too
    old, or its file or channel is gone."""
    data = _opened(text, user)
    channel = Channel.objects.sending().filter(code=data["channel"]).first()
    if channel is None:
        raise _stale()
    kept = KeptFile(data["file"], data["name"]) if data["file"] else None
    draft = Draft(
        channel=channel,
        purpose=data["purpose"],
        text=data["text"],
        audience=_audience(data, kept, user),
        scheduled_at=_instant(data["scheduled_at"]),
        expires_at=_instant(data["expires_at"]),
    )
    return SealedDraft(draft, uuid.UUID(data["key"]), kept, data["total"])


def submit_sealed(*, sealed: SealedDraft, by: User, now: datetime) -> Message:
    """Submit the draft that was looked at, and drop its kept file. Raises as `submit` does."""
    message = submit(draft=sealed.draft, by=by, now=now, key=sealed.key)
    if sealed.file is not None:
        AUDIENCE_FILES.drop(sealed.file.token)
    return message


def submitted_before(text: str, user: User) -> Message | None:
    """The message that a sealed draft has become already. Raises as `unseal_draft` does."""
    key = uuid.UUID(_opened(text, user)["key"])
    found: Message | None = Message.objects.filter(submission_key=key, submitted_by=user).first()
    return found


def _audience(data: dict[str, Any], kept: KeptFile | None, user: User) -> Audience:
    if kept is not None:
        return kept.audience()
    if data["audience"] == "import":
        return of_import(data["import"], user)
    return with_tag(data["name"]) if data["audience"] == "tag" else everybody()


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
