"""The names of cookies: no neighbour under the same domain can plant one in production."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from scripts.throwaway import production

ROOT = Path(__file__).resolve().parent.parent.parent
COOKIES = ("SESSION", "CSRF", "DEVICE", "LANGUAGE")


def cookies_of(environment: dict[str, str]) -> dict[str, list[object]]:
    """Name, secure and path of each cookie under this environment."""
    code = (
        "import json; from django.conf import settings as s;"
        "print(json.dumps({n: [getattr(s, n + '_COOKIE_NAME'), getattr(s, n + '_COOKIE_SECURE', None),"
        "getattr(s, n + '_COOKIE_PATH', '/'), getattr(s, n + '_COOKIE_DOMAIN', None)]"
        f" for n in {COOKIES!r}}}))"
    )
    env = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "amoot_comms.settings", **environment}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: dict[str, list[object]] = json.loads(done.stdout)
    return found


def test_production_s_cookies_have_the_host_prefix_and_what_it_demands() -> None:
    for name, (cookie, secure, path, domain) in cookies_of(
        {"DATABASE_URL": "postgres:///portal", **production()}
    ).items():
        assert str(cookie).startswith("__Host-"), name
        # The device cookie is set with the session's flag.
        assert secure is (None if name == "DEVICE" else True), name
        assert (path, domain) == ("/", None), name


def test_development_s_cookies_have_none_for_they_go_over_plain_http() -> None:
    assert {name for name, _secure, *_rest in cookies_of({"DEVELOPMENT": "1"}).values()} == {
        "sessionid",
        "csrftoken",
        "device",
        "django_language",
    }
