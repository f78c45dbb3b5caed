/* Which state of a checkpoint or savepoint the operators of a plan can go on with: known by uid,
 * and laid out alike.  Operators are opened for that, not run. */
#include "runtime/job.h"
#include "storage/savepoint.h"

#include <stdlib.h>

struct claim_list {
    struct sl_arena *arena;
    struct sl_state_claim *items;
    size_t count, capacity;
};

static void
claim_add(struct claim_list *list, const char *uid, enum sl_claim claim, const char *reason)
{
    if (list->count == list->capacity) {
        struct sl_state_claim *more =
            SL_NEW_ARRAY(list->arena, struct sl_state_claim, list->capacity * 2 + 8);

        if (list->count > 0)
            memcpy(more, list->items, list->count * sizeof(*more));
        list->items = more;
        list->capacity = list->capacity * 2 + 8;
    }
    list->items[list->count++] = (struct sl_state_claim){
        .uid = sl_arena_strdup(list->arena, uid),
        .claim = claim,
        .reason = reason ? sl_arena_strdup(list->arena, reason) : NULL,
    };
}

/* Every operator leaves its watermark; is there more of this one in the subtask's part? */
static bool
claim_is_state(const struct sl_manifest_subtask *subtask, const char *uid)
{
    for (size_t i = 0; i < subtask->table_count; i++) {
        if ((subtask->tables[i].file.name || subtask->tables[i].number > 0) &&
            strcmp(subtask->tables[i].operator_uid, uid) == 0)
            return true;
    }
    for (size_t i = 0; i < subtask->blob_count; i++) {
        if (strcmp(subtask->blobs[i].name, SL_TASK_WATERMARK_BLOB) != 0 &&
            strcmp(subtask->blobs[i].operator_uid, uid) == 0)
            return true;
    }
    return false;
}

static bool
claim_has_state(const struct sl_manifest *manifest, const char *uid)
{
    for (size_t i = 0; i < manifest->subtask_count; i++) {
        if (claim_is_state(&manifest->subtasks[i], uid))
            return true;
    }
    return false;
}

/* Scans and sinks keep no tables; their blobs go by names. */
static bool
claim_has_tables(const struct sl_phys_node *node)
{
    return node->kind != SL_OP_SCAN && node->kind != SL_OP_SINK && node->kind != SL_OP_COLLECT;
}

/* Opens the operator on a state of its own and compares.  0A000: its state is laid out
 * differently. */
static int
claim_check_layout(struct sl_runtime *runtime, const struct sl_phys_plan *plan,
                   const struct sl_phys_node *node, const struct sl_manifest *manifest,
                   struct sl_error *err)
{
    const struct sl_op_class *class = sl_op_class_of(node->kind);
    struct sl_arena arena;
    struct sl_pool *pool = sl_pool_new();
    struct sl_state_config config = {.pool = pool,
                                     .max_parallelism = plan->settings.max_parallelism,
                                     .key_group_count = plan->settings.max_parallelism,
                                     .is_whole = true};
    struct sl_op_context context = {.arena = &arena,
                                    .pool = pool,
                                    .state = sl_state_new(&config),
                                    .settings = &plan->settings,
                                    .subtask_count = 1,
                                    .env = runtime->config.env,
                                    .job_id = manifest->job_id,
                                    .data_directory = runtime->config.data_directory,
                                    .checkpointed = true};
    struct sl_op *op;
    int rc;

    sl_arena_init(&arena);
    context.expr_settings.overflow_wraps = plan->settings.overflow_wraps;
    rc = sl_zone_find(sl_text_of(plan->settings.zone ? plan->settings.zone : "UTC"),
                      &context.expr_settings.zone, err);
    op = sl_arena_alloc(&arena, class->size);
    *op = (struct sl_op){
        .class = class, .node = node, .context = &context, .watermark_ms = SL_WATERMARK_MIN};
    if (rc == SL_OK)
        rc = class->open(op, err);
    if (rc == SL_OK)
        rc = sl_savepoint_check(context.state, manifest, err);
    class->close(op);
    sl_state_free(context.state);
    sl_arena_done(&arena);
    sl_pool_free(pool);
    return rc;
}

static int
claim_node(struct claim_list *list, struct sl_runtime *runtime, const struct sl_phys_plan *plan,
           const struct sl_phys_node *node, const struct sl_manifest *manifest,
           struct sl_error *err)
{
    int rc = SL_OK;

