// What the verifier of loop.nest refuses, and how it says so.
// RUN: npir-opt %s --split-input-file --verify-diagnostics

#all = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @iterators(%a: memref<4x4xf64>) {
  // expected-error @+1 {{'loop.nest' op has 2 bounds, but 1 iterators}}
  loop.nest bounds [4, 4] iterators [parallel] outs(%a : memref<4x4xf64>) maps [#all] body (%x: f64) {
    loop.yield %x : f64
  }
  return
}

// -----

func.func @negative(%a: memref<4xf64>) {
  // expected-error @+1 {{'loop.nest' op has the negative bound -4}}
  loop.nest bounds [-4] iterators [parallel] outs(%a : memref<4xf64>) maps [affine_map<(i) -> (i)>] body (%x: f64) {
    loop.yield %x : f64
  }
  return
}

// -----

func.func @maps(%a: memref<4xf64>) {
  // expected-error @+1 {{'loop.nest' op has 1 inputs and 1 outputs, but 1 maps}}
  loop.nest bounds [4] iterators [parallel] ins(%a : memref<4xf64>) outs(%a : memref<4xf64>)
      maps [affine_map<(i) -> (i)>] body (%x: f64, %y: f64) {
    loop.yield %x : f64
  }
  return
}

// -----

func.func @map_dims(%a: memref<4xf64>) {
  // expected-error @+1 {{'loop.nest' op the map of output 0 must go from the 1 axes, without symbols}}
  loop.nest bounds [4] iterators [parallel] outs(%a : memref<4xf64>) maps [affine_map<(i, j) -> (i)>] body (%x: f64) {
    loop.yield %x : f64
  }
  return
}

// -----

func.func @map_results(%a: memref<4x4xf64>, %b: memref<4xf64>) {
  // expected-error @+1 {{'loop.nest' op the map of input 0 has 1 results for a memref of rank 2}}
  loop.nest bounds [4] iterators [parallel] ins(%a : memref<4x4xf64>) outs(%b : memref<4xf64>)
      maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] body (%x: f64, %y: f64) {
    loop.yield %x : f64
  }
  return
}

// -----

func.func @race(%a: memref<4xf64>) {
  // expected-error @+1 {{'loop.nest' op axis 1 is parallel, but all its points write the same element of output 0}}
  loop.nest bounds [4, 4] iterators [parallel, parallel] outs(%a : memref<4xf64>) maps [affine_map<(i, j) -> (i)>]
  body (%x: f64) {
    loop.yield %x : f64
  }
  return
}

// -----

func.func @init(%a: memref<4xf64>, %zero: f32) {
  // expected-error @+1 {{'loop.nest' op output 0 has elements of type f64, its initial value f32}}
  loop.nest bounds [4] iterators [parallel] outs(%a : memref<4xf64>) maps [affine_map<(i) -> (i)>] init(%zero : f32)
  body (%x: f64) {
    loop.yield %x : f64
  }
  return
}

// -----

func.func @body(%a: memref<4xf64>) {
  // expected-error @+1 {{'loop.nest' op expects the body to take (f64), but it takes (f32)}}
  loop.nest bounds [4] iterators [parallel] outs(%a : memref<4xf64>) maps [affine_map<(i) -> (i)>] body (%x: f32) {
    loop.yield %x : f32
  }
  return
}

// -----

func.func @yield(%a: memref<4xf64>) {
  // expected-error @+1 {{'loop.nest' op expects the body to yield (f64), but it yields ()}}
  loop.nest bounds [4] iterators [parallel] outs(%a : memref<4xf64>) maps [affine_map<(i) -> (i)>] body (%x: f64) {
    loop.yield
  }
  return
}

// -----

func.func @index(%a: memref<4xindex>) {
  loop.nest bounds [4] iterators [parallel] outs(%a : memref<4xindex>) maps [affine_map<(i) -> (i)>] body (%x: index) {
    // expected-error @+1 {{'loop.index' op names axis 1 of a nest with 1 axes}}
    %i = loop.index 1 : index
    loop.yield %i : index
  }
  return
}

