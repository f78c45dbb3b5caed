/* The hub of watermark alignment: see alignment.h.  Members are only ever added, at the head of a
 * list, so that readers take no lock. */
#include "executor/alignment.h"

#include "data/time.h"

#include <stdatomic.h>
#include <stdlib.h>

struct sl_alignment_member {
    struct sl_alignment *alignment;
    struct sl_alignment_member *next;
    char *group;
    struct sl_wake *wake;
    _Atomic int64_t watermark_ms;
    _Atomic bool waits;
};

struct sl_alignment {
    struct sl_env *env;
    struct sl_alignment_member *_Atomic members;
    _Atomic bool is_open;
};

struct sl_alignment *
sl_alignment_new(struct sl_env *env)
{
    struct sl_alignment *alignment = sl_alloc_zeroed(sizeof(*alignment));

    alignment->env = env;
    return alignment;
}

void
sl_alignment_free(struct sl_alignment *alignment)
{
    struct sl_alignment_member *member, *next;

    if (!alignment)
        return;
    for (member = alignment->members; member; member = next) {
        next = member->next;
        free(member->group);
        free(member);
    }
    free(alignment);
}

struct sl_alignment_member *
sl_alignment_join(struct sl_alignment *alignment, const char *group, struct sl_wake *wake)
{
    struct sl_alignment_member *member = sl_alloc_zeroed(sizeof(*member));

    member->alignment = alignment;
    member->group = sl_strdup(group);
    member->wake = wake;
    atomic_init(&member->watermark_ms, SL_WATERMARK_MIN);
    member->next = atomic_load(&alignment->members);
    while (!atomic_compare_exchange_weak(&alignment->members, &member->next, member))
        continue;
    return member;
}

void
sl_alignment_open(struct sl_alignment *alignment)
{
    struct sl_alignment_member *member = atomic_load(&alignment->members);

    atomic_store(&alignment->is_open, true);
    for (; member; member = member->next)
        alignment->env->ops->wake_signal(alignment->env, member->wake);
}

bool
sl_alignment_is_open(const struct sl_alignment_member *member)
{
    return atomic_load(&member->alignment->is_open);
}

int64_t
sl_alignment_least_ms(const struct sl_alignment_member *member)
{
    const struct sl_alignment_member *other = atomic_load(&member->alignment->members);
    int64_t least_ms = SL_WATERMARK_MAX;

    for (; other; other = other->next) {
        int64_t watermark_ms = atomic_load(&other->watermark_ms);

        if (watermark_ms != SL_WATERMARK_MIN && strcmp(other->group, member->group) == 0)
            least_ms = SL_MIN(least_ms, watermark_ms);
    }
    return least_ms;
}

/* Whoever waits looks again; he may find that it was not for him. */
static void
alignment_wake(struct sl_alignment_member *member)
{
    struct sl_alignment_member *other = atomic_load(&member->alignment->members);

    for (; other; other = other->next)
        if (other != member && atomic_load(&other->waits) &&
            strcmp(other->group, member->group) == 0)
            member->alignment->env->ops->wake_signal(member->alignment->env, other->wake);
}

void
sl_alignment_publish(struct sl_alignment_member *member, int64_t watermark_ms, bool waits)
{
    bool rises = watermark_ms > atomic_load(&member->watermark_ms);

    atomic_store(&member->waits, waits);
    atomic_store(&member->watermark_ms, watermark_ms);
    if (rises)
        alignment_wake(member);
}
