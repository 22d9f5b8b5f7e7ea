/* What a host must not pass: arguments-test LIBRARY PROGRAM. Each mistake alone, in calls that are right otherwise, is an error with a text
 * and changes nothing. */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest-calls.h"

/* The call fails with this error and a text of its own. */
#define WRONG(call, wanted)                                                                                                    \
    do {                                                                                                                       \
        CHECK(bh_string_length(instance, bh_instance_base(instance), 1, &(size_t){0}) == BH_ERROR_RANGE); /* another text */  \
        CHECK((call) == (wanted));                                                                                             \
        CHECK(bh_last_error()->error == (wanted) && bh_last_error()->text[0]);                                                 \
    } while (0)
#define MISTAKE(call) WRONG(call, BH_ERROR_ARGUMENT)
/* And it says what is wrong. */
#define SAYS(call, wanted, words)                                                                                              \
    do {                                                                                                                       \
        WRONG(call, wanted);                                                                                                   \
        CHECK(strstr(bh_last_error()->text, words));                                                                           \
    } while (0)

static bh_instance *instance;

static void engines(void) {
    bh_engine *made = NULL;
    bh_engine_options options = {.struct_size = sizeof(options)};
    MISTAKE(bh_engine_create(NULL, NULL));
    options.struct_size--;
    MISTAKE(bh_engine_create(&options, &made));
    options = (bh_engine_options){.struct_size = sizeof(options), .slots = 32701};
    MISTAKE(bh_engine_create(&options, &made));
    options = (bh_engine_options){.struct_size = sizeof(options), .deadline_signal = SIGRTMIN - 1};
    MISTAKE(bh_engine_create(&options, &made));
    CHECK(strstr(bh_last_error()->text, "real-time signal"));
    options.deadline_signal = SIGRTMAX + 1;
    MISTAKE(bh_engine_create(&options, &made));
    CHECK(strstr(bh_last_error()->text, "real-time signal"));
    MISTAKE(bh_engine_check_signals(NULL));
    CHECK(!made && !bh_engine_destroy(NULL) && bh_engine_mappings(NULL) == 0);
}

static void modules(const char *path) {
    static const char huge[1];
    bh_module *made = NULL;
    bh_module_options options = {.struct_size = sizeof(options) + 1};
    MISTAKE(bh_module_load(NULL, path, NULL, &made));
    MISTAKE(bh_module_load(engine, NULL, NULL, &made));
    MISTAKE(bh_module_load(engine, path, NULL, NULL));
    MISTAKE(bh_module_load(engine, path, &options, &made));
    MISTAKE(bh_module_load_fd(NULL, STDIN_FILENO, "name", NULL, &made));
    MISTAKE(bh_module_load_fd(engine, STDIN_FILENO, "name", NULL, NULL));
    WRONG(bh_module_load_fd(engine, -1, "name", NULL, &made), BH_ERROR_UNREADABLE);
    MISTAKE(bh_module_load_memory(NULL, huge, 1, "name", NULL, &made));
    MISTAKE(bh_module_load_memory(engine, NULL, 1, "name", NULL, &made));
    MISTAKE(bh_module_load_memory(engine, huge, ((size_t)1 << 30) + 1, "name", NULL, &made));
    WRONG(bh_module_load_memory(engine, NULL, 0, NULL, NULL, &made), BH_ERROR_NOT_ELF);
    CHECK(!made && !bh_module_destroy(NULL));
}