// -----

func.func @index_outside() {
  // expected-error @+1 {{'loop.index' op expects to be in a loop.nest}}
  %i = loop.index 0 : index
  return
}

// -----

func.func @order(%a: memref<4x4xf64>) {
  // expected-error @+1 {{'loop.nest' op schedule order [0, 0] is not a permutation of the 2 axes}}
  loop.nest bounds [4, 4] iterators [parallel, parallel] outs(%a : memref<4x4xf64>) maps [affine_map<(i, j) -> (i, j)>]
      schedule <order = [0, 0]> body (%x: f64) {
    loop.yield %x : f64
  }
  return
}

// -----

func.func @tile(%a: memref<4x4xf64>) {
  // expected-error @+1 {{'loop.nest' op schedule tile has entry -1, the least is 0}}
  loop.nest bounds [4, 4] iterators [parallel, parallel] outs(%a : memref<4x4xf64>) maps [affine_map<(i, j) -> (i, j)>]
      schedule <tile = [-1, 0]> body (%x: f64) {
    loop.yield %x : f64
  }
  return
}

// -----

func.func @vector(%a: memref<4xf64>) {
  // expected-error @+1 {{'loop.nest' op schedule vector is 6, not a power of two}}
  loop.nest bounds [4] iterators [parallel] outs(%a : memref<4xf64>) maps [affine_map<(i) -> (i)>]
      schedule <vector = 6> body (%x: f64) {
    loop.yield %x : f64
  }
  return
}

// -----

func.func @field(%a: memref<4xf64>) {
  loop.nest bounds [4] iterators [parallel] outs(%a : memref<4xf64>) maps [affine_map<(i) -> (i)>]
      // expected-error @+1 {{expected one of order, tile, parallel, grain, lanes, vector, unroll, jam, block, collapse, stream, but found 'width'}}
      schedule <width = 4> body (%x: f64) {
    loop.yield %x : f64
  }
  return
}

// -----

func.func @sum_in_lanes(%a: memref<4xf64>, %s: memref<f64>) {
  // expected-error @+1 {{'loop.nest' op schedule puts reduction axis 0 in lanes, which needs `init` and a combine region}}
  loop.nest bounds [4] iterators [reduction] ins(%a : memref<4xf64>) outs(%s : memref<f64>)
      maps [affine_map<(i) -> (i)>, affine_map<(i) -> ()>] schedule <vector = 4> body (%x: f64, %acc: f64) {
    %r = arith.addf %acc, %x : f64
    loop.yield %r : f64
  }
  return
}

// -----

func.func @sum_on_threads(%a: memref<4xf64>, %s: memref<f64>) {
  // expected-error @+1 {{'loop.nest' op schedule spreads reduction axis 0 over threads, which needs `init` and a combine region}}
  loop.nest bounds [4] iterators [reduction] ins(%a : memref<4xf64>) outs(%s : memref<f64>)
      maps [affine_map<(i) -> (i)>, affine_map<(i) -> ()>] schedule <parallel = 1> body (%x: f64, %acc: f64) {
    %r = arith.addf %acc, %x : f64
    loop.yield %r : f64
  }
  return
}

// -----

func.func @sequential(%a: memref<4xindex>, %t: memref<?xindex>) {
  // expected-error @+1 {{'loop.nest' op schedule spreads sequential axis 0 over threads}}
  loop.nest bounds [4] iterators [sequential] ins(%a : memref<4xindex>) maps [affine_map<(i) -> (i)>]
      schedule <parallel = 1> body (%i: index) {
    memref.store %i, %t[%i] : memref<?xindex>
    loop.yield
  }
  return
}

// -----

func.func @swapped(%a: memref<4x4xf64>, %s: memref<f64>) {
  // expected-error @+1 {{'loop.nest' op schedule swaps axes 0 and 1, whose order matters}}
  loop.nest bounds [4, 4] iterators [reduction, reduction] ins(%a : memref<4x4xf64>) outs(%s : memref<f64>)
      maps [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>] schedule <order = [1, 0]>
  body (%x: f64, %acc: f64) {
    %r = arith.addf %acc, %x : f64
    loop.yield %r : f64
  }
  return
}

