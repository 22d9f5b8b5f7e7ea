/* An executable around plugin.c: it loads the shared object that its third argument names, uses it on a thread, and closes it before
 * that thread ends and a signal comes. With LINKED it was linked with plugin.c, or with a shared object of it. */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

typedef int run_function(const char *good, const char *bad);

#ifdef LINKED
run_function plugin_run;

int main(int argc, char **argv) {
    return argc == 3 ? plugin_run(argv[1], argv[2]) : 2;
}
#else
static volatile sig_atomic_t signals;

static void count(int signal) {
    signals++;
}

static void *use(void *argument) {
    char **argv = argument;
    void *plugin = dlopen(argv[3], RTLD_NOW | RTLD_LOCAL);
    run_function *run = plugin ? (run_function *)dlsym(plugin, "plugin_run") : NULL;
    if (!run || run(argv[1], argv[2]) || dlclose(plugin)) {
        puts(run ? "the plugin fails" : dlerror());
        return NULL;
    }
    return argv;
}

int main(int argc, char **argv) {
    pthread_t thread;
    void *done = NULL;
    signal(SIGTRAP, count);
    if (argc != 4 || pthread_create(&thread, NULL, use, argv) || pthread_join(thread, &done) || !done)
        return 1;
    raise(SIGTRAP);
    printf("closed; signals: %d\n", (int)signals);
    return signals != 1;
}
#endif
