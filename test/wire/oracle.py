"""What we and Open vSwitch make of messages, and where we mean to differ.

Each rule of DIFFERENCES has its row in doc/ofp-print-differences.md, by name. A rule takes the text
that ovs-ofctl prints, the text that we print and the message, and says what ours should be; it
returns None if it has nothing to say about this message.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import concurrent.futures
import os
import pathlib
import re
import struct
import subprocess

from messages import ERROR, FEATURES_REPLY, FLOW_MOD, HELLO, NICIRA, PACKET_IN, PORT_STATUS
from messages import STATS_REPLY, VENDOR

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("MORGANA_BUILD", SOURCE / "build"))
PAGE = SOURCE / "doc" / "ofp-print-differences.md"
RECORDED = SOURCE / "test" / "wire" / "messages.txt"


def helper(name):
    return BUILD / "test" / "wire" / name


def ours(requests):
    """For each (message, verbosity): the message decoded and encoded again, b"" if it is not valid,
    and our text."""
    lines = "".join(f"{verbosity} {message.hex()}\n" for message, verbosity in requests)
    run = subprocess.run([helper("ofp_roundtrip")], input=lines, capture_output=True, text=True,
                         check=True)
    answers = []
    for line in run.stdout.split("\n"):
        if line.startswith("= "):
            answers.append([bytes.fromhex(line[2:]), ""])
        elif line.startswith("| "):
            answers[-1][1] += line[2:] + "\n"
    assert len(answers) == len(requests)
    return answers


def theirs_of(request):
    message, verbosity = request
    """Its text, a character for each byte: what a switch calls itself it prints as it is."""
    return subprocess.run(["ovs-ofctl", "ofp-print", message.hex(), str(verbosity)], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          encoding="latin-1").stdout


def theirs(requests):
    """ovs-ofctl's text for each (message, verbosity)."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(theirs_of, requests))


def corpus():
    """The unit tests' corpus: messages of ours, by name."""
    lines = subprocess.run([helper("ofp_corpus")], stdout=subprocess.PIPE, text=True, check=True)
    return {name: bytes.fromhex(digits) for name, digits in map(str.split, lines.stdout.splitlines())}


def recorded():
    """The kept messages of real peers: [(what sent it, message, text that ovs-ofctl printed)]."""
    kept, about = [], ""
    for line in RECORDED.read_text().splitlines():
        if line.startswith("# "):
            about = line[2:]
        elif line.startswith("| "):
            kept[-1][2] += line[2:] + "\n"
        elif line:
            kept.append([about, bytes.fromhex(line), ""])
    return kept


# --- Intended differences -------------------------------------------------------------------------

DECODE_ERROR = "***decode error: "


def is_nicira_role(message):
    return message[8:12] == struct.pack("!I", NICIRA) and message[12:16] in (
        b"\0\0\0\x0a", b"\0\0\0\x0b")


def header(message, name):
    return f"{name} (xid=0x{int.from_bytes(message[4:8], 'big'):x}): "


def vendor(message, text, mine):
    """A vendor's message that is not a role's is told from a malformed one."""
    if DECODE_ERROR not in mine and message[0] == 1 and message[1] == VENDOR and not is_nicira_role(message) and len(message) >= 12:
        start = header(message, "OFPT_VENDOR") + f"vendor=0x{message[8:12].hex()} "
        return mine if mine.startswith(f"{start}{len(message) - 12} bytes of payload\n") else start
    return None


def flags_of_stats(message):
    """How the flags of any statistics are printed."""
    flags, = struct.unpack_from("!H", message, 10)
    more = flags & 1 if message[1] == STATS_REPLY else 0
    unknown = f"[***unknown flags 0x{flags - more:04x}***]" if flags > more else ""
    return f"flags={'[more]' if more else ''}{unknown} " if flags else ""


def vendor_stats(message, text, mine):
    """The same for a vendor's statistics."""
    if message[1] in (16, 17) and message[8:10] == b"\xff\xff" and len(message) >= 16:
        start = header(message, "OFPST_VENDOR " + ("request", "reply")[message[1] - 16])
        start += flags_of_stats(message) + f"vendor=0x{message[12:16].hex()} {len(message) - 16} bytes of payload\n"
        return mine if mine.startswith(start) else start
    return None


def unknown_action(message, text, mine):
    """An action that we do not know stands in a list as its bytes."""
    if "unknown:" not in mine:
        return None
    shown = re.findall(r"unknown:((?:[0-9a-f]{2})+)", mine)
    return mine if all(bytes.fromhex(digits) in message for digits in shown) else text


def tables_full(message, text, mine):
    """OpenFlow 1.0's name of an error that later versions renamed."""
    return text.replace("OFPFMFC_TABLE_FULL\n", "OFPFMFC_ALL_TABLES_FULL\n")


