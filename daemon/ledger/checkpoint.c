/* The checkpoint's file: a few bytes that say what it is, then blocks, each with a checksum that depends on all before it. */
#include "daemon/ledger/checkpoint.h"

#include "checkpoint_program.h"
#include "daemon/core/memory.h"
#include "daemon/core/preserve.h"
#include "daemon/journal/files.h"
#include "daemon/ledger/ledger_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define MAGIC "wlcheck\n"
#define MAGIC_SIZE 8
#define VERSION 1
#define DIGEST_SIZE 16                      /* XXH3-128 */
#define BLOCK_HEAD (4 + DIGEST_SIZE)        /* how many bytes, and their checksum */
#define BYTES_MAX (UINT64_C(4) << 30)       /* no register of such a size has room in memory */
#define WRITTEN_AT_ONCE ((uint64_t)1 << 17) /* so much lies unwritten in the page cache at most, for the journal's syncs wait for it */
#define CUT_AT_ONCE ((off_t)1 << 19)        /* of a file that nobody needs: the kernel gives so much back within a burst */
#define PATH_SIZE 4096

enum { MODE = 0600 }; /* references to people, and nobody but the daemon needs it */

static bool path_of(const struct ledger *ledger, const char *end, char path[PATH_SIZE]) {
    return snprintf(path, PATH_SIZE, "%s.checkpoint%s", ledger->journal_path, end) < PATH_SIZE;
}

static void put_le(unsigned char *at, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

/* The checksum of a block; `*chain` stands for all that came before. */
static void checksum(uint64_t *chain, const void *bytes, size_t size, unsigned char digest[DIGEST_SIZE]) {
    XXH128_canonical_t canonical;
    XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, size, *chain ^ size);
    XXH128_canonicalFromHash(&canonical, hash);
    memcpy(digest, canonical.digest, DIGEST_SIZE);
    *chain = hash.low64 + *chain;
}

/* What the last event and the last alert transition are: a journal that was copied back and went on otherwise has others. */
struct landmark {
    unsigned char event[DIGEST_SIZE];
    unsigned char alert[DIGEST_SIZE];
};

static bool landmark_of(struct journal *journal, const struct checkpoint_mark *mark, struct landmark *landmark) {
    struct journal_event event;
    struct journal_alert alert;
    memset(landmark, 0, sizeof *landmark);
    if (mark->seq > 0) {
        if (journal_read_event(journal, mark->seq, &event) != JOURNAL_OK)
            return false;
        uint64_t seed = (uint64_t)event.received ^ (event.previous_seq << 32);
        checksum(&seed, event.bytes.at, event.bytes.length, landmark->event);
    }
    if (mark->alert_seq > 0) {
        if (journal_read_alert(journal, mark->alert_seq, &alert) != JOURNAL_OK)
            return false;
        uint64_t seed = alert.after_seq;
        checksum(&seed, alert.body.at, alert.body.length, landmark->alert);
    }
    return true;
}

/* --- writing --- */

struct writer {
    int descriptor;
    int error; /* errno of what failed, 0: nothing */
    uint64_t chain;
    uint64_t written;
    uint64_t pushed; /* of it, what was handed to the disk */
    const atomic_bool *stop;
    struct pace *pace;
};

static bool write_all(struct writer *writer, const void *bytes, size_t size) {
    const char *at = bytes;
    while (size > 0) {
        ssize_t wrote = write(writer->descriptor, at, size);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            writer->error = wrote < 0 ? errno : EIO;
            return false;
        }
        at += wrote;
        size -= (size_t)wrote;
        writer->written += (uint64_t)wrote;
    }
    return true;
}

/* Half of what was free stays free: a checkpoint must not be what makes the journal read-only. */
static bool leaves_room(struct writer *writer) {
    struct statvfs disk;
    if (fstatvfs(writer->descriptor, &disk) != 0 || (uint64_t)disk.f_bavail * disk.f_frsize >= writer->written)
        return true;
    writer->error = ENOSPC;
    return false;
}

