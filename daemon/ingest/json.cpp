// The bridge to simdjson's DOM: no exception and no C++ type leaves this file; what simdjson allows and the rules refuse is found here.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>

#include <simdjson.h>

#include "daemon/ingest/json.h"

// The core's headers are C: the one word that C++ spells differently is translated for them.
#define _Noreturn [[noreturn]]
extern "C" {
#include "daemon/core/memory.h"
}
#undef _Noreturn

#include <algorithm>
#include <string_view>

namespace dom = simdjson::dom;

static_assert(sizeof(dom::element) == sizeof(json_value) && std::is_trivially_copyable_v<dom::element>,
              "an element travels through C as its bytes");
static_assert(sizeof(dom::object::iterator) == sizeof(json_value) && std::is_trivially_copyable_v<dom::object::iterator>);
static_assert(sizeof(dom::array::iterator) == sizeof(json_value) && std::is_trivially_copyable_v<dom::array::iterator>);

// Nesting that simdjson itself admits above ours: so that the value one too deep is found by our own walk, which knows its place.
static constexpr unsigned NESTING_MARGIN = 2;
// Up to this many members, names are compared pair by pair, more are sorted first: a hostile object must not cost a quadratic time.
static constexpr size_t FEW_MEMBERS = 24;

struct json_parser {
    dom::parser reader;
    char *buffer = nullptr;
    size_t capacity = 0; // without the padding
    unsigned nesting_max = 0;
};

namespace {

template <typename Shape> Shape shape_of(json_value value) {
    Shape shape;
    std::memcpy(static_cast<void *>(&shape), &value, sizeof value);
    return shape;
}

template <typename Shape> json_value value_of(const Shape &shape) {
    json_value value;
    std::memcpy(&value, static_cast<const void *>(&shape), sizeof value);
    return value;
}

text text_from(std::string_view view) {
    return text{view.data(), static_cast<uint32_t>(view.size())};
}

struct walk {
    unsigned nesting_max;
    bool escapes; // the text holds a backslash: only then can a string hold U+0000
    json_fault fault;
    char *pointer;
};

bool fail(walk &state, json_fault fault, const json_path *path) {
    state.fault = fault;
    json_path_format(path, state.pointer);
    return false;
}

bool holds_nul(std::string_view string) {
    return std::memchr(string.data(), 0, string.size()) != nullptr;
}

// Names seen in a small object; a filter of 64 bits spares most comparisons.
struct few_names {
    uint64_t filter = 0;
    size_t count = 0;
    std::string_view names[FEW_MEMBERS];

