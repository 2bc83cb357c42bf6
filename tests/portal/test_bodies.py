"""A body that is too long is refused by its length: nothing is parsed, no file is kept meanwhile."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from django.urls import reverse

from amoot_comms.wsgi import application
from common.body_limits import DEFAULT_BYTES
from messaging.models import ProviderCallback
from tests.factories import ChannelFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def temporary(settings, tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(folder)
    # the smallest file is written to the folder, if anything is parsed at all
    settings.FILE_UPLOAD_HANDLERS = ["tests.portal.test_bodies.Kept"]
    settings.MEDIA_ROOT = str(tmp_path / "media")
    Kept.names.clear()
    return folder


class Kept:
    """An upload handler that remembers what reached the parser."""

    names: list[str] = []

    def __new__(cls, request: Any = None) -> Any:
        from django.core.files.uploadhandler import TemporaryFileUploadHandler

        class Handler(TemporaryFileUploadHandler):
            def new_file(self, *args: Any, **kwargs: Any) -> None:
                super().new_file(*args, **kwargs)
                cls.names.append(self.file_name or "")

        return Handler(request)


def big(size: int = DEFAULT_BYTES + 1) -> SimpleUploadedFile:
    return SimpleUploadedFile("big.csv", b"name,mobile\n" + b"x" * size)


@pytest.mark.parametrize("address", ["/accounts/login/", "/i18n/setlang/", "/accounts/password/reset/"])
def test_a_strangers_file_reaches_no_parser(address, temporary):
    client = Client(enforce_csrf_checks=True)
    client.get("/accounts/login/")
    token = client.cookies["csrftoken"].value
    answer = client.post(address, {"csrfmiddlewaretoken": token, "file": big()})
    assert answer.status_code == 413
    assert "۴۱۳" in answer.content.decode()
    assert not Kept.names
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("name", ["contacts:import", "messaging:compose", "messaging:foresight"])
def test_a_large_upload_is_for_those_who_may(client, name, temporary):
    address = reverse(name)
    answer = client.post(address, {"file": big()})
    assert (answer.status_code, answer["Location"][:16]) == (302, "/accounts/login/")
    client.force_login(UserFactory(roles=["hr"]))
    assert client.post(address, {"file": big()}).status_code == 403
    assert not Kept.names
    client.force_login(UserFactory(roles=["sender"]))
    answer = client.post(address, {"file": big()})
    assert answer.status_code in (200, 302, 422)
    assert "login" not in answer.headers.get("Location", "")
    assert Kept.names == ["big.csv"]


def test_an_upload_has_its_own_limit(client, settings):
    client.force_login(UserFactory(roles=["sender"]))
    size = settings.IMPORT_MAX_BYTES + 2 * 2**20
    assert client.post(reverse("contacts:import"), CONTENT_LENGTH=str(size)).status_code == 413
    assert client.post(reverse("messaging:compose"), CONTENT_LENGTH=str(size)).status_code == 413


def test_any_other_page_takes_two_megabytes(client):
    client.force_login(UserFactory(roles=["sender", "voc"]))
    length = {"text": "x" * DEFAULT_BYTES, "channel": "sms"}
    assert client.post(reverse("messaging:text_length"), length).status_code == 413


def chunked(path: str, body: bytes) -> tuple[str, bytes]:
    """What the WSGI server's application answers to a body of chunks, which says no length."""
    said: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "CONTENT_TYPE": "application/json",
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
    }
    # as Django's own test client: the test's connection must outlive the request
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        answer = application(environ, lambda status, _headers, *_info: said.append(status))
        return said[0], b"".join(answer)
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def test_a_chunked_callback_is_kept_whole(settings):
    ChannelFactory(code="sms")
    path = reverse("hook", args=["amootsms", settings.CALLBACK_SECRET])
    assert chunked(path, b'{"MessageID": 1}')[0] == "200 OK"
    assert bytes(ProviderCallback.objects.get().body) == b'{"MessageID": 1}'


def test_a_chunked_body_is_bounded():
    assert chunked("/accounts/login/", b"x" * (DEFAULT_BYTES + 1))[0].startswith("413")
