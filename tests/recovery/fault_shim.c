/* A library between a process and its files (LD_PRELOAD): it writes down what was written and what was synced, and makes calls fail or
 * wait.
 *
 * Only files under the folder WAITLIST_SHIM_ROOT are its concern, and of those not the shared memory that SQLite keeps beside a database.
 * What happens to them goes to the file WAITLIST_SHIM_TAPE in the order in which it happened, so that power_loss.py can say at any point
 * what a disk would still have if the power had failed there. What is to fail stands in the file WAITLIST_SHIM_CONTROL, which the test
 * changes while the process runs. The real calls are made as bare system calls. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS = 65536, PATH_SIZE = 4096 };

/* power_loss.py knows the same numbers. */
enum { TAPE_OPEN = 1, TAPE_WRITE, TAPE_TRUNCATE, TAPE_SYNC, TAPE_SYNC_FAILED, TAPE_RENAME, TAPE_UNLINK };
enum { OPEN_CREATED = 1, OPEN_TRUNCATED = 2, OPEN_FOLDER = 4 };

/* A call that is to fail: after so many others (1: the next one; 0: never), so many times (negative: from then on always). */
struct failure {
    _Atomic int64_t countdown;
    _Atomic int64_t times;
    _Atomic int64_t error;
};

/* faults.py lays it out in the same order. */
struct control {
    struct failure sync;
    struct failure write;
    _Atomic int64_t sync_delay_us;
    _Atomic int64_t clock_offset_ms; /* of CLOCK_REALTIME */
    _Atomic int64_t sync_lies;       /* says that it synced, and has not */
    _Atomic int64_t read_only;       /* whatever opens for writing gets EROFS */
    _Atomic int64_t syncs;           /* so far; the rest is told by the library */
    _Atomic int64_t writes;
    _Atomic int64_t handles;
};

struct record {
    uint32_t kind;
    uint32_t flags;
    uint64_t handle;
    uint64_t offset;
    uint64_t length; /* of what follows */
};

static struct control *control;
static char root[PATH_SIZE];
static int tape = -1;
static _Atomic uint64_t handles[DESCRIPTORS]; /* 0: not our concern */

static long real(long number, long a, long b, long c, long d) {
    return syscall(number, a, b, c, d);
}

__attribute__((constructor)) static void begin(void) {
    const char *control_path = getenv("WAITLIST_SHIM_CONTROL");
    const char *tape_path = getenv("WAITLIST_SHIM_TAPE");
    const char *root_path = getenv("WAITLIST_SHIM_ROOT");
    if (control_path == NULL || root_path == NULL)
        return;
    int descriptor = (int)real(SYS_openat, AT_FDCWD, (long)control_path, O_RDWR | O_CLOEXEC, 0);
    void *memory = descriptor < 0 ? MAP_FAILED : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED || strlen(root_path) >= sizeof root)
        abort();
    real(SYS_close, descriptor, 0, 0, 0);
    strcpy(root, root_path);
    if (tape_path != NULL)
        tape = (int)real(SYS_openat, AT_FDCWD, (long)tape_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    control = memory;
}

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static bool is_ours(const char *path) {
    return control != NULL && strncmp(path, root, strlen(root)) == 0 && !ends_with(path, "-shm") && !ends_with(path, ".lock");
}

/* The name within the folder; of the folder itself nothing. */
static const char *name_of(const char *path) {
    const char *rest = path + strlen(root);
    return *rest == '/' ? rest + 1 : rest;
}

static void note(uint32_t kind, uint32_t flags, uint64_t handle, uint64_t offset, const void *bytes, uint64_t length) {
    struct record record = {kind, flags, handle, offset, length};
    struct iovec parts[2] = {{&record, sizeof record}, {(void *)(uintptr_t)bytes, length}};
    if (tape >= 0 && real(SYS_writev, tape, (long)parts, 2, 0) != (long)(sizeof record + length))
        abort(); /* a tape with a hole would prove nothing */
}

/* Whether this call is one that fails; then errno is set. */
static bool is_to_fail(struct failure *failure) {
    int64_t left = atomic_load(&failure->countdown);
    if (left == 0)
        return false;
    if (left > 1) {
        atomic_store(&failure->countdown, left - 1);
        return false;
    }
    int64_t times = atomic_load(&failure->times);
    if (times == 0) {
        atomic_store(&failure->countdown, 0);
        return false;
    }
    if (times > 0)
        atomic_store(&failure->times, times - 1);
    errno = (int)atomic_load(&failure->error);
    return true;
}