    if (!claim_has_state(manifest, node->uid)) {
        if (node->kind == SL_OP_SCAN)
            claim_add(list, node->uid, SL_CLAIM_NEW, NULL);
        return SL_OK;
    }
    if (claim_has_tables(node))
        rc = claim_check_layout(runtime, plan, node, manifest, err);
    if (rc < 0 && rc != SL_E_NOT_SUPPORTED)
        return rc;
    claim_add(list, node->uid, rc == SL_OK ? SL_CLAIM_KEPT : SL_CLAIM_MISFIT,
              rc == SL_OK ? NULL : err->text);
    return SL_OK;
}

static bool
claim_is_listed(const struct claim_list *list, const char *uid)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].uid, uid) == 0)
            return true;
    }
    return false;
}

/* State that no operator of the plan asks for. */
static void
claim_rest(struct claim_list *list, const struct sl_manifest *manifest)
{
    for (size_t i = 0; i < manifest->subtask_count; i++) {
        const struct sl_manifest_subtask *subtask = &manifest->subtasks[i];

        for (size_t k = 0; k < subtask->blob_count; k++) {
            const char *uid = subtask->blobs[k].operator_uid;

            if (!claim_is_listed(list, uid) && claim_has_state(manifest, uid))
                claim_add(list, uid, SL_CLAIM_UNCLAIMED, NULL);
        }
    }
}

/* --- state that a plan was made without --- */

struct claim_dropped {
    const struct sl_option_list *dropped;
    uint64_t checkpoint_id;
};

static bool
claim_is_not_dropped(void *arg, const char *operator_uid)
{
    const struct claim_dropped *dropped = arg;
    const char *until = sl_option_get(dropped->dropped, operator_uid);

    return !until || strtoull(until, NULL, 10) < dropped->checkpoint_id;
}

void
sl_runtime_drop_state(const struct sl_phys_plan *plan, struct sl_manifest *manifest)
{
    struct claim_dropped dropped = {&plan->settings.dropped_state, manifest->checkpoint_id};

    if (dropped.dropped->count > 0)
        sl_manifest_choose(manifest, claim_is_not_dropped, &dropped);
}

/* --- rows on their way --- */

/* The other phase of an aggregation is known by the same uid, but takes other rows. */
static bool
claim_has_input(const struct sl_phys_plan *plan, const struct sl_manifest_channel *channel)
{
    for (size_t i = 0; i < plan->node_count; i++) {
        const struct sl_phys_node *node = plan->nodes[i];

        if (strcmp(node->uid, channel->operator_uid) != 0)
            continue;
        if (channel->input >= node->input_count)
            return channel->input == 0;
        return channel->column_count == 0 ||
               channel->column_count == node->inputs[channel->input].node->schema->count;
    }
    return false;
}

/* Rows that no operator has seen must come to the one that they were on their way to. */
static int
claim_channels(const struct sl_phys_plan *plan, const struct sl_manifest *manifest,
               struct sl_error *err)
{
    for (size_t i = 0; i < manifest->subtask_count; i++) {
        const struct sl_manifest_subtask *subtask = &manifest->subtasks[i];

        for (size_t k = 0; k < subtask->channel_count; k++) {
            if (claim_has_input(plan, &subtask->channels[k]))
                continue;
            SL_ERROR(err, SL_E_NOT_SUPPORTED,
                     "checkpoint %llu is unaligned: rows in it were on their way to operator %s, "
                     "which does not take them any longer",
                     (unsigned long long)manifest->checkpoint_id,
                     subtask->channels[k].operator_uid);
            return sl_error_hint(err, "let the job run until it has taken an aligned checkpoint");
        }
    }
    return SL_OK;
}

int
sl_runtime_claim_state(struct sl_runtime *runtime, const struct sl_phys_plan *plan,
                       const struct sl_manifest *manifest, struct sl_arena *arena,
                       struct sl_state_claim **ret_claims, size_t *ret_count, struct sl_error *err)
{
    struct claim_list list = {.arena = arena};

    SL_TRY(claim_channels(plan, manifest, err));
    for (size_t i = 0; i < plan->node_count; i++)
        SL_TRY(claim_node(&list, runtime, plan, plan->nodes[i], manifest, err));
    claim_rest(&list, manifest);
    *ret_claims = list.items;
    *ret_count = list.count;
    return SL_OK;
}
