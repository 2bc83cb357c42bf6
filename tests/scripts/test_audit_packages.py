"""An audit that could not look says so, and is not taken for one that found nothing."""

from __future__ import annotations

import pytest

from scripts.audit_packages import FOUND, NOT_LOOKED, npm_verdict, verdict

SKIPPED = {"name": "django", "skip_reason": "Dependency not found on the index: django (5.2)"}
CLEAN = {"name": "django", "version": "5.2", "vulns": []}
FLAWED = {
    "name": "django",
    "version": "5.2",
    "vulns": [{"id": "CVE-2030-1", "fix_versions": ["5.2.1"]}],
}


def test_packages_that_were_skipped_are_counted_and_have_not_passed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert verdict({"dependencies": [SKIPPED, CLEAN]}) == NOT_LOOKED
    said = capsys.readouterr().out
    assert "NOT LOOKED" in said
    assert "1 of 2 Python packages" in said


def test_a_flaw_is_found_beside_what_was_skipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict({"dependencies": [SKIPPED, FLAWED]}) == FOUND
    assert "CVE-2030-1, fixed in 5.2.1" in capsys.readouterr().out


def test_all_packages_looked_up_without_a_flaw_pass() -> None:
    assert verdict({"dependencies": [CLEAN]}) == 0


def test_npm_without_counts_could_not_look(capsys: pytest.CaptureFixture[str]) -> None:
    assert npm_verdict({"error": {"code": "ENOAUDIT", "summary": "endpoint is away"}}) == NOT_LOOKED
    assert "npm: endpoint is away" in capsys.readouterr().out
    assert npm_verdict({"vulnerabilities": {}}) == 0
    assert npm_verdict({"vulnerabilities": {"chart.js": {"severity": "high"}}}) == FOUND
