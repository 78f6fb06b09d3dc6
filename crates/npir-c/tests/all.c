/* Calls every function of npir.h, with good and with bad arguments. */
#include <npir.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                        \
    do {                                                                        \
        if (!(condition)) {                                                     \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);             \
            if (error) fprintf(stderr, "  %s\n", npir_error_message(error));    \
            exit(EXIT_FAILURE);                                                 \
        }                                                                       \
    } while (0)

static npir_error *error = NULL;

/* Whether the last call failed so; takes the error. */
static bool failed(npir_kind kind, const char *part) {
    bool so = error && npir_error_kind(error) == kind && strstr(npir_error_message(error), part);
    if (!so) return false;
    npir_error_free(error);
    error = NULL;
    return true;
}

static int released = 0;
static void release(void *context) { *(int *)context += 1; }

/* DLPack's structures, as <dlpack/dlpack.h> has them. */
typedef struct { uint32_t major, minor; } DLPackVersion;
typedef struct { int32_t device_type, device_id; } DLDevice;
typedef struct { uint8_t code, bits; uint16_t lanes; } DLDataType;
typedef struct {
    void *data;
    DLDevice device;
    int32_t ndim;
    DLDataType dtype;
    int64_t *shape;
    int64_t *strides;
    uint64_t byte_offset;
} DLTensor;
struct DLManagedTensor {
    DLTensor dl_tensor;
    void *manager_ctx;
    void (*deleter)(struct DLManagedTensor *);
};
struct DLManagedTensorVersioned {
    DLPackVersion version;
    void *manager_ctx;
    void (*deleter)(struct DLManagedTensorVersioned *);
    uint64_t flags;
    DLTensor dl_tensor;
};

static void arrays(void) {
    const int64_t shape[] = {2, 3}, negative[] = {-1};
    npir_array *zeros = npir_array_zeros(NPIR_INT32, 2, shape, &error);
    CHECK(zeros && !error);
    CHECK(!npir_array_zeros(99, 2, shape, &error) && failed(NPIR_ERROR_ARGUMENT, "99 is no dtype"));
    CHECK(!npir_array_zeros(NPIR_INT32, -1, shape, &error) && failed(NPIR_ERROR_ARGUMENT, "rank"));
    CHECK(!npir_array_zeros(NPIR_INT32, 1, NULL, &error) && failed(NPIR_ERROR_ARGUMENT, "shape is NULL"));
    CHECK(!npir_array_zeros(NPIR_INT32, 1, negative, &error) && failed(NPIR_ERROR_ARGUMENT, "negative"));
    const int64_t huge[] = {INT64_MAX, INT64_MAX};
    CHECK(!npir_array_zeros(NPIR_INT32, 2, huge, &error) && failed(NPIR_ERROR_MEMORY, "overflows"));
    CHECK(!npir_array_zeros(NPIR_INT32, 2, huge, NULL));

    npir_view view;
    CHECK(npir_array_view_mut(zeros, &view, &error) && view.writable && view.rank == 2);
    CHECK(view.dtype == NPIR_INT32 && view.shape[1] == 3 && view.strides[0] == 12);
    for (int i = 0; i < 6; i++) ((int32_t *)view.data)[i] = i;
    const int64_t reversed[] = {12, -4};
    npir_view flipped = {(char *)view.data + 8, NPIR_INT32, 2, shape, reversed, false};
    npir_array *copy = npir_array_copy(&flipped, &error);
    char *text = npir_array_to_string(copy, &error);
    CHECK(text && !strcmp(text, "[[2, 1, 0], [5, 4, 3]]"));
    npir_string_free(text);
    CHECK(!npir_array_copy(NULL, &error) && failed(NPIR_ERROR_ARGUMENT, "view is NULL"));

    CHECK(npir_array_write_npy(copy, "copy.npy", &error));
    npir_array *read = npir_array_read_npy("copy.npy", &error);
    CHECK(read && npir_array_view(read, &view, &error) && !view.writable && ((int32_t *)view.data)[5] == 3);
    CHECK(!npir_array_read_npy("missing.npy", &error) && failed(NPIR_ERROR_FILE, "missing.npy"));
    CHECK(!npir_array_write_npy(copy, "no/such/folder.npy", &error) && failed(NPIR_ERROR_FILE, "folder.npy"));

    static float mine[6] = {1, 2, 3, 4, 5, 6};
    npir_view wrap = {mine, NPIR_FLOAT32, 2, shape, NULL, true};
    npir_array *wrapped = npir_array_wrap(&wrap, release, &released, &error);
    CHECK(wrapped && npir_array_view_mut(wrapped, &view, &error) && view.data == mine);
    wrap.writable = false;
    npir_array *fixed = npir_array_wrap(&wrap, NULL, NULL, &error);
    CHECK(fixed && npir_array_view_mut(fixed, &view, &error) && view.data != mine);

    struct DLManagedTensorVersioned *tensor = npir_array_into_dlpack(wrapped, &error);
    CHECK(tensor && tensor->dl_tensor.data == mine && tensor->flags == 0 && tensor->dl_tensor.strides[0] == 3);
    CHECK(tensor->dl_tensor.dtype.code == 2 && tensor->dl_tensor.dtype.bits == 32 && released == 0);
    npir_array *back = npir_array_from_dlpack(tensor, &error);
    CHECK(back && npir_array_view(back, &view, &error) && view.data == mine);
    struct DLManagedTensor *old = npir_array_into_dlpack_unversioned(back, &error);
    CHECK(old && old->dl_tensor.data == mine);
    old->dl_tensor.device.device_type = 2;
    CHECK(!npir_array_from_dlpack_unversioned(old, &error) && failed(NPIR_ERROR_ARGUMENT, "device"));
    old->dl_tensor.device.device_type = 1;
    back = npir_array_from_dlpack_unversioned(old, &error);
    CHECK(back && released == 0);
    npir_array_free(back);
    CHECK(released == 1);
    CHECK(!npir_array_from_dlpack(NULL, &error) && failed(NPIR_ERROR_ARGUMENT, "tensor is NULL"));

    npir_array_free(fixed);
    npir_array_free(read);
    npir_array_free(copy);
    npir_array_free(zeros);
    npir_array_free(NULL);
    npir_string_free(NULL);
}

