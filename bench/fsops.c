/*
 * fsops measures one kind of file operation on a mounted directory. bench/compare runs it.
 *
 *   fsops rows                                            lists the rows: name, unit, description
 *   fsops ROW MOUNTED SERVED MILLISECONDS ENTRIES         measures one row
 *
 * MOUNTED is an empty directory of the mount, which the client has not seen before. SERVED is the same directory,
 * reached without the mount. A row prepares its files in SERVED, so they are cold for the client and warm for the
 * server, and preparing is fast. The row then prints "ready", reads one line, and repeats its operation until
 * MILLISECONDS have passed or its files are used up. It prints the units done and the nanoseconds taken.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    BIG_MIB = 64,              /* the size of the file "big" */
    BLOCKS = BIG_MIB * MIB / (4 * KIB),
    FILES = 2000,              /* the most files that a row prepares for itself */
    TREE_DIRECTORIES = 100,    /* the tree of the rows that work like tar, find and rm */
    TREE_FILES = 20,           /* the files in each of its directories */
    DEPTH = 10,                /* of DEEP_FILE */
};

#define DEEP_FILE "d/d/d/d/d/d/d/d/d/d/one"

static const char *mounted, *served;
static long milliseconds, entries;

static char *block;            /* 1 MiB of data, aligned for O_DIRECT */
static char *mapping;
static int file = -1;          /* the open file of a row that reads or writes one */
static long known;             /* the files that the mount's kernel knows; see look_at_files */

/* ---- Helpers ---- */

