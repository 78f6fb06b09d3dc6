/*
 * npir_runtime.h: the C interface between compiled npir code and the runtime.
 *
 * Compiled code exports one entry point per function and calls the npir_rt_* functions below, the
 * routines npir_lib_* of the library, the usual functions of libm, and memcpy, memmove, memset and
 * memcmp. Nothing else is resolved.
 */
#ifndef NPIR_RUNTIME_H
#define NPIR_RUNTIME_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One running call: it owns the blocks that the call allocates, and the first error. Opaque. */
typedef struct npir_call_context npir_call_context;

/*
 * An array of rank R is described by
 *
 *     struct {
 *         void   *allocated;   // the block; NULL: borrowed memory
 *         void   *aligned;     // where the offset counts from
 *         int64_t offset;      // in elements
 *         int64_t sizes[R];
 *         int64_t strides[R];  // in elements, any sign
 *     };
 *
 * (rank 0: the first three fields). All arguments are borrowed. Elements may lie at any alignment.
 */
typedef struct {
    void *allocated;
    void *aligned;
    int64_t offset;
} npir_memref0;

typedef struct {
    void *allocated;
    void *aligned;
    int64_t offset;
    int64_t sizes[1];
    int64_t strides[1];
} npir_memref1;

typedef struct {
    void *allocated;
    void *aligned;
    int64_t offset;
    int64_t sizes[2];
    int64_t strides[2];
} npir_memref2;

/*
 * The entry point of function f has the symbol npir_entry_f.
 *
 * args[i]    points to the descriptor of argument i, or to the value of a scalar parameter (bool: one
 *            byte, 0 or 1; index: int64_t).
 * results[i] points to storage of the same form, uninitialised, for the i-th result that no argument
 *            receives in place; written on success. Its `allocated` is a block of this call, which the
 *            caller takes over; anything else (NULL, a constant) is copied by the caller.
 *
 * The value of an argument with `numpy.updates` is written into that argument's memory.
 * Returns 0, or nonzero with an error recorded in ctx. Other threads than the caller's may use ctx in the bodies of
 * npir_rt_parallel_for, and nowhere else.
 */
typedef int32_t npir_entry(npir_call_context *ctx, void *const *args, void *const *results);

/*
 * A block of `bytes` bytes with one reference: 64-byte aligned, 2 MiB aligned from 2 MiB on. 0 bytes
 * give a valid pointer. NULL if there is no memory, with a MemoryError recorded. A size whose
 * computation overflowed is passed as UINT64_MAX. What is neither released nor a result is freed
 * when the call ends.
 */
void *npir_rt_alloc(npir_call_context *ctx, uint64_t bytes);

/* Adds a reference. Nothing for NULL. */
void npir_rt_retain(void *allocated);

/* Drops a reference; the last one frees the block. Nothing for NULL. */
void npir_rt_release(void *allocated);

/* What npir_rt_raise reports, named after Python's exceptions. */
enum {
    NPIR_SHAPE_MISMATCH = 0,      /* ValueError */
    NPIR_INDEX_OUT_OF_BOUNDS = 1, /* IndexError */
    NPIR_VALUE = 2,               /* ValueError */
    NPIR_OVERFLOW = 3,            /* OverflowError */
    NPIR_ZERO_DIVISION = 4,       /* ZeroDivisionError */
    NPIR_MEMORY = 5,              /* MemoryError */
    NPIR_UNSUPPORTED = 6,         /* NotImplementedError */
    NPIR_ASSERTION = 7,           /* AssertionError */
    NPIR_UNBOUND = 8              /* UnboundLocalError */
};

/*
 * Records an error; the first one of a call stays. In `fmt`, {} takes the next of `args`; {{ and }}
 * are literal braces. `loc` is file:line:column, or empty. The entry point has to return nonzero after.
 */
void npir_rt_raise(npir_call_context *ctx, int32_t kind, const char *fmt, uint64_t fmt_len,
                   const char *loc, uint64_t loc_len, const int64_t *args, uint64_t nargs);

/* Iterations lo <= i < hi of a parallel loop. Returns 0, or nonzero with an error recorded. */
typedef int32_t npir_loop_body(npir_call_context *ctx, void *env, int64_t lo, int64_t hi);

/*
 * Runs the body over [0, n) in chunks of at least `grain` iterations, on the threads of the pool; inline
 * if nested or while another loop is running. Returns the first nonzero status.
 */
int32_t npir_rt_parallel_for(npir_call_context *ctx, npir_loop_body *body, void *env, int64_t n,
                             int64_t grain);

/*
 * Routines of the library: int32_t npir_lib_NAME(ctx, call). They read the ins where they lie and fill the outs, which
 * overlap nothing. Return 0, or nonzero with an error recorded, which begins with `caller`.
 */
typedef struct {
    const void *descriptor; /* of the array, as above */
    int32_t dtype; /* i8 i16 i32 i64 f16 bf16 f32 f64 complex64 complex128: 0 to 9; integers have no sign here */
    int32_t rank;
} npir_library_array;

typedef struct {
    const npir_library_array *arrays; /* ins, then outs */
    int64_t num_arrays;
    const int64_t *params;
    int64_t num_params;
    const char *caller; /* the op that asks */
    int64_t caller_len;
    const char *location; /* file:line:column, or empty */
    int64_t location_len;
} npir_library_call;

typedef int32_t npir_library_routine(npir_call_context *ctx, const npir_library_call *call);

#ifdef __cplusplus
}
#endif

#endif
