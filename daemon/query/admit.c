/* Before a question is answered: who asks, whether they may, and to which teams the answer is limited. */
#include "daemon/query/ops.h"

#include "daemon/config/check.h"

#include <stdio.h>
#include <string.h>

static bool refuse_at(struct question *question, const char *message, const char *pointer) {
    question_refuse(question, "bad_request", message, pointer);
    return false;
}

static bool has_known_members(struct question *question, const json_t *object) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        char pointer[POINTER_SIZE];
        if (strcmp(name, "user") == 0 || strcmp(name, "roles") == 0 || strcmp(name, "teams") == 0)
            continue;
        argument_pointer(pointer, "/on_behalf_of", name);
        return refuse_at(question, "has user, roles and teams, and no member of this name", pointer);
    }
    return true;
}

static bool read_roles(struct question *question, const json_t *list, struct access_rights *named) {
    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > ACCESS_ROLE_COUNT)
        return refuse_at(question, "must be a list of one role or more", "/on_behalf_of/roles");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *name = json_array_get(list, i);
        enum access_role role = access_role_of((struct text){json_string_value(name), (uint32_t)json_string_length(name)});
        if (!json_is_string(name) || role == ACCESS_ROLE_COUNT)
            return refuse_at(question, "the roles are producer, viewer, manager, analyst and admin", "/on_behalf_of/roles");
        named->roles |= ACCESS_BIT(role);
    }
    return true;
}

static bool read_teams(struct question *question, const json_t *list, struct access_rights *named) {
    if (list == NULL)
        return true;
    if (!json_is_array(list) || json_array_size(list) > ACCESS_TEXTS_MAX)
        return refuse_at(question, "must be a list of at most 64 teams", "/on_behalf_of/teams");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (name == NULL || (strcmp(name, ACCESS_EVERY_TEAM) != 0 && config_check_name(name) != NULL))
            return refuse_at(question, "each must be the name of a team, or \"*\" for all", "/on_behalf_of/teams");
        named->teams.at[named->teams.count++] = (char *)(uintptr_t)name;
    }
    return true;
}

bool admit_asker(struct question *question, struct text peer, const struct access_rights *rights, struct asker *asker) {
    const json_t *object = json_object_get(question->request, "on_behalf_of");
    const json_t *name = json_object_get(object, "user");
    struct text user = {json_string_value(name), (uint32_t)json_string_length(name)};
    char *teams[ACCESS_TEXTS_MAX];
    struct access_rights named = {.teams = {0, teams}};
    if (rights == NULL) {
        question_refuse(question, "forbidden", "who asks is not in the configuration, or no longer", NULL);
        return false;
    }
    if (object != NULL && !rights->speaks_for_others) {
        question_refuse(question, "forbidden", "who asks here does not speak for others", "/on_behalf_of");
        return false;
    }
    if (object != NULL && !json_is_object(object))
        return refuse_at(question, "must be an object of user, roles and teams", "/on_behalf_of");
    /* Without a user it is asked for anybody of these roles: counts, of which it need not be known who looks at them. */
    if (object != NULL &&
        !(has_known_members(question, object) && (name == NULL || argument_is_note(question, user, ASKER_USER_MAX, "/on_behalf_of/user")) &&
          read_roles(question, json_object_get(object, "roles"), &named) && read_teams(question, json_object_get(object, "teams"), &named)))
        return false;
    asker_init(asker, peer, rights, object == NULL ? NULL : &named);
    asker->user = user;
    question->asker = asker;
    return true;
}

bool admit_op(struct question *question) {
    char message[160];
    if (question->asker == NULL || asker_may(question->asker, question->need))
        return true;
    snprintf(message, sizeof message, "%s is for %s", question->op_name, asker_needed(question->need));
    question_refuse(question, "forbidden", message, "/op");
    return false;
}

bool question_limits(struct question *question) {
    if (question->asker == NULL || !question->asker->is_limited)
        return false;
    question->was_limited = true;
    return true;
}

/* The member that chooses or groups by people, as a pointer; NULL when there is none. */
static const char *about_people(const json_t *part) {
    const json_t *filter = json_object_get(part, "filter");
    const json_t *group_by = json_object_get(part, "group_by");
    for (size_t i = 0; i < json_array_size(group_by); i++) {
        const char *name = json_string_value(json_array_get(group_by, i));
        if (name != NULL && strcmp(name, "worker") == 0)
            return "/group_by";
    }
    if (json_object_get(filter, "worker") != NULL)
        return "/filter/worker";
    return json_object_get(filter, "subject_prefix") != NULL ? "/filter/subject_prefix" : NULL;
}

bool question_is_about_people(const struct question *question) {
    const json_t *parts = json_object_get(question->request, "each");
    for (size_t i = 0; i < json_array_size(parts); i++)
        if (about_people(json_array_get(parts, i)) != NULL)
            return true;
    return about_people(question->request) != NULL;
}

bool question_limits_part(struct question *question) {
    char message[160];
    if (question->asker == NULL || !question->asker->is_limited)
        return false;
    const char *pointer = about_people(question->request);
    if (pointer != NULL && !asker_may(question->asker, ASKER_PEOPLE)) {
        snprintf(message, sizeof message, "people and workers are for %s", asker_needed(ASKER_PEOPLE));
        question_refuse(question, "forbidden", message, pointer);
        return false;
    }
    question->part_was_limited = pointer != NULL || question->need == ASKER_PEOPLE;
    return question->part_was_limited && question_limits(question);
}

bool question_sees(const struct question *question, struct text team) {
    return asker_sees(question->asker, team);
}

/* No team is called "": where none is left nobody passes, and what is reported is asked for one value still. */
void question_limit_values(const struct question *question, struct text values[FILTER_VALUES_MAX], size_t *count) {
    const struct access_texts *teams = &question->asker->teams;
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++)
        if (question_sees(question, values[i]))
            values[kept++] = values[i];
    for (size_t i = 0; *count == 0 && i < teams->count; i++)
        values[kept++] = text_of(teams->at[i]);
    if (kept == 0)
        values[kept++] = text_of("");
    *count = kept;
}

void set_restricted(json_t *reply, const struct question *question) {
    json_t *teams = json_array();
    for (size_t i = 0; i < question->asker->teams.count; i++)
        json_array_append_new(teams, json_string(question->asker->teams.at[i]));
    json_object_set_new(reply, "restricted_to", teams);
}
