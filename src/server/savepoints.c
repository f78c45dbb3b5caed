/* Savepoints as statements see them: see savepoints.h. */
#include "server/savepoints.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

const char *
sl_savepoints_plain_path(const char *path)
{
    return strncmp(path, "file://", 7) == 0 ? path + 7 : path;
}

int
sl_savepoints_new_path(struct sl_server *server, struct sl_arena *arena, const char *directory,
                       const char *job_id, const char **ret_path, struct sl_error *err)
{
    char *real;

    directory = directory[0] ? sl_savepoints_plain_path(directory)
                             : sl_arena_printf(arena, "%s/savepoints", server->data_directory);
    if (mkdir(directory, 0700) < 0 && errno != EEXIST)
        return SL_ERROR(err, SL_E_IO, "cannot make %s: %s", directory, strerror(errno));
    real = realpath(directory, NULL);
    if (!real)
        return SL_ERROR(err, SL_E_IO, "cannot look at %s: %s", directory, strerror(errno));
    *ret_path = sl_arena_printf(
        arena, "%s/savepoint-%.6s-%012llx", real, job_id,
        (unsigned long long)(server->env->ops->random(server->env) & UINT64_C(0xffffffffffff)));
    free(real);
    return SL_OK;
}

/* --- verdicts --- */

static const char *const claim_verdicts[] = {
    [SL_CLAIM_KEPT] = "its state is kept",
    [SL_CLAIM_NEW] = "is new: it begins from its start-up mode",
    [SL_CLAIM_MISFIT] = "its state does not fit: ",
    [SL_CLAIM_UNCLAIMED] = "is not in the query any more",
};

static bool
savepoints_fits(const struct sl_state_claim *claim)
{
    return claim->claim == SL_CLAIM_KEPT || claim->claim == SL_CLAIM_NEW;
}

static void
savepoints_tell(struct sl_arena *arena, const struct sl_state_claim *claim, bool ignores,
                const struct sl_jobs_origin *origin)
{
    const char *outcome = savepoints_fits(claim) ? "" : ignores ? "; dropped" : "; refused";

    origin->verdict(origin->arg, claim->uid,
                    sl_arena_printf(arena, "%s%s%s", claim_verdicts[claim->claim],
                                    claim->reason ? claim->reason : "", outcome));
}

int
sl_savepoints_claim(struct sl_server *server, struct sl_arena *arena, struct sl_phys_plan *plan,
                    const struct sl_manifest *manifest, bool ignores,
                    const struct sl_jobs_origin *origin, struct sl_claims *ret_claims,
                    struct sl_error *err)
{
    const struct sl_state_claim *first = NULL;

    plan->settings.max_parallelism = manifest->max_parallelism;
    if (sl_phys_max_parallelism(plan) > manifest->max_parallelism)
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                        "parallelism %u is more than the %u key groups of the state",
                        sl_phys_max_parallelism(plan), manifest->max_parallelism);
    SL_TRY(sl_runtime_claim_state(server->runtime, plan, manifest, arena, &ret_claims->items,
                                  &ret_claims->count, err));
    for (size_t i = 0; i < ret_claims->count; i++) {
        const struct sl_state_claim *claim = &ret_claims->items[i];

        savepoints_tell(arena, claim, ignores, origin);
        if (!first && !savepoints_fits(claim))
            first = claim;
    }
    if (!first || ignores)
        return SL_OK;
    SL_ERROR(err, SL_E_OBJECT_STATE, "the state of operator %s cannot be taken over: it %s%s",
             first->uid, first->claim == SL_CLAIM_MISFIT ? "does not fit: " : "",
             first->reason ? first->reason : claim_verdicts[first->claim]);
    return sl_error_hint(err, "SET 'execution.state-recovery.ignore-unclaimed-state' = 'true' "
                              "drops such state");
}

bool
sl_savepoints_is_claimed(void *arg, const char *operator_uid)
{
    const struct sl_claims *claims = arg;

    for (size_t i = 0; i < claims->count; i++) {
        if (strcmp(claims->items[i].uid, operator_uid) == 0)
            return savepoints_fits(&claims->items[i]);
    }
    return true; /* its watermark alone */
}
