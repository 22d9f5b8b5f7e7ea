/* shapes-test MODULE: passes and returns every kind of structure and scalar, to the guest and back from it, and compares with
 * what the host's compiler makes of the same functions. */
#define LINKAGE static
#pragma clang diagnostic ignored "-Wunused-function"
#pragma clang diagnostic ignored "-Wfloat-equal"
#include "shapes.h"

#include "check.h"

static bh_engine *engine;
static bh_module *module;
static bh_instance *instance;
static uint64_t seed = 1;

static uint8_t next_byte(void) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint8_t)(seed >> 56);
}

/* Bytes that are no signalling NaN in any type, and whose padding compares equal: both sides copy all of a structure's bytes only
 * where they are values, so padding is masked by the caller. */
static void fill(void *to, size_t size) {
    for (size_t n = 0; n < size; n++)
        ((uint8_t *)to)[n] = next_byte() & 0x3f;
}

/* Only values count, not padding: found by what the native function keeps of it. */
static void compare(const char *what, const void *got, const void *want, const uint8_t *value_mask, size_t size) {
    for (size_t n = 0; n < size; n++) {
        if ((((const uint8_t *)got)[n] ^ ((const uint8_t *)want)[n]) & value_mask[n]) {
            printf("failed: %s: byte %zu is 0x%02x instead of 0x%02x\n", what, n, ((const uint8_t *)got)[n], ((const uint8_t *)want)[n]);
            failures++;
            return;
        }
    }
}

#define ALL(name, signature) FUNCTIONS(name)
SHAPES(ALL)

/* A long double has six bytes of padding at its end; clear them and other padding in the mask. */
#define MASK(name) static void mask_##name(uint8_t *mask)
MASK(two_ints) { memset(mask, 255, sizeof(two_ints)); }
MASK(long_int) { memset(mask, 255, 12); }
MASK(three_bytes) { memset(mask, 255, 3); }
MASK(mixed_ints) { memset(mask, 255, 16); mask[1] = 0; }
MASK(two_floats) { memset(mask, 255, 8); }
MASK(three_floats) { memset(mask, 255, 12); }
MASK(two_doubles) { memset(mask, 255, 16); }
MASK(three_doubles) { memset(mask, 255, 24); }
MASK(float_int) { memset(mask, 255, 8); }
MASK(int_float_double) { memset(mask, 255, 16); }
MASK(double_long) { memset(mask, 255, 16); }
MASK(long_double_pair) { memset(mask, 255, 16); }
MASK(nested) { memset(mask, 255, 16); }
MASK(deep) { memset(mask, 255, 5); memset(mask + 8, 255, 8); }
MASK(three_longs) { memset(mask, 255, 24); }
MASK(large) { memset(mask, 255, 104); }
MASK(one_wide) { memset(mask, 255, 10); }
MASK(wide) { memset(mask, 255, 4); memset(mask + 16, 255, 10); }
MASK(int_union) { memset(mask, 255, 8); }
MASK(sse_union) { memset(mask, 255, 8); }
MASK(unions) { memset(mask, 255, 16); }
MASK(wide_union) { memset(mask, 255, 8); }
MASK(pointer_byte) { memset(mask, 255, 10); }
MASK(double_array) { memset(mask, 255, 16); }

/* Values that survive being loaded and stored as what they are: normal long doubles, bools of 0 and 1. */
#define NORMAL(name) static void normal_##name(name *x)
#define PLAIN(name) NORMAL(name) { (void)x; }
PLAIN(two_ints) PLAIN(long_int) PLAIN(three_bytes) PLAIN(mixed_ints) PLAIN(two_floats) PLAIN(three_floats) PLAIN(two_doubles)
PLAIN(three_doubles) PLAIN(float_int) PLAIN(int_float_double) PLAIN(double_long) PLAIN(long_double_pair) PLAIN(nested) PLAIN(deep)
PLAIN(three_longs) PLAIN(large) PLAIN(int_union) PLAIN(sse_union) PLAIN(unions) PLAIN(wide_union) PLAIN(double_array)
NORMAL(one_wide) { x->a = 1.0L / 3 + next_byte(); }
NORMAL(wide) { x->b = 1.0L / 3 + next_byte(); }
NORMAL(pointer_byte) { x->c = next_byte() & 1; }

