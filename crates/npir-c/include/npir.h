/*
 * npir.h: compile, load and run NumPy-style array programs from C.
 *
 * Made of the sources of crates/npir-c; `NPIR_WRITE_DOCS=1 cargo test -p npir-c` writes it anew.
 */

#ifndef NPIR_H
#define NPIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DLPack's, in <dlpack/dlpack.h>. */
struct DLManagedTensor;
struct DLManagedTensorVersioned;

/**
 * Why a function failed.
 */
typedef struct npir_error npir_error;

/**
 * A function of a program, ready to be called; it keeps the code in memory by itself.
 */
typedef struct npir_function npir_function;

/**
 * An array, which owns its memory alone or together with others.
 */
typedef struct npir_array npir_array;

/**
 * How to compile; made with everything at its default.
 */
typedef struct npir_options npir_options;

/**
 * A compiled program.
 */
typedef struct npir_program npir_program;

/**
 * An element type, one of the constants below.
 */
typedef int32_t npir_dtype;

/**
 * A strided array that somebody else owns.
 */
typedef struct npir_view {
    /**
     * The element with all indices 0, at any alignment; may be NULL if there are no elements.
     */
    void *data;
    /**
     * Element type.
     */
    npir_dtype dtype;
    /**
     * Number of axes; 0 for a single value.
     */
    int32_t rank;
    /**
     * Extents, one per axis.
     */
    const int64_t *shape;
    /**
     * Bytes from one element to the next, one per axis, of any sign; NULL for C order without gaps.
     */
    const int64_t *strides;
    /**
     * Whether the memory may be written: required of arguments that a function updates.
     */
    bool writable;
} npir_view;

/**
 * What went wrong; named after the exception that NumPy would raise, where there is one.
 */
typedef int32_t npir_kind;

/**
 * What a parameter or a result takes or is.
 */
typedef struct npir_parameter {
    /**
     * The program's own name for a parameter; NULL for a result.
     */
    const char *name;
    /**
     * Element type.
     */
    npir_dtype dtype;
    /**
     * Number of axes.
     */
    int32_t rank;
    /**
     * Extents, one per axis; -1 where any extent will do.
     */
    const int64_t *shape;
    /**
     * Whether it is a value (`f64`), not an array of rank 0; both are passed as a view of rank 0.
     */
    bool scalar;
    /**
     * Whether the call writes to the argument's memory; its view must be writable then.
     */
    bool updated;
} npir_parameter;

/**
 * The library or a program broke its contract.
 */
#define NPIR_ERROR_INTERNAL 0

/**
 * A wrong number or kind of arguments, dtype or rank; a NULL that must not be; text that is not UTF-8 (`TypeError`).
 */
#define NPIR_ERROR_ARGUMENT 1

/**
 * Shapes that do not fit together (`ValueError`).
 */
#define NPIR_ERROR_SHAPE 2

/**
 * An index outside its axis (`IndexError`).
 */
#define NPIR_ERROR_INDEX 3

/**
 * A value that an operation does not accept (`ValueError`).
 */
#define NPIR_ERROR_VALUE 4

/**
 * A number that does not fit (`OverflowError`).
 */
#define NPIR_ERROR_OVERFLOW 5

/**
 * Division by zero where NumPy raises (`ZeroDivisionError`).
 */
#define NPIR_ERROR_ZERO_DIVISION 6

/**
 * A matrix that linear algebra cannot work with (`LinAlgError`).
 */
#define NPIR_ERROR_LINALG 7

/**
 * Memory could not be allocated (`MemoryError`).
 */
#define NPIR_ERROR_MEMORY 8

/**
 * A file could not be read or written, or holds something else (`OSError`).
 */
#define NPIR_ERROR_FILE 9

/**
 * The program could not be compiled; the message holds every diagnostic, with its location.
 */
#define NPIR_ERROR_COMPILE 10

/**
 * What a program means, but its compiled form cannot do (`NotImplementedError`).
 */
#define NPIR_ERROR_UNSUPPORTED 11

/**
 * An assertion of a program that does not hold (`AssertionError`).
 */
#define NPIR_ERROR_ASSERTION 12

/**
 * A variable of a program without a value (`UnboundLocalError`).
 */
#define NPIR_ERROR_UNBOUND 13

/**
 * One byte, 0 or 1.
 */
#define NPIR_BOOL 0

/**
 * 8-bit signed integer.
 */
#define NPIR_INT8 1

/**
 * 16-bit signed integer.
 */
#define NPIR_INT16 2

/**
 * 32-bit signed integer.
 */
#define NPIR_INT32 3

/**
 * 64-bit signed integer.
 */
#define NPIR_INT64 4

/**
 * 8-bit unsigned integer.
 */
#define NPIR_UINT8 5

/**
 * 16-bit unsigned integer.
 */
#define NPIR_UINT16 6

/**
 * 32-bit unsigned integer.
 */
#define NPIR_UINT32 7

/**
 * 64-bit unsigned integer.
 */
