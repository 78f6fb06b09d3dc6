// Types on the way to the tensor level: signatures, control flow, upstream's ops on arrays.
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @signature
// CHECK-SAME: (%{{.*}}: tensor<2xi8> {numpy.name = "mask", numpy.updates = 0 : i64}, %{{.*}}: i1, %{{.*}}: i8) -> (tensor<2xi8>, i32)
func.func @signature(%m: tensor<2xi1> {numpy.name = "mask", numpy.updates = 0}, %b: i1, %u: ui8) -> (tensor<2xi1>, ui32) {
  // CHECK: call @callee(%{{.*}}, %{{.*}}) : (tensor<2xi8>, i8) -> i32
  %0 = call @callee(%m, %u) : (tensor<2xi1>, ui8) -> ui32
  return %m, %0 : tensor<2xi1>, ui32
}
// CHECK: func.func private @callee(tensor<2xi8>, i8) -> i32
func.func private @callee(tensor<2xi1>, ui8) -> ui32

// -----

// CHECK-LABEL: func.func @control_flow
func.func @control_flow(%m: tensor<4xi1>, %n: index) -> tensor<4xi1> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: scf.for {{.*}} -> (tensor<4xi8>)
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %m) -> tensor<4xi1> {
    // CHECK: %[[BYTE:.*]] = tensor.extract %{{.*}} : tensor<4xi8>
    // CHECK: %[[BOOL:.*]] = arith.cmpi ne, %[[BYTE]]
    %e = tensor.extract %a[%c0] : tensor<4xi1>
    // CHECK: scf.if %[[BOOL]] -> (tensor<4xi8>)
    %b = scf.if %e -> tensor<4xi1> {
      // CHECK: %[[STORED:.*]] = arith.extui %{{.*}} : i1 to i8
      // CHECK: tensor.insert %[[STORED]] into
      %f = tensor.insert %e into %a[%c1] : tensor<4xi1>
      scf.yield %f : tensor<4xi1>
    } else {
      scf.yield %a : tensor<4xi1>
    }
    scf.yield %b : tensor<4xi1>
  }
  // CHECK: scf.while {{.*}} : (tensor<4xi8>) -> tensor<4xi8>
  %w = scf.while (%a = %r) : (tensor<4xi1>) -> tensor<4xi1> {
    %all = numpy.all %a : tensor<4xi1> -> tensor<i1>
    %go = numpy.item %all : tensor<i1>
    // CHECK: scf.condition(%{{.*}}) %{{.*}} : tensor<4xi8>
    scf.condition(%go) %a : tensor<4xi1>
  } do {
  ^bb0(%a: tensor<4xi1>):
    %not = numpy.logical_not %a : tensor<4xi1> -> tensor<4xi1>
    scf.yield %not : tensor<4xi1>
  }
  return %w : tensor<4xi1>
}

// -----

// CHECK-LABEL: func.func @upstream
func.func @upstream(%x: tensor<2x3xui16>, %y: tensor<2x3xui16>, %z: tensor<?x3xui16>, %c: i1, %s: i1) -> (tensor<?x3xui16>, index, tensor<2xi1>, tensor<2xi1>, tensor<2x3xui16>) {
  // CHECK: tensor.cast %{{.*}} : tensor<2x3xi16> to tensor<?x3xi16>
  %0 = tensor.cast %x : tensor<2x3xui16> to tensor<?x3xui16>
  %c0 = arith.constant 0 : index
  // CHECK: tensor.dim %{{.*}} : tensor<?x3xi16>
  %1 = tensor.dim %z, %c0 : tensor<?x3xui16>
  // CHECK: tensor.from_elements %{{.*}}, %{{.*}} : tensor<2xi8>
  %2 = tensor.from_elements %c, %s : tensor<2xi1>
  // CHECK: arith.constant dense<[1, 0]> : tensor<2xi8>
  %3 = arith.constant dense<[true, false]> : tensor<2xi1>
  // CHECK: arith.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x3xi16>
  %4 = arith.select %c, %x, %y : tensor<2x3xui16>
  return %0, %1, %2, %3, %4 : tensor<?x3xui16>, index, tensor<2xi1>, tensor<2xi1>, tensor<2x3xui16>
}
