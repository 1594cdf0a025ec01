"""What the pages call: each function returns the HTML or Markdown that shows an example's runs."""

import os
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown import Markdown
from markupsafe import Markup
from pygments import highlight as pygments_highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from exhibits import interpreters, pictures
from exhibits.capture import capture
from exhibits.compare import Outcome, outcomes, versions
from exhibits.evidence import (
    Judgement,
    by_example,
    claims_of,
    distinct_outputs,
    in_order,
    load,
)
from exhibits.interpreters import Interpreter, version_of
from exhibits.measure import cores_together, spreads
from exhibits.names import documented, short
from exhibits.pages import in_book, shown_on
from exhibits.project import Problem, Project
from exhibits.run import Run
from exhibits.store import Store
from exhibits.timeline import EVERY

# Set by `nox -s docs`: show the runs that were checked against the contracts, and no others.
CHECKED_RUNS_ONLY = "EXHIBITS_CHECKED_RUNS_ONLY"
# Source and output stand side by side, where the window is wide, if their longest lines together
# have no more characters than this.
BESIDE = 100
# How many documented names stand below a script at most.
NAMES_BELOW = 8


def example(name: str, highlight: Sequence[str] = ()) -> str:
    """The whole exhibit, as HTML: source, output on every interpreter, where that came from.

    `highlight` marks the source lines that contain any of the given texts.
    """
    source = _source(name).decode("utf-8")
    shown = outcomes(runs(name))
    return str(
        _template("example.html").render(
            name=name,
            anchor=_anchor(name),
            beside=_widest([source]) + _widest(one.shown.stdout + one.shown.stderr for one in shown)
            <= BESIDE,
            code=_highlighted(name, source, tuple(highlight)),
            output=_output_html(name, shown),
        )
    )


def figures(name: str, highlight: Sequence[str] = ()) -> str:
    """The source, and one table of what was measured: a row a run, a column a printed line.

    Each line that the example prints is `label: figure`.
    """
    measured = runs(name)
    table = [dict(line.split(": ", 1) for line in run.output) for run in measured]
    labels = dict.fromkeys(label for row in table for label in row)
    return str(
        _template("figures.html").render(
            name=name,
            anchor=_anchor(name),
            code=_highlighted(name, _source(name).decode("utf-8"), tuple(highlight)),
            runs=measured,
            labels=list(labels),
            rows=[[row.get(label, "–") for label in labels] for row in table],
        )
    )


def timeline(name: str, lanes: Sequence[str] = (), beside: bool = False, caption: str = "") -> str:
    """When each thread or process was on a core, as HTML: a picture, and the same as a table.

    Shown for the newest interpreter with the GIL; if `beside`, for the newest without it as well.
    `lanes` are names for the lanes, in order of start, where the script gives them none that a
    reader knows. `caption` says what to see, in Markdown.
    """
    measured = runs(name, with_lanes=True)
    shown = [run for run in measured if run.interpreter.gil][-1:]
    if beside:
        shown += [run for run in measured if not run.interpreter.gil][-1:]
    if any(run.lanes is None for run in shown):
        raise Problem(
            f"examples/{name} was executed, but nobody watched it: write its name into the page "
            f'as timeline("{name}"), and run nox -s docs'
        )
    try:
        drawn = pictures.timelines(shown, lanes)
    except ValueError as error:
        raise Problem(f"timeline of examples/{name}: {error}; name each lane or none") from error
    return str(
        _template("timeline.html").render(
            name=name,
            anchor=_anchor(name),
            timelines=drawn,
            both=len(shown) > 1,
            alone=beside and len(shown) == 1,
            cores_together=cores_together,
            every=EVERY,
            caption=_prose(caption),
        )
    )


def chart(
    name: str,
    unit: str,
    highlight: Sequence[str] = (),
    logarithmic: bool = False,
    baseline: str = "",
) -> str:
    """The source, a chart of what was measured on every interpreter, and the same as a table.

    What is shown are lines `label: figure figure …`, one figure a round. `unit` says what a figure
    is. `baseline` names what a ratio of 1 stands for.
    """
    measured = runs(name)
    spread = [(run.interpreter, spreads(run)) for run in measured]
    if not any(found for _, found in spread):
        raise Problem(f"examples/{name} measured nothing: print `label: figure figure …`")
    printed = [line.partition(": ") for run in measured for line in run.output]
    labels = dict.fromkeys(label for label, _, figures in printed if figures)
    return str(
        _template("chart.html").render(
            name=name,
            anchor=_anchor(name),
            code=_highlighted(name, _source(name).decode("utf-8"), tuple(highlight)),
            runs=measured,
            spreads=dict(spread),
            labels=list(labels),
            chart=pictures.chart(spread, logarithmic),
            unit=unit,
            baseline=baseline,
            rounded=pictures.rounded,
            rounds=max(len(one.figures) for _, found in spread for one in found.values()),
        )
    )


