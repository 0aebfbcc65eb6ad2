/*
 * Carries out what a judge says on standard input, line by line, and answers each with one line:
 *   open CONFIG | call OPERATION REQUEST | close | exit
 */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kassa.h"

static int shows;

/* Prints an envelope without its log lines: only its first member. Gives it back to the library. */
static void answer(char *envelope)
{
    if (shows) {
        fprintf(stderr, "{\"log\":%s}\n", envelope);
    }
    size_t end = 1;
    int depth = 0, quoted = 0;
    for (; envelope[end] != '\0'; end++) {
        char c = envelope[end];
        if (quoted && c == '\\') {
            end++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == '{' || c == '[')) {
            depth++;
        } else if (!quoted && (c == '}' || c == ']') && --depth == 0) {
            break;
        }
    }
    printf("%.*s}\n", (int)end + 1, envelope);
    fflush(stdout);
    kassa_string_free(envelope);
}

int main(void)
{
    /* As long as any line of a judge, because a buffer that grows leaves copies behind. */
    size_t size = 1 << 20;
    char *line = malloc(size);
    ssize_t length;
    int64_t client = 0;
    shows = getenv("KASSA_RUNNER_SHOW") != NULL;
    while ((length = getline(&line, &size, stdin)) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "open ", 5) == 0) {
            char *opened = kassa_open(line + 5);
            const char *id = strstr(opened, "{\"ok\":{\"client\":");
            client = id == opened ? strtoll(opened + strlen("{\"ok\":{\"client\":"), NULL, 10) : 0;
            answer(opened);
        } else if (strncmp(line, "call ", 5) == 0) {
            char *request = strchr(line + 5, ' ');
            if (request != NULL) {
                *request++ = '\0';
            }
            answer(kassa_call(client, line + 5, request));
        } else if (strncmp(line, "close", 5) == 0) {
            kassa_close(client);
            puts("{\"ok\":{\"closed\":true}}");
            fflush(stdout);
        } else {
            break;
        }
        explicit_bzero(line, (size_t)length);
    }
    kassa_close(client);
    int understood = length <= 0 || strcmp(line, "exit") == 0;
    free(line);
    return understood ? 0 : 2;
}
