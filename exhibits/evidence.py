"""What the contracts said of the runs of this build: which claim held on which interpreter."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from exhibits.interpreters import Interpreter
from exhibits.run import Run


@dataclass(frozen=True)
class Judgement:
    """One contract about one example on one interpreter: how many runs it judged, and if it held.

    `contract` is `<module>.<name>` of its test, both without `test_`; `claim` is the sentence that
    it holds. With no `runs`, there was none of the kind that it is about, and it did not hold any.
    """

    contract: str
    claim: str
    example: str
    interpreter: str
    runs: int
    held: bool


@dataclass(frozen=True)
class Claim:
    """A contract with its judgements, by the interpreter's name."""

    contract: str
    claim: str
    judged: dict[str, Judgement]


@dataclass(frozen=True)
class Seen:
    """One output of a script that was executed repeatedly, and how often on which interpreter."""

    text: str
    times: Counter[str]


def save(judgements: Iterable[Judgement], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(one) for one in judgements], indent=1), "utf-8")


def load(path: Path) -> list[Judgement]:
    """Raises OSError where nothing was judged."""
    return [Judgement(**fields) for fields in json.loads(path.read_text("utf-8"))]


def by_example(path: Path) -> dict[str, list[Judgement]]:
    """What was judged, by example. Raises OSError where nothing was."""
    return _by_example(path.read_bytes())


@lru_cache(maxsize=1)  # each page asks for its part of the same file
def _by_example(judged: bytes) -> dict[str, list[Judgement]]:
    examples: dict[str, list[Judgement]] = {}
    for fields in json.loads(judged):
        examples.setdefault(fields["example"], []).append(Judgement(**fields))
    return examples


def claims_of(example: str, judgements: Iterable[Judgement]) -> list[Claim]:
    """The claims about one example, in the order of its contracts."""
    claims: dict[str, Claim] = {}
    for one in judgements:
        if one.example == example:
            claim = claims.setdefault(one.contract, Claim(one.contract, one.claim, {}))
            claim.judged[one.interpreter] = one
    return list(claims.values())


def distinct_outputs(runs: Sequence[Run]) -> list[Seen]:
    """What repeated runs printed on stdout, the most frequent first."""
    seen: dict[str, Counter[str]] = {}
    for run in runs:
        seen.setdefault(run.stdout, Counter())[run.interpreter.name] += 1
    outputs = [Seen(text, times) for text, times in seen.items()]
    return sorted(outputs, key=lambda one: (-one.times.total(), one.text))


def in_order(interpreters: Iterable[Interpreter]) -> list[Interpreter]:
    """Oldest first, the free-threaded build after its sibling, each once."""
    return sorted(set(interpreters), key=lambda one: (one.minor, one.free_threaded))
