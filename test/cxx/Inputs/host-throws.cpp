// host-throws MODULE (boundary.cpp): a host in C++ that throws in a callback, and would catch it around the call.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

#include "bulkhead/bulkhead.h"

static int on_host(void *, bh_instance *, const bh_value *, bh_value *) {
    throw std::runtime_error("the host's own");
}

static void require(bh_error error) {
    if (error)
        throw std::runtime_error(bh_last_error()->text);
}

int main(int argc, char **argv) {
    bh_engine_options options = {};
    bh_engine *engine;
    bh_module *module;
    bh_instance *instance;
    bh_function give, outer;
    bh_address callback;
    bh_value result;
    if (argc != 2)
        return 2;
    std::set_terminate([] { // and leave no core file
        std::puts("terminated");
        std::fflush(stdout);
        std::_Exit(3);
    });
    options.struct_size = sizeof(options);
    try {
        require(bh_engine_create(&options, &engine));
        require(bh_module_load(engine, argv[1], nullptr, &module));
        require(bh_instance_create(module, nullptr, &instance));
        require(bh_callback_create(instance, "v(i)", on_host, nullptr, &callback));
        require(bh_instance_function(instance, "give", "v(p)", &give));
        require(bh_instance_function(instance, "outer", "i(i)", &outer));
        require(bh_invoke(instance, &give, nullptr, callback));
        std::puts("calling");
        std::fflush(stdout);
        bh_invoke(instance, &outer, &result, 0);
    } catch (const std::exception &e) {
        std::printf("caught: %s\n", e.what());
    }
    return 0;
}
