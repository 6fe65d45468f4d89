/* Files of keys: what is made can be read, what is not guarded is refused with what to do, and no message gives a key away. */
#include "daemon/security/keyfile.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The example of zmq_curve(7). */
#define PUBLIC "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define SECRET "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"

static char folder[] = "/tmp/waitlist-keyfile-XXXXXX";
static char path[sizeof folder + 32], public_path[sizeof folder + 40];
static char message[KEYFILE_MESSAGE_SIZE];
static struct keyfile_pair pair;

static void setup(void) {
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/own.key", folder);
    snprintf(public_path, sizeof public_path, "%s.pub", path);
    message[0] = '\0';
}

static void teardown(void) {
    (void)unlink(path);
    (void)unlink(public_path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void put(const char *text, mode_t mode) {
    (void)unlink(path);
    ck_assert(keyfile_write_new(path, text, 0600));
    ck_assert_int_eq(chmod(path, mode), 0);
}

/* A NUL-terminated copy of a small file. */
static const char *text_of_file(const char *name) {
    static char text[KEYFILE_BYTES_MAX];
    FILE *file = fopen(name, "r");

    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

static unsigned mode_of(const char *name) {
    struct stat status;

    ck_assert_int_eq(stat(name, &status), 0);
    return status.st_mode & 07777;
}

static void assert_refused(const char *part) {
    ck_assert(!keyfile_read_pair(path, &pair, message));
    ck_assert_msg(strstr(message, part) != NULL, "'%s' does not say '%s'", message, part);
    ck_assert_ptr_nonnull(strstr(message, path));
    ck_assert_ptr_null(strstr(message, SECRET));
    ck_assert_str_eq(pair.secret_key, "");
    ck_assert_str_eq(pair.public_key, "");
}

START_TEST(what_is_made_is_read) {
    char public_key[KEYFILE_KEY_SIZE], read_back[KEYFILE_KEY_SIZE];

    ck_assert_msg(keyfile_make(path, public_key, message), "%s", message);
    ck_assert(keyfile_is_key(public_key));
    ck_assert_uint_eq(mode_of(path), 0600);
    ck_assert_uint_eq(mode_of(public_path) & 0022, 0);
    ck_assert_msg(keyfile_read_pair(path, &pair, message), "%s", message);
    ck_assert_str_eq(pair.public_key, public_key);
    ck_assert_str_ne(pair.secret_key, public_key);
    ck_assert_msg(keyfile_read_public(public_path, read_back, message), "%s", message);
    ck_assert_str_eq(read_back, public_key);
    keyfile_forget(&pair);
    ck_assert_str_eq(pair.secret_key, "");
}
END_TEST

START_TEST(the_files_say_what_they_are) {
    char public_key[KEYFILE_KEY_SIZE];

    ck_assert(keyfile_make(path, public_key, message));
    ck_assert_ptr_nonnull(strstr(text_of_file(path), "SECRET"));
    ck_assert_ptr_nonnull(strstr(text_of_file(path), "never send it to anybody"));
    const char *text = text_of_file(public_path);

    ck_assert_ptr_nonnull(strstr(text, public_key));
    ck_assert_ptr_nonnull(strstr(text, "may be given to anybody"));
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
}
END_TEST

START_TEST(two_pairs_differ) {
    char first[KEYFILE_KEY_SIZE], second[KEYFILE_KEY_SIZE];

    ck_assert(keyfile_make(path, first, message));
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(unlink(public_path), 0);
    ck_assert(keyfile_make(path, second, message));
    ck_assert_str_ne(first, second);
}
END_TEST

START_TEST(nothing_is_overwritten) {
    char public_key[KEYFILE_KEY_SIZE];

    put("mine\n", 0600);
    ck_assert(!keyfile_make(path, public_key, message));
    ck_assert_ptr_nonnull(strstr(message, "File exists"));
    ck_assert_str_eq(text_of_file(path), "mine\n");
    ck_assert_int_ne(access(public_path, F_OK), 0);
    ck_assert_int_eq(rename(path, public_path), 0);
    ck_assert(!keyfile_make(path, public_key, message));
    ck_assert_ptr_nonnull(strstr(message, public_path));
    ck_assert_str_eq(text_of_file(public_path), "mine\n");
    ck_assert_int_ne(access(path, F_OK), 0); /* no half pair */
}
END_TEST

START_TEST(the_public_key_follows_from_the_secret_one) {
    put("# anything\n\n  waitlist-curve-secret-key \t" SECRET "  # mine\r\n\n", 0600);
    ck_assert_msg(keyfile_read_pair(path, &pair, message), "%s", message);
    ck_assert_str_eq(pair.public_key, PUBLIC);
    ck_assert_str_eq(pair.secret_key, SECRET);
}
END_TEST

START_TEST(a_file_without_a_line_end) {
    put("waitlist-curve-secret-key " SECRET, 0400);
    ck_assert_msg(keyfile_read_pair(path, &pair, message), "%s", message);
}
END_TEST

static const struct {
    mode_t mode;
    const char *reason; /* NULL: good */
} modes[] = {{0600, NULL},
             {0400, NULL},
             {0640, NULL},
             {0440, NULL},
             {0644, "can be read by others (mode 0644)"},
             {0604, "can be read by others"},
             {0602, "can be written by others"},
             {0660, "can be written by its group (mode 0660)"},
             {0620, "can be written by its group"}};

START_TEST(a_secret_is_guarded) {
    put("waitlist-curve-secret-key " SECRET "\n", modes[_i].mode);
    if (modes[_i].reason == NULL) {
        ck_assert_msg(keyfile_read_pair(path, &pair, message), "%s", message);
        return;
    }
    assert_refused(modes[_i].reason);
    ck_assert_ptr_nonnull(strstr(message, "chmod 600 '"));
}
END_TEST

START_TEST(a_secret_belongs_to_its_user) {
    if (geteuid() != 0) {
        return; /* only root can give a file away */
    }
    put("waitlist-curve-secret-key " SECRET "\n", 0600);
    ck_assert_int_eq(chown(path, 65534, 65534), 0);
    assert_refused("belongs to the user with the number 65534");
}
END_TEST

START_TEST(root_may_own_it) {
    if (geteuid() != 0) {
        return;
    }
    put("waitlist-curve-secret-key " SECRET "\n", 0644);
    ck_assert_int_eq(seteuid(65534), 0);
    bool is_read = keyfile_read_pair(path, &pair, message);

    ck_assert_int_eq(seteuid(0), 0);
    /* The folder is root's alone, so what is refused is either of the two; what must not be is that it is read. */
    ck_assert(!is_read);
    ck_assert_int_eq(chmod(folder, 0755), 0);
    ck_assert_int_eq(seteuid(65534), 0);
    is_read = keyfile_read_pair(path, &pair, message);
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert(!is_read);
    ck_assert_ptr_nonnull(strstr(message, "chmod 640 '"));
    ck_assert_int_eq(chown(path, 0, 65534), 0);
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(setegid(65534), 0);
    ck_assert_int_eq(seteuid(65534), 0);
    is_read = keyfile_read_pair(path, &pair, message);
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(setegid(0), 0);
    ck_assert_msg(is_read, "%s", message);
}
END_TEST

START_TEST(a_public_key_may_be_read_but_not_changed) {
    char key[KEYFILE_KEY_SIZE];

    put("waitlist-curve-public-key " PUBLIC "\n", 0664);
    ck_assert_msg(keyfile_read_public(path, key, message), "%s", message);
    ck_assert_str_eq(key, PUBLIC);
    put("waitlist-curve-public-key " PUBLIC "\n", 0666);
    ck_assert(!keyfile_read_public(path, key, message));
    ck_assert_ptr_nonnull(strstr(message, "chmod o-w"));
}
END_TEST

START_TEST(the_wrong_one_of_a_pair) {
    char key[KEYFILE_KEY_SIZE];

    put("waitlist-curve-public-key " PUBLIC "\n", 0600);
    assert_refused("holds a public key");
    put("waitlist-curve-secret-key " SECRET "\n", 0600);
    ck_assert(!keyfile_read_public(path, key, message));
    ck_assert_ptr_nonnull(strstr(message, "holds a secret key"));
    ck_assert_ptr_null(strstr(message, SECRET));
}
END_TEST

static const char *const not_keys[] = {
    "",
    "\n\n# only words\n",
    SECRET "\n",
    "waitlist-curve-secret-key\n",
    "waitlist-curve-secret-key \n",
    "waitlist-curve-secret-key " SECRET "x\n",
    "waitlist-curve-secret-key " SECRET " x\n",
    "waitlist-curve-secret-key  JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh\n",
    "waitlist-curve-secret-key  JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh,\n", /* , is not of Z85 */
    "waitlist-curve-secret-key  #####%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6\n",  /* five that are over 32 bits */
    "waitlist-curve-secret-key " SECRET "\nwaitlist-curve-secret-key " SECRET "\n",
    "waitlist-curve-secret-key " SECRET "\nanother line\n",
    "waitlist-evidence-key ed25519 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
};

START_TEST(what_is_no_key) {
    put(not_keys[_i], 0600);
    assert_refused("is no secret key of 'waitlistctl keygen --curve'");
}
END_TEST

START_TEST(bytes_of_zero) {
    int descriptor;

    put("", 0600);
    descriptor = open(path, O_WRONLY);
    ck_assert_int_eq(write(descriptor, "waitlist-curve-secret-key " SECRET "\n\0x", 69), 69);
    ck_assert_int_eq(close(descriptor), 0);
    assert_refused("is no secret key");
}
END_TEST

START_TEST(too_long_a_file) {
    char long_text[KEYFILE_BYTES_MAX + 2];

    memset(long_text, '#', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    put(long_text, 0600);
    assert_refused("is no key: it is too long");
}
END_TEST

START_TEST(no_file_a_folder_a_pipe) {
    assert_refused("No such file or directory");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    assert_refused("is not a regular file");
    ck_assert_int_eq(rmdir(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    assert_refused("is not a regular file"); /* at once, though nobody writes to it */
}
END_TEST

START_TEST(a_link_is_followed) {
    put("waitlist-curve-secret-key " SECRET "\n", 0644);
    ck_assert_int_eq(rename(path, public_path), 0);
    ck_assert_int_eq(symlink(public_path, path), 0);
    assert_refused("can be read by others"); /* of what it leads to */
    ck_assert_int_eq(chmod(public_path, 0600), 0);
    ck_assert_msg(keyfile_read_pair(path, &pair, message), "%s", message);
}
END_TEST

START_TEST(the_form_of_a_key) {
    ck_assert(keyfile_is_key(PUBLIC));
    ck_assert(!keyfile_is_key(""));
    ck_assert(!keyfile_is_key("rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf"));
    ck_assert(!keyfile_is_key("rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf~"));
    ck_assert(!keyfile_is_key("rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf\xc3"));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("keyfile");
    TCase *tests = tcase_create("keyfile");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, what_is_made_is_read);
    tcase_add_test(tests, the_files_say_what_they_are);
    tcase_add_test(tests, two_pairs_differ);
    tcase_add_test(tests, nothing_is_overwritten);
    tcase_add_test(tests, the_public_key_follows_from_the_secret_one);
    tcase_add_test(tests, a_file_without_a_line_end);
    tcase_add_loop_test(tests, a_secret_is_guarded, 0, (int)(sizeof modes / sizeof *modes));
    tcase_add_test(tests, a_secret_belongs_to_its_user);
    tcase_add_test(tests, root_may_own_it);
    tcase_add_test(tests, a_public_key_may_be_read_but_not_changed);
    tcase_add_test(tests, the_wrong_one_of_a_pair);
    tcase_add_loop_test(tests, what_is_no_key, 0, (int)(sizeof not_keys / sizeof *not_keys));
    tcase_add_test(tests, bytes_of_zero);
    tcase_add_test(tests, too_long_a_file);
    tcase_add_test(tests, no_file_a_folder_a_pipe);
    tcase_add_test(tests, a_link_is_followed);
    tcase_add_test(tests, the_form_of_a_key);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
