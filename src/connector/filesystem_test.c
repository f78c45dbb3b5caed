/* The journal and the parts of the filesystem publisher: whatever a crash leaves, what the marker
 * says is there once, and the rest is published again. */
#include "connector/connector_test.h"
#include "connector/filesystem_journal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define IDENTITY "0123456789abcdef0123456789abcdef/1/sink/0"

static char *directory;

static void
make_directory(void)
{
    char template[] = "/tmp/filesystem_test.XXXXXX";

    cr_assert_not_null(mkdtemp(template));
    directory = strdup(template);
}

static void
remove_directory(void)
{
    char command[256];

    snprintf(command, sizeof(command), "rm -rf %s", directory);
    cr_expect_eq(system(command), 0);
    free(directory);
}

static const char *
path_of(const char *name)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static size_t
read_file(const char *path, char *bytes, size_t size_max)
{
    int fd = open(path, O_RDONLY);
    ssize_t n;

    if (fd < 0)
        return 0;
    n = read(fd, bytes, size_max);
    close(fd);
    return (size_t)n;
}

static void
write_file(const char *path, const char *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, bytes, size), (ssize_t)size);
    close(fd);
}

/* --- the journal --- */

static int
open_journal(struct sl_file_journal *journal, struct sl_text *newest, struct sl_error *err)
{
    sl_error_reset(err);
    return sl_file_journal_open(journal, path_of("j"), "me", newest, err);
}

TestSuite(journal, .init = make_directory, .fini = remove_directory);

Test(journal, every_prefix_is_a_crash)
{
    const char *payloads[] = {"one", "two and more", "", "four"};
    size_t ends[4], head;
    struct sl_file_journal journal;
    struct sl_error err;
    struct sl_text newest;
    char bytes[1024], after[1024];
    size_t size;

    cr_assert_eq(open_journal(&journal, &newest, &err), SL_OK);
    cr_expect_eq(newest.length, 0);
    head = journal.size;
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(sl_file_journal_append(&journal, sl_text_of(payloads[i]), true, &err), SL_OK);
        ends[i] = journal.size;
    }
    sl_file_journal_close(&journal);
    size = read_file(path_of("j"), bytes, sizeof(bytes));
    cr_assert_eq(size, ends[3]);
    for (size_t cut = 0; cut <= size; cut++) {
        size_t whole = 0;

        while (whole < 4 && ends[whole] <= cut)
            whole++;
        write_file(path_of("j"), bytes, cut);
        cr_assert_eq(open_journal(&journal, &newest, &err), SL_OK, "cut at %zu: %s", cut, err.text);
        cr_expect(sl_text_equal(newest, sl_text_of(whole ? payloads[whole - 1] : "")));
        cr_expect_eq(journal.size, whole ? ends[whole - 1] : head);
        cr_assert_eq(sl_file_journal_append(&journal, SL_TEXT("next"), true, &err), SL_OK);
        sl_file_journal_close(&journal);
        cr_assert_eq(open_journal(&journal, &newest, &err), SL_OK);
        cr_expect(sl_text_equal(newest, SL_TEXT("next")), "cut at %zu", cut);
        sl_file_journal_close(&journal);
        cr_expect_lt(read_file(path_of("j"), after, sizeof(after)), sizeof(after));
    }
}

Test(journal, damage_is_no_torn_tail)
{
    struct sl_file_journal journal;
    struct sl_error err;
    struct sl_text newest;
    char bytes[1024];
    size_t size, head;

    cr_assert_eq(open_journal(&journal, &newest, &err), SL_OK);
    head = journal.size;
    sl_file_journal_append(&journal, SL_TEXT("first"), true, &err);
    sl_file_journal_append(&journal, SL_TEXT("second"), true, &err);
    sl_file_journal_close(&journal);
    size = read_file(path_of("j"), bytes, sizeof(bytes));
    for (size_t at = 0; at < head + 16 + 5; at++) {
        bytes[at] ^= 1;
        write_file(path_of("j"), bytes, size);
        bytes[at] ^= 1;
        cr_expect_eq(open_journal(&journal, &newest, &err), SL_E_DATA_CORRUPTED, "byte %zu", at);
        sl_file_journal_close(&journal);
    }
}

Test(journal, of_somebody_else)
{
    struct sl_file_journal journal;
    struct sl_error err;
    struct sl_text newest;

    cr_assert_eq(sl_file_journal_open(&journal, path_of("j"), "you", &newest, &err), SL_OK);
    sl_file_journal_close(&journal);
    cr_expect_eq(open_journal(&journal, &newest, &err), SL_E_DATA_CORRUPTED);
    sl_file_journal_close(&journal);
}