def measured(name: str, label: str, among: Callable[[Interpreter], bool] = lambda _: True) -> str:
    """What a measured line came to on the interpreters meant, for a sentence: `1.7 to 1.9`.

    These are the lowest and the highest of the medians, one for each interpreter.
    """
    asked = [run for run in runs(name) if among(run.interpreter)]
    found = [spread.median for run in asked if (spread := spreads(run).get(label))]
    if asked and not found:
        raise Problem(f"examples/{name} measured no {label!r}: quote a line that it prints")
    ends = dict.fromkeys(map(pictures.rounded, (min(found), max(found)))) if found else {}
    return " to ".join(ends) or "(no such Python in this build)"


def predict(
    name: str,
    options: dict[str, str],
    among: Callable[[Interpreter], bool] = lambda _: True,
    last_line: bool = False,
) -> str:
    """A question: what does the example print, all of it or as its last line? As HTML.

    `options` are possible outputs, each with the reason why it is right or wrong, in Markdown.
    The right one is the one that came out of every run `among` the interpreters meant.
    """
    asked = [run for run in runs(name) if among(run.interpreter)]
    printed = {"".join(run.output[-1:]) if last_line else run.stdout.strip() for run in asked}
    if asked and not (len(printed) == 1 and printed <= set(options)):
        raise Problem(f"examples/{name} printed {sorted(printed)}, which the options lack")
    return _question(name, options, printed, asked, "what comes out")


def point_out(
    name: str,
    right: str,
    options: dict[str, str],
    among: Callable[[Interpreter], bool] = lambda _: True,
) -> str:
    """A question why: which line of the output shows it? As HTML.

    `options` are lines that the example printed, each with the reason why it does or does not
    show what was asked. Every one, and `right` above all, is looked up in every run meant.
    """
    asked = [run for run in runs(name) if among(run.interpreter)]
    for run in asked:
        printed = [line.text.rstrip("\n") for line in run.lines]
        if missing := {*options, right} - set(printed):
            at = f"examples/{name} on {run.interpreter.name}"
            raise Problem(f"{at} did not print {sorted(missing)}: offer lines that it prints")
    if right not in options:
        raise Problem(f"examples/{name}: the right answer {right!r} is not among the options")
    return _question(name, options, {right} if asked else set(), asked, "pointed out")


def explain(name: str, parts: dict[str, str]) -> str:
    """A Markdown table: pieces of the example's code, quoted exactly, and what each does."""
    source = _source(name).decode("utf-8")
    for code in parts:
        if code not in source:
            raise Problem(f"examples/{name} does not contain {code!r}: quote what is there")
    rows = [f"| {_quoted(code)} | {meaning} |" for code, meaning in parts.items()]
    return "\n".join(["| Code | What it does |", "| --- | --- |", *rows, ""])


def evidence(page: str | None = None) -> str:
    """Every claim about the examples of a page, and on which interpreter it held; as HTML.

    If no page is named, those of all pages, each under its title.
    """
    project = Project.here()
    try:
        judged_of = by_example(project.evidence)
    except OSError as error:
        if os.environ.get(CHECKED_RUNS_ONLY):
            raise Problem(f"there is no {project.evidence}: run nox -s docs") from error
        return "<p>This is a preview. <code>nox -s docs</code> judges the runs.</p>"
    store = Store(project.runs)
    pythons = _pythons(project.runs, project.evidence.stat().st_mtime_ns)
    page_of = shown_on(project)
    pages = [f"docs/{page}"] if page else sorted(set(page_of.values()), key=in_book(project))
    parts = []
    for one in pages:
        if not page:
            parts.append(Markup("<h2>{}</h2>\n").format(_title(project, one)))
        for name in (example for example, its in page_of.items() if its == one):
            source = _source(name)
            repeated = store.of(name, source, checked=True, repeats=True)
            if repeated:
                repeated += store.of(name, source, checked=True)
            parts.append(
                _template("claims.html").render(
                    name=name,
                    anchor=_anchor(name),
                    page=Path(one).stem,
                    pythons=pythons,
                    claims=claims_of(name, judged_of.get(name, ())),
                    repeated=distinct_outputs(repeated),
                    times=len(repeated) // len(pythons),
                    markdown=_prose,
                )
            )
    return "\n".join(parts)


@lru_cache(maxsize=1)  # each page asks for those of the same build
def _pythons(runs: Path, judged: int) -> list[str]:
    """The names of the interpreters whose runs were judged at that moment, as `in_order`."""
    names = {path.stem for path in runs.glob("*/*/*.json")}
    return sorted(names, key=lambda name: (version_of(name), name.endswith("t")))


