// How element types decide the scalar code of elementwise operations.
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// Bool is a byte in memory and i1 in the body.
// CHECK-LABEL: func.func @bool
// CHECK-SAME: (%{{.*}}: tensor<3xi8>, %{{.*}}: tensor<3xi8>) -> tensor<3xi8>
func.func @bool(%a: tensor<3xi1>, %b: tensor<3xi1>) -> tensor<3xi1> {
  // CHECK: ^bb0(%[[A:.*]]: i8, %[[B:.*]]: i8, %{{.*}}: i8):
  // CHECK: %[[X:.*]] = arith.cmpi ne, %[[A]]
  // CHECK: %[[Y:.*]] = arith.cmpi ne, %[[B]]
  // CHECK: %[[OR:.*]] = arith.ori %[[X]], %[[Y]] : i1
  // CHECK: %[[BYTE:.*]] = arith.extui %[[OR]] : i1 to i8
  // CHECK: linalg.yield %[[BYTE]]
  %0 = numpy.add %a, %b : tensor<3xi1>, tensor<3xi1> -> tensor<3xi1>
  return %0 : tensor<3xi1>
}

// -----

// Unsigned integers are signless below and keep unsigned operations.
// CHECK-LABEL: func.func @unsigned
// CHECK-SAME: (%{{.*}}: tensor<3xi8>, %{{.*}}: tensor<3xi8>) -> tensor<3xi8>
func.func @unsigned(%a: tensor<3xui8>, %b: tensor<3xui8>) -> tensor<3xui8> {
  // CHECK: arith.maxui
  %0 = numpy.maximum %a, %b : tensor<3xui8>, tensor<3xui8> -> tensor<3xui8>
  // CHECK: arith.divui
  %1 = numpy.floor_divide %0, %b : tensor<3xui8>, tensor<3xui8> -> tensor<3xui8>
  // CHECK: arith.cmpi ult
  // CHECK: arith.shrui
  %2 = numpy.right_shift %1, %b : tensor<3xui8>, tensor<3xui8> -> tensor<3xui8>
  return %2 : tensor<3xui8>
}

// -----

// The divisor never is 0 or -1.
// CHECK-LABEL: func.func @signed_division
func.func @signed_division(%a: tensor<3xi32>, %b: tensor<3xi32>) -> tensor<3xi32> {
  // CHECK: ^bb0(%[[A:.*]]: i32, %[[B:.*]]: i32, %{{.*}}: i32):
  // CHECK: %[[ZERO:.*]] = arith.cmpi eq, %[[B]]
  // CHECK: %[[MINUS:.*]] = arith.cmpi eq, %[[B]]
  // CHECK: %[[EITHER:.*]] = arith.ori %[[ZERO]], %[[MINUS]]
  // CHECK: %[[SAFE:.*]] = arith.select %[[EITHER]], %{{.*}}, %[[B]]
  // CHECK: arith.divsi %[[A]], %[[SAFE]]
  %0 = numpy.floor_divide %a, %b : tensor<3xi32>, tensor<3xi32> -> tensor<3xi32>
  return %0 : tensor<3xi32>
}

// -----

// 16-bit floats are computed in f32, unless nothing is rounded.
// CHECK-LABEL: func.func @halves
func.func @halves(%a: tensor<3xf16>, %b: tensor<3xf16>) -> tensor<3xf16> {
  // CHECK: arith.extf %{{.*}} : f16 to f32
  // CHECK: arith.extf %{{.*}} : f16 to f32
  // CHECK: math.powf %{{.*}}, %{{.*}} : f32
  // CHECK: arith.truncf %{{.*}} : f32 to f16
  %0 = numpy.power %a, %b : tensor<3xf16>, tensor<3xf16> -> tensor<3xf16>
  // CHECK: ^bb0(%[[X:.*]]: f16, %{{.*}}: f16):
  // CHECK-NEXT: arith.negf %[[X]] : f16
  %1 = numpy.negative %0 : tensor<3xf16> -> tensor<3xf16>
  return %1 : tensor<3xf16>
}

// -----

// Functions of floats take integers as NumPy does: int8 as float16, int64 as float64.
// CHECK-LABEL: func.func @float_of_integers
func.func @float_of_integers(%a: tensor<3xi8>, %b: tensor<3xui64>) -> (tensor<3xf16>, tensor<3xf64>, tensor<3xf64>) {
  // CHECK: %[[X:.*]] = arith.sitofp %{{.*}} : i8 to f32
  // CHECK: %[[E:.*]] = math.exp %[[X]] : f32
  // CHECK: arith.truncf %[[E]] : f32 to f16
  %0 = numpy.exp %a : tensor<3xi8> -> tensor<3xf16>
  // CHECK: arith.uitofp %{{.*}} : i64 to f64
  // CHECK: math.sqrt
  %1 = numpy.sqrt %b : tensor<3xui64> -> tensor<3xf64>
  // CHECK: arith.sitofp %{{.*}} : i8 to f64
  // CHECK: arith.divf
  %2 = numpy.divide %a, %a : tensor<3xi8>, tensor<3xi8> -> tensor<3xf64>
  return %0, %1, %2 : tensor<3xf16>, tensor<3xf64>, tensor<3xf64>
}

// -----

// Powers by constants are products; the others of integers are computed by squaring.
// CHECK-LABEL: func.func @powers
// CHECK-SAME: (%[[X:.*]]: tensor<3xf64>, %[[I:.*]]: tensor<3xi64>, %[[N:.*]]: tensor<3xi64>)
func.func @powers(%x: tensor<3xf64>, %i: tensor<3xi64>, %n: tensor<3xi64>) -> (tensor<3xf64>, tensor<3xi64>, tensor<3xi64>) {
  %two = numpy.constant dense<2.0> : tensor<f64>
  %five = numpy.constant dense<5> : tensor<i64>
  // CHECK: ins(%[[X]] :
  // CHECK-NOT: math.powf
  // CHECK: arith.mulf
  %0 = numpy.power %x, %two : tensor<3xf64>, tensor<f64> -> tensor<3xf64>
  // CHECK: ins(%[[I]] :
  // CHECK-COUNT-3: arith.muli
  // CHECK-NOT: arith.muli
  // CHECK: linalg.yield
  %1 = numpy.power %i, %five : tensor<3xi64>, tensor<i64> -> tensor<3xi64>
  // CHECK: linalg.generic
  // CHECK-SAME: iterator_types = ["reduction"]
  // CHECK-SAME: ins(%[[N]] :
  // CHECK: arith.ori
  // CHECK: tensor_ext.check
  // CHECK-SAME: "numpy.power: integers to negative integer powers are not allowed"
  // CHECK: linalg.generic
  // CHECK-SAME: ins(%[[I]], %[[N]] :
  // CHECK: scf.while
  %2 = numpy.power %i, %n : tensor<3xi64>, tensor<3xi64> -> tensor<3xi64>
  return %0, %1, %2 : tensor<3xf64>, tensor<3xi64>, tensor<3xi64>
}
