/* Fault points: see fault.h. */
#include "base/fault.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *sl_fault_name;

static char fault_name[64];
static _Atomic long fault_left;
static int fault_signal = SIGKILL;

void
sl_fault_arm(void)
{
    const char *text = getenv("SLUICE_FAULT");
    char how[8] = "";
    long count;

    if (!text || sscanf(text, "%63[^:]:%ld:%7s", fault_name, &count, how) < 2 || count < 1)
        return;
    if (strcmp(how, "stop") == 0)
        fault_signal = SIGSTOP;
    atomic_init(&fault_left, count);
    sl_fault_name = fault_name;
}

void
sl_fault_pass(const char *name)
{
    static const char said[] = "fault point reached\n";

    if (strcmp(name, sl_fault_name) != 0 || atomic_fetch_sub(&fault_left, 1) != 1)
        return;
    if (write(STDERR_FILENO, said, sizeof(said) - 1) < 0) {
        /* Nobody listens any more. */
    }
    kill(getpid(), fault_signal);
    while (fault_signal == SIGKILL) /* it may take a moment */
        pause();
}
