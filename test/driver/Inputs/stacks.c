/* Stacks that are switched by loads of rsp. */
#include <stdint.h>
#include <stdio.h>
void enter(void **save, void **stack, void (*f)(void));
void saved(void);
int keeps_flags(void **stacks, long index);
static char other[65536] __attribute__((aligned(16)));
static void inside(void)
{
    char here;
    printf("%s, ", (uintptr_t)&here - (uintptr_t)other < sizeof other ? "on another stack" : "where?");
}
int main(void)
{
    void *save, *stack = other + sizeof other, *stacks[4];
    enter(&save, &stack, inside);
    printf("back, ");
    saved();
    printf("popped, ");
    printf("%s\n", keeps_flags(stacks, 3) == 1 && keeps_flags(stacks, 2) == 0 ? "with flags" : "flags lost");
    return 0;
}