static void fail(const char *call) {
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

#define CHECK(call) ((call) < 0 ? fail(#call) : (void)0)
#define CHECK_SIZE(call, size) ((call) != (ssize_t)(size) ? fail(#call) : (void)0)

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Returns a path below a directory, in one of four buffers that are used in turn. */
static const char *path(const char *directory, const char *format, ...) {
    static char buffers[4][4096];
    static int next;
    char *buffer = buffers[next++ % 4];
    int length = snprintf(buffer, sizeof buffers[0], "%s/", directory);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(buffer + length, sizeof buffers[0] - length, format, arguments);
    va_end(arguments);
    return buffer;
}

static void write_file(const char *name, size_t size) {
    int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
    CHECK(fd);
    CHECK_SIZE(write(fd, block, size), size);
    CHECK(close(fd));
}

static void open_big(int flags) {
    file = open(path(mounted, "big"), flags, 0644);
    CHECK(file);
}

static void close_file(void) {
    CHECK(close(file));
}

static off_t random_block(void) {
    return (off_t)(random() % BLOCKS) * 4 * KIB;
}

/* ---- Preparations ---- */

static void nothing(void) {
}

static void look_at(const char *name) {
    struct stat st;
    CHECK(stat(name, &st));
}

static void one_file(void) {
    write_file(path(served, "one"), 100);
    look_at(path(mounted, "one"));
}

static void open_one_file(void) {
    one_file();
    file = open(path(mounted, "one"), O_RDONLY);
    CHECK(file);
}

static void deep_file(void) {
    char directory[4096];
    int length = snprintf(directory, sizeof directory, "%s", served);
    for (int i = 0; i < DEPTH; i++) {
        length += snprintf(directory + length, sizeof directory - length, "/d");
        CHECK(mkdir(directory, 0755));
    }
    write_file(path(directory, "one"), 100);
    look_at(path(mounted, DEEP_FILE));
}

static void make_files(long count, size_t size) {
    for (long i = 0; i < count; i++) {
        write_file(path(served, "file-%06ld", i), size);
    }
}

static void many_files(void) {
    make_files(FILES, 0);
}

static void many_files_of_100_bytes(void) {
    make_files(FILES, 100);
}

/* Looks at files in the mount, at most for a row's time, so that the kernel knows them. */
static void look_at_files(void) {
    long long end = now() + milliseconds * 1000000;
    for (known = 0; known < FILES && now() < end; known++) {
        look_at(path(mounted, "file-%06ld", known));
    }
}

static void known_files(void) {
    many_files();
    look_at_files();
}

static void files_known_a_while_ago(void) {
    known_files();
    struct timespec longer_than_timeouts = {1, 100 * 1000 * 1000};
    nanosleep(&longer_than_timeouts, NULL);
}

static void known_directories(void) {
    for (long i = 0; i < FILES; i++) {
        CHECK(mkdir(path(served, "file-%06ld", i), 0755));
    }
    look_at_files();
}

static void large_directory(void) {
    for (long i = 0; i < entries; i++) {
        write_file(path(served, "file-with-a-name-%06ld.txt", i), 0);
    }
}

static long list(int attributes) {
    struct stat st;
    struct dirent *entry;
    long count = 0;
    DIR *directory = opendir(mounted);
    if (directory == NULL) {
        fail("opendir");
    }
    while ((entry = readdir(directory)) != NULL) {
        if (attributes) {
            CHECK(fstatat(dirfd(directory), entry->d_name, &st, AT_SYMLINK_NOFOLLOW));
        }
        count++;
    }
    closedir(directory);
    if (count != entries + 2) {
        fprintf(stderr, "the directory has %ld entries, and the mount shows %ld\n", entries + 2, count);
        exit(1);
    }
    return count;
}

static void listed_directory(void) {
    large_directory();
    list(0);
}

static void directory_listed_with_attributes(void) {
    large_directory();
    list(1);
}

static void write_big(void) {
    int fd = open(path(served, "big"), O_CREAT | O_EXCL | O_WRONLY, 0644);
    CHECK(fd);
    for (int i = 0; i < BIG_MIB; i++) {
        CHECK_SIZE(write(fd, block, MIB), MIB);
    }
    CHECK(close(fd));
}

static void big_to_read(void) {
    write_big();
    open_big(O_RDONLY);
}

static void big_read_before(void) {
    big_to_read();
    for (int i = 0; i < BIG_MIB; i++) {
        CHECK_SIZE(pread(file, block, MIB, (off_t)i * MIB), MIB);
    }
}

static void big_to_read_direct(void) {
    write_big();
    open_big(O_RDONLY | O_DIRECT);
}

static void big_to_write(void) {
    write_big();
    open_big(O_WRONLY);
}

static void big_to_write_direct(void) {
    write_big();
    open_big(O_WRONLY | O_DIRECT);
}

static void new_big(void) {
    open_big(O_CREAT | O_EXCL | O_WRONLY);
}

static void new_big_to_append(void) {
    open_big(O_CREAT | O_EXCL | O_WRONLY | O_APPEND);
}

static void map_big(int flags, int protection) {
    write_big();
    open_big(flags);
    mapping = mmap(NULL, (size_t)BIG_MIB * MIB, protection, MAP_SHARED, file, 0);
    if (mapping == MAP_FAILED) {
        fail("mmap");
    }
}

static void map_to_read(void) {
    map_big(O_RDONLY, PROT_READ);
}

static void map_to_write(void) {
    map_big(O_RDWR, PROT_READ | PROT_WRITE);
}

static size_t tree_file_size(int i) {
    static const size_t sizes[] = {300, 900, 1500, 2500, 4000, 4096, 6000, 9000, 15000, 40000};
    return sizes[i % 10];
}

static void tree(void) {
    for (int d = 0; d < TREE_DIRECTORIES; d++) {
        CHECK(mkdir(path(served, "d%d", d), 0755));
        for (int i = 0; i < TREE_FILES; i++) {
            write_file(path(served, "d%d/source-%03d.c", d, i), tree_file_size(i));
        }
    }
}

/* ---- Operations: each does the i-th step, and returns the units done, or 0 if nothing is left to do ---- */

static long stat_one(long i) {
    (void)i;
    look_at(path(mounted, "one"));
    return 1;
}

static long fstat_one(long i) {
    struct stat st;
    (void)i;
    CHECK(fstat(file, &st));
    return 1;
}

static long stat_deep(long i) {
    (void)i;
    look_at(path(mounted, DEEP_FILE));
    return 1;
}

static void require_missing(const char *name) {
    struct stat st;
    if (stat(name, &st) == 0 || errno != ENOENT) {
        fail("stat of a missing name");
    }
}

static long stat_missing(long i) {
    (void)i;
    require_missing(path(mounted, "missing"));
    return 1;
}

static long stat_missing_distinct(long i) {
    require_missing(path(mounted, "missing-%06ld", i));
    return 1;
}

static long stat_distinct(long i) {
    if (i == FILES) {
        return 0;
    }
    look_at(path(mounted, "file-%06ld", i));
    return 1;
}

static long stat_known(long i) {
    return i < known ? stat_distinct(i) : 0;
}

static long open_close(long i) {
    (void)i;
    int fd = open(path(mounted, "one"), O_RDONLY);
    CHECK(fd);
    CHECK(close(fd));
    return 1;
}

static void read_100(const char *name) {
    int fd = open(name, O_RDONLY);
    CHECK(fd);
    CHECK_SIZE(read(fd, block, 128), 100);
    CHECK(close(fd));
}

static long read_one(long i) {
    (void)i;
    read_100(path(mounted, "one"));
    return 1;
}

static long read_distinct(long i) {
    if (i == FILES) {
        return 0;
    }
    read_100(path(mounted, "file-%06ld", i));
    return 1;
}

static long create_empty(long i) {
    write_file(path(mounted, "new-%06ld", i), 0);
    return 1;
}

static long create_100(long i) {
    write_file(path(mounted, "new-%06ld", i), 100);
    return 1;
}

static long make_directory(long i) {
    CHECK(mkdir(path(mounted, "new-%06ld", i), 0755));
    return 1;
}

static long make_symlink(long i) {
    CHECK(symlink("target", path(mounted, "new-%06ld", i)));
    return 1;
}

/* Defines an operation that makes one call on each known file. */
#define ON_KNOWN_FILE(operation, call)                       \
    static long operation(long i) {                          \
        if (i >= known) {                                    \
            return 0;                                        \
        }                                                    \
        const char *name = path(mounted, "file-%06ld", i);   \
        CHECK(call);                                         \
        return 1;                                            \
    }

ON_KNOWN_FILE(make_link, link(name, path(mounted, "new-%06ld", i)))
ON_KNOWN_FILE(rename_known, rename(name, path(mounted, "new-%06ld", i)))
ON_KNOWN_FILE(chmod_known, chmod(name, 0600))
ON_KNOWN_FILE(utimens_known, utimensat(AT_FDCWD, name, (struct timespec[2]){{1600000000, 0}, {1600000000, 0}}, 0))
ON_KNOWN_FILE(truncate_known, truncate(name, 100))
ON_KNOWN_FILE(unlink_known, unlink(name))
ON_KNOWN_FILE(rmdir_known, rmdir(name))

static long list_names_once(long i) {
    return i == 0 ? list(0) : 0;
}

static long list_names(long i) {
    (void)i;
    return list(0);
}

static long list_attributes_once(long i) {
    return i == 0 ? list(1) : 0;
}

static long list_attributes(long i) {
    (void)i;
    return list(1);
}

static long write_mib(long i) {
    if (i == BIG_MIB) {
        return 0;
    }
    CHECK_SIZE(pwrite(file, block, MIB, (off_t)i * MIB), MIB);
    return 1;
}

static long read_mib(long i) {
    if (i == BIG_MIB) {
        return 0;
    }
    CHECK_SIZE(pread(file, block, MIB, (off_t)i * MIB), MIB);
    return 1;
}

static long read_4k(long i) {
    if (i == BLOCKS) {
        return 0;
    }
    CHECK_SIZE(pread(file, block, 4 * KIB, (off_t)i * 4 * KIB), 4 * KIB);
    return 1;
}

static long read_4k_random(long i) {
    (void)i;
    CHECK_SIZE(pread(file, block, 4 * KIB, random_block()), 4 * KIB);
    return 1;
}

static long write_4k(long i) {
    if (i == BLOCKS) {
        return 0;
    }
    CHECK_SIZE(pwrite(file, block, 4 * KIB, (off_t)i * 4 * KIB), 4 * KIB);
    return 1;
}

static long write_4k_random(long i) {
    (void)i;
    CHECK_SIZE(pwrite(file, block, 4 * KIB, random_block()), 4 * KIB);
    return 1;
}

static long write_4k_fsync(long i) {
    CHECK_SIZE(pwrite(file, block, 4 * KIB, (off_t)i * 4 * KIB), 4 * KIB);
    CHECK(fsync(file));
    return 1;
}

static long append_100(long i) {
    (void)i;
    CHECK_SIZE(write(file, block, 100), 100);
    return 1;
}

static long map_read_mib(long i) {
    static volatile char sink;
    if (i == BIG_MIB) {
        return 0;
    }
    for (long offset = i * MIB; offset < (i + 1) * MIB; offset += 4 * KIB) {
        sink = mapping[offset];
    }
    (void)sink;
    return 1;
}

static long map_write_mib(long i) {
    if (i == BIG_MIB) {
        return 0;
    }
    for (long offset = i * MIB; offset < (i + 1) * MIB; offset += 4 * KIB) {
        mapping[offset]++;
    }
    return 1;
}

static void sync_mapping(void) {
    CHECK(msync(mapping, (size_t)BIG_MIB * MIB, MS_SYNC));
}

/* Makes a directory of small files with the calls of tar -x. */
static long extract_directory(long d) {
    struct timespec times[2] = {{1600000000, 0}, {1600000000, 123456789}};
    if (d == TREE_DIRECTORIES) {
        return 0;
    }
    CHECK(mkdir(path(mounted, "d%ld", d), 0755));
    for (int i = 0; i < TREE_FILES; i++) {
        int fd = open(path(mounted, "d%ld/source-%03d.c", d, i), O_CREAT | O_EXCL | O_WRONLY, 0600);
        CHECK(fd);
        CHECK_SIZE(write(fd, block, tree_file_size(i)), tree_file_size(i));
        CHECK(futimens(fd, times));
        CHECK(fchown(fd, 1000, 1000));
        CHECK(fchmod(fd, 0644));
        CHECK(close(fd));
    }
    return TREE_FILES;
}

static void read_whole(const char *name) {
    struct stat st;
    ssize_t count;
    int fd = open(name, O_RDONLY);
    CHECK(fd);
    CHECK(fstat(fd, &st));
    while ((count = read(fd, block, 64 * KIB)) > 0) {
    }
    CHECK(count);
    CHECK(close(fd));
}

static void unlink_name(const char *name) {
    CHECK(unlink(name));
}

/* Looks at each file of a directory of the tree, and passes its name to an action unless that is null. */
static long visit_directory(long d, void (*action)(const char *name)) {
    struct stat st;
    struct dirent *entry;
    long count = 0;
    if (d == TREE_DIRECTORIES) {
        return 0;
    }
    DIR *directory = opendir(path(mounted, "d%ld", d));
    if (directory == NULL) {
        fail("opendir");
    }
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.') {
            const char *name = path(mounted, "d%ld/%s", d, entry->d_name);
            CHECK(lstat(name, &st));
            if (action != NULL) {
                action(name);
            }
            count++;
        }
    }
    closedir(directory);
    return count;
}