def message(name: str, quoted: str) -> str:
    """The whole lines in which an error says what is quoted, and on which Pythons; as HTML.

    `quoted` is looked up in the runs, so that what a page lists is what came out.
    """
    said: dict[str, list[Interpreter]] = {}
    for run in runs(name):
        for line in run.lines:
            if quoted in line.text:
                said.setdefault(line.text.strip(), []).append(run.interpreter)
    if not said:
        raise Problem(f"examples/{name} printed no {quoted!r}: quote a line that it prints")
    return str(
        _template("message.html").render(
            said=[(text, versions(dict.fromkeys(those))) for text, those in said.items()],
            anchor=_anchor(name),
            page=Path(shown_on(Project.here())[name]).stem,
        )
    )


def pythons() -> str:
    """The interpreters on which everything was executed, oldest first, as an HTML list."""
    here = in_order(run.interpreter for run in every_run())
    return str(_template("pythons.html").render(interpreters=here))


def judged() -> list[Judgement]:
    """Every judgement of this build; none in a preview."""
    path = Project.here().evidence
    return load(path) if path.exists() else []


def runs(name: str, with_lanes: bool = False) -> list[Run]:
    """The runs of an example that this build shows, oldest interpreter first."""
    project = Project.here()
    store = Store(project.runs)
    checked = bool(os.environ.get(CHECKED_RUNS_ONLY))
    found = store.of(name, _source(name), checked)
    if not checked:
        here = interpreters.found(tuple(project.settings["interpreters"]))
        wanted = {one.interpreter for one in here}
        enough = {run.interpreter for run in found if not with_lanes or run.lanes is not None}
        if not wanted <= enough:
            capture(project, here, [name], store)
            found = store.of(name, _source(name))
        found = [run for run in found if run.interpreter in wanted]
    if not found:
        raise Problem(f"examples/{name} has no run of its present text: run nox -s docs")
    return found


def every_run() -> list[Run]:
    """All runs that this build shows."""
    return [run for name in Project.here().example_names() for run in runs(name)]


def _question(
    name: str, options: dict[str, str], right: set[str], asked: list[Run], kind: str
) -> str:
    return str(
        _template("question.html").render(
            group=f"{_anchor(name)}-{kind}".replace(" ", "-"),
            example=_anchor(name),
            options={text: _prose(why) for text, why in options.items()},
            right=right,
            versions=versions(run.interpreter for run in asked),
            kind=kind,
        )
    )


def _title(project: Project, page: str) -> str:
    heading = re.search("^# (.*)", (project.root / page).read_text("utf-8"), re.M)
    return heading[1].strip() if heading else page


def _prose(text: str) -> Markup:
    """Markdown to HTML, in which a tag is text like any other."""
    converter = Markdown()
    converter.preprocessors.deregister("html_block")
    converter.inlinePatterns.deregister("html")
    return Markup(converter.convert(text))


def _source(name: str) -> bytes:
    path = Project.here().examples / name
    try:
        return path.read_bytes()
    except OSError as error:
        raise Problem(f"there is no examples/{name}: write it, or correct the name") from error


def _documented(name: str) -> list[tuple[str, str]]:
    """The first documented names that an example uses, as people say them, with addresses."""
    found = documented(_source(name).decode("utf-8"))
    return [(short(used), address) for used, address in found.items()][:NAMES_BELOW]


def _quoted(code: str) -> str:
    """Code in as many backticks as it takes, whatever backticks it holds."""
    marks = "`" * (max(map(len, re.findall("`+", code)), default=0) + 1)
    space = " " if "`" in code else ""
    return f"{marks}{space}{code}{space}{marks}"


def _anchor(name: str) -> str:
    return Path(name).with_suffix("").as_posix().replace("/", "-").replace("_", "-")


def _widest(texts: Iterable[str]) -> int:
    return max((len(line) for text in texts for line in text.splitlines()), default=0)


def _output_html(name: str, shown: list[Outcome]) -> Markup:
    return Markup(
        _template("output.html").render(anchor=_anchor(name), outcomes=shown, versions=versions)
    )


@lru_cache(maxsize=100)  # some examples are on several pages
def _highlighted(name: str, source: str, marked: tuple[str, ...]) -> Markup:
    lines = source.splitlines()
    for text in marked:
        if not any(text in line for line in lines):
            raise Problem(f"examples/{name} does not contain {text!r}: highlight what is there")
    numbers = [n for n, line in enumerate(lines, 1) if any(text in line for text in marked)]
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    formatter: HtmlFormatter[str] = HtmlFormatter(nowrap=True, hl_lines=numbers)
    html = pygments_highlight(source, lexer, formatter)
    return Markup(html if source.endswith("\n") else html.removesuffix("\n"))


@cache
def _template(name: str) -> Any:
    environment = Environment(
        loader=PackageLoader("exhibits"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["documented"] = _documented
    return environment.get_template(name)
