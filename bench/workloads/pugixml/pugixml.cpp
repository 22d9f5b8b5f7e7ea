// Reads a document into a tree, writes it out, or evaluates an XPath expression on it, by pugixml.
#include "driver.h"

#include <cstring>
#include <pugixml.hpp>
#include <string>

static const char usage[] =
    "Usage: pugixml read TIMES FILE        how many nodes and attributes it has\n"
    "       pugixml write TIMES FILE       the size and the checksum of what is written\n"
    "       pugixml xpath EXPRESSION FILE  how many nodes it selects, and their text's size and checksum\n";

static void parse(pugi::xml_document &document, const bytes &text) {
    pugi::xml_parse_result result = document.load_buffer(text.data, text.size);
    if (!result)
        die(result.description());
}

namespace {
struct Counter : pugi::xml_tree_walker {
    size_t nodes = 0, attributes = 0;
    bool for_each(pugi::xml_node &node) override {
        nodes++;
        for (pugi::xml_attribute attribute : node.attributes())
            attributes += *attribute.name() != '\0';
        return true;
    }
};
struct Text : pugi::xml_writer {
    std::string text;
    void write(const void *data, size_t size) override { text.append(static_cast<const char *>(data), size); }
};
} // namespace

int main(int argc, char **argv) {
    if (argc != 4) {
        fputs(usage, stderr);
        return 1;
    }
    bytes text = read_file(argv[3]);
    pugi::xml_document document;
    if (strcmp(argv[1], "read") == 0) {
        Counter counter;
        for (int times = count_argument(argv[2]); times > 0; times--) {
            parse(document, text);
            counter = Counter();
            document.traverse(counter);
        }
        printf("%zu nodes, %zu attributes\n", counter.nodes, counter.attributes);
    } else if (strcmp(argv[1], "write") == 0) {
        Text out;
        parse(document, text);
        for (int times = count_argument(argv[2]); times > 0; times--) {
            out.text.clear();
            document.save(out);
        }
        report("written", out.text.data(), out.text.size());
    } else if (strcmp(argv[1], "xpath") == 0) {
        parse(document, text);
        pugi::xpath_node_set found = document.select_nodes(argv[2]);
        Text out;
        for (pugi::xpath_node node : found)
            node.node().print(out);
        printf("%zu nodes\n", found.size());
        report("selected", out.text.data(), out.text.size());
    } else {
        fputs(usage, stderr);
        return 1;
    }
    free(text.data);
    return 0;
}
