/* Where the state of jobs is kept that does not fit in memory: by the server's settings. */
#ifndef SL_SERVER_STATE_SPACE_H
#define SL_SERVER_STATE_SPACE_H

#include "server/server.h"

#define SL_STATE_CACHE_SHARE 8 /* of a slot's budget one part of so many, where it is managed */

/* 58030, 53100: its directory. */
int sl_state_space_open(struct sl_server *server, uint32_t slot_count,
                        struct sl_state_backend *ret_backend, struct sl_error *err);
void sl_state_space_close(struct sl_server *server); /* no job is left */

#endif
