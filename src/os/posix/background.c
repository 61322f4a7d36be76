#include "nibdns/os/background.h"

/* A priority is of the whole process. */
void nib_background_do(void (*work)(void *ctx), void *ctx)
{
    work(ctx);
}