Test(journal, is_written_anew_when_large)
{
    struct sl_file_journal journal;
    struct sl_error err;
    struct sl_text newest;
    char payload[1000];

    memset(payload, 'x', sizeof(payload));
    cr_assert_eq(open_journal(&journal, &newest, &err), SL_OK);
    for (int i = 0; i < 1000; i++) {
        payload[0] = (char)i;
        cr_assert_eq(sl_file_journal_append(&journal, (struct sl_text){payload, sizeof(payload)},
                                            false, &err),
                     SL_OK);
        cr_assert_lt(journal.size, SL_FILE_JOURNAL_BYTES_MAX + 2 * sizeof(payload));
    }
    sl_file_journal_close(&journal);
    cr_assert_eq(open_journal(&journal, &newest, &err), SL_OK);
    cr_expect(sl_text_equal(newest, (struct sl_text){payload, sizeof(payload)}));
    sl_file_journal_close(&journal);
}

/* --- parts --- */

struct lane {
    struct test_table table;
    struct sl_publisher *publisher;
    struct sl_marker marker;
    char journal[512];
};

static int
lane_open(struct lane *lane, const char *file_size, struct sl_error *err)
{
    const char *options[] = {"path", directory, "sink.rolling-policy.file-size", file_size, NULL};
    const struct sl_publisher_class *class;
    int rc;

    test_table_open(&lane->table, "filesystem", options);
    class = lane->table.class->publisher;
    lane->publisher = sl_alloc_zeroed(class->size);
    lane->publisher->class = class;
    lane->publisher->config = &lane->table.config;
    lane->publisher->identity = IDENTITY;
    sl_error_reset(err);
    rc = class->open(lane->publisher, &lane->marker, err);
    return rc;
}

static void
lane_close(struct lane *lane)
{
    lane->publisher->class->close(lane->publisher);
    free(lane->publisher);
    test_table_close(&lane->table);
}

#define CHUNKS 4

/* Chunk n: a row into each of two buckets.  Publishes what the marker says is missing. */
static void
lane_publish_from_marker(struct lane *lane, uint32_t upto)
{
    struct sl_error err;

    for (uint32_t chunk = lane->marker.chunk + 1; chunk <= upto; chunk++) {
        struct sl_marker marker = {.epoch = 1, .chunk = chunk};
        struct sl_text asides[2] = {SL_TEXT(""), SL_TEXT("k=1")};
        struct sl_record items[2];
        struct sl_records records = {.items = items, .count = 2, .asides = asides};
        char text[16];

        snprintf(text, sizeof(text), "row %u", chunk);
        for (int i = 0; i < 2; i++)
            items[i] = (struct sl_record){.value = text,
                                          .value_length = (uint32_t)strlen(text),
                                          .key_length = SL_RECORD_NULL};
        cr_assert_eq(lane->publisher->class->publish(lane->publisher, &records, &marker, &err),
                     SL_OK, "%s", err.text);
    }
}

/* All lines of the files with final names, and no other files but the journal. */
static void
expect_each_once(const char *bucket, const char *what)
{
    const char *path = path_of(bucket);
    int counts[CHUNKS + 1] = {0};
    struct dirent *entry;
    DIR *dir = opendir(path);
    char full[1024], bytes[4096];

    cr_assert_not_null(dir);
    while ((entry = readdir(dir))) {
        size_t size;

        cr_expect_null(strstr(entry->d_name, "inprogress"), "%s: %s", what, entry->d_name);
        if (strncmp(entry->d_name, "part-", 5) != 0)
            continue;
        snprintf(full, sizeof(full), "%s/%s/%s", directory, bucket, entry->d_name);
        size = read_file(full, bytes, sizeof(bytes));
        cr_expect_eq(size % strlen("row 1\n"), 0);
        for (size_t at = 0; at + 6 <= size; at += 6)
            counts[bytes[at + 4] - '0']++;
    }
    closedir(dir);
    for (int i = 1; i <= CHUNKS; i++)
        cr_expect_eq(counts[i], 1, "%s: row %d is there %d times", what, i, counts[i]);
}

static void
find_file(const char *start, const char *end, char name[256])
{
    DIR *dir = opendir(directory);
    struct dirent *entry;

    name[0] = '\0';
    while ((entry = readdir(dir))) {
        size_t length = strlen(entry->d_name);

        if (strncmp(entry->d_name, start, strlen(start)) == 0 && length >= strlen(end) &&
            strcmp(entry->d_name + length - strlen(end), end) == 0)
            snprintf(name, 256, "%s", entry->d_name);
    }
    closedir(dir);
}

/* $D is the directory. */
static void
shell(const char *command)
{
    setenv("D", directory, 1);
    cr_assert_eq(system(command), 0, "%s", command);
}

TestSuite(parts, .init = make_directory, .fini = remove_directory);

