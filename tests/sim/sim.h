/* A simulated machine behind base/env.h: one thread, and a seed that decides everything.
 *
 * 1. Slots are stepped (sl_slot_step) and I/O jobs are run one at a time, in an order drawn from
 *    the seed, whenever the one session sleeps in wake_wait.
 * 2. The clock moves a little with every step, and jumps to the next deadline when nothing can run.
 * 3. Every choice and its outcome go into the trace: the same seed gives the same trace. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/env.h"

struct sim;

struct sim *sim_new(uint64_t seed);
void sim_free(struct sim *sim);
struct sl_env *sim_env(struct sim *sim);
/* The session does something else for a while: so many choices, or until nothing can run now. */
void sim_run(struct sim *sim, unsigned step_count);
/* This slot's thread is starved from now on: it runs once in a while.  UINT32_MAX: none is. */
void sim_slow_slot(struct sim *sim, uint32_t slot);
uint64_t sim_random(struct sim *sim);
uint64_t sim_trace(const struct sim *sim);
uint64_t sim_step_count(const struct sim *sim);

#endif
