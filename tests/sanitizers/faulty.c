/*
 * What a sanitizer must report: `faulty leak`, `faulty read_freed`, `faulty race`. As a shared library
 * (-shared -fPIC) the same for the loops of PHP and Python.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int count;

void leak(void)
{
    volatile char *lost = malloc(4000);
    lost[0] = 1;
}

/* What was there does not matter; a compiler must not see that nothing is. */
int read_freed(void)
{
    volatile char *volatile text = malloc(4000);
    text[0] = 7;
    free((void *)text);
    return text[0] == 7;
}

static void *add(void *unused)
{
    for (int i = 0; i < 100000; i++) {
        count++;
    }
    return unused;
}

void race(void)
{
    pthread_t other;
    if (pthread_create(&other, NULL, add, NULL) == 0) {
        add(NULL);
        pthread_join(other, NULL);
    }
}

int main(int many, char **words)
{
    const char *what = many == 2 ? words[1] : "";
    if (strcmp(what, "leak") == 0) {
        leak();
    } else if (strcmp(what, "read_freed") == 0) {
        printf("%d\n", read_freed());
    } else if (strcmp(what, "race") == 0) {
        race();
        printf("%d\n", count);
    } else {
        return 2;
    }
    return 0;
}
