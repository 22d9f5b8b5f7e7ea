/* The handler of a host's signal takes longer than the deadline's timer needs to repeat, and comes again almost at once: the guest has tens of
 * microseconds between two of them, so that the deadline practically always finds the handler instead of the guest. */
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "guest-calls.h"

#define HANDLER_TIME 0.010 /* seconds */
#define MOST_HANDLERS 40   /* before the test gives up: the deadline has passed during the second */

static timer_t timer;
static volatile sig_atomic_t handled;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void arm(void) {
    const struct itimerspec soon = {.it_value = {0, 50000}};
    timer_settime(timer, 0, &soon, NULL);
}

static void on_signal(int signal) {
    double until = now() + HANDLER_TIME;
    while (now() < until)
        ;
    if (++handled < MOST_HANDLERS)
        arm();
}

int main(int argc, char **argv) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    if (argc != 2)
        return 2;
    REQUIRE(!sigaction(SIGUSR1, &action, NULL) && !timer_create(CLOCK_MONOTONIC, &event, &timer));
    open_module(argv[1], 4);
    bh_instance *instance = new_instance(NULL);
    for (int n = 0; n < 3; n++) {
        handled = 0;
        CHECK(!bh_instance_set_deadline(instance, 15000000));
        arm();
        CHECK(invoke(instance, "loop_forever", "v()", NULL, 0, 0) == BH_ERROR_DEADLINE);
        CHECK(handled < 10);
        while (handled < MOST_HANDLERS)
            usleep(1000);
        CHECK(!bh_instance_set_deadline(instance, 0) && !bh_instance_reset(instance));
    }
    CHECK(!bh_instance_destroy(instance));
    close_module();
    return failures != 0;
}
