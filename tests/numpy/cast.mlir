// numpy.cast: conversions as NumPy's astype on x86, without anything undefined.
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// What does not fit, and NaN, gives the smallest integer.
// CHECK-LABEL: func.func @float_to_int
func.func @float_to_int(%a: tensor<3xf64>) -> tensor<3xi64> {
  // CHECK: ^bb0(%[[X:.*]]: f64, %{{.*}}: i64):
  // CHECK: %[[LIMIT:.*]] = arith.constant 9.2233720368547758E+18 : f64
  // CHECK: %[[MAGNITUDE:.*]] = math.absf %[[X]]
  // CHECK: %[[FITS:.*]] = arith.cmpf olt, %[[MAGNITUDE]], %[[LIMIT]]
  // CHECK: %[[I:.*]] = arith.fptosi %[[X]] : f64 to i64
  // CHECK: %[[MIN:.*]] = arith.constant -9223372036854775808 : i64
  // CHECK: arith.select %[[FITS]], %[[I]], %[[MIN]] : i64
  %0 = numpy.cast %a : tensor<3xf64> -> tensor<3xi64>
  return %0 : tensor<3xi64>
}

// -----

// Narrow integers are cut from 32 bits, 32-bit unsigned ones from 64.
// CHECK-LABEL: func.func @float_to_narrow
func.func @float_to_narrow(%a: tensor<3xf32>) -> (tensor<3xui8>, tensor<3xui32>) {
  // CHECK: arith.fptosi %{{.*}} : f32 to i32
  // CHECK: arith.trunci %{{.*}} : i32 to i8
  %0 = numpy.cast %a : tensor<3xf32> -> tensor<3xui8>
  // CHECK: arith.fptosi %{{.*}} : f32 to i64
  // CHECK: arith.trunci %{{.*}} : i64 to i32
  %1 = numpy.cast %a : tensor<3xf32> -> tensor<3xui32>
  return %0, %1 : tensor<3xui8>, tensor<3xui32>
}

// -----

// CHECK-LABEL: func.func @bools
func.func @bools(%a: tensor<3xf64>, %b: tensor<3xi1>) -> (tensor<3xi1>, tensor<3xf32>) {
  // NaN is true.
  // CHECK: arith.cmpf une
  // CHECK: arith.extui %{{.*}} : i1 to i8
  %0 = numpy.cast %a : tensor<3xf64> -> tensor<3xi1>
  // CHECK: arith.cmpi ne
  // CHECK: arith.uitofp %{{.*}} : i1 to f32
  %1 = numpy.cast %b : tensor<3xi1> -> tensor<3xf32>
  return %0, %1 : tensor<3xi1>, tensor<3xf32>
}

// -----

// From f64 to f16 one rounding only: the f32 between them is rounded to odd.
// CHECK-LABEL: func.func @double_to_half
func.func @double_to_half(%a: tensor<3xf64>) -> tensor<3xf16> {
  // CHECK: arith.truncf %{{.*}} : f64 to f32
  // CHECK: arith.cmpf one
  // CHECK: arith.ori
  // CHECK: arith.truncf %{{.*}} : f32 to f16
  %0 = numpy.cast %a : tensor<3xf64> -> tensor<3xf16>
  return %0 : tensor<3xf16>
}

// -----

// CHECK-LABEL: func.func @between_halves
func.func @between_halves(%a: tensor<3xf16>) -> tensor<3xbf16> {
  // CHECK: arith.extf %{{.*}} : f16 to f32
  // CHECK: arith.truncf %{{.*}} : f32 to bf16
  %0 = numpy.cast %a : tensor<3xf16> -> tensor<3xbf16>
  return %0 : tensor<3xbf16>
}

// -----

// CHECK-LABEL: func.func @dynamic
// CHECK-SAME: (%[[A:.*]]: tensor<?x3xi8>)
func.func @dynamic(%a: tensor<?x3xui8>) -> tensor<?x3xi32> {
  // CHECK: %[[N:.*]] = tensor.dim %[[A]]
  // CHECK: tensor.empty(%[[N]]) : tensor<?x3xi32>
  // CHECK: arith.extui %{{.*}} : i8 to i32
  %0 = numpy.cast %a : tensor<?x3xui8> -> tensor<?x3xi32>
  return %0 : tensor<?x3xi32>
}
