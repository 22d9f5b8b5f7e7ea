#define FOREIGN 1
