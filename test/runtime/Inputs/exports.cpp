// A function that is exported, and two that hosts may take for such.
int mangled(int x) { return x; }
extern "C" int plain(int x) { return x + 1; }
extern "C" __attribute__((visibility("hidden"), noinline, used)) int hidden(int x) { return x + 2; }