static const char SOURCE[] =
    "func.func @scale(%x: tensor<?xf32> {numpy.updates = 0 : i64}, %by: f32, %y: tensor<?xf32>)"
    " -> (tensor<?xf32>, tensor<?xf32>) {\n"
    "  %a = numpy.from_scalar %by : f32\n"
    "  %r = numpy.multiply %x, %a : tensor<?xf32>, tensor<f32> -> tensor<?xf32>\n"
    "  %s = numpy.add %r, %y : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>\n"
    "  return %r, %s : tensor<?xf32>, tensor<?xf32>\n"
    "}\n";

static void programs(void) {
    const char bad[] = "func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {\n  return %y : tensor<2xf32>\n}\n";
    CHECK(!npir_compile(bad, strlen(bad), "bad.mlir", NULL, &error) && failed(NPIR_ERROR_COMPILE, "bad.mlir:2:10"));
    CHECK(!npir_compile(NULL, 0, "null.mlir", NULL, &error) && failed(NPIR_ERROR_ARGUMENT, "source is NULL"));
    CHECK(!npir_compile_file("missing.mlir", NULL, &error) && failed(NPIR_ERROR_FILE, "missing.mlir"));
    npir_options *options = npir_options_new();
    CHECK(npir_options_set_cpu(options, "no-such-cpu", &error) && npir_options_set_threads(options, false, &error));
    CHECK(!npir_compile(SOURCE, strlen(SOURCE), "scale.mlir", options, &error) && failed(NPIR_ERROR_ARGUMENT, "no-such-cpu"));
    CHECK(npir_options_set_cpu(options, NULL, &error));
    FILE *file = fopen("scale.mlir", "w");
    CHECK(file && fputs(SOURCE, file) >= 0 && fclose(file) == 0);
    npir_program *program = npir_compile_file("scale.mlir", options, &error);
    CHECK(program && npir_program_num_functions(program) == 1);
    CHECK(!strcmp(npir_program_function_name(program, 0), "scale") && !npir_program_function_name(program, 1));
    npir_options_free(options);

    CHECK(npir_program_save(program, "scale.npir", &error));
    CHECK(!npir_program_save(program, "no/such/folder.npir", &error) && failed(NPIR_ERROR_FILE, "folder.npir"));
    npir_program_free(program);
    CHECK(!npir_program_load("scale.mlir", &error) && failed(NPIR_ERROR_FILE, "scale.mlir"));
    program = npir_program_load("scale.npir", &error);
    CHECK(program);
    CHECK(!npir_program_function(program, "other", &error) && failed(NPIR_ERROR_ARGUMENT, "scale"));
    npir_function *scale = npir_program_function(program, "scale", &error);
    CHECK(scale);
    npir_program_free(program);

    CHECK(npir_function_num_args(scale) == 3 && npir_function_num_results(scale) == 1);
    npir_parameter p;
    CHECK(npir_function_arg(scale, 0, &p, &error) && p.updated && !p.scalar && p.shape[0] == -1 && !strcmp(p.name, "x"));
    CHECK(npir_function_arg(scale, 1, &p, &error) && !p.updated && p.scalar && p.rank == 0 && p.dtype == NPIR_FLOAT32);
    CHECK(!npir_function_arg(scale, 3, &p, &error) && failed(NPIR_ERROR_ARGUMENT, "no argument 3"));
    CHECK(npir_function_result(scale, 0, &p, &error) && !p.name && p.rank == 1);
    CHECK(!npir_function_result(scale, 1, &p, &error) && failed(NPIR_ERROR_ARGUMENT, "no result 1"));

    float x[4] = {1, 2, 3, 4}, y[2] = {10, 20}, by = 3, three[3] = {0, 0, 0};
    const int64_t two[] = {2}, every_other[] = {8}, nowhere[] = {0}, longer[] = {3};
    npir_view args[3] = {
        {x, NPIR_FLOAT32, 1, two, every_other, true},
        {&by, NPIR_FLOAT32, 0, NULL, NULL, false},
        {y, NPIR_FLOAT32, 1, two, NULL, false},
    };
    npir_array *sum = NULL;
    CHECK(npir_call(scale, args, 3, &sum, 1, &error) && sum);
    CHECK(x[0] == 3 && x[1] == 2 && x[2] == 9 && x[3] == 4);
    npir_view view;
    CHECK(npir_array_view(sum, &view, &error) && ((float *)view.data)[0] == 13 && ((float *)view.data)[1] == 29);
    npir_array_free(sum);

    CHECK(!npir_call(scale, args, 2, &sum, 1, &error) && failed(NPIR_ERROR_ARGUMENT, "takes 3 arguments") && !sum);
    CHECK(!npir_call(scale, args, 3, NULL, 0, &error) && failed(NPIR_ERROR_ARGUMENT, "returns 1"));
    CHECK(!npir_call(scale, NULL, 3, &sum, 1, &error) && failed(NPIR_ERROR_ARGUMENT, "args is NULL"));
    CHECK(!npir_call(NULL, args, 3, &sum, 1, &error) && failed(NPIR_ERROR_ARGUMENT, "function is NULL"));
    args[0].writable = false;
    CHECK(!npir_call(scale, args, 3, &sum, 1, &error) && failed(NPIR_ERROR_ARGUMENT, "argument `x`"));
    args[0].writable = true;
    args[0].strides = nowhere;
    CHECK(!npir_call(scale, args, 3, &sum, 1, &error) && failed(NPIR_ERROR_ARGUMENT, "one place"));
    args[0].strides = every_other;
    args[0].data = NULL;
    CHECK(!npir_call(scale, args, 3, &sum, 1, &error) && failed(NPIR_ERROR_ARGUMENT, "`x`: data is NULL"));
    args[0].data = x;
    args[2].data = three;
    args[2].shape = longer;
    CHECK(!npir_call(scale, args, 3, &sum, 1, &error) && failed(NPIR_ERROR_SHAPE, "(2,)"));
    npir_function_free(scale);
}

int main(void) {
    CHECK(npir_version()[0] && npir_can_compile());
    npir_set_num_threads(2);
    CHECK(npir_num_threads() == 2);
    arrays();
    programs();
    npir_error_free(NULL);
    npir_program_free(NULL);
    npir_function_free(NULL);
    npir_options_free(NULL);
    puts("all is well");
    return EXIT_SUCCESS;
}
