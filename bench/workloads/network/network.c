/* The cheapest way to carry goods from suppliers to customers, by the network simplex method: follows pointers through
 * structures of tens of megabytes, with branches that depend on what is found there. SPEC's mcf is a program of this
 * kind.
 *
 * Usage: network NODES ARCS. Half of the nodes supply, half demand. Every node hangs on an extra root by an arc so
 * costly that it is used only where the real arcs cannot carry everything. Prints the number of pivots and the cost,
 * and checks at the end that no arc could make it cheaper. */
#include "../random.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { artificial_cost = 10000000, search_block = 2000 };

struct arc {
    struct node *tail, *head;
    int64_t cost, flow;
    bool in_tree;
};

/* A node of the spanning tree; its basic arc joins it to its parent. */
struct node {
    struct node *parent, *child, *next, *previous;
    struct arc *basic;
    int64_t potential, supply;
    uint32_t depth;
    bool upward; /* the basic arc leads to the parent */
};

struct network {
    struct node *nodes; /* the root is the first */
    struct arc *arcs;   /* the artificial ones come last */
    size_t node_count, arc_count, next_arc;
};

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (!memory) {
        fprintf(stderr, "network: out of memory\n");
        exit(1);
    }
    return memory;
}

static int64_t reduced_cost(const struct arc *arc) { return arc->cost - arc->tail->potential + arc->head->potential; }

static void attach(struct node *node, struct node *parent) {
    node->parent = parent;
    node->previous = NULL;
    node->next = parent->child;
    if (node->next) {
        node->next->previous = node;
    }
    parent->child = node;
}

static void detach(struct node *node) {
    if (node->previous) {
        node->previous->next = node->next;
    } else {
        node->parent->child = node->next;
    }
    if (node->next) {
        node->next->previous = node->previous;
    }
}

/* Recomputes depth and potential of a subtree whose place has changed: once around it, without a stack. */
static void update(struct node *top) {
    struct node *node = top;
    for (;;) {
        const struct arc *arc = node->basic;
        node->depth = node->parent->depth + 1;
        node->potential = node->upward ? node->parent->potential + arc->cost : node->parent->potential - arc->cost;
        if (node->child) {
            node = node->child;
            continue;
        }
        while (node != top && !node->next) {
            node = node->parent;
        }
        if (node == top) {
            return;
        }
        node = node->next;
    }
}

static void build(struct network *net, size_t nodes, size_t arcs) {
    net->node_count = nodes + 1;
    net->arc_count = arcs + nodes;
    net->next_arc = 0;
    net->nodes = allocate(net->node_count, sizeof *net->nodes);
    net->arcs = allocate(net->arc_count, sizeof *net->arcs);
    size_t half = nodes / 2;
    for (size_t i = 0; i < half; i++) {
        int64_t amount = 1 + random_below(100);
        net->nodes[1 + i].supply = amount;
        net->nodes[1 + half + i].supply = -amount;
    }
    for (size_t i = 0; i < arcs; i++) {
        /* Mostly from supplier to customer, some between any two: goods may be passed on. */
        bool direct = random_below(4) != 0;
        size_t tail = random_below((uint32_t)(direct ? half : nodes));
        size_t head = direct ? half + random_below((uint32_t)half) : random_below((uint32_t)nodes);
        net->arcs[i] = (struct arc){&net->nodes[1 + tail], &net->nodes[1 + head], 1 + random_below(10000), 0, false};
    }
    struct node *root = &net->nodes[0];
    for (size_t i = 0; i < nodes; i++) {
        struct node *node = &net->nodes[1 + i];
        struct arc *arc = &net->arcs[arcs + i];
        node->upward = node->supply >= 0;
        *arc = node->upward ? (struct arc){node, root, artificial_cost, node->supply, true}
                            : (struct arc){root, node, artificial_cost, -node->supply, true};
        node->basic = arc;
        attach(node, root);
        update(node);
    }
}

/* The most promising arc of a block of them; blocks take turns. NULL when no arc at all makes it cheaper. */
static struct arc *entering_arc(struct network *net) {
    struct arc *best = NULL;
    int64_t best_cost = 0;
    for (size_t seen = 1; seen <= net->arc_count; seen++) {
        struct arc *arc = &net->arcs[net->next_arc];
        net->next_arc = net->next_arc + 1 == net->arc_count ? 0 : net->next_arc + 1;
        if (!arc->in_tree) {
            int64_t cost = reduced_cost(arc);
            if (cost < best_cost) {
                best_cost = cost;
                best = arc;
            }
        }
        if (best && seen % search_block == 0) {
            break;
        }
    }
    return best;
}

