/* File operations of a process below a directory -> a journal from which a power cut can be acted.
 *
 * Loaded with LD_PRELOAD. Everything passes through, so the program runs as usual, but before each
 * change below $UNDO_ROOT a record goes to $UNDO_JOURNAL (outside the root, same file system) that
 * says how to undo it. fsync and fdatasync write a record too: what they cover is durable and will
 * not be undone. After SIGKILL, undo.py puts the tree back to what a power cut would have left.
 *
 * UNDO_IGNORE   extended regular expression over paths relative to the root; directories end in
 *               "/", the root itself is "/". fsync of a match is as if the program had left it out.
 * UNDO_KILL_AT  the process kills itself before its N-th recorded operation (1-based).
 *
 * fsync does not reach the disk: the page cache survives SIGKILL, and the journal is the truth.
 * Not seen: writes through mmap and stdio (neither SQLite in WAL mode nor CPython uses them for
 * files that count; SQLite's -shm is left out), io_uring, O_SYNC.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <regex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAGIC 0x4f444e55u /* "UNDO" */
#define JOURNAL_FD 900    /* out of the way of programs that count their descriptors */
#define EXPORT __attribute__((visibility("default")))

/* Keep in step with undo.py. */
enum kind { DATA = 1, SYNC, CREATE, UNLINK, RENAME, MKDIR, RMDIR, SYNC_ALL };

struct head {
    uint32_t magic, kind;
    uint64_t dev, ino;    /* of the file; for entries, of the directory that holds them */
    uint64_t offset, old_length, length;
    uint32_t path_size, path2_size;
    uint64_t content_size; /* overwritten bytes, or the name of a kept link */
};

struct entry { /* a name in a directory below the root */
    char path[PATH_MAX];
    uint64_t dev, parent;
    int exists;
    struct stat stat;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX], kept[PATH_MAX];
static size_t root_size;
static const char *journal_path;
static int journal = -1, ignores;
static long kill_at, operations;
static unsigned long links;
static regex_t ignore;

static void die(const char *what)
{
    dprintf(2, "undo layer: %s: %s\n", what, strerror(errno));
    abort();
}

static void open_journal(void)
{
    int fd = syscall(SYS_openat, AT_FDCWD, journal_path,
                     O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        die(journal_path);
    journal = fcntl(fd, F_DUPFD_CLOEXEC, JOURNAL_FD);
    if (journal < 0)
        journal = fd; /* a process that may hold few descriptors */
    else
        syscall(SYS_close, fd);
    syscall(SYS_mkdirat, AT_FDCWD, kept, 0777);
}

static void before_fork(void) { pthread_mutex_lock(&mutex); }
static void after_fork(void) { pthread_mutex_unlock(&mutex); }

static void in_child(void)
{
    /* The lock on the journal belongs to its open file description: a child needs its own. */
    if (journal >= 0)
        syscall(SYS_close, journal);
    journal = -1;
    operations = 0;
    pthread_mutex_unlock(&mutex);
}

__attribute__((constructor)) static void begin(void)
{
    const char *wish = getenv("UNDO_ROOT"), *pattern = getenv("UNDO_IGNORE");
    journal_path = getenv("UNDO_JOURNAL");
    if (!wish || !journal_path)
        return;
    if (!realpath(wish, root))
        die(wish);
    root_size = strlen(root);
    snprintf(kept, sizeof kept, "%s.kept", journal_path);
    if (pattern && *pattern) {
        if (regcomp(&ignore, pattern, REG_EXTENDED | REG_NOSUB))
            die("UNDO_IGNORE");
        ignores = 1;
    }
    kill_at = getenv("UNDO_KILL_AT") ? atol(getenv("UNDO_KILL_AT")) : 0;
    pthread_atfork(before_fork, after_fork, in_child);
}

static void lock(void)
{
    pthread_mutex_lock(&mutex);
    if (journal < 0 || fcntl(journal, F_GETFD) < 0)
        open_journal(); /* the first change, or the program closed what it did not know */
    while (flock(journal, LOCK_EX) < 0 && errno == EINTR)
        ;
}

static void unlock(void)
{
    int error = errno;
    flock(journal, LOCK_UN);
    pthread_mutex_unlock(&mutex);
    errno = error;
}

/* Append one record with one system call, so that records of several processes never mix. */
static void record(struct head *head, const char *path, const char *path2, const void *content)
{
    head->magic = MAGIC;
    head->path_size = strlen(path);
    head->path2_size = strlen(path2);
    struct iovec parts[] = {{head, sizeof *head},
                            {(void *)path, head->path_size},
                            {(void *)path2, head->path2_size},
                            {(void *)content, head->content_size}};
    if (kill_at && ++operations == kill_at)
        syscall(SYS_kill, getpid(), SIGKILL);
    if (syscall(SYS_writev, journal, parts, 4) !=
        (ssize_t)(sizeof *head + head->path_size + head->path2_size + head->content_size))
        die("journal");
}

static int is_below(const char *path)
{
    return root_size && !strncmp(path, root, root_size) &&
           (path[root_size] == '/' || !path[root_size]);
}

static int is_shared_memory(const char *path)
{
    size_t size = strlen(path);
    return size > 4 && !strcmp(path + size - 4, "-shm");
}

/* Whether fd is a file or directory of ours; fills in its path and state. */
static int is_ours(int fd, char path[PATH_MAX], struct stat *stat)
{
    char link[64];
    int error = errno, ours = 0;
    if (root_size && !fstat(fd, stat) && (S_ISREG(stat->st_mode) || S_ISDIR(stat->st_mode))) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t size = readlink(link, path, PATH_MAX - 1);
        if (size > 0) {
            path[size] = 0;
            ours = is_below(path) && !is_shared_memory(path);
        }
    }
    errno = error;
    return ours;
}

