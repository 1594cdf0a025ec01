"""Holds the evidence to what the contracts said, and the page about it to that."""

import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from exhibits import evidence, page
from exhibits.evidence import Judgement, Seen, claims_of, distinct_outputs, in_order
from exhibits.interpreters import Installation
from exhibits.project import Problem, Project
from exhibits.run import Run
from exhibits.store import Store
from tests.machinery.conftest import FORMER, Tiny, a_run, an_interpreter
from tests.machinery.test_page import NASTY

FIRST, SECOND = "threads/first.py", "locks/second.py"


def a_judgement(
    contract: str = "it-holds",
    example: str = FIRST,
    interpreter: str = "3.14",
    runs: int = 1,
    held: bool = True,
    claim: str = "",
) -> Judgement:
    return Judgement(contract, claim or f"This is {contract}.", example, interpreter, runs, held)


def test_judgements_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "build" / "evidence.json"
    judged = [
        a_judgement(claim='é – "quotes" <b>&amp;</b> `code`.', runs=10, held=False),
        a_judgement("other", SECOND, "3.14t"),
    ]
    evidence.save(judged, path)
    assert evidence.load(path) == judged
    evidence.save([], path)
    assert evidence.load(path) == [], "later judgements take the place of the earlier"


def test_where_nothing_was_judged_there_is_nothing_to_load(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="evidence"):
        evidence.load(tmp_path / "evidence.json")


def test_claims_are_those_about_the_example_in_the_order_of_its_contracts() -> None:
    judged = [
        a_judgement("z"),
        a_judgement("other", SECOND),
        a_judgement("a"),
        a_judgement("z", interpreter="3.13"),
        a_judgement("m", interpreter="3.13t"),
    ]
    claims = claims_of(FIRST, judged)
    assert [claim.contract for claim in claims] == ["z", "a", "m"]
    assert [claim.claim for claim in claims] == ["This is z.", "This is a.", "This is m."]
    assert claims[0].judged == {"3.14": judged[0], "3.13": judged[3]}
    assert claims[2].judged == {"3.13t": judged[4]}, "about no other interpreter"
    assert claims_of("threads/unknown.py", judged) == []


def test_outputs_are_counted_for_each_interpreter_the_most_frequent_first() -> None:
    printed = [("3.13", "b\n")] * 3 + [("3.14", "b\n")] + [("3.14", "a\n")] * 2 + [("3.13", "c\n")]
    random.Random(0).shuffle(printed)
    seen = distinct_outputs([a_run(name, text) for name, text in printed])
    assert [(one.text, dict(one.times)) for one in seen] == [
        ("b\n", {"3.13": 3, "3.14": 1}),
        ("a\n", {"3.14": 2}),
        ("c\n", {"3.13": 1}),
    ]


def test_outputs_that_are_as_frequent_are_in_order_of_text_in_every_build() -> None:
    runs = [a_run(stdout=text) for text in ("b\n", "c\n", "a\n", "")]
    assert [one.text for one in distinct_outputs(runs)] == ["", "a\n", "b\n", "c\n"]
    assert distinct_outputs([]) == []


def test_what_went_to_stderr_does_not_tell_outputs_apart() -> None:
    runs = [a_run(stdout="same\n", stderr=text) for text in ("one\n", "two\n")]
    (one,) = distinct_outputs(runs)
    assert one == Seen("same\n", one.times)


def test_interpreters_are_in_order_each_once() -> None:
    names = ["3.14", "3.9", "3.14t", "3.13", "3.14", "3.13t"]
    ordered = [one.name for one in in_order(map(an_interpreter, names))]
    assert ordered == ["3.9", "3.13", "3.13t", "3.14", "3.14t"]


@pytest.fixture
def project(tiny: Callable[..., Tiny], monkeypatch: pytest.MonkeyPatch) -> Tiny:
    """A book of two pages, not in order of file name, with an example each."""
    project = tiny()
    with (project.root / "mkdocs.yml").open("a") as file:
        file.write("nav:\n  - Start: index.md\n  - Then: zebra.md\n  - End: ape.md\n")
    project.write(f"examples/{FIRST}", "pass\n")
    project.write(f"examples/{SECOND}", "pass\n")
    project.show(FIRST, page="docs/zebra.md")
    project.show(SECOND, page="docs/ape.md")
    monkeypatch.chdir(project.root)
    monkeypatch.setenv(page.CHECKED_RUNS_ONLY, "1")
    return project


