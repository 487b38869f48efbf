#!/usr/bin/env python3
"""The course: each solution passes, each file to write in fails with a word that helps, each page shows what
its solution prints, and ./try leaves nothing.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import concurrent.futures
import contextlib
import io
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TOP / "test"), str(TOP / "examples")]
from lab import namespace, program  # noqa: E402
from lab.network import ROOT  # noqa: E402

os.environ["MORGANA_BUILD"] = str(program("morgana-controller").parent)
from course.dom0 import shell  # noqa: E402
from course.exercise import EXAMPLES, exercises  # noqa: E402

# What each file to write in is told that it still lacks, as it lies in the tree.
MISSING = {
    1: ("the switch has entries", "ovs-ofctl add-flow"),
    2: ("h1's pings of h2 are answered", "ofp_put_output"),
    3: ("tcpdump on h3 does not see them", "Learn the source's port"),
    4: ("the switch has flow entries", "ctl_flow_mod()"),
    5: ("your controller knows both ends of each cable", "lldp_write()"),
    6: ("packets from h3 to h4 go by s3 and s4 alone", "measure() says"),
    7: ("the router answers h1's ARP", "forward_answer_arp()"),
    8: ("what the rules deny does not", "judge() is to ask the rules"),
    9: ("h1 is answered under 10.0.0.100", "balance_there()"),
    10: ("both controllers have the switch", "slice blue"),
    11: ("the switch counts each packet, once", "counters.seen"),
    12: ("each domain has a kernel and memory", "flows.xen"),
    13: ("both sleep at once: first the short one ends, then the long one, then both have",
         "task_start()"),
}


def attempt(*words, env=None, top=TOP):
    """(status, output) of ./try; nothing of its lab is left."""
    trial = subprocess.Popen([top / "try", *map(str, words)], env=os.environ | (env or {}), text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    output = trial.communicate()[0]
    left = namespace.names(f"mg{trial.pid}-") + list(ROOT.glob(f"mg{trial.pid}"))
    assert not left, left
    return trial.returncode, output


def replace(source, target):
    """A file as it is now, in the place of what is there."""
    pathlib.Path(target).unlink(missing_ok=True)
    return shutil.copy2(source, target)


# Several at once: a trial waits more than it computes. Those that take longest begin.
AT_ONCE = 3
LONG = (4, 12)
ON_OPEN_VSWITCH = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12)
tried = {}  # by the words behind ./try: the future of attempt()'s result


def programs():
    """All that the exercises are built of: made at once, so that no two trials make the same."""
    sources = [exercise.source(solution) for exercise in exercises().values() for solution in (False, True)]
    return [source.relative_to(TOP).with_suffix("") for source in sources if source.suffix == ".c"]


def kernels():
    """The same programs of ours as domains."""
    return [program.with_suffix(".xen") for program in programs() if program.name == "solution"]


def setUpModule():
    subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "-C", os.environ["MORGANA_BUILD"], *programs(), *kernels()],
                   stdin=subprocess.DEVNULL, check=True)
    first = sorted(exercises(), key=lambda number: number not in LONG)
    wanted = [(number, "--solution") for number in first] + [(number,) for number in first]
    wanted[1:1] = [(number, "--solution", "--ovs") for number in reversed(ON_OPEN_VSWITCH)]
    pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
    tried.update((words, pool.submit(attempt, *words)) for words in wanted)
    unittest.addModuleCleanup(pool.shutdown, cancel_futures=True)


def lines(output, word):
    """What the lines that begin with a word say."""
    return re.findall(rf"^{word} +(.*)$", output, re.M)


class Course(unittest.TestCase):
    def each(self):
        for number, exercise in exercises().items():
            with self.subTest(exercise=number):
                yield number, exercise

    def test_each_solution_passes_and_its_page_shows_what_it_says(self):
        for number, exercise in self.each():
            status, output = tried[number, "--solution"].result()
            self.assertEqual(status, 0, output)
            self.assertEqual(lines(output, "MISSING"), [], output)
            page = exercise.page.read_text(encoding="utf-8")
            for right in lines(output, "right"):
                self.assertIn(f"    right       {right}\n", page)

    def test_each_file_to_write_in_fails_with_a_word_that_helps(self):
        self.assertEqual(set(MISSING), set(exercises()))
        for number, exercise in self.each():
            status, output = tried[number,].result()
            self.assertEqual(status, 1, output)
            self.assertEqual(lines(output, "MISSING")[0], MISSING[number][0], output)
            self.assertIn(MISSING[number][1], output)
            self.assertIn(f"Change {exercise.source(False).relative_to(TOP)} and try again", output)

    def test_the_list_of_contents_names_each_exercise(self):
        contents = (EXAMPLES / "README.md").read_text(encoding="utf-8")
        listed = attempt("--list")[1]
        for number, exercise in self.each():
            folder = exercise.folder.name
            self.assertIn(f"| {number} | [{exercise.title.partition('. ')[2]}]({folder}/README.md)", contents)
            self.assertIn(f"examples/{folder}/README.md", listed)


class AsDomains(unittest.TestCase):
    def test_each_program_is_a_small_kernel_as_well(self):
        for kernel in kernels():
            with self.subTest(kernel=kernel):
                size = (pathlib.Path(os.environ["MORGANA_BUILD"]) / kernel).stat().st_size
                self.assertLess(size, 500 * 1000)

    def test_keep_is_a_shell_in_dom0(self):
        asked = []
        machine = unittest.mock.Mock()
        machine.run.side_effect = lambda command, check: asked.append((command, check)) or "Domain-0\n"
        read = unittest.mock.Mock(side_effect=["xl list", EOFError])
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            shell(machine, read)
        self.assertEqual(([("xl list", False)], "Domain-0\n\n"), (asked, shown.getvalue()))


class OnOpenVSwitch(unittest.TestCase):
    def test_where_it_means_nothing_that_is_said(self):
        without = [exercise.number for exercise in exercises().values() if not exercise.takes_open_vswitch]
        self.assertEqual(sorted({*ON_OPEN_VSWITCH, *without}), sorted(exercises()))
        for number in without:
            status, output = attempt(number, "--solution", "--ovs")
            self.assertEqual(status, 2, output)
            self.assertIn(f"exercise {number} has no place for Open vSwitch", output)

    def test_the_solutions_of_the_first_exercises_pass(self):
        for number in ON_OPEN_VSWITCH:
            with self.subTest(exercise=number):
                status, output = tried[number, "--solution", "--ovs"].result()
                self.assertEqual(status, 0, output)


# What is changed in a solution, by exercise: (the mistake, what was there, what is now, what ./try says).
WRONG = (
    (1, "a line that fails", "actions=flood", "actions=flod", "ended with status 1 at the line that failed"),
    (1, "the switch learns by itself", "actions=flood", "actions=normal", "each entry names its ports"),
    (2, "a packet is answered, and said not to be", "return true;", "return false;",
     "the switch takes what your program sends"),
    (2, "NULL is no switch", "ctl_packet_out(dp,", "(void)dp;\n    ctl_packet_out(NULL,", "SIGSEGV"),
    (2, "it never ends", "return true;", "volatile bool on = true;\n    while (on) {\n    }\n    return true;",
     "is there a loop in it that does not end?"),
    (2, "a warning is shown", "ofp_put_output(&actions, OFPP_FLOOD, 0);", "int unused;", "unused variable"),
    (2, "it does not compile", "return true;", "return true", "expected ‘;’"),
    (3, "the destination is learnt", "packet->key.match.dl_src", "packet->key.match.dl_dst",
     "which of a"),
    (3, "all hosts are learnt as one", "!mac_addr_is_group(source)", "true", "no group's address is learnt"),
    (3, "who is known is not learnt again", "!mac_addr_is_zero(source)",
     "mac_table_find(hosts, source, now) == NULL", "who has moved is found at the other port"),
    (3, "what is not known is NULL", "host != NULL ? host->port : OFPP_FLOOD", "host->port", "SIGSEGV"),
    (4, "entries flood", "port == OFPP_FLOOD", "false", "no entry floods"),
    (4, "the packet is not sent", "&flow, packet);", "&flow, NULL);", "only if ctl_flow_mod() is given it"),
    (5, "any LLDP is believed", "== LLDP_OURS", "!= LLDP_FOREIGN", "does not believe what a host made up"),
    (5, "but one tree", "i < g->n_nodes; i++)\n        if", "i < 1; i++)\n        if", "have a tree as well"),
    (5, "a cable of one direction is taken", "!graph_is_usable(arc) || ", "", "graph_is_usable(arc)"),
    (5, "each cable is taken", "graph_is_usable(arc)", "(network_take(n, arc), true)", "it goes round in a circle"),
    (6, "the entries stay", ".command = OFPFC_DELETE,", ".command = OFPFC_DELETE_STRICT,", "into the cut"),
    (6, "an entry at the first switch only", "lay_from(arc->to, port, headers, NULL);", "",
     "a path is laid at all its switches"),
    (7, "a route that is not usable", "r->usable", "true", "There is no port 9."),
    (7, "what was not appended is not noticed", "return ofp_put_dec_ttl(actions) && ofp_put_set_dl_src(actions, src) &&\n"
     "           ofp_put_set_dl_dst(actions, dst);", "ofp_put_dec_ttl(actions);\n    ofp_put_set_dl_src(actions, src);\n"
     "    ofp_put_set_dl_dst(actions, dst);\n    return true;", "ofp_put_...() says false"),
    (7, "a long packet is quoted whole", "n = about.len < most ? about.len : most", "n = about.len + 0 * most",
     "cut what you quote"),
    (8, "all of IPv4 is dropped", "&packet->key.match", "&(struct ofp_match){.wildcards = be32_of(OFPFW_ALL)}",
     "an entry drops more"),
    (8, "the last rule decides", "size_t i = 0; i < rules->set.n; i++", "size_t i = rules->set.n; i-- > 0;",
     "in another order"),
    (8, "what the old rules allowed stays", ".command = OFPFC_DELETE,\n        .out_port = OFPP_NONE", ".command = OFPFC_DELETE",
     "forget_entries() is to"),
    (8, "no rule decides", "rule_verdict(rule_at(rules, i))", "RULE_ALLOW", "judge() is to ask the rules"),
    (9, "in turns", "highest(s, id, sizeof *id)", "next_in_turn(s)", "connection alone decide"),
    (9, "the ports are not turned", "match->tp_src = there.tp_dst;\n    match->tp_dst = there.tp_src;", "",
     "the two ports change places"),
    (10, "the web's answers stay red's", "priority=40000,in_port=2,tcp,tp_src=80", "", "from port 80 at port 2"),
    (10, "the web's lines come after red's", "priority=40000,", "priority=4,", "a higher priority="),
    (11, "each packet is counted twice", "counters.seen++;", "counters.seen += 2;", "packets have come in"),
    (11, "what is lost goes on", "counters.lost++;\n        return DP_CONSUMED;", "counters.lost++;",
     "about a quarter"),
    (11, "what is too much goes on", "counters.limited++;\n        return DP_CONSUMED;", "counters.limited++;",
     "DP_CONSUMED is returned"),
    (11, "no token falls again", "uint64_t token = NS_PER_S / args.rate, now = loop_now();\n",
     "static uint64_t now;\n    uint64_t token = NS_PER_S / args.rate;\n    if (now == 0)\n        now = loop_now();\n",
     "five times a second"),
    (11, "there is room for any number of tokens", "if (now > filled + BURST * token)", "if (filled == 0)",
     "have room in the bucket"),
    (11, "it never ends", "counters.seen++;", "volatile bool on = ++counters.seen == 30;\n    while (on) {\n    }",
     "is there a loop in it that does not end?"),
    (13, "one sleeps after the other", "task_start(sleep_long, NULL)", "(sleep_short(NULL), task_start(sleep_long, NULL))",
     "before you wait for one"),
    (13, "each does all jobs", "while (m->next < JOBS) {\n        int n = m->next++;\n        m->result[n] = square(n);\n    }",
     "for (int n = m->next; n < JOBS; n++)\n        m->result[n] = square(n);", "two workers have taken the same job"),
    (13, "one time-out for all that is said", "    do {\n        task_limit(loop_now() + args.silence);", "    task_limit(loop_now() + args.silence);\n    do {",
     "it begins anew with each read"),
    (13, "nobody has to go", "        task_limit(loop_now() + args.silence);\n", "", "who is silent for too long is let go"),
    (13, "NULL is no task", "task_first(sides,", "task_first(NULL,", "SIGSEGV"),
)


# Exercises whose solution is the file of an app's that the library has.
LINKED = {7: ("controller/apps/forwarding.c",), 9: ("controller/apps/balancing.c",)}


class WrongSolutions(unittest.TestCase):
    """./try in a copy of where it was built, with the exercises in it: there make finds a changed
    file before the one in the tree."""

    def setUp(self):
        built = pathlib.Path(os.environ["MORGANA_BUILD"])
        self.top = pathlib.Path(tempfile.mkdtemp(dir=built.parent, prefix="course-"))
        self.addCleanup(shutil.rmtree, self.top)
        shutil.copytree(built, self.top, dirs_exist_ok=True, copy_function=os.symlink)
        for name in ("examples", "test/lab", "test/xen"):
            shutil.copytree(TOP / name, self.top / name, dirs_exist_ok=True, copy_function=replace,
                            ignore=shutil.ignore_patterns("__pycache__"))
        replace(TOP / "try", self.top / "try")

    def wrong(self, number, old, new):
        """What ./try says of a solution with a change, which takes the place of the file to write."""
        there = exercises()[number]
        text = "".join(source.read_text(encoding="utf-8")
                       for source in (*map(TOP.joinpath, LINKED.get(number, ())), there.source(True)))
        self.assertIn(old, text)
        written = self.top / there.source(False).relative_to(TOP)
        written.write_text(text.replace(old, new), encoding="utf-8")
        for made in (written.with_suffix(""), written.with_suffix(".o")):
            made.unlink(missing_ok=True)
        return attempt(number, env={"MORGANA_BUILD": str(self.top)}, top=self.top)

    def wrong_ones(self, number):
        """What ./try says of each wrong solution of an exercise."""
        return [(wrong, self.wrong(number, *wrong[2:4])) for wrong in WRONG if wrong[0] == number]

    def test_each_is_refused_with_a_word_that_helps(self):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            all_of_each = pool.map(self.wrong_ones, sorted({wrong[0] for wrong in WRONG}, reverse=True))
        for (number, mistake, _, _, word), (status, output) in itertools.chain(*all_of_each):
            with self.subTest(exercise=number, mistake=mistake):
                self.assertIn(word, output)
                self.assertNotEqual(status, 0, output)


class Mistakes(unittest.TestCase):
    def test_where_no_namespace_can_be_made_that_is_said(self):
        with tempfile.TemporaryDirectory() as folder:
            ip = pathlib.Path(folder) / "ip"
            ip.write_text("#!/bin/sh\necho mount refused >&2\nexit 255\n")
            ip.chmod(0o755)
            status, output = attempt(2, "--solution", env={"PATH": f"{folder}:{os.environ['PATH']}"})
        self.assertEqual(status, 2, output)
        for word in ("mount refused", "docker run --privileged"):
            self.assertIn(word, output)
        self.assertNotIn("Traceback", output)

    def test_an_exercise_that_is_not_there_is_said_so(self):
        status, output = attempt(99)
        self.assertEqual(status, 2)
        self.assertIn("there is no exercise 99 yet; there are 1, 2, 3, 4", output)

    def test_keep_leaves_the_lab_up_and_end_removes_it(self):
        tried = subprocess.run([TOP / "try", "2", "--solution", "--keep"], text=True, check=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(subprocess.run, [TOP / "try", "--end"], stdout=subprocess.DEVNULL)
        ping = re.search(r"sudo (ip netns exec (mg\d+)-h1 ping \S+)", tried.stdout)
        namespace.run([*ping[1].split(), "-c", "1", "-W", "5"])
        status, output = attempt("--end")
        self.assertEqual(status, 0)
        self.assertIn(ping[2], output)
        self.assertEqual(namespace.names(ping[2]), [])


if __name__ == "__main__":
    unittest.main()