static void policies(void) {
    bh_policy *policy = NULL;
    MISTAKE(bh_policy_create(NULL));
    REQUIRE(!bh_policy_create(&policy));
    MISTAKE(bh_policy_grant_directory(NULL, "/", "/", BH_READ_ONLY));
    MISTAKE(bh_policy_grant_directory(policy, NULL, "/", BH_READ_ONLY));
    MISTAKE(bh_policy_grant_directory(policy, "/", NULL, BH_READ_ONLY));
    MISTAKE(bh_policy_grant_directory(policy, "/", "/", 2));
    MISTAKE(bh_policy_grant_directory(policy, "/", "/a/../b", BH_READ_ONLY));
    CHECK(!bh_policy_grant_directory(policy, "/", "/a/..b", BH_READ_ONLY)); /* a name as others */
    MISTAKE(bh_policy_grant_directory(policy, "/", "/", -1));
    WRONG(bh_policy_grant_directory(policy, "/nothing/there", "/", BH_READ_ONLY), BH_ERROR_SYSTEM);
    MISTAKE(bh_policy_grant_stream(NULL, 0, 0));
    MISTAKE(bh_policy_grant_stream(policy, -1, 0));
    MISTAKE(bh_policy_grant_stream(policy, 3, 0));
    MISTAKE(bh_policy_grant_stream(policy, 0, -1));
    MISTAKE(bh_policy_grant(NULL, BH_GRANT_CLOCK));
    MISTAKE(bh_policy_grant(policy, 4));
    MISTAKE(bh_policy_add_environment(NULL, "A=B"));
    MISTAKE(bh_policy_add_environment(policy, NULL));
    MISTAKE(bh_policy_add_environment(policy, "name"));
    MISTAKE(bh_policy_add_environment(policy, "=value"));
    MISTAKE(bh_policy_set_memory_limit(NULL, 1));
    MISTAKE(bh_policy_set_thread_limit(NULL, 1));
    MISTAKE(bh_policy_set_thread_limit(policy, 4097));
    MISTAKE(bh_policy_set_stack_size(NULL, 1));
    MISTAKE(bh_policy_set_stack_size(policy, ((uint64_t)1 << 30) + 1));
    MISTAKE(bh_policy_set_deadline(NULL, 1));
    MISTAKE(bh_policy_set_mapping_limit(NULL, 1));
    MISTAKE(bh_policy_set_mapping_limit(policy, 1000001));
    MISTAKE(bh_policy_set_descriptor_limit(NULL, 100));
    MISTAKE(bh_policy_set_descriptor_limit(policy, 1025));
    MISTAKE(bh_policy_set_descriptor_limit(policy, 2));
    MISTAKE(bh_policy_set_working_directory(NULL, "/"));
    MISTAKE(bh_policy_set_working_directory(policy, NULL));
    MISTAKE(bh_policy_set_log(NULL, NULL, NULL));
    MISTAKE(bh_policy_load(NULL, &policy));
    MISTAKE(bh_policy_load("/nothing/there", NULL));
    CHECK(!bh_policy_set_descriptor_limit(policy, 0)); /* as many as without a limit */
    CHECK(!bh_policy_add_environment(policy, "A=") && !bh_policy_set_thread_limit(policy, 4096) &&
          !bh_policy_set_stack_size(policy, (uint64_t)1 << 30) && !bh_policy_set_mapping_limit(policy, 1000000));
    bh_policy_destroy(policy);
    bh_policy_destroy(NULL);
}

/* The log of a program that runs: it runs already. */
static int logged;
static void run_again(void *context, const char *call, const char *detail, int number) {
    const char *argv[] = {"program"};
    bh_instance *running = *(bh_instance **)context;
    int status;
    (void)call, (void)detail, (void)number;
    logged++;
    WRONG(bh_instance_run(running, 1, argv, &status), BH_ERROR_BUSY);
}