// -----

func.func private @f(f64) -> f64
func.func @no_vector_form(%a: memref<4xf64>) {
  // expected-error @+1 {{'loop.nest' op schedule has vectors, but func.call has no vector form}}
  loop.nest bounds [4] iterators [parallel] outs(%a : memref<4xf64>) maps [affine_map<(i) -> (i)>]
      schedule <vector = 4> body (%x: f64) {
    %y = func.call @f(%x) : (f64) -> f64
    loop.yield %y : f64
  }
  return
}

// -----

func.func @collapse(%a: memref<4x4xindex>) {
  // expected-error @+1 {{'loop.nest' op schedule collapses axis 1, whose index the body reads}}
  loop.nest bounds [4, 4] iterators [parallel, parallel] outs(%a : memref<4x4xindex>)
      maps [affine_map<(i, j) -> (i, j)>] schedule <vector = 4, collapse = 2> body (%x: index) {
    %j = loop.index 1 : index
    loop.yield %j : index
  }
  return
}

// -----

func.func @absorbing_alone(%a: memref<4x4xi8>, %s: memref<i8>, %zero: i8) {
  // expected-error @+1 {{'loop.nest' op has `absorbing`, which needs `init` and a combine region}}
  loop.nest bounds [4, 4] iterators [reduction, reduction] ins(%a : memref<4x4xi8>) outs(%s : memref<i8>)
      maps [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>] init(%zero : i8) {absorbing = 1 : i8} body (%x: i8, %acc: i8) {
    %r = arith.ori %acc, %x : i8
    loop.yield %r : i8
  }
  return
}

// -----

func.func @absorbing_type(%a: memref<4x4xi8>, %s: memref<i8>, %zero: i8) {
  // expected-error @+1 {{'loop.nest' op output 0 has elements of type i8, `absorbing` is 1 : i64}}
  loop.nest bounds [4, 4] iterators [reduction, reduction] ins(%a : memref<4x4xi8>) outs(%s : memref<i8>)
      maps [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>] init(%zero : i8) {absorbing = 1 : i64} body (%x: i8, %acc: i8) {
    %r = arith.ori %acc, %x : i8
    loop.yield %r : i8
  } combine (%p: i8, %q: i8) {
    %r = arith.ori %p, %q : i8
    loop.yield %r : i8
  }
  return
}

// -----

func.func @absorbing_output(%a: memref<4x4xi8>, %s: memref<4xi8>, %zero: i8) {
  // expected-error @+1 {{'loop.nest' op has `absorbing`, but output 0 has an element for each point of axis 1}}
  loop.nest bounds [4, 4] iterators [reduction, reduction] ins(%a : memref<4x4xi8>) outs(%s : memref<4xi8>)
      maps [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>] init(%zero : i8) {absorbing = 1 : i8} body (%x: i8, %acc: i8) {
    %r = arith.ori %acc, %x : i8
    loop.yield %r : i8
  } combine (%p: i8, %q: i8) {
    %r = arith.ori %p, %q : i8
    loop.yield %r : i8
  }
  return
}

// -----

func.func @absorbing_stores(%a: memref<4x4xi8>, %s: memref<i8>, %zero: i8) {
  // expected-error @+1 {{'loop.nest' op has `absorbing`, but stores in its body}}
  loop.nest bounds [4, 4] iterators [reduction, reduction] ins(%a : memref<4x4xi8>) outs(%s : memref<i8>)
      maps [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>] init(%zero : i8) {absorbing = 1 : i8} body (%x: i8, %acc: i8) {
    %i = loop.index 0 : index
    memref.store %x, %a[%i, %i] : memref<4x4xi8>
    %r = arith.ori %acc, %x : i8
    loop.yield %r : i8
  } combine (%p: i8, %q: i8) {
    %r = arith.ori %p, %q : i8
    loop.yield %r : i8
  }
  return
}
