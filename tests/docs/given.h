/* What a C page without a `main` of its own is given: files and the client of an answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kassa.h"

/* A whole file; the program ends where there is none. */
static inline char *content(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 65536);
    if (file == NULL || text == NULL || fread(text, 1, 65535, file) == 0) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    fclose(file);
    return text;
}

/* The client in `{"ok": {"client": 1, ...}}`; the program ends where there is none. */
static inline long long client_of(char *answer)
{
    const char *number = strstr(answer, "\"client\":");
    if (number == NULL) {
        fprintf(stderr, "%s\n", answer);
        exit(2);
    }
    long long client = strtoll(number + strlen("\"client\":"), NULL, 10);
    kassa_string_free(answer);
    return client;
}
