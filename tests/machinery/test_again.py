"""Holds the pages to being made of the runs alone: equal runs make equal bytes, everywhere."""

from dataclasses import replace
from pathlib import Path

import pytest

from exhibits.run import Machine
from exhibits.store import Store
from tests.again.elsewhere import build_elsewhere, contents, differences
from tests.machinery.conftest import Tiny, a_run
from tests.machinery.test_rendering import NAME, a_site

ANOTHER = Machine("Plan 9 mips", 64, "another")


@pytest.fixture
def site(tmp_path: Path) -> Tiny:
    """A project with checked runs that were made on other machines, the newest on a Friday."""
    tiny = a_site(tmp_path / "project", NAME)
    text = (tiny.project.docs / "index.md").read_text("utf-8")
    tiny.write("docs/index.md", text.replace("# Page\n", "# Page\n\nWhat it is about.\n"))
    for number, name in enumerate(("3.11", "3.13t", "3.14")):
        run = a_run(name, f"é {number}\n", example=NAME)
        machine = replace(ANOTHER, cores=2**number)
        started = f"2026-01-{number + 28}T23:59:59+00:00"
        Store(tiny.project.runs).save(replace(run, machine=machine, started=started))
    return tiny


def build(site: Tiny) -> Path:
    answer = site.command("exhibits", "pages", SITE_URL="https://example.org/")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return site.root / "build/pages"


def test_another_place_time_language_and_machine_make_the_same_bytes(
    site: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITE_URL", "https://example.org/")
    here, elsewhere = build(site), build_elsewhere(site.root, tmp_path)
    assert differences(here, elsewhere) == []
    assert {"index.html", "index.md", "llms.txt", "sitemap.xml.gz"} < set(contents(elsewhere))


def test_the_pages_tell_of_the_machines_that_made_the_runs(site: Tiny) -> None:
    html = (build(site) / "index.html").read_text("utf-8")
    assert all(f"Plan 9 mips, {cores} cores" in html for cores in (1, 2, 4))
    zipped = (site.root / "build/pages/examples/threads-and-processes-examples.zip").read_bytes()
    assert b"executed on Python 3.11, 3.14, 3.13t free-threaded" in zipped


def test_what_the_builder_dates_has_the_date_of_the_newest_run(site: Tiny) -> None:
    built = build(site)
    assert "<lastmod>2026-01-30</lastmod>" in (built / "sitemap.xml").read_text("utf-8")
    assert (built / "sitemap.xml.gz").read_bytes()[4:8] == (1769731200).to_bytes(4, "little")


@pytest.mark.parametrize("lacking", ["runs", "evidence"])
def test_without_checked_runs_there_is_nothing_to_write(site: Tiny, lacking: str) -> None:
    if lacking == "runs":
        for path in site.project.runs.rglob("*.json"):
            path.unlink()
    else:
        site.project.evidence.unlink()
    answer = site.command("exhibits", "pages")
    said = "there are no checked runs in build/: run nox -s docs first\n"
    assert (answer.returncode, answer.stderr) == (1, said)
    assert not (site.root / "build/pages").exists()


def test_a_difference_is_found(tmp_path: Path) -> None:
    for name, text in (("one", "a"), ("other", "b")):
        for file in ("same", f"only in {name}", "differs"):
            path = tmp_path / name / "sub" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text if file == "differs" else "")
    found = differences(tmp_path / "one", tmp_path / "other")
    assert found == ["sub/differs", "sub/only in one", "sub/only in other"]