/* A sync of the journal may wait for whatever was written beside it: so it is little. What fails here fails in fsync too. */
static bool push(struct writer *writer) {
    if (writer->written - writer->pushed < WRITTEN_AT_ONCE)
        return true;
    (void)sync_file_range(writer->descriptor, (off64_t)writer->pushed, (off64_t)(writer->written - writer->pushed),
                          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    writer->pushed = writer->written;
    return leaves_room(writer);
}

static bool write_block(void *context, const void *bytes, size_t size) {
    struct writer *writer = context;
    unsigned char block[BLOCK_HEAD + BYTES_BUFFER];
    ENSURE(size <= BYTES_BUFFER);
    if (ledger_is_stopped(writer->stop) || writer->written + sizeof block > BYTES_MAX) {
        writer->error = writer->written + sizeof block > BYTES_MAX ? EFBIG : ECANCELED;
        return false;
    }
    put_le(block, size, 4);
    if (size > 0)
        memcpy(block + BLOCK_HEAD, bytes, size);
    checksum(&writer->chain, block + BLOCK_HEAD, size, block + 4);
    pace_rest(writer->pace);
    return write_all(writer, block, BLOCK_HEAD + size) && push(writer);
}

static void put_head(const struct ledger *ledger, const struct checkpoint_mark *mark, const struct landmark *landmark,
                     struct bytes_out *out) {
    bytes_put_text(out, text_of(CHECKPOINT_PROGRAM));
    bytes_put_text(out, text_of(journal_epoch(ledger->journal)));
    bytes_put_u64(out, mark->seq);
    bytes_put_u64(out, mark->alert_seq);
    bytes_put_i64(out, mark->at);
    bytes_put_u64(out, mark->redaction);
    bytes_put(out, landmark->event, DIGEST_SIZE);
    bytes_put(out, landmark->alert, DIGEST_SIZE);
    bytes_put_u64(out, ledger->hash_seed);
}

static bool put_all(struct writer *writer, const struct ledger *ledger, const struct checkpoint_mark *mark,
                    const struct landmark *landmark) {
    unsigned char opening[MAGIC_SIZE + 4];
    memcpy(opening, MAGIC, MAGIC_SIZE);
    put_le(opening + MAGIC_SIZE, VERSION, 4);
    if (!write_all(writer, opening, sizeof opening))
        return false;
    struct bytes_out *out = memory_new(1, sizeof *out);
    bytes_out_init(out, write_block, writer);
    put_head(ledger, mark, landmark, out);
    register_save(ledger->reg, out);
    identity_save(ledger->identities, out);
    sources_save(ledger->sources, out);
    bool whole = bytes_finish(out) && write_block(writer, NULL, 0);
    free(out);
    return whole;
}

/* The file that the next one takes the place of, kept open: renaming over it then does not give all its memory and disk back in one go,
 * which holds a processor for 10 ms at 60 MB. -1: none, or something else. */
static int open_replaced(const struct writer *writer, const char *path) {
    return writer->pace == NULL ? -1 : open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

/* From its end, piece by piece, unless it has another name somewhere. What fails here is done by close. */
static void close_replaced(const struct writer *writer, int descriptor) {
    struct stat status;
    if (descriptor < 0)
        return;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 0)
        for (off_t size = status.st_size - CUT_AT_ONCE; size > 0 && ftruncate(descriptor, size) == 0; size -= CUT_AT_ONCE)
            pace_rest(writer->pace);
    (void)close(descriptor);
}

/* Under another name first, so that the old one stays until the new one is whole. */
static bool write_file(struct writer *writer, const struct ledger *ledger, const struct checkpoint_mark *mark,
                       const struct landmark *landmark) {
    char path[PATH_SIZE], unfinished[PATH_SIZE];
    if (!path_of(ledger, "", path) || !path_of(ledger, ".new", unfinished)) {
        writer->error = ENAMETOOLONG;
        return false;
    }
    (void)unlink(unfinished); /* of a run that was cut off */
    writer->descriptor = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
    bool whole = writer->descriptor >= 0 && put_all(writer, ledger, mark, landmark) && fsync(writer->descriptor) == 0;
    if (!whole && writer->error == 0)
        writer->error = errno;
    if (writer->descriptor >= 0 && close(writer->descriptor) != 0 && whole) {
        writer->error = errno;
        whole = false;
    }
    int replaced = whole ? open_replaced(writer, path) : -1;
    if (whole && rename(unfinished, path) != 0) {
        writer->error = errno;
        whole = false;
    }
    if (!whole)
        (void)unlink(unfinished);
    else if (!files_sync_directory_of(path))
        writer->error = errno;
    close_replaced(writer, replaced);
    return whole && writer->error == 0;
}

bool checkpoint_write(const struct ledger *ledger, instant_t now, struct checkpoint_mark *mark, char message[CHECKPOINT_MESSAGE_SIZE]) {
    struct writer writer = {.descriptor = -1, .stop = ledger->stop, .pace = ledger->pace};
    struct checkpoint_mark taken = {journal_last_seq(ledger->journal), journal_last_alert_seq(ledger->journal), now, ledger->redaction};
    struct landmark landmark;
    message[0] = '\0';
    if (!landmark_of(ledger->journal, &taken, &landmark)) {
        snprintf(message, CHECKPOINT_MESSAGE_SIZE, "%.200s", journal_failure(ledger->journal));
        return false;
    }
    if (!write_file(&writer, ledger, &taken, &landmark)) {
        snprintf(message, CHECKPOINT_MESSAGE_SIZE, "%s", strerror(writer.error));
        return false;
    }
    *mark = taken;
    return true;
}

/* --- reading --- */

struct reader {
    FILE *file;
    uint64_t chain;
    struct pace *pace;
    bool at_end;  /* the closing block was read */
    bool damaged; /* a block is not what was written */
    size_t at;
    size_t size;
    unsigned char block[BYTES_BUFFER];
};

/* The next block; false at the end and where the file is damaged. */
static bool next_block(struct reader *reader) {
    unsigned char head[BLOCK_HEAD], digest[DIGEST_SIZE];
    reader->at = reader->size = 0;
    pace_rest(reader->pace);
    if (reader->at_end || reader->damaged)
        return false;
    reader->damaged = fread(head, 1, sizeof head, reader->file) != sizeof head;
    size_t size = reader->damaged ? 0 : (size_t)bytes_number(head, 4);
    if (reader->damaged || size > BYTES_BUFFER || fread(reader->block, 1, size, reader->file) != size) {
        reader->damaged = true;
        return false;
    }
    checksum(&reader->chain, reader->block, size, digest);
    reader->damaged = memcmp(digest, head + 4, DIGEST_SIZE) != 0;
    reader->at_end = size == 0;
    reader->size = reader->damaged ? 0 : size;
    return !reader->damaged && !reader->at_end;
}

static size_t read_blocks(void *context, void *bytes, size_t size) {
    struct reader *reader = context;
    unsigned char *to = bytes;
    size_t got = 0;
    while (got < size && (reader->at < reader->size || next_block(reader))) {
        size_t piece = reader->size - reader->at < size - got ? reader->size - reader->at : size - got;
        memcpy(to + got, reader->block + reader->at, piece);
        reader->at += piece;
        got += piece;
    }
    return got;
}

static bool refuse(char message[CHECKPOINT_MESSAGE_SIZE], const char *reason) {
    snprintf(message, CHECKPOINT_MESSAGE_SIZE, "%s", reason);
    return false;
}

/* No file gives an empty message. Whatever else lies there under the name must not hold the start up. */
static bool open_file(struct reader *reader, const struct ledger *ledger, char message[CHECKPOINT_MESSAGE_SIZE]) {
    char path[PATH_SIZE];
    struct stat status;
    unsigned char opening[MAGIC_SIZE + 4];
    if (!path_of(ledger, "", path))
        return refuse(message, strerror(ENAMETOOLONG));
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return refuse(message, errno == ENOENT ? "" : strerror(errno));
    reader->file = fdopen(descriptor, "rb");
    ENSURE(reader->file != NULL);
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || (uint64_t)status.st_size > BYTES_MAX)
        return refuse(message, "it is no file, or too large");
    if (fread(opening, 1, sizeof opening, reader->file) != sizeof opening || memcmp(opening, MAGIC, MAGIC_SIZE) != 0)
        return refuse(message, "it is damaged");
    if (bytes_number(opening + MAGIC_SIZE, 4) != VERSION)
        return refuse(message, "it was written by a newer release");
    return true;
}