#define NPIR_UINT64 8

/**
 * IEEE half precision.
 */
#define NPIR_FLOAT16 9

/**
 * The upper half of a `float`.
 */
#define NPIR_BFLOAT16 10

/**
 * `float`.
 */
#define NPIR_FLOAT32 11

/**
 * `double`.
 */
#define NPIR_FLOAT64 12

/**
 * Two `float`: real and imaginary part.
 */
#define NPIR_COMPLEX64 13

/**
 * Two `double`: real and imaginary part.
 */
#define NPIR_COMPLEX128 14

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library, such as `0.1.0`.
 */
const char *npir_version(void);

/**
 * Whether this library compiles programs; if not, it loads and runs those that were compiled before.
 */
bool npir_can_compile(void);

/**
 * Threads that programs run on.
 */
size_t npir_num_threads(void);

/**
 * Sets the number of threads that programs run on, at least 1.
 */
void npir_set_num_threads(size_t threads);

/**
 * An array of zeros in C order.
 *
 * # Safety
 * `shape` points to `rank` extents.
 */
struct npir_array *npir_array_zeros(npir_dtype dtype,
                                    int32_t rank,
                                    const int64_t *shape,
                                    struct npir_error **error);

/**
 * A copy of a view's elements, in C order.
 *
 * # Safety
 * `view` describes readable memory.
 */
struct npir_array *npir_array_copy(const struct npir_view *view, struct npir_error **error);

/**
 * An array over memory of the caller's, without a copy. When the last array that uses it goes, `release` is called
 * with `context`, on any thread; NULL if there is nothing to release. On failure it is not called.
 *
 * # Safety
 * Until then the memory that `view` describes is readable (writable if the view says so), and nobody writes to it.
 */
struct npir_array *npir_array_wrap(const struct npir_view *view,
                                   void (*release)(void*),
                                   void *context,
                                   struct npir_error **error);

/**
 * Describes an array's memory in `view`, to be read only; valid until the array is freed.
 *
 * # Safety
 * `array` is a handle, and `view` may be written.
 */
bool npir_array_view(const struct npir_array *array, struct npir_view *view, struct npir_error **error);

/**
 * Describes an array's memory in `view`, to be written too; valid until the array is freed. The elements move to new
 * memory first if another array shares theirs or if it is read-only.
 *
 * # Safety
 * `array` is a handle, and `view` may be written.
 */
bool npir_array_view_mut(struct npir_array *array,
                         struct npir_view *view,
                         struct npir_error **error);

/**
 * The elements in nested brackets, shortened if there are more than 1000; freed by `npir_string_free`.
 *
 * # Safety
 * `array` is a handle.
 */
char *npir_array_to_string(const struct npir_array *array, struct npir_error **error);

/**
 * Reads a `.npy` file.
 *
 * # Safety
 * `path` ends in NUL.
 */
struct npir_array *npir_array_read_npy(const char *path, struct npir_error **error);

/**
 * Writes a `.npy` file, which is there whole or not at all.
 *
 * # Safety
 * `array` is a handle, and `path` ends in NUL.
 */
bool npir_array_write_npy(const struct npir_array *array, const char *path, struct npir_error **error);

/**
 * An array over a DLPack tensor's memory, without a copy. The tensor is given back when the last array that uses it
 * goes; on failure it stays the caller's.
 *
 * # Safety
 * `tensor` is valid, and nobody else gives it back or writes to its memory.
 */
struct npir_array *npir_array_from_dlpack(struct DLManagedTensorVersioned *tensor,
                                          struct npir_error **error);

/**
 * As `npir_array_from_dlpack`, for producers older than DLPack 1.0.
 *
 * # Safety
 * As `npir_array_from_dlpack`.
 */
struct npir_array *npir_array_from_dlpack_unversioned(struct DLManagedTensor *tensor,
                                                      struct npir_error **error);

/**
 * The array as a DLPack tensor over the same memory, marked read-only if another array shares it. The handle is
 * freed, also on failure.
 *
 * # Safety
 * `array` is a handle.
 */
struct DLManagedTensorVersioned *npir_array_into_dlpack(struct npir_array *array,
                                                        struct npir_error **error);

/**
 * As `npir_array_into_dlpack`, for consumers older than DLPack 1.0; shared memory is copied.
 *
 * # Safety
 * `array` is a handle.
 */
struct DLManagedTensor *npir_array_into_dlpack_unversioned(struct npir_array *array,
                                                           struct npir_error **error);

/**
 * Frees an array; its memory goes when the last array that uses it does.
 *
 * # Safety
 * `array` is a handle or NULL, and not used again.
 */
void npir_array_free(struct npir_array *array);

/**
 * Frees text that `npir_array_to_string` returned.
 *
 * # Safety
 * `text` came from there or is NULL, and is not used again.
 */
void npir_string_free(char *text);

/**
 * What went wrong: one of `NPIR_ERROR_*`.
 *
 * # Safety
 * `error` is a handle.
 */
