/* The pool recycles blocks over threads; batches share, compact and join their columns. */
#include "data/data_test.h"

#include <pthread.h>
#include <stdio.h>

Test(data_pool, a_block_returned_by_the_owner_is_taken_again)
{
    struct sl_pool *pool = sl_pool_new();
    struct sl_block *block = sl_pool_block(pool, 1000);

    cr_assert_eq((uintptr_t)block->data % 64, 0);
    cr_assert_geq(block->size, 1000);
    cr_assert_eq(sl_pool_used_bytes(pool), block->size);
    sl_block_unref(block);
    cr_assert_eq(sl_pool_used_bytes(pool), 0);
#if !defined(__SANITIZE_ADDRESS__)
    cr_assert_eq(sl_pool_block(pool, 900), block, "the same class, the same block");
    sl_block_unref(block);
#endif
    sl_pool_free(pool);
}

Test(data_pool, every_size_fits_its_block)
{
    struct sl_pool *pool = sl_pool_new();

    for (size_t size = 1; size < (size_t)20 << 20; size += size / 3 + 1) {
        struct sl_block *block = sl_pool_block(pool, size);

        cr_assert_geq(block->size, size);
        memset(block->data, 1, block->size);
        sl_block_unref(block);
    }
    sl_pool_free(pool);
}

static void *
pool_unref_all(void *arg)
{
    struct sl_block **blocks = arg;

    for (size_t i = 0; i < 1000; i++)
        sl_block_unref(blocks[i]);
    return NULL;
}

Test(data_pool, other_threads_give_blocks_back_and_may_outlive_the_handle)
{
    struct sl_pool *pool = sl_pool_new();
    static struct sl_block *blocks[1000];
    pthread_t thread;

    for (size_t i = 0; i < 1000; i++)
        blocks[i] = sl_pool_block(pool, 600);
    pthread_create(&thread, NULL, pool_unref_all, blocks);
    for (size_t i = 0; i < 1000; i++)
        sl_block_unref(sl_pool_block(pool, 600));
    pthread_join(thread, NULL);
    cr_assert_eq(sl_pool_used_bytes(pool), 0);
    for (size_t i = 0; i < 1000; i++)
        blocks[i] = sl_pool_block(pool, 600);
    sl_pool_free(pool);
    pthread_create(&thread, NULL, pool_unref_all, blocks);
    pthread_join(thread, NULL);
}

/* Columns: i, "text of row <i>" (long) or "t<i>" (short); every third text is NULL. */
static struct sl_batch *
batch_make(struct sl_pool *pool, size_t row_count, int base)
{
    struct sl_batch *batch = sl_batch_new(pool, 2, row_count);
    struct sl_column *numbers = sl_column_new(pool, &sl_type_int, row_count, false);
    struct sl_column *texts = sl_column_new(pool, &sl_type_string, row_count, false);
    struct sl_heap_writer writer;

    sl_heap_writer_init(&writer, pool, texts);
    for (size_t i = 0; i < row_count; i++) {
        char text[40];
        int number = base + (int)i;
        int length = snprintf(text, sizeof(text), i % 2 ? "t%d" : "the text of row %d", number);

        ((int32_t *)numbers->values)[i] = number;
        ((struct sl_view *)texts->values)[i] = sl_heap_writer_copy(&writer, text, (size_t)length);
        if (i % 3 == 0)
            sl_validity_set(sl_column_add_validity(texts, pool), i, false);
    }
    sl_batch_set_column(batch, 0, numbers);
    sl_batch_set_column(batch, 1, texts);
    batch->bytes = row_count * 10;
    return batch;
}

