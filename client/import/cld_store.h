/* Inside of the records of Client Level Data: what cld.c fills and cld_store.c keeps in order. Not for others. */
#ifndef WAITLIST_IMPORT_CLD_STORE_H
#define WAITLIST_IMPORT_CLD_STORE_H

#include "client/import/cld.h"

#define CLD_LA_CODE_BYTES 12

struct cld_persons {
    unsigned char *hashes; /* CLD_PERSON_BYTES each */
    uint16_t *la_codes;    /* names */
    size_t count, hash_capacity, la_capacity;
    uint32_t *slots; /* index + 1; 0: free */
    size_t slot_count;
};

struct cld_store {
    enum cld_wish wish;
    const struct cld_map *map;
    unsigned char key[CLD_KEY_BYTES];
    enum csv_encoding encoding;
    struct cld_record *records;
    size_t count, capacity;
    struct cld_persons persons;
    char **names; /* [0] is "" */
    size_t name_count, name_capacity;
    uint16_t name_last; /* the last one found: neighbours are often the same */
    struct cld_file *files;
    size_t file_count;
    struct cld_skipped *skipped;
    size_t skipped_count, skipped_capacity;
    bool skipped_sorted;
    uint64_t skip_counts[CLD_REASON_COUNT];
    struct {
        uint32_t line;
        uint8_t file;
        char *message;
    } * csv_faults;
    size_t csv_fault_count;
};

uint32_t cld_persons_add(struct cld_persons *persons, const unsigned char hash[CLD_PERSON_BYTES], uint16_t la_code);
/* 0 for "", and for every further name once there are 65,535. */
uint16_t cld_store_add_name(struct cld_store *store, const char *name);
struct cld_file *cld_store_add_file(struct cld_store *store, const char *path);
void cld_store_add(struct cld_store *store, const struct cld_record *record);
void cld_store_skip_at(struct cld_store *store, const struct cld_record *record, uint32_t column, enum cld_reason reason);
void cld_store_csv_fault_add(struct cld_store *store, uint8_t file, const struct csv_fault *fault);

#endif
