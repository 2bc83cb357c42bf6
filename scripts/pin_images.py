"""Write the digests of the images into Dockerfile and docker-compose.yml: `python -m scripts.pin_images`.

Asks the registry through Docker (`docker buildx imagetools`). Where it cannot be reached nothing is written,
and the versions alone hold.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = ("Dockerfile", "docker-compose.yml")
OWN = "amoot-comms"
# FROM image, image: image; with or without a digest
IMAGE = re.compile(r"^(\s*(?:FROM|image:) )([a-z0-9./_-]+):([\w.-]+)(@sha256:[0-9a-f]{64})?", re.MULTILINE)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Unreachable(Exception):
    """A sentence for the user."""


def images(text: str) -> list[tuple[str, str]]:
    """Name and version of each image of others that a file names."""
    return [(match[2], match[3]) for match in IMAGE.finditer(text) if not match[2].startswith(OWN)]


def digest(name: str, version: str) -> str:
    """The registry's digest of an image. Raises Unreachable."""
    command = ["docker", "buildx", "imagetools", "inspect", f"{name}:{version}"]
    command += ["--format", "{{.Manifest.Digest}}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unreachable(f"Docker cannot be asked ({type(error).__name__})") from error
    found = DIGEST.search(done.stdout)
    if done.returncode or found is None:
        last = (done.stderr.strip().splitlines() or ["no digest in its answer"])[-1]
        raise Unreachable(f"no digest for {name}:{version}: {last[-200:]}")
    return found[0]


def pinned(text: str, digests: dict[tuple[str, str], str]) -> str:
    def with_digest(match: re.Match[str]) -> str:
        known = digests.get((match[2], match[3]))
        return f"{match[1]}{match[2]}:{match[3]}@{known}" if known else match[0]

    return IMAGE.sub(with_digest, text)


def main(root: Path) -> int:
    texts = {name: (root / name).read_text() for name in FILES}
    try:
        digests = {image: digest(*image) for text in texts.values() for image in images(text)}
    except Unreachable as error:
        sys.stderr.write(f"Nothing was pinned: {error}.\n")
        return 1
    for name, text in texts.items():
        (root / name).write_text(pinned(text, digests))
    sys.stdout.write("".join(f"{name}:{version}@{d}\n" for (name, version), d in digests.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(ROOT))
