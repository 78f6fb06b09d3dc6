/* A program written by hand against the ABI: everything the loader has to handle in one object. */
#include "npir_runtime.h"

#include <math.h>
#include <string.h>

/* Constants (rodata), pointers to constants (data.rel.ro), zeroed data (bss), initialised data. */
static const double WEIGHTS[8] = {0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5};
static const char *const PLACES[2] = {"program.c:1:2", "program.c:3:4"};
static double (*volatile indirect)(double) = sqrt;
static int64_t calls[1024];
int64_t npir_test_counter = 40;

struct loop {
    const npir_memref1 *x;
    double *out;
};

static int32_t body(npir_call_context *ctx, void *env, int64_t lo, int64_t hi) {
    (void)ctx;
    const struct loop *loop = env;
    const double *x = loop->x->aligned;
    for (int64_t i = lo; i < hi; ++i)
        loop->out[i] = exp(x[loop->x->offset + i * loop->x->strides[0]]) + WEIGHTS[i & 7];
    return 0;
}

/* f(x: float64[?]) -> (float64[?], int64): exp(x) + weights, and the number of calls. */
int32_t npir_entry_f(npir_call_context *ctx, void *const *args, void *const *results) {
    const npir_memref1 *x = args[0];
    int64_t n = x->sizes[0];
    if (n == 13) {
        const char fmt[] = "{} is {{unlucky}}";
        npir_rt_raise(ctx, NPIR_VALUE, fmt, sizeof fmt - 1, PLACES[1], strlen(PLACES[1]), &n, 1);
        return 1;
    }
    double *out = npir_rt_alloc(ctx, (uint64_t)n * 8);
    if (!out)
        return 1;
    struct loop loop = {x, out};
    int32_t status = npir_rt_parallel_for(ctx, body, &loop, n, 100);
    if (status)
        return status;
    npir_memref1 *r = results[0];
    *r = (npir_memref1){out, out, 0, {n}, {1}};
    *(int64_t *)results[1] = ++calls[7];
    return 0;
}

/* g(x: float64 scalar) -> float64: calls through a pointer and a jump table. */
int32_t npir_entry_g(npir_call_context *ctx, void *const *args, void *const *results) {
    double x = *(const double *)args[0];
    double y;
    switch ((int)x) {
    case 0: y = sin(x); break;
    case 1: y = cos(x) + ++npir_test_counter; break;
    case 2: y = fmod(x, 1.5); break;
    case 3: y = pow(x, x); break;
    case 4: y = indirect(x); break;
    case 5: y = tanh(x) * WEIGHTS[3]; break;
    default: y = -1; break;
    }
    *(double *)results[0] = y;
    return 0;
}

/* h(x: float64 scalar) -> float32: through half precision. */
int32_t npir_entry_h(npir_call_context *ctx, void *const *args, void *const *results) {
    double x = *(const double *)args[0];
    volatile _Float16 half = (_Float16)x;
    *(float *)results[0] = (float)half;
    return 0;
}
