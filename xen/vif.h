/*
 * vif.h - the device vif:N: the domain's network interface N.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_VIF_H
#define MORGANA_XEN_VIF_H

/* Look for vifs, now and as they come and go, and register the driver (runtime/device.h). After
 * loop_open(). 0 or a negative errno. */
int vif_open(void);

/* In another domain, when no port is bound yet: the rings to the backends of the last one end. */
void vif_suspended(void);

/* Then, with its xenstore: each vif meets its new backend. Whoever has a device keeps it. */
void vif_resume(void);

/* When every watch of a device has ended, before loop_close(). */
void vif_close(void);

#endif