static uint64_t read_old(int fd, char *buffer, uint64_t size, uint64_t offset)
{
    char link[64];
    uint64_t done = 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int reader = syscall(SYS_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);
    if (reader < 0)
        die("cannot read what is to be overwritten");
    while (done < size) {
        ssize_t got = syscall(SYS_pread64, reader, buffer + done, size - done, offset + done);
        if (got <= 0)
            break;
        done += got;
    }
    syscall(SYS_close, reader);
    return done;
}

/* Record what [offset, offset + length) holds now, and the file's length. Lock held. */
static void note_data(int fd, const char *path, struct stat *stat, uint64_t offset, uint64_t length)
{
    uint64_t old = stat->st_size, size = 0;
    if (offset < old)
        size = length < old - offset ? length : old - offset;
    char *content = size ? malloc(size) : NULL;
    if (size && !content)
        die("memory");
    struct head head = {.kind = DATA, .dev = stat->st_dev, .ino = stat->st_ino, .offset = offset,
                        .old_length = old, .length = length};
    head.content_size = size ? read_old(fd, content, size, offset) : 0;
    record(&head, path, "", content);
    free(content);
}

static uint64_t position(int fd, struct stat *stat)
{
    return fcntl(fd, F_GETFL) & O_APPEND ? (uint64_t)stat->st_size
                                         : (uint64_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
}

static uint64_t total(const struct iovec *parts, int count)
{
    uint64_t size = 0;
    for (int i = 0; i < count; i++)
        size += parts[i].iov_len;
    return size;
}

/* Run `call` with the range recorded, if fd is ours. */
#define CHANGE(fd, at, size, call)                                                                 \
    do {                                                                                           \
        char path[PATH_MAX];                                                                       \
        struct stat stat;                                                                          \
        if (!is_ours(fd, path, &stat))                                                             \
            return call;                                                                           \
        lock();                                                                                    \
        fstat(fd, &stat);                                                                          \
        note_data(fd, path, &stat, at, size);                                                      \
        ssize_t result = call;                                                                     \
        unlock();                                                                                  \
        return result;                                                                             \
    } while (0)

EXPORT ssize_t write(int fd, const void *data, size_t size)
{
    CHANGE(fd, position(fd, &stat), size, syscall(SYS_write, fd, data, size));
}

EXPORT ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    CHANGE(fd, at, size, syscall(SYS_pwrite64, fd, data, size, at));
}