static void programs(const char *path) {
    bh_module *program;
    bh_instance *running;
    bh_policy *policy;
    bh_function function;
    const char *argv[] = {"program", "/etc/passwd", NULL};
    int status = -1;
    REQUIRE(!bh_module_load(engine, path, NULL, &program) && !bh_policy_create(&policy));
    CHECK(!bh_policy_set_log(policy, run_again, &running));
    REQUIRE(!bh_instance_create(program, policy, &running));
    MISTAKE(bh_instance_run(NULL, 1, argv, &status));
    MISTAKE(bh_instance_run(running, -1, argv, &status));
    MISTAKE(bh_instance_run(running, 1, NULL, &status));
    MISTAKE(bh_instance_run(running, 3, argv, &status)); /* argv[2] is NULL */
    MISTAKE(bh_instance_run(running, 1, argv, NULL));
    WRONG(bh_instance_function(running, "_start", "v()", &function), BH_ERROR_KIND);
    CHECK(!bh_instance_run(running, 2, argv, &status) && status == ENOENT && logged == 1);
    WRONG(bh_instance_run(running, 0, NULL, &status), BH_ERROR_DEAD);
    CHECK(!bh_instance_destroy(running));

    /* Arguments may take a quarter of the stack. */
    char *large = calloc(1, 40000);
    REQUIRE(large != NULL);
    memset(large, 'x', 39999);
    CHECK(!bh_policy_set_stack_size(policy, 65536));
    REQUIRE(!bh_instance_create(program, policy, &running));
    argv[0] = large;
    WRONG(bh_instance_run(running, 2, argv, &status), BH_ERROR_LIMIT);
    large[15000] = 0;
    CHECK(!bh_instance_run(running, 2, argv, &status) && status == ENOENT && logged == 2);
    free(large);
    CHECK(!bh_instance_destroy(running) && !bh_module_destroy(program));
    bh_policy_destroy(policy);
}

static void instances(void) {
    bh_instance *made = NULL;
    MISTAKE(bh_instance_create(NULL, NULL, &made));
    MISTAKE(bh_instance_create(module, NULL, NULL));
    MISTAKE(bh_instance_set_deadline(NULL, 1));
    MISTAKE(bh_instance_reset(NULL));
    CHECK(!made && !bh_instance_destroy(NULL) && bh_instance_base(NULL) == 0);
}

static void calls(void) {
    bh_address address;
    bh_function function;
    bh_value result, values[2] = {{.type = 'i', .as.i = 1}, {.type = 'i', .as.i = 2}};
    bh_registers registers = {.rax = 0};
    MISTAKE(bh_instance_symbol(NULL, "add", &address));
    MISTAKE(bh_instance_symbol(instance, NULL, &address));
    MISTAKE(bh_instance_symbol(instance, "add", NULL));
    REQUIRE(!bh_instance_symbol(instance, "add", &address));
    MISTAKE(bh_instance_function(NULL, "add", "i(ii)", &function));
    MISTAKE(bh_instance_function(instance, NULL, "i(ii)", &function));
    MISTAKE(bh_instance_function(instance, "add", NULL, &function));
    MISTAKE(bh_instance_function(instance, "add", "i(ii)", NULL));
    MISTAKE(bh_instance_pointer(NULL, address, "i(ii)", &function));
    MISTAKE(bh_instance_pointer(instance, address, NULL, &function));
    MISTAKE(bh_instance_pointer(instance, address, "i(ii)", NULL));
    WRONG(bh_instance_pointer(instance, address, "i(", &function), BH_ERROR_SIGNATURE);
    WRONG(bh_instance_pointer(instance, address + 1, "i(ii)", &function), BH_ERROR_RANGE);
    WRONG(bh_instance_pointer(instance, address + BH_SLOT_SIZE, "i(ii)", &function), BH_ERROR_RANGE);
    WRONG(bh_instance_pointer(instance, 0, "i(ii)", &function), BH_ERROR_RANGE);
    REQUIRE(!bh_instance_pointer(instance, address, "i(ii)", &function));
    SAYS(bh_call(NULL, &function, values, &result), BH_ERROR_ARGUMENT, "are needed");
    MISTAKE(bh_call(instance, NULL, values, &result));
    SAYS(bh_call(instance, &function, NULL, &result), BH_ERROR_ARGUMENT, "are needed");
    MISTAKE(bh_invoke(NULL, &function, &result, 1, 2));
    MISTAKE(bh_invoke(instance, NULL, &result, 1, 2));
    MISTAKE(bh_call_registers(NULL, address, &registers));
    MISTAKE(bh_call_registers(instance, address, NULL));
    CHECK(!bh_call(instance, &function, values, &result) && result.as.i == 3);
    /* Of another instance, or damaged. */
    bh_function damaged = function;
    damaged.address += BH_SLOT_SIZE;
    SAYS(bh_call(instance, &damaged, values, &result), BH_ERROR_ARGUMENT, "another instance");
    damaged.count = 0;
    SAYS(bh_call(instance, &damaged, NULL, &result), BH_ERROR_ARGUMENT, "another instance");
    damaged.count = function.count;
    MISTAKE(bh_invoke(instance, &damaged, &result, 1, 2));
    damaged = function;
    damaged.count = BH_MAX_ARGUMENTS + 1;
    SAYS(bh_call(instance, &damaged, values, &result), BH_ERROR_ARGUMENT, "are needed");
    SAYS(bh_invoke(instance, &damaged, &result, 1, 2), BH_ERROR_ARGUMENT, "bh_invoke");
}

