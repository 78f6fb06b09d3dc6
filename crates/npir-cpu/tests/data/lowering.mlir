// One function per family of operations that the lowering pipeline must take to the LLVM dialect.
func.func @npir_entry_sum(%x: memref<?xf64>, %o: memref<f64>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %z = arith.constant 0.0 : f64
  %zv = arith.constant dense<0.0> : vector<8xf64>
  %n = memref.dim %x, %c0 : memref<?xf64>
  %acc = scf.for %i = %c0 to %n step %c8 iter_args(%a = %zv) -> vector<8xf64> {
    %v = vector.transfer_read %x[%i], %z : memref<?xf64>, vector<8xf64>
    %e = math.exp %v : vector<8xf64>
    %r = math.roundeven %e : vector<8xf64>
    %b = arith.addf %a, %r : vector<8xf64>
    scf.yield %b : vector<8xf64>
  }
  %s = vector.reduction <add>, %acc : vector<8xf64> into f64
  memref.store %s, %o[] : memref<f64>
  return
}
func.func @npir_entry_mr(%x: memref<4x8xf32>, %o: memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %z = arith.constant dense<0.0> : vector<4xf32>
  %p = ub.poison : f32
  %v = vector.transfer_read %x[%c0, %c0], %p {in_bounds = [true, true]} : memref<4x8xf32>, vector<4x8xf32>
  %m = vector.multi_reduction <maximumf>, %v, %z [1] : vector<4x8xf32> to vector<4xf32>
  vector.transfer_write %m, %o[%c0] {in_bounds = [true]} : vector<4xf32>, memref<4xf32>
  %m2 = vector.multi_reduction <add>, %v, %p [0, 1] : vector<4x8xf32> to f32
  memref.store %m2, %o[%c0] : memref<4xf32>
  return
}
func.func @npir_entry_half(%x: memref<16xf16>, %y: memref<16xbf16>) {
  %c0 = arith.constant 0 : index
  %a = vector.load %x[%c0] : memref<16xf16>, vector<16xf16>
  %b = vector.load %y[%c0] : memref<16xbf16>, vector<16xbf16>
  %a2 = arith.addf %a, %a : vector<16xf16>
  %b2 = arith.mulf %b, %b : vector<16xbf16>
  %e = math.exp %b2 : vector<16xbf16>
  %m = arith.maximumf %a2, %a : vector<16xf16>
  vector.store %m, %x[%c0] : memref<16xf16>, vector<16xf16>
  vector.store %e, %y[%c0] : memref<16xbf16>, vector<16xbf16>
  %s = memref.load %x[%c0] : memref<16xf16>
  %w = arith.extf %s : f16 to f64
  %t = arith.truncf %w : f64 to bf16
  memref.store %t, %y[%c0] : memref<16xbf16>
  %t2 = arith.truncf %w : f64 to f16
  memref.store %t2, %x[%c0] : memref<16xf16>
  return
}
func.func @npir_entry_cplx(%x: memref<?xcomplex<f64>>, %i: index) {
  %a = memref.load %x[%i] : memref<?xcomplex<f64>>
  %b = complex.mul %a, %a : complex<f64>
  %c = complex.exp %b : complex<f64>
  %d = complex.div %c, %a : complex<f64>
  %e = complex.abs %d : complex<f64>
  %r = complex.re %d : complex<f64>
  %f = complex.create %r, %e : complex<f64>
  memref.store %f, %x[%i] : memref<?xcomplex<f64>>
  return
}
func.func @npir_entry_views(%x: memref<?x?xf64>, %o: memref<?xf64>, %i: index, %j: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?x?xf64>
  %q = arith.ceildivsi %n, %j : index
  %q2 = arith.floordivsi %n, %j : index
  %q3 = arith.ceildivui %q2, %j : index
  %sv = memref.subview %x[%i, %c0] [%q, %n] [1, 2] : memref<?x?xf64> to memref<?x?xf64, strided<[?, 2], offset: ?>>
  %al = memref.alloca(%q, %n) : memref<?x?xf64>
  memref.copy %sv, %al : memref<?x?xf64, strided<[?, 2], offset: ?>> to memref<?x?xf64>
  %cs = memref.collapse_shape %al [[0, 1]] : memref<?x?xf64> into memref<?xf64>
  %rc = memref.reinterpret_cast %x to offset: [%i], sizes: [%n], strides: [%j] : memref<?x?xf64> to memref<?xf64, strided<[?], offset: ?>>
  %v = memref.load %rc[%i] : memref<?xf64, strided<[?], offset: ?>>
  %w = memref.load %cs[%i] : memref<?xf64>
  %u = math.powf %v, %w : f64
  %u2 = math.erf %u : f64
  %u3 = arith.remf %u2, %w : f64
  %u4 = math.tanh %u3 : f64
  %u5 = math.cbrt %u4 : f64
  %u6 = math.fma %u5, %u4, %u3 : f64
  memref.store %u6, %o[%i] : memref<?xf64>
  %ix = index.add %n, %q3
  %mm = arith.maxsi %ix, %q : index
  return %mm : index
}
func.func @npir_entry_bitcasts(%a: vector<8xf64>, %n: i64) -> (vector<8xf64>, i64) {
  %b = arith.bitcast %a : vector<8xf64> to vector<8xi64>
  %c = arith.bitcast %b : vector<8xi64> to vector<8xf64>
  %al = memref.alloca() : memref<8xf64>
  %c0 = arith.constant 0 : index
  %p = memref.extract_aligned_pointer_as_index %al : memref<8xf64> -> index
  %pi = arith.index_cast %p : index to i64
  %lp = llvm.inttoptr %pi : i64 to !llvm.ptr
  %g = llvm.load %lp : !llvm.ptr -> i64
  %s = math.ctpop %g : i64
  %k = math.ipowi %s, %n : i64
  %lo, %hi = arith.mului_extended %s, %n : i64
  %st = vector.step : vector<8xindex>
  %sti = arith.index_cast %st : vector<8xindex> to vector<8xi64>
  %f = arith.sitofp %sti : vector<8xi64> to vector<8xf64>
  %d = arith.addf %c, %f : vector<8xf64>
  %idx = vector.constant_mask [4] : vector<8xi1>
  %mv = arith.constant dense<0.0> : vector<8xf64>
  %ld = vector.maskedload %al[%c0], %idx, %mv : memref<8xf64>, vector<8xi1>, vector<8xf64> into vector<8xf64>
  %gt = vector.gather %al[%c0] [%sti], %idx, %ld : memref<8xf64>, vector<8xi64>, vector<8xi1>, vector<8xf64> into vector<8xf64>
  %tr = vector.shuffle %gt, %d [0, 8, 1, 9, 2, 10, 3, 11] : vector<8xf64>, vector<8xf64>
  %ci = math.ceil %tr : vector<8xf64>
  return %ci, %k : vector<8xf64>, i64
}
func.func @npir_entry_ctl(%c: i1, %n: index) -> index {
  %c0 = arith.constant 0 : index
  %r = scf.if %c -> index { scf.yield %n : index } else { scf.yield %c0 : index }
  %w = scf.while (%k = %r) : (index) -> index {
     %lt = arith.cmpi slt, %k, %n : index
     scf.condition(%lt) %k : index
  } do { ^bb0(%k: index):
     %c1 = arith.constant 1 : index
     %k1 = arith.addi %k, %c1 : index
     scf.yield %k1 : index }
  %m = affine.apply affine_map<(d0) -> (d0 floordiv 4 + 3)>(%w)
  %s = scf.index_switch %m -> index case 1 { scf.yield %n : index } default { scf.yield %m : index }
  return %s : index
}
func.func @npir_entry_tr(%a: vector<8x8xf64>, %b: vector<8x8xf64>) -> vector<8x8xf64> {
  %t = vector.transpose %a, [1, 0] : vector<8x8xf64> to vector<8x8xf64>
  %z = arith.constant dense<0.0> : vector<8x8xf64>
  %c = vector.contract {indexing_maps = [affine_map<(i,j,k)->(i,k)>, affine_map<(i,j,k)->(k,j)>, affine_map<(i,j,k)->(i,j)>], iterator_types = ["parallel","parallel","reduction"], kind = #vector.kind<add>} %t, %b, %z : vector<8x8xf64>, vector<8x8xf64> into vector<8x8xf64>
  return %c : vector<8x8xf64>
}
memref.global "private" constant @tab : memref<4xf64> = dense<[1.0, 2.0, 3.0, 4.0]>
func.func @npir_entry_glob(%i: index) -> f64 {
  %g = memref.get_global @tab : memref<4xf64>
  %v = memref.load %g[%i] : memref<4xf64>
  return %v : f64
}
