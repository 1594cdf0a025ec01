"""Holds a page's policy to name the scripts that are in the page, which else stays as it is."""

from pathlib import Path

import pytest

from exhibits.policy import RULES, policy, put_policies
from exhibits.project import Problem

# By `printf 'alert(1)' | openssl dgst -sha256 -binary | base64`.
ALERT = "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"


@pytest.mark.parametrize(
    ("html", "hashes"),
    [
        ("<script>alert(1)</script>", f" {ALERT}"),
        ('<script type="text/javascript">alert(1)</script>', f" {ALERT}"),
        ("<script>alert(1)</script><p><script>alert(1)</script>", f" {ALERT}"),
        ('<script src="one.js"></script>', ""),
        ('<script src="one.js">alert(1)</script>', ""),
        ('<script type="application/json">{"one": 1}</script>', ""),
        ("<pre>&lt;script>alert(1)&lt;/script></pre><!-- <script>alert(1)</script> -->", ""),
    ],
)
def test_the_scripts_that_a_page_holds_are_named(html: str, hashes: str) -> None:
    assert f"; script-src 'self'{hashes}; " in policy(html)
    assert policy(html).count(";") == len(RULES) - 1


def test_a_policy_stands_after_the_charset_and_changes_nothing_else(tmp_path: Path) -> None:
    page = '<!doctype html>\n<head><meta charset="utf-8">\n<title>é &amp; ü</title>\n'
    for name in ("index.html", "below/404.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(page.encode())
    put_policies(tmp_path)
    for name in ("index.html", "below/404.html"):
        before, rest = (tmp_path / name).read_bytes().decode().split("\n      <meta http-equiv=", 1)
        meta, _, after = rest.partition(">")
        assert meta == f'"Content-Security-Policy" content="{policy("")}"'
        assert before + after == page


def test_a_page_without_a_charset_is_named(tmp_path: Path) -> None:
    (tmp_path / "one.html").write_text("<head><title>One</title></head>", "utf-8")
    with pytest.raises(Problem, match=r"one.html: there is no <meta charset> in it"):
        put_policies(tmp_path)