def unknown_error(message, text, mine):
    """An error with a type or code that 1.0 does not have is not malformed."""
    if message[1] != ERROR or len(message) < 12:
        return None
    kind, code = struct.unpack_from("!HH", message, 8)
    known = kind < 6 and code < (2, 9, 9, 6, 2, 3)[kind] and (message[0] == 1 or kind == 0)
    if known:
        return None
    start = text.partition(": ")[0] + f": type={kind} code={code}\n"
    return mine if mine.startswith(start) else start


def emergency(message, text, mine):
    """Open vSwitch has no emergency table and refuses what is meant for it."""
    if message[1] == FLOW_MOD and len(message) >= 72 and message[71] & 4:
        return mine if " emerg actions=" in mine else text
    return None


def stp_state(message, text, mine):
    """There is a blank between the two halves of a port's state."""
    if message[1] not in (FEATURES_REPLY, PORT_STATUS):
        return None
    return re.sub(r"(STP_(?:LEARN|FORWARD|BLOCK))LINK_DOWN", r"\1 LINK_DOWN", text)


def later_reason(message, text, mine):
    """Reasons for a packet-in that only later versions have are numbers."""
    names = {3: "action_set", 4: "group", 5: "packet_out"}
    if message[1] == PACKET_IN and len(message) > 16 and message[16] in names:
        return text.replace(f"(via {names[message[16]]})", f"(via {message[16]})")
    return None


def later_version(message, text, mine):
    """Of later versions only hello and error are read."""
    if message[0] > 1 and message[1] not in (HELLO, ERROR):
        return mine if DECODE_ERROR + "OFPBRC_BAD_VERSION***\n" in mine else text
    return None


def ignored_fields(message, text, mine):
    """A flow-mod's match is printed without all that OpenFlow 1.0 ignores of it (section 3.4); Open
    vSwitch has more protocols than that."""
    more = {0x8035: r"arp_spa|arp_tpa|arp_op", 0x86dd: r"nw_proto|nw_tos|tp_src|tp_dst|icmp_\w+"}
    if message[1] != FLOW_MOD or len(message) < 72:
        return None
    dl_type, = struct.unpack_from("!H", message, 30)
    text = re.sub(r",(?:%s)=[0-9./]+" % more.get(dl_type, "$"), "", text)
    text = re.sub(r"\b(tcp|udp|sctp|icmp)6\b", "ipv6", text)
    return re.sub(r"(\bsctp\b.*?)(?:,tp_(?:src|dst)=\d+)+", r"\1", text)


def nsh(message, text, mine):
    """Open vSwitch hides the addresses in a match of its NSH EtherType."""
    return mine if "dl_type=0x894f" in text and "dl_type=0x894f" in mine else None


def unprintable(message, text, mine):
    """Bytes in a switch's texts that a terminal could take for commands are dots."""
    if message[1] != STATS_REPLY or message[8:10] not in (b"\0\0", b"\0\3"):
        return None
    return re.sub(r"[^\n -~]", ".", text)


def deep(message, text, mine):
    """An error in an error in an error ... is followed five levels deep."""
    return mine if text.count("OFPT_ERROR") > 5 and mine.count("OFPT_ERROR") == 5 else None


def malformed(message, text, mine):
    """A malformed message has its header printed and nothing of its body, and the error is the one
    that OpenFlow 1.0 asks for."""
    if DECODE_ERROR not in mine:
        return None
    error = mine.partition(DECODE_ERROR)[2].partition("***\n")[2]
    return mine if DECODE_ERROR not in text or text.endswith(error) else text


def tolerated(message, text, mine):
    """What OpenFlow 1.0 has no error for is printed."""
    refusals = ("OFPSCFC_BAD_FLAGS", "OFPFMFC_BAD_FLAGS", "OFPBRC_BAD_PORT", "NXBRC_BAD_REASON",
                "OFPRRFC_BAD_ROLE")
    refused = text.partition(DECODE_ERROR)[2].partition("***")[0]
    return mine if refused in refusals and mine.startswith(text.partition(" (xid")[0]) else None


DIFFERENCES = (vendor, vendor_stats, unknown_action, tables_full, unknown_error, emergency, stp_state,
               later_reason, later_version, ignored_fields, nsh, unprintable, deep, malformed,
               tolerated)


def explained(message, text, mine):
    """What our text should be, given ovs-ofctl's, and the names of the rules that say so."""
    rules = []
    for rule in DIFFERENCES:
        if text == mine:
            return text, rules
        said = rule(message, text, mine)
        if said is not None and said != text:
            text = said
            rules.append(rule.__name__)
    head, _, quoted = text.partition("\n")
    if text != mine and message[1] == ERROR and mine.startswith(head + "\n"):
        quoted, more = explained(message[12:], quoted, mine[len(head) + 1:])
        text, rules = head + "\n" + quoted, rules + more
    return text, rules