static struct node *meeting_point(struct node *a, struct node *b) {
    while (a != b) {
        if (a->depth >= b->depth) {
            a = a->parent;
        } else {
            b = b->parent;
        }
    }
    return a;
}

/* Sends as much as possible around the cycle that the entering arc closes. Returns the node whose basic arc became
 * empty, and whether it is on the tail's side. Among several the last one in the direction of the flow is taken, which
 * keeps the method from going round in circles. */
static struct node *send_flow(struct arc *entering, bool *tail_side) {
    struct node *meeting = meeting_point(entering->tail, entering->head), *leaving = NULL;
    int64_t amount = INT64_MAX;
    for (struct node *n = entering->tail; n != meeting; n = n->parent) { /* the flow comes down here */
        if (n->upward && n->basic->flow < amount) {
            amount = n->basic->flow;
            leaving = n;
            *tail_side = true;
        }
    }
    for (struct node *n = entering->head; n != meeting; n = n->parent) { /* and goes up here */
        if (!n->upward && n->basic->flow <= amount) {
            amount = n->basic->flow;
            leaving = n;
            *tail_side = false;
        }
    }
    if (!leaving) {
        fprintf(stderr, "network: a cycle of negative cost\n");
        exit(1);
    }
    entering->flow += amount;
    for (struct node *n = entering->tail; n != meeting; n = n->parent) {
        n->basic->flow += n->upward ? -amount : amount;
    }
    for (struct node *n = entering->head; n != meeting; n = n->parent) {
        n->basic->flow += n->upward ? amount : -amount;
    }
    return leaving;
}

/* Hangs the subtree that the leaving arc cuts off on the entering arc: every node on the way turns round. */
static void exchange_arcs(struct arc *entering, struct node *leaving, bool tail_side) {
    struct node *node = tail_side ? entering->tail : entering->head;
    struct node *parent = tail_side ? entering->head : entering->tail;
    struct node *top = node;
    struct arc *arc = entering;
    bool upward = tail_side;
    leaving->basic->in_tree = false;
    entering->in_tree = true;
    for (;;) {
        struct node *old_parent = node->parent;
        struct arc *old_arc = node->basic;
        bool old_upward = node->upward, last = node == leaving;
        detach(node);
        attach(node, parent);
        node->basic = arc;
        node->upward = upward;
        if (last) {
            break;
        }
        parent = node;
        node = old_parent;
        arc = old_arc;
        upward = !old_upward;
    }
    update(top);
}

int main(int argc, char **argv) {
    size_t nodes = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    size_t arcs = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (nodes < 2 || nodes % 2 != 0 || nodes > 10000000 || arcs > 100000000) {
        fprintf(stderr, "usage: network NODES ARCS; NODES is even\n");
        return 2;
    }
    struct network net;
    build(&net, nodes, arcs);
    unsigned long pivots = 0;
    for (struct arc *entering; (entering = entering_arc(&net)) != NULL; pivots++) {
        bool tail_side = false;
        struct node *leaving = send_flow(entering, &tail_side);
        exchange_arcs(entering, leaving, tail_side);
    }
    int64_t cost = 0, left = 0;
    size_t cheaper = 0;
    for (size_t i = 0; i < net.arc_count; i++) {
        const struct arc *arc = &net.arcs[i];
        if (i < arcs) {
            cost += arc->cost * arc->flow;
        } else {
            left += arc->flow;
        }
        cheaper += arc->in_tree ? reduced_cost(arc) != 0 : reduced_cost(arc) < 0;
        arc->tail->supply -= arc->flow;
        arc->head->supply += arc->flow;
        cheaper += arc->flow < 0;
    }
    for (size_t i = 0; i < net.node_count; i++) {
        cheaper += net.nodes[i].supply != 0;
    }
    printf("pivots %lu cost %" PRId64 " left %" PRId64 " mistakes %zu\n", pivots, cost, left, cheaper);
    free(net.nodes);
    free(net.arcs);
    return cheaper != 0;
}
