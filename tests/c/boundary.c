/*
 * Holds the C ABI to what include/kassa.h says. The library must be built with the feature
 * `testing`. The last line is `N passed, M failed`; the exit code is 0 where M is 0.
 */
#define _XOPEN_SOURCE 700
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kassa.h"

#define THREADS 16
#define CALLS 100
#define FORKS 20

static atomic_int passed, failed;

#define CHECK(what)                                                       \
    do {                                                                  \
        if (what) {                                                       \
            passed++;                                                     \
        } else {                                                          \
            failed++;                                                     \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);    \
        }                                                                 \
    } while (0)

static const char CONFIG[] = "{\"vendor\":\"modulkassa\",\"environment\":\"demo\",\"journal\":\"memory:\","
                             "\"credentials\":{\"user_name\":\"u\",\"password\":\"p\"}}";

/* True where the answer has the text in it. Gives the answer back to the library. */
static int says(char *answer, const char *text)
{
    int found = answer != NULL && strstr(answer, text) != NULL;
    if (!found) {
        fprintf(stderr, "wanted %s in %.300s\n", text, answer ? answer : "NULL");
    }
    kassa_string_free(answer);
    return found;
}

static int is(char *answer, const char *text)
{
    int same = answer != NULL && strcmp(answer, text) == 0;
    return says(answer, text) && same;
}

static int64_t opened(const char *config)
{
    static const char begin[] = "{\"ok\":{\"client\":";
    char *answer = kassa_open(config);
    int64_t client = 0;
    if (strncmp(answer, begin, strlen(begin)) == 0) {
        client = strtoll(answer + strlen(begin), NULL, 10);
    } else {
        fprintf(stderr, "not opened: %s\n", answer);
    }
    kassa_string_free(answer);
    return client;
}

/* True where every bracket outside of a text is closed in its turn, and nothing follows. */
static int is_whole(const char *json)
{
    char open[256];
    size_t depth = 0;
    int quoted = 0;
    for (; *json != '\0'; json++) {
        if (quoted && *json == '\\') {
            json++;
        } else if (*json == '"') {
            quoted = !quoted;
        } else if (!quoted && (*json == '{' || *json == '[')) {
            if (depth == sizeof open) {
                return 0;
            }
            open[depth++] = *json == '{' ? '}' : ']';
        } else if (!quoted && (*json == '}' || *json == ']')) {
            if (depth == 0 || open[--depth] != *json) {
                return 0;
            }
            if (depth == 0) {
                return json[1] == '\0';
            }
        }
    }
    return 0;
}

static void versions_and_description(void)
{
    char version[64];
    CHECK(kassa_abi_version() == 1);
    CHECK(strchr(kassa_version(), '.') != NULL);
    CHECK(kassa_version() == kassa_version());
    char *description = kassa_describe();
    snprintf(version, sizeof version, "\"version\":\"%s\"", kassa_version());
    CHECK(strstr(description, version) != NULL);
    CHECK(is_whole(description));
    CHECK(strstr(description, "\"name\":\"modulkassa\"") != NULL);
    CHECK(strstr(description, "test_echo") == NULL);
    kassa_string_free(description);
    kassa_string_free(NULL);
    CHECK(1);
}

