/* Savepoints as statements see them: where they are made, and which of their state a job takes. */
#ifndef SL_SERVER_SAVEPOINTS_H
#define SL_SERVER_SAVEPOINTS_H

#include "server/jobs.h"
#include "storage/savepoint.h"

/* A new path under `directory` (made where it is missing): savepoint-<job>-<chance>, as Flink names
 * them.  58030. */
int sl_savepoints_new_path(struct sl_server *server, struct sl_arena *arena, const char *directory,
                           const char *job_id, const char **ret_path, struct sl_error *err);
/* "file:///a/b" is "/a/b". */
const char *sl_savepoints_plain_path(const char *path);

/* What a plan takes of the state in a manifest. */
struct sl_claims {
    struct sl_state_claim *items;
    size_t count;
};

/* Compares, tells each operator's verdict, and refuses (55000) what is left over or
 * does not fit unless `ignores`.  The plan gets the manifest's number of key groups. */
int sl_savepoints_claim(struct sl_server *server, struct sl_arena *arena,
                        struct sl_phys_plan *plan, const struct sl_manifest *manifest,
                        bool ignores, const struct sl_jobs_origin *origin,
                        struct sl_claims *ret_claims, struct sl_error *err);
/* Is this operator's state taken? */
bool sl_savepoints_is_claimed(void *claims, const char *operator_uid);

#endif