npir_kind npir_error_kind(const struct npir_error *error);

/**
 * What went wrong, in words, without the location of a run-time error.
 *
 * # Safety
 * `error` is a handle.
 */
const char *npir_error_message(const struct npir_error *error);

/**
 * `file:line:column` of the source that raised a run-time error, or NULL.
 *
 * # Safety
 * `error` is a handle.
 */
const char *npir_error_location(const struct npir_error *error);

/**
 * Frees an error.
 *
 * # Safety
 * `error` is a handle or NULL, and not used again.
 */
void npir_error_free(struct npir_error *error);

/**
 * Options at their defaults: code for this machine, on all threads.
 */
struct npir_options *npir_options_new(void);

/**
 * The CPU to compile for, as LLVM names it (`x86-64-v3`, `znver4`); NULL for this machine. A name that is not known
 * is an error of the compilation.
 *
 * # Safety
 * `options` is a handle, and `cpu` NULL or text.
 */
bool npir_options_set_cpu(struct npir_options *options,
                          const char *cpu,
                          struct npir_error **error);

/**
 * Whether loops may be spread over threads.
 *
 * # Safety
 * `options` is a handle.
 */
bool npir_options_set_threads(struct npir_options *options, bool threads, struct npir_error **error);

/**
 * Frees options.
 *
 * # Safety
 * `options` is a handle or NULL, and not used again.
 */
void npir_options_free(struct npir_options *options);

/**
 * Compiles a program, text or bytecode of any level. `name` is what errors call it (`axpy.mlir`); `options` may be
 * NULL.
 *
 * # Safety
 * `source` points to `length` bytes, and `name` ends in NUL.
 */
struct npir_program *npir_compile(const char *source,
                                  size_t length,
                                  const char *name,
                                  const struct npir_options *options,
                                  struct npir_error **error);

/**
 * Compiles a file, text or bytecode of any level; `options` may be NULL.
 *
 * # Safety
 * `path` ends in NUL.
 */
struct npir_program *npir_compile_file(const char *path,
                                       const struct npir_options *options,
                                       struct npir_error **error);

/**
 * Loads an artifact: what `npir compile` or `npir_program_save` wrote, from a source that is trusted.
 *
 * # Safety
 * `path` ends in NUL.
 */
struct npir_program *npir_program_load(const char *path, struct npir_error **error);

/**
 * Writes a program as an artifact, which is there whole or not at all.
 *
 * # Safety
 * `program` is a handle, and `path` ends in NUL.
 */
bool npir_program_save(const struct npir_program *program, const char *path, struct npir_error **error);

/**
 * Number of functions.
 *
 * # Safety
 * `program` is a handle.
 */
size_t npir_program_num_functions(const struct npir_program *program);

/**
 * The name of a function, or NULL if there are not so many.
 *
 * # Safety
 * `program` is a handle.
 */
const char *npir_program_function_name(const struct npir_program *program, size_t index);

/**
 * A function by name.
 *
 * # Safety
 * `program` is a handle, and `name` ends in NUL.
 */
struct npir_function *npir_program_function(const struct npir_program *program,
                                            const char *name,
                                            struct npir_error **error);

/**
 * Frees a program; functions of it stay usable.
 *
 * # Safety
 * `program` is a handle or NULL, and not used again.
 */
void npir_program_free(struct npir_program *program);

/**
 * Number of arguments that a call takes.
 *
 * # Safety
 * `function` is a handle.
 */
size_t npir_function_num_args(const struct npir_function *function);

/**
 * Number of results that a call returns; those that go to updated arguments are not among them.
 *
 * # Safety
 * `function` is a handle.
 */
size_t npir_function_num_results(const struct npir_function *function);

/**
 * Describes an argument; what it points to belongs to the function.
 *
 * # Safety
 * `function` is a handle, and `parameter` may be written.
 */
bool npir_function_arg(const struct npir_function *function,
                       size_t index,
                       struct npir_parameter *parameter,
                       struct npir_error **error);

/**
 * Describes a result; what it points to belongs to the function.
 *
 * # Safety
 * `function` is a handle, and `result` may be written.
 */
bool npir_function_result(const struct npir_function *function,
                          size_t index,
                          struct npir_parameter *result,
                          struct npir_error **error);

/**
 * Frees a function.
 *
 * # Safety
 * `function` is a handle or NULL, and not used again.
 */
void npir_function_free(struct npir_function *function);

/**
 * Calls a function on `num_args` arrays, where they lie, and stores handles of its `num_results` results. Updated
 * arguments are written in place. Returns false on failure; all results are NULL then, and updated arguments hold
 * unspecified values.
 *
 * # Safety
 * `args` and `results` point to as many views and places. During the call the arguments' memory is readable
 * (writable where the view says so), nobody else writes to it, and booleans are 0 or 1.
 */
bool npir_call(const struct npir_function *function,
               const struct npir_view *args,
               size_t num_args,
               struct npir_array **results,
               size_t num_results,
               struct npir_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* NPIR_H */