static int never(void *context, bh_instance *caller, const bh_value *arguments, bh_value *result) {
    (void)context, (void)caller, (void)arguments, (void)result;
    return 1;
}

static int never_raw(void *context, bh_instance *caller, bh_registers *registers) {
    (void)context, (void)caller, (void)registers;
    return 1;
}

static void callbacks(void) {
    bh_address address = 0;
    for (unsigned at = 0; at < BH_GATE_SIZE; at += BH_BUNDLE_SIZE) /* none were made */
        WRONG(bh_callback_destroy(instance, bh_instance_base(instance) + BH_GATE_OFFSET + at), BH_ERROR_NOT_FOUND);
    MISTAKE(bh_callback_create(NULL, "v()", never, NULL, &address));
    MISTAKE(bh_callback_create(instance, NULL, never, NULL, &address));
    MISTAKE(bh_callback_create(instance, "v()", NULL, NULL, &address));
    MISTAKE(bh_callback_create(instance, "v()", never, NULL, NULL));
    WRONG(bh_callback_create(instance, "v(", never, NULL, &address), BH_ERROR_SIGNATURE);
    MISTAKE(bh_callback_create_raw(NULL, never_raw, NULL, &address));
    MISTAKE(bh_callback_create_raw(instance, NULL, NULL, &address));
    MISTAKE(bh_callback_create_raw(instance, never_raw, NULL, NULL));
    CHECK(!address);
    MISTAKE(bh_callback_destroy(NULL, 0));
    REQUIRE(!bh_callback_create(instance, "v()", never, NULL, &address));
    WRONG(bh_callback_destroy(instance, address + BH_BUNDLE_SIZE), BH_ERROR_NOT_FOUND); /* this one was never made */
    WRONG(bh_callback_destroy(instance, address + 1), BH_ERROR_NOT_FOUND);
    WRONG(bh_callback_destroy(instance, address + BH_SLOT_SIZE), BH_ERROR_NOT_FOUND);
    CHECK(!bh_callback_destroy(instance, address));
    WRONG(bh_callback_destroy(instance, address), BH_ERROR_NOT_FOUND);
}