void checkpoint_clear_unfinished(const struct ledger *ledger) {
    char path[PATH_SIZE];
    if (path_of(ledger, ".new", path) && unlink(path) == 0)
        (void)files_sync_directory_of(path);
}

void checkpoint_forget(struct ledger *ledger) {
    char path[PATH_SIZE];
    ledger->checkpoint = (struct checkpoint_mark){.at = INSTANT_NONE};
    if (path_of(ledger, "", path) && unlink(path) == 0)
        (void)files_sync_directory_of(path);
}

/* The first bytes: whose it is. */
static bool head_fits(struct ledger *ledger, struct bytes_in *in, struct checkpoint_mark *mark, char message[CHECKPOINT_MESSAGE_SIZE]) {
    struct landmark landmark, written;
    bool same_program = text_is(bytes_get_text(in), CHECKPOINT_PROGRAM);
    bool same_epoch = text_is(bytes_get_text(in), journal_epoch(ledger->journal));
    mark->seq = bytes_get_u64(in);
    mark->alert_seq = bytes_get_u64(in);
    mark->at = bytes_get_i64(in);
    mark->redaction = bytes_get_u64(in);
    memset(&written, 0, sizeof written);
    bytes_get(in, written.event, DIGEST_SIZE);
    bytes_get(in, written.alert, DIGEST_SIZE);
    ledger->hash_seed = bytes_get_u64(in);
    if (in->failed)
        return refuse(message, "it is damaged");
    if (!same_program)
        return refuse(message, "it was written by another build of the daemon");
    if (!same_epoch)
        return refuse(message, "it belongs to another journal");
    if (mark->redaction != ledger->redaction) {
        checkpoint_forget(ledger); /* it holds what they said */
        return refuse(message, "events were redacted since");
    }
    if (mark->seq > journal_last_seq(ledger->journal) || mark->alert_seq > journal_last_alert_seq(ledger->journal))
        return refuse(message, "it is ahead of the journal");
    if (!landmark_of(ledger->journal, mark, &landmark))
        return refuse(message, journal_failure(ledger->journal));
    if (memcmp(&landmark, &written, sizeof written) != 0)
        return refuse(message, "the journal went on otherwise since");
    return true;
}