EXPORT ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    return pwrite64(fd, data, size, at);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    CHANGE(fd, position(fd, &stat), total(parts, count), syscall(SYS_writev, fd, parts, count));
}

EXPORT ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at)
{
    CHANGE(fd, at, total(parts, count), syscall(SYS_pwritev, fd, parts, count, at, 0));
}

EXPORT ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
    return pwritev64(fd, parts, count, at);
}

EXPORT ssize_t pwritev64v2(int fd, const struct iovec *parts, int count, off64_t at, int flags)
{
    CHANGE(fd, at == -1 ? position(fd, &stat) : (uint64_t)at, total(parts, count),
           syscall(SYS_pwritev2, fd, parts, count, at, 0, flags));
}

EXPORT ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t at, int flags)
{
    return pwritev64v2(fd, parts, count, at, flags);
}

EXPORT ssize_t sendfile64(int fd, int from, off64_t *at, size_t size)
{
    CHANGE(fd, position(fd, &stat), size, syscall(SYS_sendfile, fd, from, at, size));
}

EXPORT ssize_t sendfile(int fd, int from, off_t *at, size_t size)
{
    return sendfile64(fd, from, at, size);
}

EXPORT ssize_t copy_file_range(int from, off64_t *from_at, int fd, off64_t *at, size_t size,
                               unsigned flags)
{
    CHANGE(fd, at ? (uint64_t)*at : position(fd, &stat), size,
           syscall(SYS_copy_file_range, from, from_at, fd, at, size, flags));
}

/* Shortening loses what lies beyond; lengthening only moves the end. */
EXPORT int ftruncate64(int fd, off64_t length)
{
    uint64_t all = UINT64_MAX - (uint64_t)length;
    CHANGE(fd, length, all, syscall(SYS_ftruncate, fd, length));
}

EXPORT int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

EXPORT int truncate64(const char *name, off64_t length)
{
    int fd = syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int result = ftruncate64(fd, length), error = errno;
    syscall(SYS_close, fd);
    errno = error;
    return result;
}

EXPORT int truncate(const char *name, off_t length) { return truncate64(name, length); }

EXPORT int fallocate64(int fd, int mode, off64_t at, off64_t size)
{
    CHANGE(fd, at, size, syscall(SYS_fallocate, fd, mode, at, size));
}

EXPORT int fallocate(int fd, int mode, off_t at, off_t size)
{
    return fallocate64(fd, mode, at, size);
}

EXPORT int posix_fallocate64(int fd, off64_t at, off64_t size)
{
    return fallocate64(fd, 0, at, size) ? errno : 0;
}

EXPORT int posix_fallocate(int fd, off_t at, off_t size) { return posix_fallocate64(fd, at, size); }

/* Syncing. */

static int is_ignored(const char *path, int directory)
{
    char name[PATH_MAX + 2];
    const char *relative = path + root_size;
    snprintf(name, sizeof name, "%s%s", *relative ? relative + 1 : "", directory ? "/" : "");
    return ignores && !regexec(&ignore, name, 0, NULL, 0);
}

static int synced(int fd, long number)
{
    char path[PATH_MAX];
    struct stat stat;
    if (!is_ours(fd, path, &stat))
        return syscall(number, fd);
    if (!is_ignored(path, S_ISDIR(stat.st_mode))) {
        struct head head = {.kind = SYNC, .dev = stat.st_dev, .ino = stat.st_ino};
        lock();
        record(&head, path, "", NULL);
        unlock();
    }
    return 0;
}

EXPORT int fsync(int fd) { return synced(fd, SYS_fsync); }
EXPORT int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

static void synced_all(void)
{
    struct head head = {.kind = SYNC_ALL};
    if (!root_size || ignores)
        return;
    lock();
    record(&head, root, "", NULL);
    unlock();
}

EXPORT void sync(void) { synced_all(); }

EXPORT int syncfs(int fd)
{
    (void)fd;
    synced_all();
    return 0;
}

/* Names in directories. */

