"""The language of packet scripts: the part of packetdrill's that our scripts use, as events.

    // comment          /* comment */          --option=value, in quotes if there is a = in it
    TIME CALL(ARGUMENT, ...) = RESULT [ERROR (what that says)]
    TIME < FLAGS FIRST:LAST(LENGTH) [ack N] [win N] [<OPTION, ...>]       a segment comes
    TIME > FLAGS FIRST:LAST(LENGTH) [ack N] [win N] [<OPTION, ...>]       a segment is sent
    TIME < icmp TYPE [CODE] [mtu N] [FIRST:LAST(LENGTH)]                  an error comes
          several, if together they carry so much
    TIME %{ Python statements about TCP_INFO }%
    TIME: 0.5 | 0.4~0.6 | +.1 | +.1~+.2 | * (any); none: +0
          0...0.2 | +0...0.2: a call that waits until the second

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import dataclasses
import re

NUMBER = r"(?:\d+(?:\.\d+)?|\.\d+)"
TIME = re.compile(rf"""(?:(?P<any>\*)|(?P<plus>\+)?(?P<from>{NUMBER})(?:~\+?(?P<to>{NUMBER}))?
    (?:\.\.\.\+?(?P<end>{NUMBER}))?)(?=\s)""", re.X)
RANGE = r"(?P<first>\d+):(?P<last>\d+)\((?P<len>\d+)\)"
SEGMENT = re.compile(rf"""(?P<way>[<>])\s*(?P<flags>[FSRPU.]+|-)\s+{RANGE}
    (?:\s+ack\s+(?P<ack>\d+))?(?:\s+win\s+(?P<win>\d+))?\s*(?:<(?P<options>[^>]*)>)?\s*$""", re.X)
ICMP = re.compile(rf"<\s*icmp\s+(?P<type>\w+)(?:\s+(?!mtu)(?P<code>\w+))?"
                  rf"(?:\s+mtu\s+(?P<mtu>\d+))?\s*\[{RANGE}\]\s*$")
CALL = re.compile(r"(?P<name>\w+)\s*\((?P<arguments>.*)\)\s*=\s*(?P<result>-?\d+)"
                  r"(?:\s+(?P<error>E\w+)\s*\([^)]*\))?\s*$", re.S)
OPTION_NUMBERS = {"mss": 1, "wscale": 1, "sackOK": 0, "nop": 0, "eol": 0}


class BadScript(Exception):
    """The script is not in the language."""


@dataclasses.dataclass
class When:
    """Microseconds; `begin` None: any time. `span` is how much later it may also be; `end` is when
    a call that waits returns."""
    relative: bool
    begin: int | None
    span: int = 0
    end: int | None = None


@dataclasses.dataclass
class Event:
    line: int
    text: str
    when: When
    kind: str  # segment, icmp, call, code
    parts: dict


def usecs(text):
    return round(float(text) * 1000000)


def read_time(found):
    if found is None:
        return When(True, 0)
    if found["any"]:
        return When(True, None)
    begin = usecs(found["from"])
    return When(bool(found["plus"]), begin, usecs(found["to"]) - begin if found["to"] else 0,
                usecs(found["end"]) if found["end"] else None)


def read_option(text):
    name, *rest = text.split()
    if name == "sack":
        edges = [int(edge) for block in rest for edge in block.split(":")]
        if len(edges) % 2 == 0:
            return (name, *edges)
    elif name == "TS" and rest[0::2] == ["val", "ecr"]:
        return name, int(rest[1]), int(rest[3])
    elif OPTION_NUMBERS.get(name) == len(rest):
        return (name, *map(int, rest))
    raise BadScript(f"no such option: {text}")


def read_options(text):
    """None: any options at all."""
    if text is None or not text.strip():
        return []
    return None if text.strip() == "..." else [read_option(part) for part in text.split(",")]


def read_range(found):
    first, last, length = (int(found[name]) for name in ("first", "last", "len"))
    if last - first != length:
        raise BadScript(f"{first}:{last} is not {length} long")
    return {"seq": first, "len": length}


def read_segment(found):
    number = {name: int(found[name]) if found[name] else None for name in ("ack", "win")}
    flags = "" if found["flags"] == "-" else found["flags"]
    if ("." in flags) != (number["ack"] is not None):
        raise BadScript("an ack without its flag, or the flag without one")
    return {"way": found["way"], "flags": "".join(sorted(flags)),
            "options": read_options(found["options"])} | number | read_range(found)


def split_arguments(text):
    """At the commas that stand in no brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts] if text.strip() else []


def read_event(line, text):
    """An event of its text, time and all."""
    found = TIME.match(text)
    when, body = read_time(found), text[found.end():].strip() if found else text
    if body.startswith("%{"):
        return Event(line, text, when, "code", {"code": body[2:-2]})
    for pattern, kind, read in ((SEGMENT, "segment", read_segment),
                                (ICMP, "icmp", lambda m: m.groupdict() | read_range(m))):
        if match := pattern.match(body):
            return Event(line, text, when, kind, read(match))
    if match := CALL.match(body):
        parts = match.groupdict() | {"arguments": split_arguments(match["arguments"])}
        return Event(line, text, when, "call", parts)
    raise BadScript(f"no event: {body}")


def without_comments(text):
    """Each comment's lines stay, empty, so that lines are counted right."""
    def blank(found):
        return "\n" * found.group(0).count("\n")
    return re.sub(r"/\*.*?\*/|//[^\n]*", blank, text, flags=re.S)


def chunks(text):
    """(line, text) of each event: a line, or several if it holds a %{ or brackets that stay open."""
    held, begin = "", 0
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        if not held:
            begin = number
        held = f"{held}\n{line}" if held else line.strip()
        if held.count("%{") > held.count("}%") or \
                ("%{" not in held and held.count("(") > held.count(")")):
            continue
        if held:
            yield begin, held.strip()
        held = ""
    if held:
        raise BadScript(f"line {begin} is not ended")


def read_script(text):
    """A script's options (name: value) and its events."""
    options, events = {}, []
    for line, chunk in chunks(text):
        try:
            if chunk.startswith("--"):
                name, _, value = chunk[2:].partition("=")
                if "=" in value and not re.fullmatch(r'"[^"]*"', value):
                    raise BadScript(f"not in quotes: {value}")
                options[name] = value.strip('"')
            else:
                events.append(read_event(line, chunk))
        except BadScript as error:
            raise BadScript(f"line {line}: {error}") from None
    return options, events