def report(project: Tiny, *judgements: Judgement, runs: tuple[Run, ...] = ()) -> BeautifulSoup:
    """The page of evidence, once these were judged on 3.13 and 3.14."""
    store = Store(project.project.runs)
    for run in runs or (a_run("3.13", example=FIRST), a_run("3.14", example=SECOND)):
        store.save(run)
    evidence.save(judgements, project.project.evidence)
    return BeautifulSoup(page.evidence(), "html.parser")


def table(soup: BeautifulSoup, example: str) -> list[list[str]]:
    """What is said of an example, a list a row."""
    sections = [one for one in soup.select("section") if example in one.get_text()]
    rows = sections[0].select("tr")
    return [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in rows]


def test_evidence_is_a_table_for_each_example_in_the_order_of_the_book(project: Tiny) -> None:
    soup = report(project, a_judgement(), a_judgement("second-holds", SECOND))
    assert [one.text for one in soup.select("section h3")] == [FIRST, SECOND]
    assert table(soup, SECOND)[1] == ["This is second-holds.", "–", "held"]
    links = [str(one["href"]) for one in soup.select("section a")]
    assert links == ["zebra.html#threads-first", "ape.html#locks-second"]
    assert str(soup).index("<h2>Page</h2>") < str(soup).index(FIRST)


def test_evidence_of_one_page_is_about_its_examples_alone(project: Tiny) -> None:
    report(project, a_judgement(), a_judgement("second-holds", SECOND))
    soup = BeautifulSoup(page.evidence("ape.md"), "html.parser")
    assert [one.text for one in soup.select("section h3")] == [SECOND]
    assert not soup.select("h2")


def test_each_claim_has_a_cell_for_each_interpreter(project: Tiny) -> None:
    soup = report(
        project,
        a_judgement("both", interpreter="3.13"),
        a_judgement("both", interpreter="3.14"),
        a_judgement("one", interpreter="3.14", runs=10),
        a_judgement("broken", interpreter="3.13", held=False),
        a_judgement("often-broken", interpreter="3.13", runs=10, held=False),
    )
    assert table(soup, FIRST) == [
        ["What must hold", "3.13", "3.14"],
        ["This is both.", "held", "held"],
        ["This is one.", "–", "held ×10"],
        ["This is broken.", "did not hold", "–"],
        ["This is often-broken.", "did not hold", "–"],
    ]
    ids = [str(one["id"]) for one in soup.select("[id]")]
    assert len(ids) == len(set(ids))
    assert {"both", "one", "threads-first"} <= set(ids)


@pytest.mark.parametrize(
    ("claim", "html", "text"),
    [
        ("It **is** so.", "<strong>is</strong>", "It is so."),
        ("`a < b & <c>` is.", "<code>a &lt; b &amp; &lt;c&gt;</code>", "a < b & <c> is."),
        ("1 < 2 & 3 > 2.", "1 &lt; 2 &amp; 3 &gt; 2.", "1 < 2 & 3 > 2."),
        ("It prints <Thread>.", "&lt;Thread&gt;", "It prints <Thread>."),
    ],
)
def test_a_claim_is_markdown(project: Tiny, claim: str, html: str, text: str) -> None:
    soup = report(project, a_judgement(claim=claim))
    assert html in str(soup)
    assert table(soup, FIRST)[1][0].replace("  ", " ").replace(" .", ".") == text


def repeat(project: Tiny, outputs: dict[str, list[str]]) -> tuple[Run, ...]:
    """Save what a repeated example printed; give the runs that a page shows."""
    store = Store(project.project.runs)
    for name, texts in outputs.items():
        for number, text in enumerate(texts[1:], 1):
            store.save(a_run(name, text, example=FIRST), number)
    return tuple(a_run(name, texts[0], example=FIRST) for name, texts in outputs.items())


def test_repeated_outputs_are_counted_for_each_interpreter(project: Tiny) -> None:
    runs = repeat(
        project, {"3.13": ["a\n", "a\n", "b\n", "a\n"], "3.14": ["b\n", "c\n", "c\n", "a\n"]}
    )
    soup = report(project, a_judgement(), runs=runs)
    (details,) = soup.select("details")
    assert details.summary is not None
    assert details.summary.text == "Executed 4 times on each Python: 3 different outputs"
    assert [one.text for one in details.select("pre")] == ["a\n", "b\n", "c\n"]
    assert [" ".join(one.text.split()) for one in details.select("p")] == [
        "3.13: 3 of 4, 3.14: 1 of 4",
        "3.13: 1 of 4, 3.14: 1 of 4",
        "3.14: 2 of 4",
    ]