static uint64_t handle_of(int descriptor) {
    return descriptor >= 0 && descriptor < DESCRIPTORS ? atomic_load(&handles[descriptor]) : 0;
}

/* ---- Opening and closing */

static int open_path(const char *path, int flags, mode_t mode) {
    bool ours = is_ours(path);
    struct stat about;
    bool writes = (flags & O_ACCMODE) != O_RDONLY;
    bool was_there = ours && stat(path, &about) == 0;
    if (ours && writes && atomic_load(&control->read_only) != 0) {
        errno = EROFS;
        return -1;
    }
    int descriptor = (int)real(SYS_openat, AT_FDCWD, (long)path, flags, mode);
    if (descriptor < 0 || descriptor >= DESCRIPTORS)
        return descriptor;
    if (!ours) {
        atomic_store(&handles[descriptor], 0);
        return descriptor;
    }
    uint64_t handle = (uint64_t)atomic_fetch_add(&control->handles, 1) + 1;
    bool is_folder = fstat(descriptor, &about) == 0 && S_ISDIR(about.st_mode);
    uint32_t told = (was_there ? 0u : OPEN_CREATED) | (flags & O_TRUNC ? OPEN_TRUNCATED : 0u) | (is_folder ? OPEN_FOLDER : 0u);
    atomic_store(&handles[descriptor], handle);
    note(TAPE_OPEN, told, handle, 0, name_of(path), strlen(name_of(path)));
    return descriptor;
}

static mode_t mode_of(int flags, va_list arguments) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define DEFINE_OPEN(name)                                                                                                                  \
    int name(const char *path, int flags, ...) {                                                                                           \
        va_list arguments;                                                                                                                 \
        va_start(arguments, flags);                                                                                                        \
        mode_t mode = mode_of(flags, arguments);                                                                                           \
        va_end(arguments);                                                                                                                 \
        return open_path(path, flags, mode);                                                                                               \
    }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

/* The access log opens its files by their folder: they are ours where that is the root itself. */
static int open_in(int folder, const char *name, int flags, mode_t mode) {
    char link[64], path[PATH_SIZE];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    long length = folder == AT_FDCWD || name[0] == '/' ? 0 : real(SYS_readlinkat, AT_FDCWD, (long)link, (long)path, sizeof path);
    size_t name_length = strlen(name);
    bool ours = length > 0 && control != NULL && (size_t)length == strlen(root) && memcmp(path, root, (size_t)length) == 0 &&
                strchr(name, '/') == NULL && strcmp(name, ".") != 0 && (size_t)length + name_length + 2 < sizeof path;
    if (!ours) {
        int descriptor = (int)real(SYS_openat, folder, (long)name, flags, mode);
        if (descriptor >= 0 && descriptor < DESCRIPTORS)
            atomic_store(&handles[descriptor], 0);
        return descriptor;
    }
    path[length] = '/';
    memcpy(path + length + 1, name, name_length + 1);
    return open_path(path, flags & ~O_NOFOLLOW, mode);
}

#define DEFINE_OPENAT(name)                                                                                                                \
    int name(int folder, const char *path, int flags, ...) {                                                                               \
        va_list arguments;                                                                                                                 \
        va_start(arguments, flags);                                                                                                        \
        mode_t mode = mode_of(flags, arguments);                                                                                           \
        va_end(arguments);                                                                                                                 \
        return open_in(folder, path, flags, mode);                                                                                         \
    }
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

int __openat_2(int folder, const char *path, int flags);
int __openat_2(int folder, const char *path, int flags) {
    return open_in(folder, path, flags, 0);
}

int __openat64_2(int folder, const char *path, int flags);
int __openat64_2(int folder, const char *path, int flags) {
    return open_in(folder, path, flags, 0);
}

/* What a fortified build calls in place of open without a mode. */
int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags) {
    return open_path(path, flags, 0);
}

int __open64_2(const char *path, int flags);
int __open64_2(const char *path, int flags) {
    return open_path(path, flags, 0);
}

int close(int descriptor) {
    if (descriptor >= 0 && descriptor < DESCRIPTORS)
        atomic_store(&handles[descriptor], 0);
    return (int)real(SYS_close, descriptor, 0, 0, 0);
}

/* ---- Writing */