    bool take(std::string_view name) {
        uint64_t bit = name.size();
        if (!name.empty())
            bit = bit * 7 + static_cast<unsigned char>(name.front()) * 5u + static_cast<unsigned char>(name[name.size() / 2]);
        bit = uint64_t{1} << (bit & 63);
        if ((filter & bit) != 0) {
            for (size_t i = 0; i < count; i++)
                if (names[i] == name)
                    return false;
        }
        filter |= bit;
        names[count++] = name;
        return true;
    }
};

bool names_differ(walk &state, const dom::object &object, const json_path *path) {
    size_t size = object.size();
    auto *names = static_cast<std::string_view *>(memory_new(size, sizeof(std::string_view)));
    size_t count = 0;
    for (auto member = object.begin(); member != object.end() && count < size; ++member)
        names[count++] = member.key();
    std::sort(names, names + count);
    std::string_view *twin = std::adjacent_find(names, names + count);
    bool differ = twin == names + count;
    if (!differ) {
        json_path step = {path, text_from(*twin), 0};
        fail(state, JSON_FAULT_DUPLICATE, &step);
    }
    std::free(names);
    return differ;
}

bool check(walk &state, const dom::element &value, unsigned nesting, const json_path *path);

bool check_object(walk &state, const dom::object &object, unsigned nesting, const json_path *path) {
    few_names seen;
    bool few = object.size() <= FEW_MEMBERS;
    if (!few && !names_differ(state, object, path))
        return false;
    auto end = object.end();
    for (auto member = object.begin(); member != end; ++member) {
        std::string_view name = member.key();
        if (state.escapes && holds_nul(name))
            return fail(state, JSON_FAULT_NUL, path);
        json_path step = {path, text_from(name), 0};
        if (few && !seen.take(name))
            return fail(state, JSON_FAULT_DUPLICATE, &step);
        if (!check(state, member.value(), nesting + 1, &step))
            return false;
    }
    return true;
}

bool check(walk &state, const dom::element &value, unsigned nesting, const json_path *path) {
    switch (value.type()) {
    case dom::element_type::OBJECT:
        if (nesting > state.nesting_max)
            return fail(state, JSON_FAULT_NESTING, path);
        return check_object(state, value.get_object().value_unsafe(), nesting, path);
    case dom::element_type::ARRAY: {
        if (nesting > state.nesting_max)
            return fail(state, JSON_FAULT_NESTING, path);
        size_t index = 0;
        dom::array elements = value.get_array().value_unsafe();
        for (dom::element element : elements) {
            json_path step = {path, {nullptr, 0}, index++};
            if (!check(state, element, nesting + 1, &step))
                return false;
        }
        return true;
    }
    case dom::element_type::STRING:
        return !state.escapes || !holds_nul(value.get_string().value_unsafe()) || fail(state, JSON_FAULT_NUL, path);
    default:
        return true;
    }
}

json_fault fault_of(simdjson::error_code error) {
    switch (error) {
    case simdjson::SUCCESS:
        return JSON_FAULT_NONE;
    case simdjson::UTF8_ERROR:
        return JSON_FAULT_UTF8;
    case simdjson::NUMBER_ERROR:
        return JSON_FAULT_NUMBER;
    case simdjson::DEPTH_ERROR:
        return JSON_FAULT_NESTING;
    case simdjson::MEMALLOC:
        std::abort(); // the failure policy: without memory the process ends
    default:
        return JSON_FAULT_SYNTAX;
    }
}

bool is_number(dom::element_type type) {
    return type == dom::element_type::INT64 || type == dom::element_type::UINT64 || type == dom::element_type::DOUBLE;
}

// A number as an exact integer where it is one of 64 bits, else as the double that it is.
struct number {
    bool whole;
    bool negative;
    uint64_t magnitude;
    double real;
};

number number_from(double real) {
    double magnitude = real < 0 ? -real : real;
    // 2^64: below it a double without a fraction is exactly one uint64_t
    if (magnitude < 18446744073709551616.0 && static_cast<double>(static_cast<uint64_t>(magnitude)) == magnitude) {
        uint64_t whole = static_cast<uint64_t>(magnitude);
        return number{true, real < 0 && whole != 0, whole, 0};
    }
    return number{false, false, 0, real};
}

number number_of(const dom::element &value) {
    if (value.is_int64()) {
        int64_t integer = value.get_int64().value_unsafe();
        uint64_t bits = static_cast<uint64_t>(integer);
        return number{true, integer < 0, integer < 0 ? ~bits + 1 : bits, 0};
    }
    if (value.is_uint64())
        return number{true, false, value.get_uint64().value_unsafe(), 0};
    return number_from(value.get_double().value_unsafe());
}

bool same_number(const number &a, const number &b) {
    if (a.whole != b.whole)
        return false;
    if (a.whole)
        return a.negative == b.negative && a.magnitude == b.magnitude;
    return !(a.real < b.real) && !(b.real < a.real);
}

bool same(const dom::element &a, const dom::element &b);

struct sorted_member {
    std::string_view name;
    dom::element value;
};

sorted_member *sorted_members(const dom::object &object, size_t count) {
    auto *members = static_cast<sorted_member *>(memory_new(count, sizeof(sorted_member)));
    size_t i = 0;
    for (auto member = object.begin(); member != object.end() && i < count; ++member)
        members[i++] = sorted_member{member.key(), member.value()};
    std::sort(members, members + i, [](const sorted_member &one, const sorted_member &other) { return one.name < other.name; });
    return members;
}

bool same_sorted(const dom::object &a, const dom::object &b, size_t count) {
    sorted_member *left = sorted_members(a, count);
    sorted_member *right = sorted_members(b, count);
    bool equal = true;
    for (size_t i = 0; equal && i < count; i++)
        equal = left[i].name == right[i].name && same(left[i].value, right[i].value);
    std::free(left);
    std::free(right);
    return equal;
}

bool same_objects(const dom::object &a, const dom::object &b) {
    size_t count = a.size();
    if (count != b.size())
        return false;
    auto left = a.begin();
    auto right = b.begin();
    size_t equal = 0;
    // Most senders write the members of the same event in the same order; only when they do not, the rest is sorted.
    for (; equal < count && left.key() == right.key(); ++left, ++right, equal++)
        if (!same(left.value(), right.value()))
            return false;
    return equal == count || same_sorted(a, b, count);
}

bool same_arrays(const dom::array &a, const dom::array &b) {
    if (a.size() != b.size())
        return false;
    auto right = b.begin();
    for (dom::element left : a) {
        if (!same(left, *right))
            return false;
        ++right;
    }
    return true;
}

bool same(const dom::element &a, const dom::element &b) {
    dom::element_type type = a.type();
    if (is_number(type))
        return is_number(b.type()) && same_number(number_of(a), number_of(b));
    if (type != b.type())
        return false;
    switch (type) {
    case dom::element_type::OBJECT:
        return same_objects(a.get_object().value_unsafe(), b.get_object().value_unsafe());
    case dom::element_type::ARRAY:
        return same_arrays(a.get_array().value_unsafe(), b.get_array().value_unsafe());
    case dom::element_type::STRING:
        return a.get_string().value_unsafe() == b.get_string().value_unsafe();
    case dom::element_type::BOOL:
        return a.get_bool().value_unsafe() == b.get_bool().value_unsafe();
    default:
        return true;
    }
}

size_t escaped_length(text name) {
    size_t length = name.length;
    for (uint32_t i = 0; i < name.length; i++)
        length += name.at[i] == '~' || name.at[i] == '/';
    return length;
}

size_t put_step(const json_path &step, char *out) {
    size_t at = 0;
    out[at++] = '/';
    if (step.name.at == nullptr) {
        char digits[24];
        size_t count = 0;
        for (size_t rest = step.index; rest != 0 || count == 0; rest /= 10)
            digits[count++] = static_cast<char>('0' + rest % 10);
        while (count > 0)
            out[at++] = digits[--count];
        return at;
    }
    for (uint32_t i = 0; i < step.name.length; i++) {
        char letter = step.name.at[i];
        if (letter == '~' || letter == '/') {
            out[at++] = '~';
            out[at++] = letter == '~' ? '0' : '1';
        } else {
            out[at++] = letter;
        }
    }
    return at;
}

// Writes the steps down to `path`; 0 when they did not fit any more: then so do none of the steps below.
bool put_path(const json_path *path, char *pointer, size_t *length) {
    if (path == nullptr)
        return true;
    if (!put_path(path->parent, pointer, length))
        return false;
    size_t needed = path->name.at == nullptr ? 21 : 1 + escaped_length(path->name);
    if (*length + needed >= JSON_POINTER_SIZE)
        return false;
    *length += put_step(*path, pointer + *length);
    return true;
}

} // namespace