Test(data_batch, share_compact_and_concat_keep_rows_kinds_marks_and_positions)
{
    struct sl_pool *pool = sl_pool_new();
    struct sl_batch *batch = batch_make(pool, 8, 0), *shared, *compact, *joined, *pair[2];
    uint16_t selection[] = {1, 2, 5, 7};
    struct sl_arena arena;

    sl_arena_init(&arena);
    for (size_t i = 0; i < 8; i++) {
        (batch->kinds ? batch->kinds : sl_batch_add_kinds(batch, pool))[i] = (uint8_t)(i % 4);
        (batch->positions ? batch->positions : sl_batch_add_positions(batch, pool))[i] =
            100 + (int64_t)i;
    }
    sl_batch_add_marks(batch, pool, 3);
    batch->marks[0] = (struct sl_mark){0, 10};
    batch->marks[1] = (struct sl_mark){3, 20}; /* before row 5, the third that lives */
    batch->marks[2] = (struct sl_mark){8, 30}; /* after all */
    shared = sl_batch_share(pool, batch, selection, 4);
    sl_batch_unref(batch);
    cr_assert_eq(sl_batch_live_count(shared), 4);
    cr_assert_eq(shared->bytes, 40);

    compact = sl_batch_compact(pool, shared, 1, 3);
    cr_assert_str_eq(test_column_text(&arena, compact->columns[0], SL_FORM_FLINK), "2|5|7");
    cr_assert_str_eq(test_column_text(&arena, compact->columns[1], SL_FORM_FLINK),
                     "the text of row 2|t5|t7");
    cr_assert_eq(compact->kinds[1], SL_ROW_UPDATE_BEFORE);
    cr_assert_eq(compact->positions[2], 107);
    cr_assert_eq(compact->mark_count, 2, "the first mark belongs to the part before");
    cr_assert_eq(compact->marks[0].row, 1);
    cr_assert_eq(compact->marks[1].row, 3);
    cr_assert_eq(compact->marks[1].time_ms, 30);

    pair[0] = shared;
    pair[1] = batch_make(pool, 2, 50);
    joined = sl_batch_concat(pool, pair, 2);
    sl_batch_unref(pair[0]);
    sl_batch_unref(pair[1]);
    cr_assert_str_eq(test_column_text(&arena, joined->columns[0], SL_FORM_FLINK), "1|2|5|7|50|51");
    cr_assert_str_eq(test_column_text(&arena, joined->columns[1], SL_FORM_FLINK),
                     "t1|the text of row 2|t5|t7|~|t51");
    cr_assert_eq(joined->kinds[3], SL_ROW_DELETE);
    cr_assert_eq(joined->kinds[4], SL_ROW_INSERT);
    cr_assert_eq(joined->mark_count, 3);
    cr_assert_eq(joined->marks[1].row, 2);
    sl_batch_unref(compact);
    sl_batch_unref(joined);
    cr_assert_eq(sl_pool_used_bytes(pool), 0, "everything came back");
    sl_pool_free(pool);
    sl_arena_done(&arena);
}

Test(data_batch, nested_columns_gather)
{
    static const char *const texts[] = {"(1,\"{a,bb}\")", NULL, "(3,\"{NULL,a longer text here}\")",
                                        "(4,{})"};
    const uint32_t rows[] = {2, 0, 1, 3, 2};
    struct sl_pool *pool = sl_pool_new();
    struct sl_arena arena;
    struct sl_column *column, *gathered;

    sl_arena_init(&arena);
    column = test_column(&arena, pool, "ROW<`n` INT, `s` ARRAY<STRING>>", texts, 4);
    gathered = sl_column_gather(pool, column, rows, 5, true);
    sl_column_unref(column);
    cr_assert_str_eq(test_column_text(&arena, gathered, SL_FORM_FLINK),
                     "(3, [NULL, a longer text here])|(1, [a, bb])|~|(4, [])|"
                     "(3, [NULL, a longer text here])");
    sl_column_unref(gathered);
    cr_assert_eq(sl_pool_used_bytes(pool), 0);
    sl_pool_free(pool);
    sl_arena_done(&arena);
}

Test(data_batch, views_compare_bytewise)
{
    struct sl_view a = sl_view_of("abcd", 4), b = sl_view_of("abcdefghijklmnop", 16);
    struct sl_view c = sl_view_of("abcdefghijklmnoq", 16), high = sl_view_of("\xff", 1);
    struct sl_view zero = sl_view_of("a\0", 2), one = sl_view_of("a", 1);

    cr_assert_lt(sl_view_compare(&a, &b), 0);
    cr_assert_lt(sl_view_compare(&b, &c), 0);
    cr_assert_gt(sl_view_compare(&high, &a), 0);
    cr_assert_gt(sl_view_compare(&zero, &one), 0);
    cr_assert_not(sl_view_equal(&b, &c));
    cr_assert_not(sl_view_equal(&zero, &one));
    cr_assert(sl_view_equal(&b, &b));
}