static long find_directory(long d) {
    return visit_directory(d, NULL);
}

static long archive_directory(long d) {
    return visit_directory(d, read_whole);
}

static long remove_directory(long d) {
    long count = visit_directory(d, unlink_name);
    if (count > 0) {
        CHECK(rmdir(path(mounted, "d%ld", d)));
    }
    return count;
}

/* ---- Rows ---- */

static const struct row {
    const char *name;
    const char *unit;
    void (*prepare)(void);
    long (*step)(long i);
    void (*finish)(void);      /* belongs to the time that is measured */
    const char *description;
} rows[] = {
    {"stat_known", "op", one_file, stat_one, nothing, "stat of one file, again and again"},
    {"stat_expired", "op", files_known_a_while_ago, stat_known, nothing, "stat of distinct files seen 1.1 s ago"},
    {"stat_cold", "op", many_files, stat_distinct, nothing, "stat of distinct files never seen"},
    {"stat_again", "op", known_files, stat_known, nothing, "stat of distinct files seen just now"},
    {"stat_deep", "op", deep_file, stat_deep, nothing, "stat of one file below 10 directories"},
    {"stat_missing", "op", nothing, stat_missing, nothing, "stat of one name that is missing"},
    {"stat_missing_distinct", "op", nothing, stat_missing_distinct, nothing, "stat of distinct names that are missing"},
    {"fstat", "op", open_one_file, fstat_one, nothing, "fstat of an open file"},
    {"open_close", "op", one_file, open_close, nothing, "open and close one file"},
    {"open_read_close", "op", one_file, read_one, nothing, "open one file, read 100 bytes, close"},
    {"open_read_close_cold", "op", many_files_of_100_bytes, read_distinct, nothing, "the same on files never seen"},
    {"create_empty", "op", nothing, create_empty, nothing, "create and close a file"},
    {"create_write_close", "op", nothing, create_100, nothing, "create a file, write 100 bytes, close"},
    {"rename", "op", known_files, rename_known, nothing, "rename a known file"},
    {"chmod", "op", known_files, chmod_known, nothing, "change the mode of a known file"},
    {"utimens", "op", known_files, utimens_known, nothing, "set the times of a known file"},
    {"truncate", "op", known_files, truncate_known, nothing, "set the size of a known file"},
    {"unlink", "op", known_files, unlink_known, nothing, "remove a known file"},
    {"link", "op", known_files, make_link, nothing, "make a hard link to a known file"},
    {"symlink", "op", nothing, make_symlink, nothing, "make a symbolic link"},
    {"mkdir", "op", nothing, make_directory, nothing, "make a directory"},
    {"rmdir", "op", known_directories, rmdir_known, nothing, "remove a known directory"},
    {"ls_cold", "entry", large_directory, list_names_once, nothing, "list a large directory never seen"},
    {"ls_again", "entry", listed_directory, list_names, nothing, "list it again"},
    {"ls_l_cold", "entry", large_directory, list_attributes_once, nothing, "list and stat a large directory never seen"},
    {"ls_l_again", "entry", directory_listed_with_attributes, list_attributes, nothing, "list and stat it again"},
    {"write_1m", "MiB", new_big, write_mib, close_file, "write a new file by 1 MiB, close"},
    {"read_1m_cold", "MiB", big_to_read, read_mib, nothing, "read a file never seen by 1 MiB"},
    {"read_1m_again", "MiB", big_read_before, read_mib, nothing, "read it again, still open"},
    {"write_1m_direct", "MiB", big_to_write_direct, write_mib, close_file, "rewrite a file by 1 MiB with O_DIRECT"},
    {"read_1m_direct", "MiB", big_to_read_direct, read_mib, nothing, "read a file by 1 MiB with O_DIRECT"},
    {"read_4k_cold", "op", big_to_read, read_4k, nothing, "read a file never seen by 4 KiB, in order"},
    {"read_4k_random_direct", "op", big_to_read_direct, read_4k_random, nothing, "read 4 KiB at random with O_DIRECT"},
    {"write_4k", "op", new_big, write_4k, close_file, "write a new file by 4 KiB, close"},
    {"write_4k_random", "op", big_to_write, write_4k_random, close_file, "rewrite 4 KiB at random, close"},
    {"write_4k_fsync", "op", new_big, write_4k_fsync, close_file, "write 4 KiB, fsync"},
    {"append_100", "op", new_big_to_append, append_100, close_file, "append 100 bytes to an open file"},
    {"mmap_read_cold", "MiB", map_to_read, map_read_mib, nothing, "read a mapped file never seen"},
    {"mmap_write", "MiB", map_to_write, map_write_mib, sync_mapping, "change each page of a mapped file, msync"},
    {"untar", "file", nothing, extract_directory, nothing, "make small files with the calls of tar -x"},
    {"tar_cold", "file", tree, archive_directory, nothing, "read small files never seen, as tar -c does"},
    {"find_cold", "file", tree, find_directory, nothing, "list and stat a tree never seen"},
    {"rm_cold", "file", tree, remove_directory, nothing, "remove a tree never seen"},
};

