/*
 * devices.c - the frame devices of UNIX, for the program that wants them: see unix.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/unix/device.h"

int unix_devices_open(void)
{
    int error = unix_netlink_open();
    if (error)
        return error;
    device_register(&unix_tap_driver);
    device_register(&unix_packet_driver);
    device_register(&unix_xdp_driver);
    device_register(&unix_pcap_driver);
    return 0;
}

void unix_devices_close(void)
{
    unix_netlink_close();
}