extern "C" struct json_parser *json_parser_create(size_t capacity, unsigned nesting_max) {
    auto *parser = new (std::nothrow) json_parser;
    ENSURE(parser != nullptr);
    parser->capacity = capacity;
    parser->buffer = static_cast<char *>(memory_new(capacity + simdjson::SIMDJSON_PADDING, 1));
    parser->nesting_max = nesting_max;
    if (parser->reader.allocate(capacity, nesting_max + NESTING_MARGIN) != simdjson::SUCCESS)
        std::abort();
    return parser;
}

extern "C" void json_parser_destroy(struct json_parser **parser) {
    if (*parser == nullptr)
        return;
    std::free((*parser)->buffer);
    delete *parser;
    *parser = nullptr;
}

extern "C" enum json_fault json_parser_read(struct json_parser *parser, struct text bytes, struct json_value *root) {
    if (bytes.length > parser->capacity) {
        size_t capacity = std::max<size_t>(bytes.length, parser->capacity * 2);
        parser->buffer = static_cast<char *>(memory_resize(parser->buffer, capacity + simdjson::SIMDJSON_PADDING, 1));
        parser->capacity = capacity;
    }
    if (bytes.length == 0)
        return JSON_FAULT_SYNTAX;
    std::memcpy(parser->buffer, bytes.at, bytes.length);
    std::memset(parser->buffer + bytes.length, ' ', simdjson::SIMDJSON_PADDING);
    dom::element element;
    simdjson::error_code error = parser->reader.parse(parser->buffer, bytes.length, false).get(element);
    if (error == simdjson::SUCCESS)
        *root = value_of(element);
    return fault_of(error);
}

