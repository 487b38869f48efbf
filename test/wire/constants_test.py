#!/usr/bin/env python3
"""wire.h against Open vSwitch's own headers: every constant's value, every struct's shape.

The Debian package openvswitch-source holds openflow-1.0.h. One program compiled with our header and
one compiled with theirs print what they know; numbers that Open vSwitch keeps in the comments of
its tables (message types, action types, error codes) are read there. A name of ours that is neither
found at the peer nor excused here is a failure.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import re
import subprocess
import tarfile
import tempfile
import unittest

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TARBALL = "/usr/src/openvswitch/openvswitch.tar.gz"

# Constants that bear another name there.
RENAMED = {
    "OFP_VERSION": "OFP10_VERSION",
    "OFP_TCP_PORT": "OFP_PORT",
    "OFP_TCP_PORT_OLD": "OFP_OLD_PORT",
    "OFP_DESC_STR_LEN": "DESC_STR_LEN",
    "OFP_SERIAL_NUM_LEN": "SERIAL_NUM_LEN",
    "OFP_VLAN_NONE": "OFP10_VLAN_NONE",
    "OFP_TABLE_ALL": "OFPTT_ALL",
    "OFP_ETH_ALEN": "sizeof(struct eth_addr)",
    "NX_ROLE_MASTER": "NX_ROLE_PRIMARY",
    "NX_ROLE_SLAVE": "NX_ROLE_SECONDARY",
    "OFPFC_N_COMMANDS": "OFPFC_DELETE_STRICT + 1",
    "OFPFF_ALL": "OFPFF_SEND_FLOW_REM | OFPFF_CHECK_OVERLAP | OFPFF10_EMERG",
}
# Constants of the specification that Open vSwitch has no name for: section and value.
OF_THE_SPECIFICATION = {
    "OFP_MAX_MESSAGE": 0xffff,         # 5.1: the header's length has 16 bits
    "OFP_NO_BUFFER": 0xffffffff,       # 5.3.3: "buffered packet to apply to (or -1)"
    "OFP_TABLE_EMERG": 0xfe,           # 5.3.5: "0xfe for emergency"
    "OFP_ERROR_DATA_MIN": 64,          # 5.4.4: "at least 64 bytes of the failed request"
    "OFPQT_NONE": 0,                   # 5.2.2
    "OFPQ_MIN_RATE_UNCFG": 0xffff,     # 5.2.2
    "OFPT_N_TYPES": 22,                # 5.1: the last is 21
    "OFPAT_N_TYPES": 12,               # 5.2.4: the last but the vendors' is 11
    "OFPST_N_TYPES": 6,                # 5.3.5: the last but the vendors' is 5
}
# Structs that bear another name there, those whose size is told by more than one of theirs, those
# that lie in its sources, and those it has no struct for (it reads one number out of the action).
STRUCTS_RENAMED = {
    "ofp_queue_prop_min_rate": "ofp10_queue_prop_rate",
    "ofp_stats_header": "ofp10_stats_msg",
    "ofp_action_vendor_header": "ofp_action_header",
    "nx_action_header": "ext_action_header",
    "nx_header": "ofp_vendor_header",
}
SIZES = {
    "ofp_packet_in": "8 + offsetof(struct ofp10_packet_in, data)",
    "ofp_port_status": "8 + sizeof(struct ofp_port_status) + sizeof(struct ofp10_phy_port)",
    "ofp_vendor_header": "offsetof(struct ofp_vendor_header, subtype)",
}
IN_SOURCES = ("ofp_action_header", "ext_action_header", "ofp10_action_output",
              "ofp10_action_enqueue", "ofp_action_dl_addr", "ofp_vendor_header", "ofp10_stats_msg")
NOT_THERE = {
    "ofp_action_vlan_vid": {"type": 0, "len": 2, "vlan_vid": 4},
    "ofp_action_vlan_pcp": {"type": 0, "len": 2, "vlan_pcp": 4},
    "ofp_action_nw_addr": {"type": 0, "len": 2, "nw_addr": 4},
    "ofp_action_nw_tos": {"type": 0, "len": 2, "nw_tos": 4},
    "ofp_action_tp_port": {"type": 0, "len": 2, "tp_port": 4},
}
FAMILIES = ("OFPFW", "OFPPC", "OFPPS", "OFPPF", "OFPFF", "OFPQT", "OFPC")


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def constants_of(text):
    """The names of all enumerators and of all macros that are numbers."""
    names = []
    for body in re.findall(r"enum \w+ \{(.*?)\}", text, re.S):
        names += re.findall(r"^\s*(\w+)", body, re.M)
    return names + re.findall(r"^#define (\w+) +[0-9(]", text, re.M)


def structs_of(text):
    """{name: [member, ...]} of all structs that are not nested."""
    structs = {}
    for name, body in re.findall(r"^struct (\w+) \{(.*?)^\};", text, re.S | re.M):
        structs[name] = re.findall(r"(\w+)(?:\[[^]]*\])?;", body)
    return structs


def evaluate(folder, preamble, expressions, flags):
    """{key: value} of a dictionary of C expressions, as a compiled program sees them."""
    source = os.path.join(folder, "values.c")
    with open(source, "w") as f:
        f.write(preamble + "\n#include <stddef.h>\n#include <stdio.h>\nint main(void)\n{\n")
        for key, expression in expressions.items():
            f.write('    printf("%s %%llu\\n", (unsigned long long)(%s));\n' % (key, expression))
        f.write("    return 0;\n}\n")
    program = os.path.join(folder, "values")
    subprocess.run(["cc", "-std=gnu11", "-w", *flags, source, "-o", program], check=True)
    out = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {key: int(value) for key, value in (line.split() for line in out.splitlines())}


class Peer:
    """Open vSwitch's headers, and what it says in the comments of its tables."""

    def __init__(self, folder):
        with tarfile.open(TARBALL) as tar:
            tar.extractall(folder, [m for m in tar if re.search(
                r"/include/|/lib/ofp-(actions|msgs)\.c$", m.name)])
        self.folder = os.path.join(folder, "openvswitch")
        headers = ["openflow/openflow-common.h", "openflow/openflow-1.0.h",
                   "openflow/nicira-ext.h"]
        self.preamble = "".join("#include <%s>\n" % h for h in headers)
        self.text = "".join(self.read("include/" + h) for h in headers)
        self.structs = structs_of(without_comments(self.text))
        self.numbers = self.read_tables()
        for name in IN_SOURCES:
            text = re.search(r"^struct %s \{.*?^\};" % name, self.sources, re.S | re.M)[0]
            self.structs.update(structs_of(without_comments(text)))
            self.preamble += text + "\n"

    def read(self, path):
        with open(os.path.join(self.folder, path)) as f:
            return f.read()

    def read_tables(self):
        messages = self.read("include/openvswitch/ofp-msgs.h")
        errors = self.read("include/openvswitch/ofp-errors.h")
        self.sources = self.read("lib/ofp-actions.c") + self.read("lib/ofp-msgs.c")
        numbers = {}
        for kind, number, name in re.findall(
                r"/\* (OFPT|OFPST|NXT) (?:<all>|1\.0)[-+.0-9]* \((\d+)\)[^*]*\*/\s+"
                r"OFPRAW_(?:OFPT|OFPST|NXT)(?:10)?_(\w+),", messages):
            name = re.sub("_(REQUEST|REPLY)$", "", name) if kind == "OFPST" else name
            numbers["%s_%s" % (kind, name)] = int(number)
        for kind, number, name in re.findall(
                r"/\* (OF|NX)1\.0\+?\((\d+)\)[^/]*\*/\s+OFPAT_RAW(?:10)?_(\w+),", self.sources):
            numbers[("OFPAT_" if kind == "OF" else "NXAST_") + name] = int(number)
        for name, value in re.findall(r"^#define (OFP\w+) (0x\w+|\d+)$", self.sources, re.M):
            numbers[name.replace("OFPT10_", "OFPT_")] = int(value, 0)
        numbers["NXAST_DEC_TTL"] = numbers["NXAST_DEC_NW_TTL"]
        for section in errors.split("## OFPET_")[1:]:
            for kind, code, name in re.findall(
                    r"/\* OF1\.0[-+.0-9]*\((\d+),(\d+)\)(?:[^*]|\*(?!/))*\*/\s+OFPERR_(\w+)", section):
                numbers[name] = int(code)
                numbers.setdefault("OFPET_" + section.split()[0], int(kind))
        numbers["OFPFMFC_ALL_TABLES_FULL"] = numbers["OFPFMFC_TABLE_FULL"]
        return numbers

    def name_of(self, ours):
        """The C expression there that says what the constant `ours` says here; or None."""
        candidates = [ours] + [ours.replace(f + "_", f + "10_", 1) for f in FAMILIES
                               if ours.startswith(f + "_")]
        named = [c for c in candidates if re.search(r"\b%s\b" % c, without_comments(self.text))]
        return RENAMED.get(ours, named[0] if named else None)

    def struct_of(self, ours):
        candidates = (STRUCTS_RENAMED.get(ours), ours.replace("ofp_", "ofp10_", 1), ours)
        return next((c for c in candidates if c in self.structs), None)