/* Whether the name lies below the root; fills in where it is and what is there now. */
static int is_our_name(int at, const char *name, struct entry *entry)
{
    char joined[PATH_MAX * 2], parent[PATH_MAX], link[64];
    struct stat stat;
    int error = errno, ours = 0;
    if (!root_size)
        return 0;
    snprintf(joined, sizeof joined, "%s", name);
    if (name[0] != '/') {
        char base[PATH_MAX];
        snprintf(link, sizeof link, at == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", at);
        ssize_t size = readlink(link, base, sizeof base - 1);
        if (size < 0)
            goto out;
        snprintf(joined, sizeof joined, "%.*s/%s", (int)size, base, name);
    }
    for (size_t size = strlen(joined); size > 1 && joined[size - 1] == '/'; size--)
        joined[size - 1] = 0;
    char *slash = strrchr(joined, '/');
    *slash = 0;
    if (!realpath(*joined ? joined : "/", parent) || lstat(parent, &stat))
        goto out;
    if ((size_t)snprintf(entry->path, PATH_MAX, "%s/%s", parent, slash + 1) >= PATH_MAX)
        goto out;
    entry->dev = stat.st_dev;
    entry->parent = stat.st_ino;
    entry->exists = !lstat(entry->path, &entry->stat);
    ours = is_below(parent) && !is_shared_memory(entry->path);
out:
    errno = error;
    return ours;
}

/* Keep what is about to lose its name; returns the kept link's name, "" for nothing. */
static const char *keep(const struct entry *entry, char name[64])
{
    char path[PATH_MAX + 80];
    name[0] = 0;
    if (!entry->exists || S_ISDIR(entry->stat.st_mode))
        return name;
    snprintf(name, 64, "%d-%lu", getpid(), ++links);
    snprintf(path, sizeof path, "%s/%s", kept, name);
    if (syscall(SYS_linkat, AT_FDCWD, entry->path, AT_FDCWD, path, 0))
        die("cannot keep a link (journal on another file system?)");
    return name;
}

static void note_entry(enum kind kind, const struct entry *entry, const char *path2,
                       const char *kept_name)
{
    struct head head = {.kind = kind, .dev = entry->dev, .ino = entry->parent,
                        .content_size = strlen(kept_name)};
    record(&head, entry->path, path2, kept_name);
}

/* Run `call` with a record of `kind`, if the name is ours and its being there is as `wanted`. */
#define NAME(at, name, wanted, kind, call)                                                         \
    do {                                                                                           \
        struct entry entry;                                                                        \
        char kept_name[64] = "";                                                                   \
        if (!is_our_name(at, name, &entry))                                                        \
            return call;                                                                           \
        lock();                                                                                    \
        is_our_name(at, name, &entry);                                                             \
        if (entry.exists == wanted)                                                                \
            note_entry(kind, &entry, "", wanted ? keep(&entry, kept_name) : "");                   \
        int result = call;                                                                         \
        unlock();                                                                                  \
        return result;                                                                             \
    } while (0)

static int create(int at, const char *name, int flags, mode_t mode)
{
    NAME(at, name, 0, CREATE, syscall(SYS_openat, at, name, flags, mode));
}

static int opened(int at, const char *name, int flags, mode_t mode)
{
    int truncates = flags & O_TRUNC && (flags & O_ACCMODE) != O_RDONLY;
    struct entry entry;
    if ((flags & O_TMPFILE) == O_TMPFILE || !(flags & (O_CREAT | O_TRUNC)) || !root_size)
        return syscall(SYS_openat, at, name, flags, mode);
    if (truncates && is_our_name(at, name, &entry) && entry.exists && entry.stat.st_size)
        flags &= ~O_TRUNC;
    else
        truncates = 0;
    int fd = flags & O_CREAT ? create(at, name, flags, mode)
                             : (int)syscall(SYS_openat, at, name, flags, mode);
    if (fd >= 0 && truncates && ftruncate64(fd, 0))
        die("truncating");
    return fd;
}

#define OPEN(function, ...)                                                                        \
    EXPORT int function                                                                            \
    {                                                                                              \
        mode_t mode = 0;                                                                           \
        if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) {                                 \
            va_list list;                                                                          \
            va_start(list, flags);                                                                 \
            mode = va_arg(list, mode_t);                                                           \
            va_end(list);                                                                          \
        }                                                                                          \
        return opened(__VA_ARGS__, name, flags, mode);                                             \
    }