static void measure(const struct row *row) {
    long units = 0;
    long done;
    row->prepare();
    /* An operation on a new name in the directory is not to pay for the directory. */
    look_at(mounted);
    puts("ready");
    fflush(stdout);
    while (getchar() > '\n') {
    }
    long long begin = now();
    long long end = begin + milliseconds * 1000000;
    for (long i = 0; now() < end && (done = row->step(i)) > 0; i++) {
        units += done;
    }
    row->finish();
    printf("%ld %lld\n", units, now() - begin);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "rows") == 0) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            printf("%s\t%s\t%s\n", rows[i].name, rows[i].unit, rows[i].description);
        }
        return 0;
    }
    if (argc == 6) {
        mounted = argv[2];
        served = argv[3];
        milliseconds = atol(argv[4]);
        entries = atol(argv[5]);
        block = aligned_alloc(4 * KIB, MIB);
        if (block == NULL) {
            fail("aligned_alloc");
        }
        for (int i = 0; i < MIB; i++) {
            block[i] = (char)(i * 31 + (i >> 8));
        }
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            if (strcmp(rows[i].name, argv[1]) == 0) {
                measure(&rows[i]);
                return 0;
            }
        }
    }
    fprintf(stderr, "usage: fsops rows | fsops ROW MOUNTED SERVED MILLISECONDS ENTRIES\n");
    return 2;
}
