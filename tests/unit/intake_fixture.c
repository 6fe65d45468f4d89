/* The rules, tables and random spoiling that the tests of the door share. */
#include "tests/unit/intake_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_DAYS = 36525, HOUR_MS = 3600000, DAY_MS = 86400000, MUTATIONS_MAX = 6 };

static void *required(void *block, const char *what) {
    if (block == NULL) {
        perror(what);
        abort();
    }
    return block;
}

static day_t last_sunday(int year, int month) {
    day_t last = day_from_civil(year, month, 31);
    return last - (day_of_week(last) + 1) % 7;
}

/* Summer time as it has been since 1996: from the last Sunday of March to that of October, at 01:00 UTC. */
static struct calendar *london(void) {
    instant_t *midnights = required(calloc(TABLE_DAYS, sizeof *midnights), "calendar");
    for (day_t day = 0; day < TABLE_DAYS; day++) {
        int year, month, date;
        day_to_civil(day, &year, &month, &date);
        bool summer = day > last_sunday(year, 3) && day <= last_sunday(year, 10);
        midnights[day] = (instant_t)day * DAY_MS - (summer ? HOUR_MS : 0);
    }
    struct calendar_tables tables = {midnights, TABLE_DAYS, NULL, 0};
    struct calendar *calendar = calendar_create(&tables);
    free(midnights);
    return calendar;
}

struct intake_fixture *intake_fixture_create(void) {
    static const char *const pathways[] = {"needs_assessment", "ot_assessment", "review", "dols", "triage"};
    struct intake_fixture *fixture = required(calloc(1, sizeof *fixture), "fixture");
    fixture->policy.pathway_count = sizeof pathways / sizeof pathways[0];
    for (size_t i = 0; i < fixture->policy.pathway_count; i++) {
        strcpy(fixture->policy.pathways[i].name, pathways[i]);
        fixture->policy.pathways[i].standard_days = 28;
        fixture->policy.pathways[i].completes_on = EVENT_ASSESSMENT_COMPLETED;
    }
    fixture->calendar = london();
    fixture->numeric_source = text_of("/lancashire/numeric");
    fixture->rules = (struct intake_rules){
        .policy = &fixture->policy,
        .calendar = fixture->calendar,
        .epoch = day_from_civil(1990, 1, 1),
        .max_future_skew_ms = 300000,
        .numeric_sources = &fixture->numeric_source,
        .numeric_source_count = 1,
    };
    fixture->now = (instant_t)day_from_civil(2025, 6, 1) * DAY_MS + 12 * HOUR_MS;
    fixture->envelope = envelope_create();
    return fixture;
}

void intake_fixture_destroy(struct intake_fixture **fixture) {
    envelope_destroy(&(*fixture)->envelope);
    calendar_destroy(&(*fixture)->calendar);
    free(*fixture);
    *fixture = NULL;
}

static FILE *open_golden(const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/events/%s", TEST_DATA, name);
    return required(fopen(path, "rb"), path);
}

struct text intake_fixture_read(const char *name) {
    FILE *file = open_golden(name);
    char *bytes = NULL;
    size_t length = 0, capacity = 0, got = 1;
    while (got > 0) {
        if (capacity - length < 1024)
            bytes = required(realloc(bytes, capacity = capacity * 2 + 4096), name);
        got = fread(bytes + length, 1, capacity - length, file);
        length += got;
    }
    fclose(file);
    if (length > 0 && bytes[length - 1] == '\n')
        length--;
    char *exact = required(malloc(length > 0 ? length : 1), name);
    memcpy(exact, bytes, length);
    free(bytes);
    return (struct text){exact, (uint32_t)length};
}

size_t intake_fixture_table(const char *name, void (*each)(void *context, char *columns[INTAKE_COLUMNS]), void *context) {
    FILE *file = open_golden(name);
    char line[1024];
    size_t rows = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        char *columns[INTAKE_COLUMNS];
        char *rest = line;
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        for (int i = 0; i < INTAKE_COLUMNS; i++) {
            char *column = strsep(&rest, "\t");
            columns[i] = column == NULL ? line + strlen(line) : column;
        }
        each(context, columns);
        rows++;
    }
    fclose(file);
    return rows;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **intake_fixture_folder(const char *folder, size_t *count) {
    char path[512];
    char **names = NULL;
    snprintf(path, sizeof path, "%s/events/%s", TEST_DATA, folder);
    DIR *directory = required(opendir(path), path);
    *count = 0;
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (entry->d_name[0] == '.')
            continue;
        names = required(realloc(names, (*count + 1) * sizeof *names), folder);
        size_t size = strlen(folder) + strlen(entry->d_name) + 2;
        names[*count] = required(malloc(size), folder);
        snprintf(names[(*count)++], size, "%s/%s", folder, entry->d_name);
    }
    closedir(directory);
    if (*count > 0)
        qsort(names, *count, sizeof *names, compare_names);
    return names;
}

uint64_t intake_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dULL;
}

static size_t below(uint64_t *state, size_t limit) {
    return limit == 0 ? 0 : (size_t)((intake_random(state) >> 11) % limit);
}

/* Pieces that lie near the edges of the grammar and of the rules. */
static const char *const pieces[] = {
    "null",
    "true",
    "{}",
    "[]",
    "[[[[",
    "]]]]",
    "\"",
    "\\",
    "\\u0000",
    "\\ud83d\\ude00",
    "\\udc00",
    ",",
    ":",
    "{",
    "}",
    "\n",
    "\r\n",
    " ",
    "-",
    "0",
    "1e5",
    "1E-2",
    "00",
    "18446744073709551615",
    "-9223372036854775808",
    "9434765919",
    "@",
    "\"name\":1,",
    "\"a\":1,\"a\":2,",
    "\xff",
    "\xc3\xa9",
    "\xed\xa0\x80",
    "\xf0\x9f\x98\x80",
    "\xef\xbb\xbf",
    "~",
    "/",
    "\t",
    "\x01",
    "\"x\":{\"y\":[1,2,{\"z\":\"\"}]},",
};

static size_t insert_piece(uint64_t *state, char *bytes, size_t length, size_t room) {
    const char *piece = pieces[below(state, sizeof pieces / sizeof pieces[0])];
    size_t size = strlen(piece);
    size_t at = below(state, length + 1);
    if (length + size > room)
        return length;
    memmove(bytes + at + size, bytes + at, length - at);
    memcpy(bytes + at, piece, size);
    return length + size;
}

size_t intake_mutate(uint64_t *state, char *bytes, size_t length, size_t room) {
    size_t mutations = 1 + below(state, MUTATIONS_MAX);
    for (size_t i = 0; i < mutations; i++) {
        size_t at = below(state, length);
        size_t run = below(state, length - at < 24 ? length - at + 1 : 24);
        switch (below(state, 5)) {
        case 0:
            if (length > 0)
                bytes[at] = (char)below(state, 256);
            break;
        case 1:
            memmove(bytes + at, bytes + at + run, length - at - run);
            length -= run;
            break;
        case 2:
            if (length + run <= room) {
                memmove(bytes + at + run, bytes + at, length - at);
                length += run;
            }
            break;
        default:
            length = insert_piece(state, bytes, length, room);
        }
    }
    return length;
}