static bool take_all(struct ledger *ledger, struct bytes_in *in, struct checkpoint_mark *mark, char message[CHECKPOINT_MESSAGE_SIZE]) {
    if (!head_fits(ledger, in, mark, message))
        return false;
    ledger_make_anew(ledger);
    enum preserve_result result = register_load(ledger->reg, in, mark->seq, mark->alert_seq);
    if (result == PRESERVE_OTHER_RULES)
        return refuse(message, "the policy, the bank holidays or the time zone's rules were others");
    bool whole = result == PRESERVE_LOADED && identity_load(ledger->identities, in, mark->seq);
    if (whole)
        sources_load(ledger->sources, in);
    return (whole && bytes_at_end(in)) || refuse(message, "it is damaged");
}

bool checkpoint_read(struct ledger *ledger, struct checkpoint_mark *mark, char message[CHECKPOINT_MESSAGE_SIZE]) {
    struct reader *reader = memory_new(1, sizeof *reader);
    struct bytes_in *in = memory_new(1, sizeof *in);
    reader->pace = ledger->pace;
    message[0] = '\0';
    bytes_in_init(in, read_blocks, reader);
    bool taken = open_file(reader, ledger, message) && take_all(ledger, in, mark, message);
    if (taken && (!reader->at_end || fgetc(reader->file) != EOF))
        taken = refuse(message, "it is damaged");
    if (reader->damaged)
        taken = refuse(message, ferror(reader->file) ? "it cannot be read" : "it is damaged");
    if (reader->file != NULL)
        (void)fclose(reader->file);
    if (!taken)
        *mark = (struct checkpoint_mark){.at = INSTANT_NONE};
    free(in);
    free(reader);
    return taken;
}
