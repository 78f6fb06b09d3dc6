/*
 * Compiles a program, saves it, loads it again, and calls it on arrays of C.
 *
 *     cargo build -p npir-c
 *     cc -std=c11 examples/c/standardize.c -o standardize \
 *         -Icrates/npir-c/include -Ltarget/debug -lnpir_c -Wl,-rpath,$PWD/target/debug
 *     ./standardize
 */
#include <npir.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In Python: x -= x.mean(axis=0); return x.std(axis=0) */
static const char SOURCE[] =
    "func.func @standardize(%x: tensor<?x?xf64> {numpy.updates = 0 : i64})\n"
    "    -> (tensor<?x?xf64>, tensor<?xf64>) {\n"
    "  %mean = numpy.mean %x axes [0] : tensor<?x?xf64> -> tensor<?xf64>\n"
    "  %centred = numpy.subtract %x, %mean : tensor<?x?xf64>, tensor<?xf64> -> tensor<?x?xf64>\n"
    "  %std = numpy.std %centred axes [0] : tensor<?x?xf64> -> tensor<?xf64>\n"
    "  return %centred, %std : tensor<?x?xf64>, tensor<?xf64>\n"
    "}\n"
    "func.func @row(%x: tensor<?x?xf64>, %i: tensor<i64>) -> tensor<?xf64> {\n"
    "  %row = numpy.take %x, %i axis 0 : tensor<?x?xf64>, tensor<i64> -> tensor<?xf64>\n"
    "  return %row : tensor<?xf64>\n"
    "}\n";

/* Prints an error, frees it and ends the program. */
static void fail(const char *what, npir_error *error) {
    const char *location = npir_error_location(error);
    fprintf(stderr, "%s: %s%s%s\n", what, location ? location : "", location ? ": " : "",
            npir_error_message(error));
    npir_error_free(error);
    exit(EXIT_FAILURE);
}

static void print(const char *name, const npir_array *array) {
    npir_error *error = NULL;
    char *text = npir_array_to_string(array, &error);
    if (!text) fail("npir_array_to_string", error);
    printf("%s = %s\n", name, text);
    npir_string_free(text);
}

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : "standardize.npir";
    npir_error *error = NULL;

    npir_program *compiled = npir_compile(SOURCE, strlen(SOURCE), "standardize.mlir", NULL, &error);
    if (!compiled) fail("npir_compile", error);
    if (!npir_program_save(compiled, path, &error)) fail("npir_program_save", error);
    npir_program_free(compiled);

    /* From here on the compiler is not needed. */
    npir_program *program = npir_program_load(path, &error);
    if (!program) fail("npir_program_load", error);
    npir_function *standardize = npir_program_function(program, "standardize", &error);
    if (!standardize) fail("npir_program_function", error);

    for (size_t i = 0; i < npir_function_num_args(standardize); i++) {
        npir_parameter p;
        if (!npir_function_arg(standardize, i, &p, &error)) fail("npir_function_arg", error);
        printf("argument %s: rank %d%s\n", p.name, (int)p.rank, p.updated ? ", updated in place" : "");
    }

    /* Three columns of a table of four: the strides skip one. */
    double table[3][4] = {{1, 2, 4, -1}, {3, 2, 0, -1}, {5, 2, 2, -1}};
    const int64_t shape[2] = {3, 3};
    const int64_t strides[2] = {sizeof table[0], sizeof table[0][0]};
    npir_view x = {.data = table, .dtype = NPIR_FLOAT64, .rank = 2, .shape = shape, .strides = strides, .writable = true};
    npir_array *std = NULL;
    if (!npir_call(standardize, &x, 1, &std, 1, &error)) fail("npir_call", error);
    print("std", std);
    for (int i = 0; i < 3; i++)
        printf("%g %g %g | %g\n", table[i][0], table[i][1], table[i][2], table[i][3]);

    /* A result goes in again without a copy; an index out of bounds is an error with its place in the source. */
    npir_view read;
    if (!npir_array_view(std, &read, &error)) fail("npir_array_view", error);
    printf("std[0] = %.3f\n", ((const double *)read.data)[0]);
    npir_function *row = npir_program_function(program, "row", &error);
    if (!row) fail("npir_program_function", error);
    const int64_t seven = 7;
    npir_view args[2] = {x, {.data = (void *)&seven, .dtype = NPIR_INT64}};
    npir_array *none = NULL;
    if (npir_call(row, args, 2, &none, 1, &error)) return EXIT_FAILURE;
    printf("error %d at %s: %s\n", (int)npir_error_kind(error), npir_error_location(error), npir_error_message(error));
    npir_error_free(error);

    npir_array_free(std);
    npir_function_free(row);
    npir_function_free(standardize);
    npir_program_free(program);
    return EXIT_SUCCESS;
}
