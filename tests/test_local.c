/* Runs the scenarios, one test a file, and what does not fit into one. */
#define _POSIX_C_SOURCE 200809L

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scenario.h"
#include "support.h"

#define SCENARIOS "tests/scenarios/"

static void a_scenario(void **state)
{
    scenario_run(*state);
}

static int clean_up(void **state)
{
    (void)state;
    scenario_reset();
    return 0;
}

/* The file's name without its folder and ending. */
static char *name_of(const char *path)
{
    size_t len = strlen(path) - strlen(SCENARIOS) - strlen(".txt");
    char *name = malloc(len + 1);
    if (name == NULL)
        exit(2);
    memcpy(name, path + strlen(SCENARIOS), len);
    name[len] = '\0';
    return name;
}

int main(void)
{
    glob_t files;
    if (glob(SCENARIOS "*.txt", 0, NULL, &files) != 0) {
        fprintf(stderr, "no scenarios in " SCENARIOS ": run this from the project's root\n");
        return 2;
    }
    struct CMUnitTest *tests = zeroed(files.gl_pathc * sizeof *tests);
    for (size_t i = 0; i < files.gl_pathc; i++)
        tests[i] = (struct CMUnitTest){.name = name_of(files.gl_pathv[i]),
            .test_func = a_scenario,
            .teardown_func = clean_up,
            .initial_state = files.gl_pathv[i]};
    int failed = _cmocka_run_group_tests("scenarios", tests, files.gl_pathc, NULL, NULL);
    for (size_t i = 0; i < files.gl_pathc; i++)
        free((void *)(uintptr_t)tests[i].name);
    free(tests);
    globfree(&files);
    return failed;
}
