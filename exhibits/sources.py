"""Whether a page may show an example: what readers see and copy must be all that Python reads."""

import io
import re
import tokenize

# A name that is the same file, address and anchor on every system.
NAME = re.compile(r"[a-z0-9_]+/[a-z0-9_]+\.py")


def fault_in(name: str, source: bytes) -> str:
    """What is wrong with an example and the remedy, in one line; empty where nothing is."""
    if not NAME.fullmatch(name):
        return "not a name for every system: rename it, with small letters, digits and _ alone"
    try:
        text = source.decode("utf-8")
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    except UnicodeDecodeError as error:
        number = source.count(b"\n", 0, error.start) + 1
        return f"line {number} is not UTF-8: save it as UTF-8"
    except SyntaxError as error:
        return f"{error}: remove the comment that names an encoding"
    for number, line in enumerate(text.split("\n"), 1):
        for character in line:
            if not character.isprintable():  # a tab, a control, what hides or turns text around
                escaped = character.encode("unicode_escape").decode("ascii")
                return f"line {number} holds a raw {escaped}: write {_instead(character)}"
    if encoding != "utf-8":
        return f"it declares its encoding as {encoding}: remove that comment"
    if text != text.rstrip() + "\n":
        return "it does not end in exactly one newline: make it end so, as copies of it do"
    return ""


def _instead(character: str) -> str:
    return {"\t": "spaces", "\r": "each end of line as a newline alone"}.get(
        character, "that escape in a string, or leave it out"
    )
