"""What a browser may load and execute in each built page: its Content-Security-Policy."""

import base64
import hashlib
import re
from pathlib import Path

from bs4 import BeautifulSoup

from exhibits.project import Problem

# The style sheet that the search of Zensical keeps in its script; a console names a newer one.
ZENSICAL = "'sha256-NwSx/R2V/U4jnW0Tq5pQ53Y/rzPVJ4dqE7D6UTA/J1k='"
# Files of the site, and pictures that a style sheet holds; of all else, nothing. (Firefox would
# fetch the next page ahead: that it may not do so is a line in its console.)
RULES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": f"'self' {ZENSICAL}",
    "img-src": "'self' data:",
    "connect-src": "'self'",  # the index that the search reads
    "worker-src": "'self'",  # the search
    "base-uri": "'none'",
    "form-action": "'none'",
}
CHARSET = re.compile(r"<meta charset=[^>]*>", re.I)
# Types of a script that browsers execute; the text of any other is data.
EXECUTED = {"", "module", "text/javascript"}


def put_policies(site: Path) -> None:
    """Write into each page of a built site what it may load and execute.

    A page may execute the scripts that its text has now, and those that are files of the site.
    Raises Problem where a page does not begin as those of MkDocs and Zensical do.
    """
    for path in sorted(site.rglob("*.html")):
        html = path.read_text("utf-8")
        if not (charset := CHARSET.search(html)):
            raise Problem(f"{path}: there is no <meta charset> in it, after which its policy goes")
        before, after = html[: charset.end()], html[charset.end() :]
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(html)}">'
        path.write_text(f"{before}\n      {meta}{after}", "utf-8", newline="\n")


def policy(html: str) -> str:
    """The policy for a page: RULES, and the hash of each script that the page itself holds."""
    scripts = BeautifulSoup(html, "html.parser")("script", src=False)
    executed = [one.get_text() for one in scripts if str(one.get("type", "")) in EXECUTED]
    hashes = dict.fromkeys(f" 'sha256-{digest(text)}'" for text in executed)
    rules = RULES | {"script-src": RULES["script-src"] + "".join(hashes)}
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def digest(text: str) -> str:
    """The SHA-256 of a script, as a policy names it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
