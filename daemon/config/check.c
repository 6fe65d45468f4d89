/* Named checks of single configured texts. */
#include "daemon/config/check.h"

#include "daemon/core/policy.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

const char *config_check_name(const char *name) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t length = strlen(name);
    if (length < 1 || length > NAME_MAX_BYTES)
        return "a name has 1 to 64 characters";
    if (strspn(name, letters) != length)
        return "a name has only the characters A-Z a-z 0-9 _ -";
    return NULL;
}

const char *config_check_utf8(const char *text) {
    json_t *string = json_string(text); /* refuses what is not UTF-8 */
    if (!string)
        return "it is not valid UTF-8: save the file as UTF-8";
    json_decref(string);
    return NULL;
}

const char *config_check_printable(const char *text) {
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if (*at < 0x20 || *at == 0x7f)
            return "it holds a control character: write it on one line, without tabs";
    return config_check_utf8(text);
}

/* Reads one day's name; -1 when there is none. */
static int read_weekday(const char **at) {
    static const char names[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    for (int i = 0; i < 7; i++)
        if (strncmp(*at, names[i], 3) == 0) {
            *at += 3;
            return i;
        }
    return -1;
}

/* Reads HH:MM as minutes of the day, 24:00 included; -1 when it is none. */
static int read_minutes(const char **at) {
    const char *text = *at;
    if (!is_digit(text[0]) || !is_digit(text[1]) || text[2] != ':' || !is_digit(text[3]) || !is_digit(text[4]))
        return -1;
    int hours = (text[0] - '0') * 10 + (text[1] - '0');
    int minutes = (text[3] - '0') * 10 + (text[4] - '0');
    if (minutes > 59 || hours * 60 + minutes > 24 * 60)
        return -1;
    *at += 5;
    return hours * 60 + minutes;
}

const char *config_check_hours(const char *hours, struct feed_hours *read) {
    static const char wanted[] = "hours look like \"Mon-Fri 08:00-18:00\" or \"Sat 09:00-12:00\"";
    const char *at = hours;
    int first = read_weekday(&at), last = first;
    if (*at == '-') {
        at++;
        last = read_weekday(&at);
    }
    if (first < 0 || last < 0 || *at++ != ' ')
        return wanted;
    int from = read_minutes(&at);
    if (from < 0 || *at++ != '-')
        return wanted;
    int to = read_minutes(&at);
    if (to < 0 || *at != '\0')
        return wanted;
    if (last < first)
        return "the days run from Mon to Sun: the first may not lie after the last";
    if (from >= to)
        return "the hours must begin before they end";
    *read = (struct feed_hours){(uint8_t)first, (uint8_t)last, (int16_t)from, (int16_t)to};
    return NULL;
}

static const char *check_ipc(const char *path) {
    static const size_t path_max = sizeof((struct sockaddr_un *)NULL)->sun_path - 1;
    if (path[0] == '@')
        return "an abstract ipc name has no file mode, every local user could connect: write ipc:///folder/name.ipc";
    if (path[0] != '/')
        return "an ipc endpoint needs an absolute path: write ipc:///folder/name.ipc";
    return strlen(path) <= path_max ? NULL : "the path is too long for a socket: at most 107 bytes";
}

/* Reads a port of 1 to 65535 that fills the text. */
static bool is_port(const char *text) {
    size_t length = strlen(text);
    if (length < 1 || length > 5 || strspn(text, "0123456789") != length || text[0] == '0')
        return false;
    int port = 0;
    for (; *text; text++)
        port = port * 10 + (*text - '0');
    return port <= 65535;
}

static bool is_loopback(const char *host, size_t length) {
    char address[INET6_ADDRSTRLEN];
    if (length >= sizeof address)
        return false;
    memcpy(address, host, length);
    address[length] = '\0';
    struct in_addr four;
    if (inet_pton(AF_INET, address, &four) == 1)
        return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
    return strcmp(address, "[::1]") == 0;
}

static bool is_numeric_address(const char *host, size_t length) {
    char address[INET6_ADDRSTRLEN + 2];
    if (length >= sizeof address)
        return false;
    memcpy(address, host, length);
    address[length] = '\0';
    struct in_addr four;
    struct in6_addr six;
    if (address[0] != '[')
        return inet_pton(AF_INET, address, &four) == 1;
    if (address[length - 1] != ']')
        return false;
    address[length - 1] = '\0';
    return inet_pton(AF_INET6, address + 1, &six) == 1;
}

static const char *check_tcp(const char *address, bool allow_plain_loopback, bool has_key) {
    const char *colon = strrchr(address, ':');
    if (!colon || colon == address || !is_port(colon + 1))
        return "a tcp endpoint needs an address and a port of 1 to 65535: write tcp://127.0.0.1:5871";
    if (has_key)
        return is_numeric_address(address, (size_t)(colon - address))
                   ? NULL
                   : "a tcp endpoint needs a numeric address: write tcp://192.0.2.10:5871, or tcp://0.0.0.0:5871 for all of this host";
    if (!is_loopback(address, (size_t)(colon - address)))
        return "TCP without keys is allowed on the loopback address only, 127.0.0.1 or [::1]: set security.secret_key to a file made by "
               "'waitlistctl keygen --curve', or use ipc://";
    if (!allow_plain_loopback)
        return "TCP without keys lets every local user connect: set security.secret_key to a file made by 'waitlistctl keygen --curve', "
               "use ipc://, or set security.allow_plain_loopback = true";
    return NULL;
}

const char *config_check_public_key(const char *key) {
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    size_t length = strlen(key);
    if (length != 40 || strspn(key, letters) != length)
        return "a public key has 40 characters of Z85: it is the second word of its .pub file";
    return NULL;
}

const char *config_check_endpoint(const char *uri, bool allow_plain_loopback, bool has_key) {
    if (strncmp(uri, "ipc://", 6) == 0)
        return check_ipc(uri + 6);
    if (strncmp(uri, "tcp://", 6) == 0)
        return check_tcp(uri + 6, allow_plain_loopback, has_key);
    if (strncmp(uri, "inproc://", 9) == 0)
        return uri[9] != '\0' ? NULL : "an inproc endpoint needs a name: write inproc://name";
    return "an endpoint begins with ipc:// or tcp://";
}

const char *config_check_address(const char *address, bool allow_beyond_loopback) {
    const char *colon = strrchr(address, ':');
    if (!colon || !is_port(colon + 1) || !is_numeric_address(address, (size_t)(colon - address)))
        return "a numeric address and a port of 1 to 65535 are needed: write 127.0.0.1:8090, or [::1]:8090";
    if (!allow_beyond_loopback && !is_loopback(address, (size_t)(colon - address)))
        return "nothing would be encrypted on the way to this address, neither tokens nor lists: listen on 127.0.0.1 behind a reverse "
               "proxy, or set dashboard.allow_beyond_loopback = true";
    return NULL;
}

static bool read_bits(const char *text, unsigned most, unsigned *bits) {
    size_t length = strlen(text);
    if (length < 1 || length > 3 || strspn(text, "0123456789") != length)
        return false;
    *bits = 0;
    for (; *text; text++)
        *bits = *bits * 10 + (unsigned)(*text - '0');
    return *bits <= most;
}

static bool has_bits_behind(const struct network *network) {
    for (unsigned bit = network->bits; bit < 128; bit++)
        if ((network->address[bit / 8] & (0x80u >> bit % 8)) != 0)
            return true;
    return false;
}

const char *config_check_network(const char *text, struct network *read) {
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const char wanted[] = "an address is written 127.0.0.1 or ::1, a network 10.1.0.0/16";
    char address[INET6_ADDRSTRLEN];
    size_t length = strcspn(text, "/");
    if (length >= sizeof address)
        return wanted;
    memcpy(address, text, length);
    address[length] = '\0';
    bool is_four = inet_pton(AF_INET, address, read->address + sizeof mapped) == 1;
    unsigned most = is_four ? 32 : 128, bits = most;
    if (is_four)
        memcpy(read->address, mapped, sizeof mapped);
    else if (inet_pton(AF_INET6, address, read->address) != 1)
        return wanted;
    if (text[length] == '/' && !read_bits(text + length + 1, most, &bits))
        return wanted;
    read->bits = bits + 128 - most;
    return has_bits_behind(read) ? "the address has bits behind those of the network: set them to zero" : NULL;
}
