/*
 * vif.h - the device vif:N: the domain's network interface N.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_XEN_VIF_H
#define MORGANA_XEN_VIF_H

/* Look for vifs, now and as they come and go, and register the driver (runtime/device.h). Each has
 * at most `queues` (1 to VIF_QUEUES_MAX) queues. After loop_open(). 0 or a negative errno. */
#define VIF_QUEUES_MAX 4
int vif_open(unsigned queues);

/* In another domain, when no port is bound yet: the rings to the backends of the last one end. */
void vif_suspended(void);

/* Then, with its xenstore: each vif meets its new backend. Whoever has a device keeps it. */
void vif_resume(void);

/* When every watch of a device has ended, before loop_close(). */
void vif_close(void);

#endif
