// A function that is exported, and two that hosts may take for such.
#include <string.h>
#include <unistd.h>

int mangled(int x) { return x; }
extern "C" int plain(int x) { return x + 1; }
extern "C" __attribute__((visibility("hidden"), noinline, used)) int hidden(int x) { return x + 2; }
extern "C" int word;
int word = 7;
extern "C" int first(int look, const int *at) { return look ? *at : -1; }
extern "C" int in_e() {
    char name[16];
    return getcwd(name, sizeof name) && !strcmp(name, "/d/e") && !chdir("/");
}