static void bad_arguments(int64_t client)
{
    CHECK(says(kassa_open(NULL), "\"code\":\"wrong_type\""));
    CHECK(says(kassa_open("\xff\xfe"), "\"code\":\"wrong_format\""));
    CHECK(says(kassa_open(""), "\"kind\":\"config\""));
    CHECK(says(kassa_open("{"), "\"kind\":\"config\""));
    CHECK(says(kassa_open("[]"), "\"kind\":\"config\""));
    CHECK(says(kassa_open("{\"vendor\":\"nobody\"}"), "\"path\":\"/vendor\""));
    CHECK(says(kassa_call(client, NULL, "{}"), "\"kind\":\"invalid\""));
    CHECK(says(kassa_call(client, "capabilities", NULL), "\"kind\":\"invalid\""));
    CHECK(says(kassa_call(client, NULL, NULL), "\"kind\":\"invalid\""));
    CHECK(says(kassa_call(client, "\xc3\x28", "{}"), "\"code\":\"wrong_format\""));
    CHECK(says(kassa_call(client, "test_echo", "{\"text\":\"\xc3\x28\"}"), "\"outcome\":\"not_registered\""));
    CHECK(says(kassa_call(client, "test_echo", ""), "\"code\":\"json_broken\""));
    CHECK(says(kassa_call(client, "test_echo", "{\"text\":"), "\"code\":\"json_broken\""));
    CHECK(says(kassa_call(client, "test_echo", "{} {}"), "\"code\":\"json_broken\""));
    CHECK(says(kassa_call(client, "test_echo", "null"), "\"kind\":\"invalid\""));
    CHECK(says(kassa_call(client, "test_echo", "{}"), "\"path\":\"/text\""));
    CHECK(says(kassa_call(client, "no_such_thing", "{}"), "\"code\":\"operation_unknown\""));
    CHECK(says(kassa_call(client, "", "{}"), "\"code\":\"operation_unknown\""));
    CHECK(says(kassa_call(0, "capabilities", "{}"), "\"kind\":\"closed\""));
    CHECK(says(kassa_call(-1, "capabilities", "{}"), "\"kind\":\"closed\""));
    CHECK(says(kassa_call(INT64_MAX, "capabilities", "{}"), "\"kind\":\"closed\""));
}

static void answers(int64_t client)
{
    CHECK(is(kassa_call(client, "test_echo", "{\"text\":\"Чек «кофе» ☕\"}"), "{\"ok\":{\"text\":\"Чек «кофе» ☕\"}}"));
    CHECK(says(kassa_call(client, "test_echo", "{\"text\":\"a\\u0000b\"}"), "\"code\":\"wrong_format\""));
    CHECK(says(kassa_call(client, "test_error", "{\"code\":\"in_doubt\"}"), "\"kind\":\"in_doubt\""));
    CHECK(says(kassa_call(client, "test_panic", "{}"), "\"code\":\"internal\""));
    CHECK(says(kassa_call(client, "test_panic", "{}"), "\"outcome\":\"unknown\""));
    CHECK(says(kassa_call(client, "test_panic", "{}"), "testing.rs:"));
    CHECK(is(kassa_call(client, "test_sleep", "{\"ms\":1}"), "{\"ok\":{}}"));
    char *answer = kassa_call(client, "capabilities", "{}");
    CHECK(is_whole(answer));
    CHECK(says(answer, "\"vendor\":\"modulkassa\""));

    size_t size = 10 << 20;
    char *large = malloc(size);
    memset(large, 'x', size);
    memcpy(large, "{\"text\":\"", 9);
    memcpy(large + size - 3, "\"}", 3);
    CHECK(says(kassa_call(client, "test_echo", large), "\"code\":\"request_too_large\""));
    free(large);
}

static void closing(void)
{
    int64_t first = opened(CONFIG), second = opened(CONFIG);
    CHECK(first > 0 && second > 0 && first != second);
    kassa_close(first);
    kassa_close(first);
    kassa_close(0);
    kassa_close(-7);
    kassa_close(INT64_MAX);
    CHECK(says(kassa_call(first, "capabilities", "{}"), "\"code\":\"client_closed\""));
    CHECK(says(kassa_call(second, "capabilities", "{}"), "{\"ok\""));
    kassa_close(second);
    CHECK(opened(CONFIG) > second);
}

static void *call_often(void *argument)
{
    int64_t client = *(int64_t *)argument;
    static atomic_int names;
    char request[64], wanted[64];
    int right = 0, me = names++;
    for (int i = 0; i < CALLS; i++) {
        snprintf(request, sizeof request, "{\"text\":\"%d of %d\"}", i, me);
        snprintf(wanted, sizeof wanted, "{\"ok\":{\"text\":\"%d of %d\"}}", i, me);
        right += is(kassa_call(client, "test_echo", request), wanted);
    }
    CHECK(right == CALLS);
    int64_t own = opened(CONFIG);
    CHECK(says(kassa_call(own, "capabilities", "{}"), "{\"ok\""));
    kassa_close(own);
    return NULL;
}