static void memory(void) {
    char buffer[8] = "unread";
    bh_address at, base = bh_instance_base(instance);
    const void *view = NULL;
    size_t length;
    REQUIRE(!bh_instance_symbol(instance, "zeros", &at));
    MISTAKE(bh_copy_in(NULL, at, buffer, 1));
    MISTAKE(bh_copy_in(instance, at, NULL, 1));
    CHECK(!bh_copy_in(instance, at, NULL, 0));
    MISTAKE(bh_copy_out(NULL, buffer, at, 1));
    MISTAKE(bh_copy_out(instance, NULL, at, 1));
    MISTAKE(bh_copy_string(NULL, buffer, at, 1));
    MISTAKE(bh_copy_string(instance, NULL, at, 1));
    MISTAKE(bh_copy_string(instance, buffer, at, 0));
    WRONG(bh_copy_string(instance, buffer, base - 1, 8), BH_ERROR_RANGE);
    SAYS(bh_copy_string(instance, buffer, base, 8), BH_ERROR_RANGE, "not accessible");
    CHECK(!strcmp(buffer, "unread"));
    MISTAKE(bh_string_length(NULL, at, 8, &length));
    MISTAKE(bh_string_length(instance, at, 8, NULL));
    WRONG(bh_string_length(instance, base - 1, 8, &length), BH_ERROR_RANGE);
    SAYS(bh_string_length(instance, base, 8, &length), BH_ERROR_RANGE, "not accessible");
    MISTAKE(bh_fill(NULL, at, 0, 1));
    WRONG(bh_fill(instance, base - 1, 0, 1), BH_ERROR_RANGE);
    WRONG(bh_fill(instance, base, 0, 1), BH_ERROR_RANGE);
    MISTAKE(bh_check_range(NULL, at, 1));
    WRONG(bh_check_range(instance, base - 1, 1), BH_ERROR_RANGE);
    WRONG(bh_check_range(instance, base + BH_SLOT_SIZE - 1, 2), BH_ERROR_RANGE);
    MISTAKE(bh_view_open(NULL, at, 1, 1, 8, &view));
    MISTAKE(bh_view_open(instance, at, 1, 1, 8, NULL));
    MISTAKE(bh_view_open(instance, at, 0, 1, 8, NULL));
    WRONG(bh_view_open(instance, at, 2, 5, 9, &view), BH_ERROR_RANGE);
    WRONG(bh_view_open(instance, at, SIZE_MAX, 2, SIZE_MAX, &view), BH_ERROR_RANGE);
    WRONG(bh_view_open(instance, at, SIZE_MAX / 2 + 1, 2, SIZE_MAX, &view), BH_ERROR_RANGE); /* 0, for who does not look */
    WRONG(bh_view_open(instance, base - 1, 1, 1, 8, &view), BH_ERROR_RANGE);
    WRONG(bh_view_open(instance, base, 1, 1, 8, &view), BH_ERROR_RANGE);
    CHECK(!view && !bh_view_open(instance, at, 0, 1, 0, &view) && view);
    bh_view_close(view);
    bh_view_close(NULL);
}

static void blocks(void) {
    bh_address block = 0, cell;
    REQUIRE(!bh_instance_symbol(instance, "cell", &cell));
    MISTAKE(bh_allocate(NULL, 1, &block));
    MISTAKE(bh_allocate(instance, 0, &block));
    MISTAKE(bh_allocate(instance, 1, NULL));
    SAYS(bh_allocate(instance, BH_SLOT_SIZE, &block), BH_ERROR_MEMORY, "more than a slot");
    WRONG(bh_allocate(instance, BH_SLOT_SIZE - 1, &block), BH_ERROR_MEMORY);
    MISTAKE(bh_allocate_copy(NULL, "x", 1, &block));
    SAYS(bh_allocate_copy(instance, NULL, 1, &block), BH_ERROR_ARGUMENT, "bh_allocate_copy");
    MISTAKE(bh_allocate_copy(instance, "x", 1, NULL));
    MISTAKE(bh_allocate_copy(instance, "x", 0, &block));
    MISTAKE(bh_allocate_string(instance, NULL, &block));
    MISTAKE(bh_allocate_string(instance, "x", NULL));
    MISTAKE(bh_guest_malloc(instance, 1, NULL));
    WRONG(bh_guest_free(instance, cell), BH_ERROR_NOT_FOUND);
    CHECK(!block);
    MISTAKE(bh_free(NULL, cell));
    MISTAKE(bh_free(instance, cell));
    CHECK(!bh_free(instance, 0) && !bh_allocate(instance, 1, &block));
    MISTAKE(bh_free(instance, block + 1));
    CHECK(!bh_free(instance, block));
    MISTAKE(bh_free(instance, block));
}

