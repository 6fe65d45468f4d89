/* Inside of the records of Client Level Data: what cld.c fills and cld_store.c keeps in order. Not for others. */
#ifndef WAITLIST_IMPORT_CLD_STORE_H
#define WAITLIST_IMPORT_CLD_STORE_H

#include "client/import/cld.h"
#include "client/import/sorter.h"

#define CLD_LA_CODE_BYTES 12

#define CLD_NAME_SLOTS 131072 /* twice the names that there can be */

struct cld_store {
    enum cld_wish wish;
    const struct cld_map *map;
    unsigned char key[CLD_KEY_BYTES];
    enum csv_encoding encoding;
    struct sorter *records, *skipped;
    uint64_t count, persons;
    bool any;               /* a record was given out: */
    struct cld_record last; /* this one */
    char la_codes[CLD_LA_CODES_MAX][CLD_LA_CODE_BYTES];
    size_t la_count;
    char **names; /* [0] is "" */
    size_t name_count, name_capacity;
    uint16_t *name_slots; /* by hash: index of the name; 0: free */
    struct cld_file *files;
    size_t file_count;
    uint64_t skip_counts[CLD_REASON_COUNT];
    struct cld_skipped month_first; /* the last line of that reason; line 0: none */
    struct {
        uint32_t line;
        uint8_t file;
        char *message;
    } * csv_faults; /* the first of them */
    size_t csv_fault_count;
    uint32_t csv_fault_line; /* the greatest of the last file among them */
};

/* False when there are CLD_LA_CODES_MAX others already. */
bool cld_store_add_la_code(struct cld_store *store, const char *code, uint16_t *index);
/* 0 for "", and for every further name once there are 65,535. */
uint16_t cld_store_add_name(struct cld_store *store, const char *name);
struct cld_file *cld_store_add_file(struct cld_store *store, const char *path);
void cld_store_add(struct cld_store *store, const struct cld_record *record);
void cld_store_skip_at(struct cld_store *store, const struct cld_record *record, uint32_t column, enum cld_reason reason);
void cld_store_csv_fault_add(struct cld_store *store, uint8_t file, const struct csv_fault *fault);

#endif
