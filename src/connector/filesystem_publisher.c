/* The filesystem publisher: a chunk is a commit of the lane's parts. */
#include "base/fault.h"
#include "connector/filesystem_internal.h"
#include "connector/filesystem_parts.h"

#include <unistd.h>

struct file_publisher {
    struct sl_publisher publisher;
    struct sl_file_parts parts;
};

static int
file_publisher_open(struct sl_publisher *base, struct sl_marker *ret_marker, struct sl_error *err)
{
    struct file_publisher *publisher = (struct file_publisher *)base;

    SL_TRY(sl_file_adopt_incarnations(base->config, base->identity, err));
    SL_TRY(sl_file_parts_open(&publisher->parts, base->config, base->identity, err));
    base->place = publisher->parts.journal.path;
    sl_fault_point("file-opened");
    *ret_marker = publisher->parts.marker;
    return SL_OK;
}

static int
file_publisher_publish(struct sl_publisher *base, const struct sl_records *records,
                       const struct sl_marker *marker, struct sl_error *err)
{
    struct file_publisher *publisher = (struct file_publisher *)base;

    for (uint32_t i = 0; i < records->count; i++)
        sl_file_parts_add(&publisher->parts, records->asides ? records->asides[i] : SL_TEXT(""),
                          &records->items[i]);
    SL_TRY(sl_file_parts_commit(&publisher->parts, marker, false, err));
    sl_fault_point("file-committed");
    return SL_OK;
}

static int
file_publisher_idle(struct sl_publisher *base, struct sl_error *err)
{
    return sl_file_parts_check(&((struct file_publisher *)base)->parts, err);
}

static int
file_publisher_finish(struct sl_publisher *base, struct sl_error *err)
{
    struct sl_file_parts *parts = &((struct file_publisher *)base)->parts;
    struct sl_marker marker = parts->marker;

    return sl_file_parts_commit(parts, &marker, true, err);
}

static void
file_publisher_forget(struct sl_publisher *base)
{
    unlink(((struct file_publisher *)base)->parts.journal.path);
}

static void
file_publisher_close(struct sl_publisher *base)
{
    sl_file_parts_close(&((struct file_publisher *)base)->parts);
}

const struct sl_publisher_class sl_file_publisher_class = {
    .size = sizeof(struct file_publisher),
    .open = file_publisher_open,
    .publish = file_publisher_publish,
    .idle = file_publisher_idle,
    .finish = file_publisher_finish,
    .forget = file_publisher_forget,
    .close = file_publisher_close,
};
