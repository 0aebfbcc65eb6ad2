/* Registers one sale: sale CONFIG.json RECEIPT.json */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kassa.h"

static char *content(const char *path);
static long long client_of(const char *answer);
static char *key_of(const char *answer);

int main(int argc, char **argv)
{
    char *config = content(argc > 1 ? argv[1] : ""), *receipt = content(argc > 2 ? argv[2] : "");
    char *answer = kassa_open(config);
    long long till = client_of(answer);
    if (till != 0) {
        kassa_string_free(answer);
        answer = kassa_call(till, "register", receipt);
    }
    if (strstr(answer, "\"state\":\"accepted\"")) {
        char *key = key_of(answer);
        kassa_string_free(answer);
        answer = kassa_call(till, "wait", key);
        free(key);
    }
    puts(answer);
    int registered = strstr(answer, "\"state\":\"registered\"") != NULL;
    kassa_string_free(answer);
    kassa_close(till);
    free(receipt);
    free(config);
    return registered ? 0 : 1;
}

/* What follows stands in for your own JSON library. */

/* The client in `{"ok":{"client":1,...}}`; 0 where there is none. */
static long long client_of(const char *answer)
{
    static const char begin[] = "{\"ok\":{\"client\":";
    return strncmp(answer, begin, strlen(begin)) == 0 ? strtoll(answer + strlen(begin), NULL, 10) : 0;
}

/* The request `{"id":"..."}` for the receipt that an answer is about. */
static char *key_of(const char *answer)
{
    static const char name[] = "\"receipt_id\":";
    const char *id = strstr(answer, name);
    if (id == NULL) {
        return NULL;
    }
    id += strlen(name);
    size_t length = 1;
    while (id[length] != '"' && id[length] != '\0') {
        length += id[length] == '\\' ? 2 : 1;
    }
    char *key = malloc(length + sizeof "{\"id\":\"}");
    if (key != NULL) {
        sprintf(key, "{\"id\":%.*s\"}", (int)length, id);
    }
    return key;
}

/* A whole file. */
static char *content(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "usage: sale CONFIG.json RECEIPT.json (cannot read \"%s\")\n", path);
        exit(2);
    }
    char *text = NULL;
    size_t size = 0, got;
    do {
        char *more = realloc(text, size + 4097);
        if (more == NULL) {
            exit(2);
        }
        text = more;
        got = fread(text + size, 1, 4096, file);
        size += got;
    } while (got > 0);
    text[size] = '\0';
    fclose(file);
    return text;
}