/* The open parts are longer than the journal knows, by everything that came later. */
Test(parts, journal_cut_anywhere)
{
    char name[256], bytes[8192];
    struct sl_error err;
    struct lane lane;
    size_t size;

    cr_assert_eq(lane_open(&lane, "1 mb", &err), SL_OK, "%s", err.text);
    lane_publish_from_marker(&lane, CHUNKS);
    lane_close(&lane);
    find_file(".part-", ".journal", name);
    size = read_file(path_of(name), bytes, sizeof(bytes));
    shell("cp -a $D $D.saved");
    for (size_t cut = 0; cut <= size; cut += 11) { /* which is no record's size */
        char what[32];

        snprintf(what, sizeof(what), "cut at %zu", cut);
        shell("rm -rf $D && cp -a $D.saved $D");
        write_file(path_of(name), bytes, cut);
        cr_assert_eq(lane_open(&lane, "1 mb", &err), SL_OK, "%s: %s", what, err.text);
        lane_publish_from_marker(&lane, CHUNKS);
        cr_assert_eq(lane.publisher->class->finish(lane.publisher, &err), SL_OK);
        cr_assert_eq(lane.publisher->class->finish(lane.publisher, &err), SL_OK);
        lane_close(&lane);
        expect_each_once(".", what);
        expect_each_once("k=1", what);
    }
    shell("rm -rf $D.saved");
}

/* One chunk, one part in each bucket.  A crash after the last record of the chunk (0), before it,
 * the renames done (1), the first of them done (2), none (3), before the first record (4). */
Test(parts, renames_are_done_again)
{
    for (int state = 0; state <= 4; state++) {
        char name[256], bytes[8192], what[32];
        struct sl_error err;
        struct lane lane;
        size_t before, size, whole;

        snprintf(what, sizeof(what), "state %d", state);
        shell("rm -rf $D");
        cr_assert_eq(lane_open(&lane, "1 b", &err), SL_OK, "%s", err.text);
        lane_publish_from_marker(&lane, CHUNKS - 1);
        find_file(".part-", ".journal", name);
        before = read_file(path_of(name), bytes, sizeof(bytes));
        lane.marker.chunk = CHUNKS - 1;
        lane_publish_from_marker(&lane, CHUNKS);
        lane_close(&lane);
        size = read_file(path_of(name), bytes, sizeof(bytes));
        for (whole = before + 1; memcmp(bytes + whole, "SLJR", 4) != 0; whole++)
            ;
        if (state >= 1)
            write_file(path_of(name), bytes, state == 4 ? before : whole);
        else
            cr_assert_gt(size, whole);
        if (state >= 2)
            shell("cd $D/k=1 && mv part-*-7 .$(ls -d part-*-7).inprogress");
        if (state >= 3)
            shell("cd $D && mv part-*-6 .$(ls -d part-*-6).inprogress");
        cr_assert_eq(lane_open(&lane, "1 b", &err), SL_OK, "%s: %s", what, err.text);
        cr_expect_eq(lane.marker.chunk, state == 4 ? CHUNKS - 1 : CHUNKS, "%s", what);
        lane_publish_from_marker(&lane, CHUNKS);
        lane_close(&lane);
        expect_each_once(".", what);
        expect_each_once("k=1", what);
    }
}

Test(parts, a_part_that_is_missing_is_named)
{
    struct sl_error err;
    struct lane lane;

    cr_assert_eq(lane_open(&lane, "1 mb", &err), SL_OK);
    lane_publish_from_marker(&lane, 2);
    lane_close(&lane);
    shell("rm $D/k=1/.part-*");
    cr_expect_eq(lane_open(&lane, "1 mb", &err), SL_E_DATA_CORRUPTED);
    cr_expect_not_null(strstr(err.text, "/k=1/.part-01234567-"), "%s", err.text);
    lane_close(&lane);
}

Test(parts, a_file_that_is_there_is_not_written_over)
{
    struct sl_error err;
    struct lane lane;

    cr_assert_eq(lane_open(&lane, "1 mb", &err), SL_OK);
    lane_publish_from_marker(&lane, 2);
    shell("cd $D && f=$(ls -A | grep inprogress) && f=${f#.} && echo mine > ${f%.inprogress}");
    cr_expect_eq(lane.publisher->class->finish(lane.publisher, &err), SL_E_DATA_CORRUPTED);
    lane_close(&lane);
}

/* Whoever reads the files may take them away. */
Test(parts, files_that_were_taken_away_are_not_missed)
{
    struct sl_error err;
    struct lane lane;

    cr_assert_eq(lane_open(&lane, "1 b", &err), SL_OK);
    lane_publish_from_marker(&lane, 3);
    lane_close(&lane);
    shell("rm $D/part-* $D/k=1/part-*");
    cr_expect_eq(lane_open(&lane, "1 b", &err), SL_OK, "%s", err.text);
    cr_expect_eq(lane.marker.chunk, 3);
    lane_close(&lane);
}
