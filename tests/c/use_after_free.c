/* Reads a string after it was given back: a checker that lets this pass is not on. */
#include <stdio.h>

#include "kassa.h"

int main(void)
{
    char *description = kassa_describe();
    kassa_string_free(description);
    printf("%c\n", description[100]);
    return 0;
}