static void threads(int64_t client)
{
    pthread_t all[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&all[i], NULL, call_often, &client) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(all[i], NULL);
    }
}

/* What a child does. A hang is ended by the alarm, which the parent sees. */
static void child(int64_t parents)
{
    failed = 0;
    alarm(60);
    CHECK(says(kassa_call(parents, "capabilities", "{}"), "\"code\":\"client_forked\""));
    CHECK(says(kassa_call(parents, "capabilities", "{}"), "\"outcome\":\"not_registered\""));
    kassa_close(parents);
    int64_t own = opened(CONFIG);
    CHECK(own > parents);
    CHECK(is(kassa_call(own, "test_echo", "{\"text\":\"child\"}"), "{\"ok\":{\"text\":\"child\"}}"));
    kassa_close(own);
    CHECK(says(kassa_call(own, "capabilities", "{}"), "\"code\":\"client_closed\""));
    /* Another program ends the child: what the parent's threads held is lost here, which a search
     * for leaks would take for our own. */
    const char *program = failed == 0 ? "true" : "false";
    execlp(program, program, (char *)NULL);
    _exit(1);
}

static int forked(int64_t client)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        child(client);
    }
    int status = -1;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* AddressSanitizer's allocator does not outlive a fork within another thread's allocation, so this
 * is left to the plain run and to valgrind. */
#ifndef __SANITIZE_ADDRESS__
static atomic_int stop;

static void *keep_writing(void *argument)
{
    int64_t client = *(int64_t *)argument;
    static atomic_int names;
    char request[400];
    int me = names++, all = 1;
    for (int i = 0; !stop; i++) {
        snprintf(request, sizeof request,
                 "{\"receipts\":[{\"id\":\"%d-%d\",\"kind\":\"sell\",\"items\":[{\"name\":\"Mug\",\"price\":\"1.00\","
                 "\"quantity\":\"1\",\"vat\":\"22\"}],\"payments\":[{\"type\":\"cash\",\"sum\":\"1.00\"}],"
                 "\"customer\":{\"email\":\"buyer@shop.example\"}}]}",
                 me, i);
        all = says(kassa_call(client, "enqueue", request), "\"state\":\"queued\"") && all;
    }
    CHECK(all);
    return NULL;
}

/* Forks while other threads are in the middle of calls that write to a file. */
static void forks_within_calls(void)
{
    char folder[] = "/tmp/kassa-c-XXXXXX", text[300];
    CHECK(mkdtemp(folder) != NULL);
    snprintf(text, sizeof text,
             "{\"vendor\":\"modulkassa\",\"environment\":\"demo\",\"journal\":\"sqlite:%s/journal.sqlite\","
             "\"credentials\":{\"user_name\":\"u\",\"password\":\"p\"}}",
             folder);
    int64_t durable = opened(text);
    CHECK(durable > 0);
    pthread_t writers[4];
    for (int i = 0; i < 4; i++) {
        CHECK(pthread_create(&writers[i], NULL, keep_writing, &durable) == 0);
    }
    int right = 0;
    for (int i = 0; i < FORKS; i++) {
        right += forked(durable);
    }
    stop = 1;
    for (int i = 0; i < 4; i++) {
        pthread_join(writers[i], NULL);
    }
    CHECK(right == FORKS);
    CHECK(says(kassa_call(durable, "journal", "{\"limit\":1}"), "\"state\":\"queued\""));
    kassa_close(durable);
    snprintf(text, sizeof text, "rm -r '%s'", folder);
    CHECK(system(text) == 0);
}
#else
static void forks_within_calls(void)
{
}
#endif

int main(void)
{
    CHECK(says(kassa_call(1, "capabilities", "{}"), "\"kind\":\"closed\""));
    int64_t client = opened(CONFIG);
    CHECK(client > 0);
    versions_and_description();
    bad_arguments(client);
    answers(client);
    closing();
    threads(client);
    CHECK(forked(client));
    CHECK(says(kassa_call(client, "capabilities", "{}"), "{\"ok\""));
    forks_within_calls();
    kassa_close(client);
    fflush(stderr);
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