OPEN(open(const char *name, int flags, ...), AT_FDCWD)
OPEN(open64(const char *name, int flags, ...), AT_FDCWD)
OPEN(openat(int at, const char *name, int flags, ...), at)
OPEN(openat64(int at, const char *name, int flags, ...), at)

EXPORT int creat(const char *name, mode_t mode)
{
    return opened(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

EXPORT int creat64(const char *name, mode_t mode) { return creat(name, mode); }

/* Programs built with _FORTIFY_SOURCE call these. */
EXPORT int __open_2(const char *name, int flags) { return opened(AT_FDCWD, name, flags, 0); }
EXPORT int __open64_2(const char *name, int flags) { return opened(AT_FDCWD, name, flags, 0); }
EXPORT int __openat_2(int at, const char *name, int flags) { return opened(at, name, flags, 0); }
EXPORT int __openat64_2(int at, const char *name, int flags) { return opened(at, name, flags, 0); }

EXPORT int mkdirat(int at, const char *name, mode_t mode)
{
    NAME(at, name, 0, MKDIR, syscall(SYS_mkdirat, at, name, mode));
}

EXPORT int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

static int removed_directory(int at, const char *name)
{
    NAME(at, name, 1, RMDIR, syscall(SYS_unlinkat, at, name, AT_REMOVEDIR));
}

EXPORT int unlinkat(int at, const char *name, int flags)
{
    if (flags & AT_REMOVEDIR)
        return removed_directory(at, name);
    NAME(at, name, 1, UNLINK, syscall(SYS_unlinkat, at, name, flags));
}

EXPORT int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
EXPORT int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

EXPORT int remove(const char *name)
{
    int result = unlink(name);
    return result && errno == EISDIR ? rmdir(name) : result;
}

EXPORT int linkat(int from, const char *target, int at, const char *name, int flags)
{
    NAME(at, name, 0, CREATE, syscall(SYS_linkat, from, target, at, name, flags));
}

EXPORT int link(const char *target, const char *name)
{
    return linkat(AT_FDCWD, target, AT_FDCWD, name, 0);
}

EXPORT int symlinkat(const char *target, int at, const char *name)
{
    NAME(at, name, 0, CREATE, syscall(SYS_symlinkat, target, at, name));
}

EXPORT int symlink(const char *target, const char *name)
{
    return symlinkat(target, AT_FDCWD, name);
}

/* Lock held. A name that comes from outside the root is new here, one that leaves is gone. */
static void note_rename(const struct entry *source, const struct entry *target, int from_here,
                        int to_here)
{
    char kept_name[64] = "";
    if (from_here && to_here) {
        note_entry(RENAME, target, source->path, keep(target, kept_name));
        return;
    }
    if (from_here)
        note_entry(UNLINK, source, "", keep(source, kept_name));
    if (to_here && target->exists)
        note_entry(UNLINK, target, "", keep(target, kept_name));
    if (to_here)
        note_entry(CREATE, target, "", "");
}

EXPORT int renameat2(int from, const char *old, int at, const char *name, unsigned flags)
{
    struct entry source, target;
    int from_here = is_our_name(from, old, &source), to_here = is_our_name(at, name, &target);
    if (!from_here && !to_here)
        return syscall(SYS_renameat2, from, old, at, name, flags);
    if (flags & RENAME_EXCHANGE)
        die("RENAME_EXCHANGE is not known here");
    lock();
    is_our_name(from, old, &source);
    is_our_name(at, name, &target);
    int same = source.exists && target.exists && target.stat.st_ino == source.stat.st_ino;
    if (source.exists && !same && !(target.exists && flags & RENAME_NOREPLACE))
        note_rename(&source, &target, from_here, to_here);
    int result = syscall(SYS_renameat2, from, old, at, name, flags);
    unlock();
    return result;
}

EXPORT int renameat(int from, const char *old, int at, const char *name)
{
    return renameat2(from, old, at, name, 0);
}

EXPORT int rename(const char *old, const char *name)
{
    return renameat2(AT_FDCWD, old, AT_FDCWD, name, 0);
}