extern "C" enum json_fault json_parser_read_strictly(struct json_parser *parser, struct text bytes, struct json_value *root,
                                                     char pointer[JSON_POINTER_SIZE]) {
    pointer[0] = '\0';
    enum json_fault fault = json_parser_read(parser, bytes, root);
    if (fault != JSON_FAULT_NONE)
        return fault;
    bool escapes = std::memchr(bytes.at, '\\', bytes.length) != nullptr;
    walk state = {parser->nesting_max, escapes, JSON_FAULT_NONE, pointer};
    check(state, shape_of<dom::element>(*root), 1, nullptr);
    return state.fault;
}

extern "C" const char *json_fault_message(enum json_fault fault) {
    switch (fault) {
    case JSON_FAULT_UTF8:
        return "is not valid UTF-8";
    case JSON_FAULT_NUMBER:
        return "holds a malformed number or one beyond 64 bits";
    case JSON_FAULT_NESTING:
        return "is nested too deep";
    case JSON_FAULT_DUPLICATE:
        return "has a member twice";
    case JSON_FAULT_NUL:
        return "holds the character U+0000";
    default:
        return "is not JSON";
    }
}

extern "C" enum json_kind json_value_kind(struct json_value value) {
    switch (shape_of<dom::element>(value).type()) {
    case dom::element_type::OBJECT:
        return JSON_KIND_OBJECT;
    case dom::element_type::ARRAY:
        return JSON_KIND_ARRAY;
    case dom::element_type::STRING:
        return JSON_KIND_STRING;
    case dom::element_type::BOOL:
        return JSON_KIND_BOOLEAN;
    case dom::element_type::DOUBLE:
        return JSON_KIND_REAL;
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
        return JSON_KIND_INTEGER;
    default:
        return JSON_KIND_NULL;
    }
}

extern "C" bool json_value_text(struct json_value value, struct text *text) {
    std::string_view view;
    if (shape_of<dom::element>(value).get_string().get(view) != simdjson::SUCCESS)
        return false;
    *text = text_from(view);
    return true;
}

extern "C" bool json_value_is_true(struct json_value value) {
    bool literal = false;
    return shape_of<dom::element>(value).get_bool().get(literal) == simdjson::SUCCESS && literal;
}

extern "C" bool json_value_integer(struct json_value value, int64_t *integer) {
    return shape_of<dom::element>(value).get_int64().get(*integer) == simdjson::SUCCESS;
}

extern "C" bool json_value_number(struct json_value value, double *number) {
    return shape_of<dom::element>(value).get_double().get(*number) == simdjson::SUCCESS;
}

extern "C" bool json_members_start(struct json_value object, struct json_cursor *cursor) {
    dom::object members;
    if (shape_of<dom::element>(object).get_object().get(members) != simdjson::SUCCESS)
        return false;
    cursor->next = value_of(members.begin());
    cursor->end = value_of(members.end()).place;
    return true;
}

extern "C" bool json_elements_start(struct json_value array, struct json_cursor *cursor) {
    dom::array elements;
    if (shape_of<dom::element>(array).get_array().get(elements) != simdjson::SUCCESS)
        return false;
    cursor->next = value_of(elements.begin());
    cursor->end = value_of(elements.end()).place;
    return true;
}

extern "C" bool json_members_next(struct json_cursor *cursor, struct text *name, struct json_value *value) {
    if (cursor->next.place == cursor->end)
        return false;
    auto member = shape_of<dom::object::iterator>(cursor->next);
    *name = text_from(member.key());
    *value = value_of(member.value());
    ++member;
    cursor->next = value_of(member);
    return true;
}

extern "C" bool json_elements_next(struct json_cursor *cursor, struct json_value *value) {
    if (cursor->next.place == cursor->end)
        return false;
    auto element = shape_of<dom::array::iterator>(cursor->next);
    *value = value_of(*element);
    ++element;
    cursor->next = value_of(element);
    return true;
}

extern "C" bool json_value_same(struct json_value a, struct json_value b) {
    return same(shape_of<dom::element>(a), shape_of<dom::element>(b));
}

extern "C" void json_path_format(const struct json_path *path, char pointer[JSON_POINTER_SIZE]) {
    size_t length = 0;
    put_path(path, pointer, &length);
    pointer[length] = '\0';
}
