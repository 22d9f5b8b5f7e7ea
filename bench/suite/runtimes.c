/* Run times: rounds of all runs in all configurations that share a reference. The rounds go over all programs again and
 * again, so that each is measured at several times of the hour, and an interruption leaves something of all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "session.h"

static double wall(const struct session *session, size_t target, size_t configuration) {
    json_t *run = json_object_get(json_object_get(session->result, "runs"), session->plan.targets[target].run->name);
    json_t *check = json_object_get(json_object_get(run, "checks"), session->plan.configurations[configuration]->name);
    return json_number_value(json_object_get(check, "wall"));
}

static size_t index_of(const struct plan *plan, const char *name) {
    size_t i = 0;
    while (strcmp(plan->configurations[i]->name, name) != 0)
        i++;
    return i;
}

static void choose_rounds(struct session *session) {
    struct plan *plan = &session->plan;
    double cost[ROUND_VARIANTS] = {0}, pairs[ROUND_VARIANTS] = {0}, already = 0;
    for (size_t c = 0; c < plan->configuration_count; c++) {
        size_t reference = index_of(plan, plan->configurations[c]->reference), variants = 0;
        for (size_t i = 0; i < plan->configuration_count; i++)
            variants += i != reference && index_of(plan, plan->configurations[i]->reference) == reference;
        for (size_t t = 0; t < plan->target_count; t++) {
            already += wall(session, t, c);
            if (session_command(session, t, c)->words.count) {
                cost[c] += wall(session, t, c);
                pairs[c] += wall(session, t, reference) * (double)(variants + 1) / (double)(variants ? variants : 1);
            }
        }
    }
    double seconds = plan_rounds(plan, &session->options, cost, pairs, already);
    json_t *kept = json_object_get(session->result, "plan");
    fprintf(stderr, "%s: plan: %zu runs, rounds:", program_name, plan->target_count);
    for (size_t c = 0; c < plan->configuration_count; c++) {
        const char *name = plan->configurations[c]->name;
        if (configuration_is_reference(plan->configurations[c]))
            continue;
        /* A resumed measurement goes on with the plan that it was begun with. */
        json_t *before = json_object_get(kept, name);
        if (before && session->options.resume && !session->options.rounds)
            plan->rounds[c] = (long)json_integer_value(before);
        json_object_set_new(kept, name, json_integer(plan->rounds[c]));
        fprintf(stderr, " %s %ld", name, plan->rounds[c]);
    }
    fprintf(stderr, "; about %.0f s\n", seconds);
}

/* The variants of a reference that still lack this round. names[0] and commands[0] become the reference's. */
static size_t due(struct session *session, size_t target, size_t reference, unsigned long number, const json_t *run,
                  const char **names, struct command *commands, double *seconds) {
    const struct plan *plan = &session->plan;
    size_t variants = 0;
    *seconds = 0;
    if (!session_command(session, target, reference)->words.count)
        return 0;
    names[0] = plan->configurations[reference]->name;
    commands[0] = *session_command(session, target, reference);
    for (size_t c = 0; c < plan->configuration_count; c++) {
        const struct configuration *configuration = plan->configurations[c];
        if (c == reference || strcmp(configuration->reference, names[0]) != 0 || plan->rounds[c] <= (long)number ||
            !session_command(session, target, c)->words.count ||
            session_rounds_done(run, configuration->name) > (long)number)
            continue;
        variants++;
        names[variants] = configuration->name;
        commands[variants] = *session_command(session, target, c);
        *seconds += wall(session, target, c) + wall(session, target, reference);
    }
    if (variants)
        *seconds += wall(session, target, reference);
    return variants;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One pass over everything for round `number`. Without `left`, only adds up the estimated seconds to `total`. */
static void pass(struct session *session, unsigned long number, double *total, double *done, double begin,
                 int measure) {
    const struct plan *plan = &session->plan;
    for (size_t t = 0; t < plan->target_count; t++) {
        const char *name = plan->targets[t].run->name;
        json_t *run = json_object_get(json_object_get(session->result, "runs"), name);
        for (size_t r = 0; r < plan->configuration_count; r++) {
            const char *names[ROUND_VARIANTS + 1];
            struct command commands[ROUND_VARIANTS + 1];
            double seconds;
            size_t variants = configuration_is_reference(plan->configurations[r])
                                  ? due(session, t, r, number, run, names, commands, &seconds)
                                  : 0;
            if (!variants)
                continue;
            if (!measure) {
                *total += seconds;
                continue;
            }
            double pace = *done > 0 ? (now() - begin) / *done : 1;
            session_say((*total - *done) * pace, "round %lu, %s against %s (%zu configuration%s)", number + 1, name,
                        names[0], variants, variants == 1 ? "" : "s");
            unsigned failed;
            char *why = session_round(run, commands, names, variants, number, &failed);
            if (why) { /* the others go on without it, in the next round */
                strings_free(&session_command(session, t, index_of(plan, names[failed]))->words);
                session_failed(session, name, names[failed], why);
            }
            *done += seconds;
            session_save(session);
        }
    }
}

void session_rounds(struct session *session) {
    choose_rounds(session);
    long most = 0;
    for (size_t c = 0; c < session->plan.configuration_count; c++)
        if (session->plan.rounds[c] > most)
            most = session->plan.rounds[c];
    double total = 0, done = 0, begin = now();
    for (unsigned long number = 0; number < (unsigned long)most; number++)
        pass(session, number, &total, NULL, 0, 0);
    for (unsigned long number = 0; number < (unsigned long)most; number++)
        pass(session, number, &total, &done, begin, 1);
}
