"""dnsmasq, the peer of our DHCP client and resolver, on a device of the lab's "net".

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
from .wait import wait_for

LOG = "dnsmasq.log"


def dnsmasq(lab, device, *options):
    """The process, once it serves. Its leases are in the lab's folder."""
    path = lab.folder / LOG
    before = len(path.read_text(errors="replace")) if path.exists() else 0
    process = lab.start(
        ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root",
         f"--interface={device}", "--bind-interfaces", "--no-resolv", "--no-hosts", "--pid-file",
         "--log-facility=-", "--log-dhcp", "--dhcp-authoritative", "--no-ping",
         f"--dhcp-leasefile={lab.folder}/leases", *options], LOG)
    wait_for(lambda: "started" in process.output()[before:], "dnsmasq")
    return process
