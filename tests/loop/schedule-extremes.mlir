// Reductions into several accumulators whose next value takes several ops: as many vectors in flight as registers hold.
// RUN: npir-opt %s "--loop-schedule=vector-bits=512 threads=false" | FileCheck %s --check-prefix=WIDE
// RUN: npir-opt %s "--loop-schedule=vector-bits=256 threads=false" | FileCheck %s --check-prefix=NARROW

#i = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>

// WIDE: schedule <vector = 8, unroll = 6>
// NARROW: schedule <vector = 4, unroll = 4>
func.func @argmax(%n: index, %a: memref<?xf32>, %best: memref<f32>, %at: memref<i64>, %worst: f32, %first: i64) {
  loop.nest bounds [%n] iterators [reduction] ins(%a : memref<?xf32>) outs(%best, %at : memref<f32>, memref<i64>)
      maps [#i, #none, #none] init(%worst, %first : f32, i64) body (%x: f32, %old: f32, %old_at: i64) {
    %index = loop.index 0 : index
    %new_at = arith.index_cast %index : index to i64
    %number = arith.cmpf ord, %old, %old : f32
    %above = arith.cmpf ugt, %x, %old : f32
    %wins = arith.andi %above, %number : i1
    %value = arith.select %wins, %x, %old : f32
    %position = arith.select %wins, %new_at, %old_at : i64
    loop.yield %value, %position : f32, i64
  } combine (%a0: f32, %a1: i64, %b0: f32, %b1: i64) {
    %above = arith.cmpf ugt, %b0, %a0 : f32
    %value = arith.select %above, %b0, %a0 : f32
    %position = arith.select %above, %b1, %a1 : i64
    loop.yield %value, %position : f32, i64
  }
  return
}
