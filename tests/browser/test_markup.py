"""The HTML validator of the standard's editors finds each page correct."""

import json
import subprocess
from pathlib import Path

VALIDATOR = Path(__file__).with_name("node_modules") / "vnu-jar" / "build" / "dist" / "vnu.jar"
# What only the theme can mend, and why it is no harm.
OF_THE_THEME = [
    # Its two toggles are checkboxes; the attribute keeps a browser from restoring an open drawer.
    "Attribute “autocomplete” is only allowed when the input type is",
    # The label of a section that is always open: nothing to reach, so no number.
    "Bad value “” for attribute “tabindex” on element “label”",
]


def test_every_page_is_valid(site: Path) -> None:
    pages = sorted(map(str, site.rglob("*.html")))
    command = ["java", "-jar", str(VALIDATOR), "--format", "json", "--exit-zero-always", *pages]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    messages = json.loads(done.stderr)["messages"]
    for known in OF_THE_THEME:
        assert any(one["message"].startswith(known) for one in messages), f"mended: {known}"
    faults = [
        f"{Path(one['url']).name}:{one.get('lastLine', '?')}: {one['message']}"
        for one in messages
        if not one["message"].startswith(tuple(OF_THE_THEME))
    ]
    assert not faults, "\n".join(faults)