static ssize_t write_at(int descriptor, const void *bytes, size_t size, int64_t offset, bool positioned) {
    uint64_t handle = handle_of(descriptor);
    if (handle != 0) {
        atomic_fetch_add(&control->writes, 1);
        if (is_to_fail(&control->write))
            return -1;
        if (!positioned)
            offset = real(SYS_lseek, descriptor, 0, real(SYS_fcntl, descriptor, F_GETFL, 0, 0) & O_APPEND ? SEEK_END : SEEK_CUR, 0);
    }
    ssize_t written = positioned ? real(SYS_pwrite64, descriptor, (long)bytes, (long)size, offset)
                                 : real(SYS_write, descriptor, (long)bytes, (long)size, 0);
    if (handle != 0 && written > 0)
        note(TAPE_WRITE, 0, handle, (uint64_t)offset, bytes, (uint64_t)written);
    return written;
}

ssize_t write(int descriptor, const void *bytes, size_t size) {
    return write_at(descriptor, bytes, size, 0, false);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset) {
    return write_at(descriptor, bytes, size, offset, true);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset) {
    return write_at(descriptor, bytes, size, offset, true);
}

/* In pieces, as a disk may do it too. */
ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
    ssize_t all = 0;
    for (int i = 0; i < count; i++) {
        ssize_t written = write_at(descriptor, parts[i].iov_base, parts[i].iov_len, offset + all, true);
        if (written < 0)
            return all > 0 ? all : written;
        all += written;
        if ((size_t)written < parts[i].iov_len)
            break;
    }
    return all;
}

static int truncate_to(int descriptor, int64_t length) {
    uint64_t handle = handle_of(descriptor);
    if (handle != 0 && is_to_fail(&control->write))
        return -1;
    int result = (int)real(SYS_ftruncate, descriptor, length, 0, 0);
    if (handle != 0 && result == 0)
        note(TAPE_TRUNCATE, 0, handle, (uint64_t)length, NULL, 0);
    return result;
}

int ftruncate(int descriptor, off_t length) {
    return truncate_to(descriptor, length);
}

int ftruncate64(int descriptor, off64_t length) {
    return truncate_to(descriptor, length);
}

/* ---- Syncing */

static int sync_by(long number, int descriptor) {
    uint64_t handle = handle_of(descriptor);
    if (handle == 0)
        return (int)real(number, descriptor, 0, 0, 0);
    atomic_fetch_add(&control->syncs, 1);
    int64_t delay_us = atomic_load(&control->sync_delay_us);
    if (delay_us > 0) {
        struct timespec delay = {delay_us / 1000000, delay_us % 1000000 * 1000};
        real(SYS_nanosleep, (long)&delay, 0, 0, 0);
    }
    if (is_to_fail(&control->sync)) {
        note(TAPE_SYNC_FAILED, 0, handle, 0, NULL, 0);
        return -1;
    }
    if (atomic_load(&control->sync_lies) != 0)
        return 0;
    int result = (int)real(number, descriptor, 0, 0, 0);
    if (result == 0)
        note(TAPE_SYNC, 0, handle, 0, NULL, 0);
    return result;
}

int fsync(int descriptor) {
    return sync_by(SYS_fsync, descriptor);
}

int fdatasync(int descriptor) {
    return sync_by(SYS_fdatasync, descriptor);
}

/* Nothing of ours is written through a mapping; should that change, this must not go unnoticed. */
int msync(void *address, size_t length, int flags) {
    (void)address;
    (void)length;
    (void)flags;
    abort();
}

/* ---- Names */

int rename(const char *before, const char *after) {
    int result = (int)real(SYS_rename, (long)before, (long)after, 0, 0);
    if (result == 0 && is_ours(before)) {
        char both[2 * PATH_SIZE];
        int length = snprintf(both, sizeof both, "%s%c%s", name_of(before), '\0', name_of(after));
        if (length < 0 || length >= (int)sizeof both)
            abort();
        note(TAPE_RENAME, 0, 0, 0, both, (uint64_t)length);
    }
    return result;
}

int unlink(const char *path) {
    int result = (int)real(SYS_unlink, (long)path, 0, 0, 0);
    if (result == 0 && is_ours(path))
        note(TAPE_UNLINK, 0, 0, 0, name_of(path), strlen(name_of(path)));
    return result;
}

/* ---- The clock on the wall */

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)real(SYS_clock_gettime, clock, (long)time, 0, 0);
    if (result == 0 && clock == CLOCK_REALTIME && control != NULL) {
        int64_t offset_ms = atomic_load(&control->clock_offset_ms);
        int64_t nanoseconds = time->tv_nsec + offset_ms % 1000 * 1000000;
        time->tv_sec += offset_ms / 1000 + (nanoseconds >= 1000000000) - (nanoseconds < 0);
        time->tv_nsec = (nanoseconds + 1000000000) % 1000000000;
    }
    return result;
}
