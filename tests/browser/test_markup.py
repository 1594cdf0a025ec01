"""The HTML validator of the standard's editors finds each page correct, and true to its policy."""

import json
import subprocess
from pathlib import Path

VALIDATOR = Path(__file__).with_name("node_modules") / "vnu-jar" / "build" / "dist" / "vnu.jar"
# It reads the pages from the test's own server: "the site itself" in a policy needs a host.
LOCAL = "-Dnu.validator.servlet.allow-forbidden-hosts=true"
# What only the theme, or the validator, can mend, and why it is no harm.
KNOWN = [
    # Its two toggles are checkboxes; the attribute keeps a browser from restoring an open drawer.
    "Attribute “autocomplete” is only allowed when the input type is",
    # The label of a section that is always open: nothing to reach, so no number.
    "Bad value “” for attribute “tabindex” on element “label”",
    # The theme's settings, which are data of type application/json: no browser executes them.
    "Inline script violates Content Security Policy",
]


def test_every_page_is_valid(site: Path, host: str) -> None:
    pages = sorted(f"{host}/{path.relative_to(site).as_posix()}" for path in site.rglob("*.html"))
    options = ["--format", "json", "--exit-zero-always"]
    command = ["java", LOCAL, "-jar", str(VALIDATOR), *options, *pages]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    messages = json.loads(done.stderr)["messages"]
    for known in KNOWN:
        assert any(one["message"].startswith(known) for one in messages), f"mended: {known}"
    faults = [
        f"{Path(one['url']).name}:{one.get('lastLine', '?')}: {one['message']}"
        for one in messages
        if not one["message"].startswith(tuple(KNOWN))
    ]
    assert not faults, "\n".join(faults)