/* The host's side of through_*: gives back the fourth argument when all others are as they should be. */
struct expectation {
    const void *first;
    const uint8_t *mask;
    size_t size;
};

static int callback(void *context, bh_instance *caller, const bh_value *arguments, bh_value *result) {
    const struct expectation *expectation = context;
    CHECK(caller == instance && arguments[0].type == '{' && arguments[3].type == '{' && result->type == '{');
    compare("first argument of a callback", arguments[0].as.s, expectation->first, expectation->mask, expectation->size);
    CHECK(arguments[1].as.l == 7 && arguments[2].as.d == 0.25);
    memcpy(result->as.s, arguments[3].as.s, expectation->size);
    return 0;
}

#define TEST(name, signature)                                                                                                  \
    static void test_##name(void) {                                                                                            \
        bh_function function;                                                                                                  \
        bh_value result = {0};                                                                                                 \
        uint8_t mask[sizeof(name)] = {0};                                                                                      \
        name x, y, got, want;                                                                                                  \
        mask_##name(mask);                                                                                                     \
        fill(&x, sizeof(x)), fill(&y, sizeof(y));                                                                              \
        normal_##name(&x), normal_##name(&y);                                                                                  \
        result.as.s = &got;                                                                                                    \
        memset(&got, 0xee, sizeof(got));                                                                                       \
        REQUIRE(!bh_instance_function(instance, "echo_" #name, signature "(" signature ")", &function));                       \
        CHECK(function.result.size == sizeof(name));                                                                           \
        CHECK(!bh_invoke(instance, &function, &result, &x));                                                                   \
        want = echo_##name(x);                                                                                                 \
        compare("echo " #name, &got, &want, mask, sizeof(got));                                                                \
        bh_value from = {.type = 'p'};                                                                                         \
        REQUIRE(!bh_allocate_copy(instance, &x, sizeof(x), &from.as.p));                                                       \
        REQUIRE(!bh_instance_function(instance, "fetch_" #name, signature "(p)", &function));                                  \
        memset(&got, 0xee, sizeof(got));                                                                                       \
        CHECK(!bh_call(instance, &function, &from, &result) && result.as.s == &got);                                           \
        compare("fetch " #name, &got, &x, mask, sizeof(got));                                                                  \
        memset(&got, 0xee, sizeof(got));                                                                                       \
        CHECK(!bh_invoke(instance, &function, &result, from.as.p) && result.as.s == &got && !bh_free(instance, from.as.p));    \
        compare("fetch " #name, &got, &x, mask, sizeof(got));                                                                  \
        memset(&got, 0xee, sizeof(got));                                                                                       \
        REQUIRE(!bh_instance_function(instance, "late_" #name, signature "(lllllddddddd" signature "i)", &function));          \
        CHECK(!bh_invoke(instance, &function, &result, 1l, 2l, 3l, 4l, 5l, 1., 2., 3., 4., 5., 6., 7., &x, 6));                \
        want = late_##name(1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 6, 7, x, 6);                                                          \
        compare("late " #name, &got, &want, mask, sizeof(got));                                                                \
        memset(&got, 0xee, sizeof(got));                                                                                       \
        REQUIRE(!bh_instance_function(instance, "twice_" #name, signature "(" signature "f" signature ")", &function));        \
        CHECK(!bh_invoke(instance, &function, &result, &x, 0.5, &y));                                                          \
        compare("twice " #name, &got, &y, mask, sizeof(got));                                                                  \
        struct expectation expectation = {&x, mask, sizeof(x)};                                                                \
        bh_address pointer;                                                                                                    \
        memset(&got, 0xee, sizeof(got));                                                                                       \
        REQUIRE(!bh_callback_create(instance, signature "(" signature "ld" signature ")", callback, &expectation, &pointer));  \
        REQUIRE(!bh_instance_function(instance, "through_" #name, signature "(p" signature signature ")", &function));         \
        CHECK(!bh_invoke(instance, &function, &result, pointer, &x, &y));                                                      \
        compare("through " #name, &got, &y, mask, sizeof(got));                                                                \
        CHECK(!bh_callback_destroy(instance, pointer));                                                                        \
    }
SHAPES(TEST)

#define SCALAR_TEST(letter, type_, member)                                                                                     \
    static int callback_##letter(void *context, bh_instance *caller, const bh_value *arguments, bh_value *result) {            \
        const type_ want = *(const type_ *)context;                                                                            \
        (void)caller;                                                                                                          \
        for (int n = 0; n < 10; n++)                                                                                           \
            CHECK((type_)arguments[n].as.member == want && arguments[n].type == #letter[0]);                                   \
        result->as.member = arguments[9].as.member;                                                                            \
        return 0;                                                                                                              \
    }                                                                                                                          \
    static void test_scalar_##letter(type_ x, type_ y) {                                                                       \
        bh_function function;                                                                                                  \
        bh_value values[10], result;                                                                                           \
        memset(values, 0xee, sizeof(values));                                                                                  \
        for (int n = 0; n < 10; n++)                                                                                           \
            values[n].type = #letter[0], values[n].as.member = n == 9 ? y : x;                                                 \
        REQUIRE(!bh_instance_function(instance, "last_" #letter, #letter "(" #letter #letter #letter #letter #letter #letter   \
                                      #letter #letter #letter #letter ")", &function));                                        \
        CHECK(!bh_call(instance, &function, values, &result) && result.type == #letter[0] && (type_)result.as.member == y);    \
        bh_address pointer;                                                                                                    \
        REQUIRE(!bh_callback_create(instance, #letter "(" #letter #letter #letter #letter #letter #letter #letter #letter      \
                                    #letter #letter ")", callback_##letter, &x, &pointer));                                    \
        REQUIRE(!bh_instance_function(instance, "apply_" #letter, #letter "(p" #letter ")", &function));                       \
        values[0].type = 'p', values[0].as.p = pointer;                                                                        \
        CHECK(!bh_call(instance, &function, values, &result) && (type_)result.as.member == x);                                 \
        REQUIRE(!bh_allocate_copy(instance, &y, sizeof(y), &values[0].as.p));                                                  \
        REQUIRE(!bh_instance_function(instance, "fetch_" #letter, #letter "(p)", &function));                                  \
        CHECK(!bh_call(instance, &function, values, &result) && (type_)result.as.member == y);                                 \
        CHECK(!bh_invoke(instance, &function, &result, values[0].as.p) && (type_)result.as.member == y);                       \
        CHECK(!bh_free(instance, values[0].as.p));                                                                             \
        CHECK(!bh_callback_destroy(instance, pointer));                                                                        \
    }
SCALARS(SCALAR_TEST)

static void refuse(const char *signature, unsigned position, const char *text) {
    bh_function function;
    char where[40];
    snprintf(where, sizeof(where), "position %u:", position);
    bh_error error = bh_instance_function(instance, "echo_two_ints", signature, &function);
    if (error != BH_ERROR_SIGNATURE || !strstr(bh_last_error()->text, where) || !strstr(bh_last_error()->text, text)) {
        printf("failed: '%s' is not refused at %u for '%s': %s\n", signature, position, text, bh_last_error()->text);
        failures++;
    }
}

static void test_refusals(void) {
    char many[100] = "v(", deep_one[64] = "v(";
    refuse("", 1, "unknown type");
    refuse("i", 2, "'(' is missing");
    refuse("i(", 3, "')' is missing");
    refuse("i(i", 4, "')' is missing");
    refuse("i(q)", 3, "unknown type");
    refuse("i(iv)", 4, "void");
    refuse("i(i...)", 4, "variable arguments");
    refuse("i(...)", 3, "variable arguments");
    refuse("i(i)i", 5, "nothing may follow");
    refuse("{}(i)", 2, "empty structure");
    refuse("{i(i)", 3, "unknown type");
    refuse("v({ii)", 6, "unknown type");
    refuse("v({ii", 6, "'}' is missing");
    refuse("v(<ii", 6, "'>' is missing");
    refuse("v({0i})", 5, "no elements");
    refuse("v({9999999999999999999999i})", 10, "too long");
    refuse("v({1048577a})", 10, "too long");
    refuse("v({1000000l})", 12, "1 MiB");
    refuse("v({1000000a}{1000000a})", 23, "1 MiB of arguments");
    memset(many + 2, 'i', BH_MAX_ARGUMENTS + 1);
    refuse(many, 3 + BH_MAX_ARGUMENTS, "too many");
    memset(deep_one + 2, '{', 40);
    refuse(deep_one, 11, "too deeply");
    bh_address pointer;
    CHECK(bh_callback_create(instance, "v({5000a})", callback, NULL, &pointer) == BH_ERROR_SIGNATURE);
    bh_function function;
    CHECK(!bh_instance_function(instance, "echo_two_ints", "v(v)", &function) && function.count == 0);
    bh_value wrong = {.type = 'i'};
    CHECK(!bh_instance_function(instance, "echo_two_ints", "l(l)", &function));
    CHECK(bh_call(instance, &function, &wrong, NULL) == BH_ERROR_SIGNATURE);
    wrong = (bh_value){.type = '{'};
    CHECK(!bh_instance_function(instance, "echo_two_ints", "{ii}({ii})", &function));
    CHECK(bh_call(instance, &function, &wrong, NULL) == BH_ERROR_ARGUMENT);
}

static int ending(void *context, bh_instance *caller, const bh_value *arguments, bh_value *result) {
    (void)context, (void)caller, (void)arguments, (void)result;
    return 9;
}

/* The host's function ends the call instead of returning a structure. */
static void test_ending(void) {
    static two_doubles x = {1, 2};
    bh_function function;
    bh_address pointer;
    bh_value result = {.as.s = &x};
    REQUIRE(!bh_callback_create(instance, "{dd}({dd}ld{dd})", ending, NULL, &pointer));
    REQUIRE(!bh_instance_function(instance, "through_two_doubles", "{dd}(p{dd}{dd})", &function));
    CHECK(bh_invoke(instance, &function, &result, pointer, &x, &x) == BH_ERROR_CALLBACK && bh_last_error()->callback_status == 9);
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    REQUIRE(!bh_engine_create(NULL, &engine) && !bh_module_load(engine, argv[1], NULL, &module));
    REQUIRE(!bh_instance_create(module, NULL, &instance));
#define RUN(name, signature) test_##name();
    for (int round = 0; round < 20; round++) {
        SHAPES(RUN)
    }
    test_scalar_b(true, false), test_scalar_b(false, true);
    test_scalar_a(-128, 127), test_scalar_a(1, -1);
    test_scalar_h(255, 1), test_scalar_h(0, 128);
    test_scalar_s(-32768, 32767), test_scalar_t(65535, 32768);
    test_scalar_i(-1, INT32_MIN), test_scalar_u(UINT32_MAX, 1u << 31);
    test_scalar_l(-1, INT64_MIN), test_scalar_m(UINT64_MAX, 5);
    test_scalar_f(0.1f, -3e30f), test_scalar_d(0.1, -3e300), test_scalar_e(0.1L, -3e3000L);
    test_refusals();
    test_ending();
    CHECK(!bh_instance_destroy(instance) && !bh_module_destroy(module) && !bh_engine_destroy(engine));
    printf(failures ? "%d checks failed\n" : "ok\n", failures);
    return failures != 0;
}
