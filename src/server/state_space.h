/* Where the state of jobs is kept that does not fit in memory: by the server's settings. */
#ifndef SL_SERVER_STATE_SPACE_H
#define SL_SERVER_STATE_SPACE_H

#include "server/server.h"

/* Where it is managed, of a slot's budget one part of so many: for the block cache; for what the
 * databases hold while they write and merge. */
#define SL_STATE_CACHE_SHARE 8
#define SL_STATE_WRITE_SHARE 16

/* Fills in the runtime's part.  58030, 53100: the directory. */
int sl_state_space_open(struct sl_server *server, struct sl_runtime_config *runtime,
                        struct sl_error *err);
void sl_state_space_close(struct sl_server *server); /* no job is left */

#endif
