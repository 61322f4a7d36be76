/*
 * Files in pieces: small and long ones, long lines, pipes; once more from the beginning, and what
 * was written meanwhile.
 */
#define _POSIX_C_SOURCE 200809L
#include "nibdns/os/pieces.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/support.h"

enum { LONG = 3000000 };
static char text[LONG]; /* lines of 1 to 100 octets */
static char path[] = "/tmp/nibdns-pieces-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    struct rng rng = dice_init();
    for (size_t i = 0; i < LONG; i++)
        text[i] = dice_below(&rng, 50) == 0 ? '\n' : (char)('a' + i % 26);
    int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0 ? -1 : 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_at(int fd, size_t from, size_t to)
{
    while (from < to) {
        ssize_t n = write(fd, text + from, to - from);
        assert_true(n > 0);
        from += (size_t)n;
    }
}

static void fill_file(size_t len)
{
    int fd = open(path, O_WRONLY | O_TRUNC);
    write_at(fd, 0, len);
    assert_int_equal(close(fd), 0);
}

/* The pieces are whole lines, and together the text. Returns how many there are. */
static size_t assert_pieces(struct nib_pieces *pieces, size_t len)
{
    struct nib_text piece;
    size_t n = 0, at = 0;
    for (;; n++) {
        assert_true(nib_pieces_next(pieces, &piece));
        if (piece.len == 0)
            break;
        assert_same_text(piece, ((struct nib_text){text + at, piece.len}));
        at += piece.len;
        assert_true(at == len || text[at - 1] == '\n');
    }
    assert_int_equal(at, len);
    return n;
}

/* Twice, and a third time. Returns how many pieces it was at first. */
static size_t assert_read(const char *from, size_t len)
{
    struct nib_pieces pieces;
    assert_true(nib_pieces_open(&pieces, from));
    size_t n = assert_pieces(&pieces, len);
    for (int i = 0; i < 2; i++) {
        assert_true(nib_pieces_again(&pieces));
        (void)assert_pieces(&pieces, len);
    }
    nib_pieces_close(&pieces);
    return n;
}

static void a_file_is_read_twice_whatever_its_length(void **state)
{
    (void)state;
    for (size_t len = 0; len < 4; len++) {
        fill_file(len);
        assert_int_equal(assert_read(path, len), len > 0);
    }
    for (size_t near = 1 << 16; near < LONG; near *= 2)
        for (size_t len = near - 1; len <= near + 1; len++) {
            fill_file(len);
            (void)assert_read(path, len);
        }
    fill_file(LONG);
    assert_true(assert_read(path, LONG) > 4);
}

static void a_line_of_any_length_is_one_piece(void **state)
{
    (void)state;
    static char before[LONG];
    memcpy(before, text, LONG);
    memset(text + 1000, 'x', 1700000);
    fill_file(LONG);
    assert_true(assert_read(path, LONG) > 2);
    memset(text, 'x', LONG);
    fill_file(LONG);
    assert_int_equal(assert_read(path, LONG), 1);
    memcpy(text, before, LONG);
}

static void a_pipe_is_one_piece(void **state)
{
    (void)state;
    int ends[2];
    char from[32];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        write_at(ends[1], 0, LONG);
        _exit(0);
    }
    (void)close(ends[1]);
    (void)snprintf(from, sizeof from, "/dev/fd/%d", ends[0]);
    assert_int_equal(assert_read(from, LONG), 1);
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void standard_input_is_read_from_where_it_stands(void **state)
{
    (void)state;
    struct nib_text piece;
    struct nib_pieces pieces;
    int before = dup(STDIN_FILENO);
    fill_file(LONG);
    int fd = open(path, O_RDONLY);
    assert_true(dup2(fd, STDIN_FILENO) >= 0);
    assert_int_equal(lseek(STDIN_FILENO, LONG - 10, SEEK_SET), LONG - 10);
    assert_true(nib_pieces_open(&pieces, "-"));
    assert_true(nib_pieces_next(&pieces, &piece));
    assert_same_text(piece, ((struct nib_text){text + LONG - 10, 10}));
    nib_pieces_close(&pieces);
    assert_int_equal(lseek(STDIN_FILENO, 1000, SEEK_SET), 1000); /* it is open still */
    assert_true(nib_pieces_open(&pieces, "-"));
    for (int i = 0; i < 2; i++) {
        assert_true(nib_pieces_next(&pieces, &piece));
        assert_memory_equal(piece.ptr, text + 1000, piece.len);
        do
            assert_true(nib_pieces_next(&pieces, &piece));
        while (piece.len > 0);
        assert_true(nib_pieces_again(&pieces));
    }
    nib_pieces_close(&pieces);
    assert_true(dup2(before, STDIN_FILENO) >= 0);
    (void)close(before);
    (void)close(fd);
}

static void what_is_appended_meanwhile_is_left_out(void **state)
{
    (void)state;
    static const size_t lens[] = {10, 2000000};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        struct nib_pieces pieces;
        fill_file(lens[i]);
        assert_true(nib_pieces_open(&pieces, path));
        (void)assert_pieces(&pieces, lens[i]);
        fill_file(LONG);
        assert_true(nib_pieces_again(&pieces));
        (void)assert_pieces(&pieces, lens[i]);
        nib_pieces_close(&pieces);
    }
}

static void what_cannot_be_read_says_why(void **state)
{
    (void)state;
    struct nib_pieces pieces;
    struct nib_text piece;
    assert_false(nib_pieces_open(&pieces, "/nowhere/at/all"));
    assert_int_equal(errno, ENOENT);
    nib_pieces_close(&pieces);
    assert_true(nib_pieces_open(&pieces, "/tmp"));
    assert_false(nib_pieces_next(&pieces, &piece));
    assert_int_equal(errno, EISDIR);
    nib_pieces_close(&pieces);
}

static void a_text_is_a_piece(void **state)
{
    (void)state;
    struct nib_pieces pieces;
    struct nib_text piece;
    assert_true(nib_pieces_of(&pieces, "a\nb"));
    for (int i = 0; i < 2; i++) {
        assert_true(nib_pieces_next(&pieces, &piece));
        assert_text(piece, "a\nb");
        assert_true(nib_pieces_next(&pieces, &piece));
        assert_int_equal(piece.len, 0);
        assert_true(nib_pieces_again(&pieces));
    }
    nib_pieces_close(&pieces);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_twice_whatever_its_length),
        cmocka_unit_test(a_line_of_any_length_is_one_piece),
        cmocka_unit_test(a_pipe_is_one_piece),
        cmocka_unit_test(standard_input_is_read_from_where_it_stands),
        cmocka_unit_test(what_is_appended_meanwhile_is_left_out),
        cmocka_unit_test(what_cannot_be_read_says_why),
        cmocka_unit_test(a_text_is_a_piece),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
