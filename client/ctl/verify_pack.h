/* Verifying a pack, for the command that verifies journals and packs. */
#ifndef WAITLIST_CTL_VERIFY_PACK_H
#define WAITLIST_CTL_VERIFY_PACK_H

#include "client/ctl/ctl.h"
#include "client/evidence/national.h"

struct verify_pack_choice {
    struct ctl_context *ctl;
    const char *path;
    const char *public_key; /* the one it must be signed with, 64 hex digits; NULL: any */
    bool may_be_unsigned;
    struct national_choice cld; /* files of Client Level Data; only with a journal */
};

/* A directory, or a zip file. */
bool verify_is_pack(const char *path);
/* Prints what it found; gives the exit code. */
int verify_pack(const struct verify_pack_choice *choice);

#endif
