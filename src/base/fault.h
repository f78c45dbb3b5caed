/* Fault points: named places of the checkpoint and publish protocols at which a test kills the
 * server.  SLUICE_FAULT=name:count in the environment ends the process, as kill -9 would, when the
 * point is passed for the count-th time; name:count:stop stops it there, as SIGSTOP would.  Without
 * it a point costs one load. */
#ifndef SL_BASE_FAULT_H
#define SL_BASE_FAULT_H

#include "base/base.h"

extern const char *sl_fault_name; /* NULL: none is armed */

void sl_fault_arm(void); /* before the first thread starts */
void sl_fault_pass(const char *name);

static inline void
sl_fault_point(const char *name)
{
    if (SL_UNLIKELY(sl_fault_name != NULL))
        sl_fault_pass(name);
}

#endif
