// Basic indexing: views to read, insertions to write.
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// Static bounds are clamped here, as Python does.
// CHECK-LABEL: func.func @static
func.func @static(%x: tensor<10x4xf32>) -> (tensor<3x4xf32>, tensor<10x1xf32>, tensor<4xf32>, tensor<0x4xf32>) {
  // CHECK-NOT: arith
  // CHECK: tensor_ext.view %{{.*}}[1, 0] sizes [3, 4] steps [3, 1]
  %0 = numpy.slice %x[1:100:3] : tensor<10x4xf32> -> tensor<3x4xf32>
  // CHECK: tensor_ext.view %{{.*}}[9, 2] sizes [10, 1] steps [-1, 0]
  %1 = numpy.slice %x[::-1, 2, newaxis] : tensor<10x4xf32> -> tensor<10x1xf32>
  // CHECK: tensor_ext.view %{{.*}}[9, 0] sizes [4] steps [1]
  %2 = numpy.slice %x[-1] : tensor<10x4xf32> -> tensor<4xf32>
  // CHECK: tensor_ext.view %{{.*}}[5, 0] sizes [0, 4] steps [1, 1]
  %3 = numpy.slice %x[5:2] : tensor<10x4xf32> -> tensor<0x4xf32>
  return %0, %1, %2, %3 : tensor<3x4xf32>, tensor<10x1xf32>, tensor<4xf32>, tensor<0x4xf32>
}

// -----

// A whole dimension of any size costs nothing; bounds into it are clamped at run time.
// CHECK-LABEL: func.func @dynamic_size
// CHECK-SAME: (%[[X:.*]]: tensor<?x?xf32>)
func.func @dynamic_size(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // CHECK: %[[N:.*]] = tensor.dim %[[X]], %c0
  // CHECK: %[[M:.*]] = tensor.dim %[[X]], %c1
  // CHECK: %[[START:.*]] = arith.minsi %{{.*}}, %[[M]]
  // CHECK: %[[MOVED:.*]] = arith.addi %{{.*}}, %[[M]]
  // CHECK: %[[STOP:.*]] = arith.maxsi %[[MOVED]], %c0
  // CHECK: %[[SPAN:.*]] = arith.subi %[[STOP]], %[[START]]
  // CHECK: %[[SIZE:.*]] = arith.maxsi %[[SPAN]], %c0
  // CHECK: tensor_ext.view %[[X]][0, %[[START]]] sizes [%[[N]], %[[SIZE]]] steps [1, 1]
  %0 = numpy.slice %x[:, 2:-1] : tensor<?x?xf32> -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

// A position given at run time wraps once and is checked.
// CHECK-LABEL: func.func @position
// CHECK-SAME: (%[[X:.*]]: tensor<?xf32>, %[[I:.*]]: index)
func.func @position(%x: tensor<?xf32>, %i: index) -> tensor<f32> {
  // CHECK: %[[N:.*]] = tensor.dim %[[X]]
  // CHECK: %[[NEGATIVE:.*]] = arith.cmpi slt, %[[I]], %c0
  // CHECK: %[[MOVED:.*]] = arith.addi %[[I]], %[[N]]
  // CHECK: %[[AT:.*]] = arith.select %[[NEGATIVE]], %[[MOVED]], %[[I]]
  // CHECK: %[[INSIDE:.*]] = arith.cmpi ult, %[[AT]], %[[N]]
  // CHECK: tensor_ext.check %[[INSIDE]], index_out_of_bounds, "numpy.slice: index {} is out of bounds for axis 0 with size {}" (%[[I]], %[[N]] : index, index)
  // CHECK: tensor_ext.view %[[X]][%[[AT]]] sizes [] steps []
  %0 = numpy.slice %x[%i] : tensor<?xf32> -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

// CHECK-LABEL: func.func @dynamic_step
// CHECK-SAME: (%{{.*}}: tensor<8xf32>, %[[S:.*]]: index)
func.func @dynamic_step(%x: tensor<8xf32>, %s: index) -> tensor<?xf32> {
  // CHECK: %[[NONZERO:.*]] = arith.cmpi ne, %[[S]], %c0
  // CHECK: tensor_ext.check %[[NONZERO]], value_error, "numpy.slice: slice step cannot be zero"
  // CHECK: %[[STEP:.*]] = arith.maxsi %[[S]], %c-9223372036854775807
  // CHECK: %[[BACK:.*]] = arith.cmpi slt, %[[STEP]], %c0
  // CHECK: arith.divui
  // CHECK: tensor_ext.view
  // CHECK-SAME: [%[[STEP]]]
  %0 = numpy.slice %x[::%s] : tensor<8xf32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// CHECK-LABEL: func.func @set
// CHECK-SAME: (%[[X:.*]]: tensor<4x6xf32>, %[[V:.*]]: tensor<1x1x3xf32>, %[[W:.*]]: tensor<f32>)
func.func @set(%x: tensor<4x6xf32>, %v: tensor<1x1x3xf32>, %w: tensor<f32>) -> (tensor<4x6xf32>, tensor<4x6xf32>) {
  // Leading dimensions of size 1 are dropped, the others broadcast.
  // CHECK: %[[ROW:.*]] = tensor_ext.view %[[V]]{{.*}} tensor<1x3xf32>
  // CHECK: %[[PART:.*]] = tensor_ext.view %[[ROW]]{{.*}} tensor<4x3xf32>
  // CHECK: tensor_ext.insert_view %[[PART]] into %[[X]][0, 5] sizes [4, 3] steps [1, -2]
  %0 = numpy.set_slice %x[:, ::-2], %v : tensor<4x6xf32>, tensor<1x1x3xf32> -> tensor<4x6xf32>
  // New axes have no place in the array.
  // CHECK: tensor_ext.insert_view %{{.*}} into %[[X]][1, 0] sizes [6] steps [1]
  %1 = numpy.set_slice %x[1, newaxis], %w : tensor<4x6xf32>, tensor<f32> -> tensor<4x6xf32>
  return %0, %1 : tensor<4x6xf32>, tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func.func @set_at_run_time
func.func @set_at_run_time(%x: tensor<4xf32>, %v: tensor<?xf32>) -> tensor<4xf32> {
  // CHECK: tensor_ext.check %{{.*}}, shape_mismatch, "numpy.set_slice: could not broadcast input array from shape ({},) into shape ({},)"
  // CHECK: tensor_ext.insert_view
  %0 = numpy.set_slice %x[1:3], %v : tensor<4xf32>, tensor<?xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