class Constants(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory()
        cls.peer = Peer(cls.tmp.name)
        with open(os.path.join(SOURCE, "openflow", "wire.h")) as f:
            text = without_comments(f.read())
        cls.constants = constants_of(text)
        cls.structs = structs_of(text)

    @classmethod
    def tearDownClass(cls):
        cls.tmp.cleanup()

    def ours(self, expressions):
        return evaluate(self.tmp.name, '#include "openflow/wire.h"', expressions,
                        ["-I" + SOURCE])

    def theirs(self, expressions):
        return evaluate(self.tmp.name, self.peer.preamble, expressions,
                        ["-I" + os.path.join(self.peer.folder, "include")])

    def test_every_constant_has_the_peers_value(self):
        expressions = {name: self.peer.name_of(name) for name in self.constants}
        expected = self.theirs({n: e for n, e in expressions.items() if e})
        expected.update({n: self.peer.numbers[n] for n in self.constants
                         if n not in expected and n in self.peer.numbers})
        for name, value in OF_THE_SPECIFICATION.items():
            self.assertNotIn(name, expected, "the peer knows it: no excuse is needed")
            expected[name] = value
        self.assertEqual(self.ours({n: n for n in self.constants}), expected)
        self.assertGreater(len(expected), 180)

    def shape(self, evaluated, struct, members):
        """What a program should be asked of a struct's members: where each lies, how big it is."""
        for member in members:
            ask = "offsetof(struct %s, %s)" % (struct, member)
            evaluated["%s.at" % member] = ask
            evaluated["%s.size" % member] = "sizeof((struct %s *)0)->%s" % (struct, member)
        return evaluated

    def check_struct(self, name):
        theirs_name = self.peer.struct_of(name)
        theirs = self.peer.structs[theirs_name]
        fields = [m for m in self.structs[name] if not m.startswith("pad") and m in theirs]
        headers = [m for m in self.structs[name] if m in ("header", "nxh") and m not in theirs]
        missing = set(self.structs[name]) - set(theirs) - set(headers)
        self.assertFalse([m for m in missing if not m.startswith("pad") and m != "desc"], name)
        ours = self.ours(self.shape({"size": "sizeof(struct %s)" % name}, name, fields + headers))
        size = SIZES.get(name, "sizeof(struct %s) + %d" % (
            theirs_name, sum(ours[h + ".size"] for h in headers)))
        expected = self.theirs(self.shape({"size": size}, theirs_name, fields))
        for member in fields:
            expected[member + ".at"] += sum(ours[h + ".size"] for h in headers)
        self.assertEqual({k: v for k, v in ours.items() if k.split(".")[0] not in headers},
                         expected, name)
        return len(fields)

    def test_every_struct_has_the_peers_shape(self):
        fields = 0
        for name in self.structs:
            if name not in NOT_THERE:
                self.assertIsNotNone(self.peer.struct_of(name), name)
                fields += self.check_struct(name)
        self.assertGreater(fields, 140)

    def test_actions_without_a_struct_there_are_as_the_specification_draws_them(self):
        for name, members in NOT_THERE.items():
            self.assertIsNone(self.peer.struct_of(name), "the peer knows it: no excuse is needed")
            at = self.ours({m: "offsetof(struct %s, %s)" % (name, m) for m in members})
            self.assertEqual(at, members)
            self.assertEqual([m for m in self.structs[name] if m != "pad"], list(members))


if __name__ == "__main__":
    unittest.main()