def test_an_example_that_was_not_repeated_has_no_outputs_there(project: Tiny) -> None:
    runs = repeat(project, {"3.13": ["a\n"] * 3})
    soup = report(project, a_judgement(), a_judgement("other", SECOND), runs=runs)
    (section,) = [one.parent for one in soup.select("details")]
    assert isinstance(section, Tag)
    assert section["id"] == "threads-first"
    assert "3 times on each Python: 1 output" in section.get_text()


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_repeated_outputs_are_shown_as_text(project: Tiny, text: str) -> None:
    soup = report(project, a_judgement(), runs=repeat(project, {"3.13": [text, text]}))
    assert [one.text for one in soup.select("details code")] == [text]
    assert not soup.find_all(["script", "b"])


def test_a_preview_without_evidence_says_in_a_sentence_how_to_get_it(
    project: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(page.CHECKED_RUNS_ONLY)
    sentences = BeautifulSoup(page.evidence(), "html.parser").get_text()
    assert sentences == "This is a preview. nox -s docs judges the runs."
    assert page.judged() == []


def test_a_build_without_evidence_is_a_problem(project: Tiny) -> None:
    with pytest.raises(Problem, match=r"^there is no .*evidence.json: run nox -s docs$"):
        page.evidence()


def test_judged_gives_every_judgement(project: Tiny) -> None:
    judgements = [a_judgement(), a_judgement("other", SECOND, held=False)]
    evidence.save(judgements, project.project.evidence)
    assert page.judged() == judgements


# Prints how many runs of it there were before; so it differs each time it is repeated.
COUNTING = """
import os
file = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(file, b"x")
print(os.fstat(file).st_size)
"""
CONTRACTS = '''
"""What must hold of examples/threads/."""
import pytest


@pytest.mark.example("threads/differs.py")
def test_never_third(run):
    """It never is
    the third."""
    assert run.stdout != "3\\n"


@pytest.mark.example("threads/differs.py")
def test_always_a_number(run):
    """It **always** is a number."""
    assert run.stdout.strip().isdigit()


@pytest.mark.example("threads/once.py")
def test_once(run):
    """It is executed once."""
    assert run.stdout == "once\\n"


@pytest.mark.example("threads/once.py", on=lambda one: one.name == "OLDEST")
def test_only_oldest(run):
    """It speaks of one Python."""


@pytest.mark.example("threads/once.py", on=lambda one: False)
def test_of_nobody(run):
    """It speaks of no Python."""


@pytest.mark.example("threads/once.py", of=lambda run: run.interpreter.name == "OLDEST")
def test_of_runs_on_oldest(run):
    """It speaks of one kind of run."""


@pytest.mark.example("threads/fails.py")
def test_ends_well(run):
    """It ends well."""


@pytest.mark.example("threads/fails.py", exit_code=3)
def test_ends_badly(run):
    """It ends badly."""


@pytest.mark.example("threads/once.py")
def test_same_name(run):
    """It has a name that another has."""
'''
# Another module, with a contract of a name that is taken, and one that does not judge.
MORE = '''
"""What must hold of examples/locks/."""
import pytest


@pytest.mark.example("locks/once.py")
def test_same_name(run):
    """It has a name that another has, too."""


@pytest.mark.example("locks/once.py")
def test_skipped(run):
    """It is not judged."""
    pytest.skip("not today")
'''


@dataclass(frozen=True)
class Judged:
    """A project whose contracts were judged: what was said, and what was kept."""

    project: Tiny
    answer: "subprocess.CompletedProcess[str]"
    names: tuple[str, str]

    @property
    def kept(self) -> list[Judgement]:
        return evidence.load(self.project.project.evidence)

    def of(self, contract: str) -> dict[str, tuple[int, bool]]:
        """For each interpreter, how many runs that contract judged, and if it held."""
        return {
            one.interpreter: (one.runs, one.held) for one in self.kept if one.contract == contract
        }


@pytest.fixture(scope="module")
def judged(
    tmp_path_factory: pytest.TempPathFactory, installations: tuple[Installation, ...]
) -> Judged:
    """Two interpreters, an example that is executed three times on each, and faults."""
    project = Tiny(tmp_path_factory.mktemp("judged"))
    oldest, newest = (installations[n].interpreter.name for n in (0, -1))
    project.write("mkdocs.yml", "site_name: Tiny\n")
    project.write(
        "pyproject.toml",
        f"""
        [tool.exhibits]
        interpreters = ["{oldest}", "{newest}"]
        time_limit = 20
        output_bytes = 20000
        output_lines = 100
        memory_megabytes = 800
        processes = 50
        threads = 200
        disk_megabytes = 20
        repeats = 3
        repeated = ["threads/differs.py"]

        [tool.pytest.ini_options]
        markers = ["example(script, on, exit_code, stderr): what a contract is about"]
        """,
    )
    sources = {
        "threads/differs.py": COUNTING.format(log=str(project.root / "log")),
        "threads/once.py": "print('once')\n",
        "threads/fails.py": "raise SystemExit(3)\n",
        "locks/once.py": "print('once')\n",
    }
    for name, source in sources.items():
        project.write(f"examples/{name}", source)
    project.show(*sources)
    project.add_contracts(CONTRACTS.replace("OLDEST", oldest))
    project.write("tests/contracts/test_locks.py", MORE)
    captured = project.command("exhibits", "capture", **project.without_sandbox())
    assert captured.returncode == 0, captured.stderr
    assert not project.project.evidence.exists()
    answer = project.command(
        *("pytest", "tests/contracts", "--runs=build/runs", "--evidence=build/evidence.json"),
        *("-q", "-rN", "--tb=no", "-p", "no:cacheprovider"),
    )
    assert "INTERNALERROR" not in answer.stdout + answer.stderr
    return Judged(project, answer, (oldest, newest))


def everywhere(judged: Judged, runs: int, held: bool) -> dict[str, tuple[int, bool]]:
    return dict.fromkeys(judged.names, (runs, held))


def test_a_contract_that_fails_on_one_repeat_did_not_hold_on_that_interpreter(
    judged: Judged,
) -> None:
    store = Store(judged.project.project.runs)
    everything = [run for run in store.all() + store.repeats() if "differs" in run.example]
    assert sorted(int(run.stdout) for run in everything) == list(range(1, 7))
    (where,) = [run.interpreter.name for run in everything if run.stdout == "3\n"]
    assert judged.of("threads.never_third") == {name: (3, name != where) for name in judged.names}
    assert judged.answer.returncode == 1
    lines = [line for line in judged.answer.stdout.splitlines() if "never is the third" in line]
    assert len(lines) == 1
    assert f"threads/differs.py on {where}: does not hold: It never is the third." in lines[0]


def test_a_contract_judges_every_repeat(judged: Judged) -> None:
    assert judged.of("threads.always_a_number") == everywhere(judged, 3, True)
    assert judged.of("threads.once") == everywhere(judged, 1, True)


def test_a_contract_judges_no_other_interpreters_than_those_it_speaks_of(judged: Judged) -> None:
    assert judged.of("threads.only_oldest") == {judged.names[0]: (1, True)}
    assert judged.of("threads.of_nobody") == {}


def test_a_run_that_did_not_end_as_announced_did_not_hold(judged: Judged) -> None:
    assert judged.of("threads.ends_well") == everywhere(judged, 1, False)
    assert judged.of("threads.ends_badly") == everywhere(judged, 1, True)


def test_claims_are_kept_in_one_line_with_their_example(judged: Judged) -> None:
    claims = {one.contract: (one.claim, one.example) for one in judged.kept}
    assert claims["threads.never_third"] == ("It never is the third.", "threads/differs.py")
    assert claims["threads.always_a_number"] == ("It **always** is a number.", "threads/differs.py")


def test_contracts_of_one_name_in_two_modules_are_both_kept(judged: Judged) -> None:
    assert judged.of("threads.same_name") == judged.of("locks.same_name")
    assert judged.of("locks.same_name") == everywhere(judged, 1, True)
    examples = {one.example for one in judged.kept if one.contract.endswith(".same_name")}
    assert examples == {"locks/once.py", "threads/once.py"}


def test_a_contract_about_another_kind_of_run_judges_none(judged: Judged) -> None:
    oldest, newest = judged.names
    assert judged.of("threads.of_runs_on_oldest") == {oldest: (1, True), newest: (0, False)}


def test_a_contract_that_is_about_no_run_of_the_build_stops_it(tiny: Callable[..., Tiny]) -> None:
    project = tiny()
    project.write("examples/threads/one.py", "print('one')\n")
    project.show("threads/one.py")
    contract = (
        '@pytest.mark.example("threads/one.py"{of})\ndef test_{name}(run):\n    """It holds."""'
    )
    judging = contract.format(name="judges", of="")
    idle = contract.format(name="is_idle", of=", of=lambda run: run.duration > 99")
    project.add_contracts("\n\n\n".join(['"""Contracts."""\nimport pytest', judging, idle]))
    project.publish_before()
    answer = project.command("exhibits", "build", timeout=60)
    assert answer.returncode == 1
    first, last = answer.stderr.splitlines()
    assert first.startswith("docs/index.md: examples/threads/one.py: threads.is_idle is about no")
    assert last == "nothing is published; site/ is as it was"
    assert project.published == FORMER


def test_a_contract_that_was_skipped_is_not_said_to_have_held(judged: Judged) -> None:
    assert not any(held for _, held in judged.of("locks.skipped").values())


def test_evidence_of_a_real_build_shows_what_was_judged_and_every_output(
    judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(judged.project.root)
    monkeypatch.setenv(page.CHECKED_RUNS_ONLY, "1")
    soup = BeautifulSoup(page.evidence(), "html.parser")
    assert table(soup, "threads/differs.py")[0] == ["What must hold", *judged.names]
    assert table(soup, "threads/differs.py")[2] == ["It always is a number.", *["held ×3"] * 2]
    assert table(soup, "threads/once.py")[2] == ["It speaks of one Python.", "held", "–"]
    assert table(soup, "threads/once.py")[3] == [
        "It speaks of one kind of run.",
        "held",
        "not judged",
    ]
    assert table(soup, "threads/fails.py")[1:] == [
        ["It ends well.", *["did not hold"] * 2],
        ["It ends badly.", *["held"] * 2],
    ]
    (details,) = soup.select("details")
    assert details.summary is not None
    assert details.summary.text == "Executed 3 times on each Python: 6 different outputs"
    assert sorted(one.text for one in details.select("pre")) == [f"{n}\n" for n in range(1, 7)]


def test_a_capture_removes_the_evidence_about_former_runs(tiny: Callable[..., Tiny]) -> None:
    project = tiny()
    project.write("examples/threads/one.py", "pass\n")
    project.show("threads/one.py")
    evidence.save([a_judgement()], Project(project.root).evidence)
    assert project.command("exhibits", "capture").returncode == 0
    assert not project.project.evidence.exists()


def test_without_being_asked_contracts_write_no_evidence(tiny: Callable[..., Tiny]) -> None:
    project = tiny(repeated=("threads/good.py",))
    project.write("examples/threads/good.py", "print('once')\n")
    project.show("threads/good.py")
    start = CONTRACTS.index('@pytest.mark.example("threads/once.py")')
    contract = CONTRACTS[start:].partition("\n\n\n")[0].replace("threads/once", "threads/good")
    project.add_contracts(f'"""Contracts."""\nimport pytest\n\n\n{contract}\n')
    answer = project.command("pytest", "tests/contracts", "-q", "-p", "no:cacheprovider")
    assert answer.returncode == 0, answer.stdout
    assert not project.project.evidence.exists()
    folder = next((project.root / "build" / "tests").iterdir())
    assert len(Store(folder).repeats()) == 2, "it was executed three times, and judged as often"
    assert "6 passed" in answer.stdout, "three runs, and what holds of all contracts"


ONE_BLOCK = 'first\n```python exec\nprint("executed")\n```\n'


@pytest.mark.parametrize("text", [*NASTY.values(), ONE_BLOCK], ids=[*NASTY, "a block"])
def test_a_built_page_shows_repeated_outputs_as_text(project: Tiny, text: str) -> None:
    """By a block like those in docs/evidence.md."""
    runs = repeat(project, {"3.13": [text, text, "<i>2</i>\n"]})
    report(
        project,
        a_judgement(claim="It **is** `<so>`."),
        runs=(*runs, a_run("3.13", example=SECOND)),
    )
    block = "from exhibits.page import evidence\n\nprint(evidence())"
    project.write("docs/index.md", f'# Evidence\n\n```python exec="on" html="on"\n{block}\n```\n')
    answer = project.command("mkdocs", "build", "--strict", "-q", EXHIBITS_CHECKED_RUNS_ONLY="1")
    assert answer.returncode == 0, answer.stderr
    built = BeautifulSoup((project.root / "site/index.html").read_text("utf-8"), "html.parser")
    assert [one.text for one in built.select("details code")] == [text, "<i>2</i>\n"]
    assert built.select("td strong")[0].text == "is"
    assert built.select("td code")[0].text == "<so>"
    assert [one.text for one in built.select("section h3")] == [FIRST, SECOND]