static void shares(void) {
    void *buffer = NULL;
    bh_address at;
    int file = memfd_create("arguments-test", MFD_CLOEXEC), ends[2];
    MISTAKE(bh_shared_create(1, NULL));
    MISTAKE(bh_shared_create(0, &buffer));
    MISTAKE(bh_shared_create(((size_t)1 << 40) + 1, &buffer));
    CHECK(!buffer && !bh_shared_destroy(NULL));
    REQUIRE(file >= 0 && !ftruncate(file, 8192) && !pipe(ends) && !bh_shared_create(8192, &buffer));
    void *other = NULL;
    REQUIRE(!bh_shared_create(4096, &other)); /* the one asked for is not the one made last */
    MISTAKE(bh_shared_destroy((char *)buffer + 4096));
    MISTAKE(bh_share(NULL, buffer, 8192, BH_READ_ONLY, &at));
    MISTAKE(bh_share(instance, buffer, 8192, BH_READ_ONLY, NULL));
    MISTAKE(bh_share(instance, buffer, 8192, 2, &at));
    MISTAKE(bh_share(instance, buffer, 0, BH_READ_ONLY, &at));
    MISTAKE(bh_share(instance, buffer, 4095, BH_READ_ONLY, &at));
    MISTAKE(bh_share(instance, (char *)buffer + 1, 4096, BH_READ_ONLY, &at));
    MISTAKE(bh_share(instance, buffer, 12288, BH_READ_ONLY, &at));
    MISTAKE(bh_share(instance, (char *)buffer + 4096, 8192, BH_READ_ONLY, &at));
    MISTAKE(bh_share(instance, (char *)buffer + 8192, 4096, BH_READ_ONLY, &at));
    MISTAKE(bh_share(instance, (char *)buffer - 0x100000, 4096, BH_READ_ONLY, &at));
    MISTAKE(bh_share(instance, NULL, 4096, BH_READ_ONLY, &at));
    MISTAKE(bh_share_fd(NULL, file, 0, 4096, BH_READ_ONLY, &at));
    SAYS(bh_share_fd(instance, -1, 0, 4096, BH_READ_ONLY, &at), BH_ERROR_ARGUMENT, "cannot be used");
    SAYS(bh_share_fd(instance, ends[0], 0, 4096, BH_READ_ONLY, &at), BH_ERROR_ARGUMENT, "not an open file");
    MISTAKE(bh_share_fd(instance, file, 4096, 8192, BH_READ_ONLY, &at));
    MISTAKE(bh_share_fd(instance, file, 1, 4096, BH_READ_ONLY, &at));
    REQUIRE(!ftruncate(file, 2 * BH_SLOT_SIZE));
    SAYS(bh_share_fd(instance, file, 0, 2 * BH_SLOT_SIZE, BH_READ_ONLY, &at), BH_ERROR_ARGUMENT, "whole pages");
    MISTAKE(bh_unshare(NULL, 0));
    MISTAKE(bh_unshare(instance, bh_instance_base(instance)));
    CHECK(!bh_share(instance, (char *)buffer + 4096, 4096, BH_READ_ONLY, &at));
    WRONG(bh_shared_destroy(buffer), BH_ERROR_BUSY);
    MISTAKE(bh_unshare(instance, at + 4096));
    CHECK(!bh_unshare(instance, at) && !bh_shared_destroy(buffer) && !bh_shared_destroy(other));
    MISTAKE(bh_shared_destroy(buffer));
    close(file);
    close(ends[0]);
    close(ends[1]);
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    open_module(argv[1], 4);
    instance = new_instance(NULL);
    engines();
    modules(argv[1]);
    policies();
    programs(argv[2]);
    instances();
    calls();
    callbacks();
    memory();
    blocks();
    shares();
    /* All the same as before. */
    bh_value result;
    CHECK(!invoke(instance, "add", "i(ii)", &result, 20, 22) && result.as.i == 42);
    CHECK(!bh_instance_destroy(instance));
    close_module();
    return failures != 0;
}
