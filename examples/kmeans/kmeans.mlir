// Lloyd's k-means as NumPy people write it; the same steps as kmeans_numpy.py.

// distance = ((x[:, None, :] - c[None]) ** 2).sum(-1)
func.func private @squared_distances(%x: tensor<?x?xf64>, %c: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %rows = numpy.expand_dims %x axes [1] : tensor<?x?xf64> -> tensor<?x1x?xf64>
  %centres = numpy.expand_dims %c axes [0] : tensor<?x?xf64> -> tensor<1x?x?xf64>
  %difference = numpy.subtract %rows, %centres : tensor<?x1x?xf64>, tensor<1x?x?xf64> -> tensor<?x?x?xf64>
  %squares = numpy.square %difference : tensor<?x?x?xf64> -> tensor<?x?x?xf64>
  %distance = numpy.sum %squares axes [-1] : tensor<?x?x?xf64> -> tensor<?x?xf64>
  return %distance : tensor<?x?xf64>
}

// The mean of the rows of each label; a centre without rows stays where it is.
func.func private @update(%x: tensor<?x?xf64>, %labels: tensor<?xi64>, %c: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %k = numpy.dim %c axis 0 : tensor<?x?xf64>
  %d = numpy.dim %c axis 1 : tensor<?x?xf64>
  %zero = numpy.constant dense<0.0> : tensor<f64>
  %zeros = numpy.full %zero shape [%k, %d] : tensor<f64> -> tensor<?x?xf64>
  %sums = numpy.add_at %zeros[%labels], %x : tensor<?x?xf64>[tensor<?xi64>], tensor<?x?xf64> -> tensor<?x?xf64>
  %counts = numpy.bincount %labels minlength %k : (tensor<?xi64>, index) -> tensor<?xi64>
  %one = numpy.constant dense<1> : tensor<i64>
  %at_least_one = numpy.maximum %counts, %one : tensor<?xi64>, tensor<i64> -> tensor<?xi64>
  %divisor = numpy.cast %at_least_one : tensor<?xi64> -> tensor<?xf64>
  %column = numpy.expand_dims %divisor axes [1] : tensor<?xf64> -> tensor<?x1xf64>
  %means = numpy.divide %sums, %column : tensor<?x?xf64>, tensor<?x1xf64> -> tensor<?x?xf64>
  %nothing = numpy.constant dense<0> : tensor<i64>
  %used = numpy.greater %counts, %nothing : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
  %used_column = numpy.expand_dims %used axes [1] : tensor<?xi1> -> tensor<?x1xi1>
  %moved = numpy.where %used_column, %means, %c : tensor<?x1xi1>, tensor<?x?xf64>, tensor<?x?xf64> -> tensor<?x?xf64>
  return %moved : tensor<?x?xf64>
}

// Centres, labels, inertia and iterations of Lloyd's algorithm on the rows of x from the centres c.
// It stops when no centre moves, or after max_iter iterations.
func.func @kmeans(%x: tensor<?x?xf64>, %c: tensor<?x?xf64>, %max_iter: i64)
    -> (tensor<?x?xf64>, tensor<?xi64>, tensor<f64>, i64) {
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %true = arith.constant true
  %result:3 = scf.while (%centres = %c, %iteration = %zero, %changed = %true)
      : (tensor<?x?xf64>, i64, i1) -> (tensor<?x?xf64>, i64, i1) {
    %more = arith.cmpi slt, %iteration, %max_iter : i64
    %go_on = arith.andi %changed, %more : i1
    scf.condition(%go_on) %centres, %iteration, %changed : tensor<?x?xf64>, i64, i1
  } do {
  ^bb0(%centres: tensor<?x?xf64>, %iteration: i64, %unused: i1):
    %distance = func.call @squared_distances(%x, %centres) : (tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64>
    %labels = numpy.argmin %distance axis 1 : tensor<?x?xf64> -> tensor<?xi64>
    %moved = func.call @update(%x, %labels, %centres) : (tensor<?x?xf64>, tensor<?xi64>, tensor<?x?xf64>) -> tensor<?x?xf64>
    %differs = numpy.not_equal %moved, %centres : tensor<?x?xf64>, tensor<?x?xf64> -> tensor<?x?xi1>
    %any = numpy.any %differs : tensor<?x?xi1> -> tensor<i1>
    %changed = numpy.item %any : tensor<i1>
    %next = arith.addi %iteration, %one : i64
    scf.yield %moved, %next, %changed : tensor<?x?xf64>, i64, i1
  }
  %distance = func.call @squared_distances(%x, %result#0) : (tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64>
  %labels = numpy.argmin %distance axis 1 : tensor<?x?xf64> -> tensor<?xi64>
  %nearest = numpy.min %distance axes [1] : tensor<?x?xf64> -> tensor<?xf64>
  %inertia = numpy.sum %nearest : tensor<?xf64> -> tensor<f64>
  return %result#0, %labels, %inertia, %result#1 : tensor<?x?xf64>, tensor<?xi64>, tensor<f64>, i64
}

// The same for rows of bytes, as digits.npy has them.
func.func @kmeans_uint8(%x: tensor<?x?xui8>, %c: tensor<?x?xf64>, %max_iter: i64)
    -> (tensor<?x?xf64>, tensor<?xi64>, tensor<f64>, i64) {
  %rows = numpy.cast %x : tensor<?x?xui8> -> tensor<?x?xf64>
  %centres, %labels, %inertia, %iterations = func.call @kmeans(%rows, %c, %max_iter)
      : (tensor<?x?xf64>, tensor<?x?xf64>, i64) -> (tensor<?x?xf64>, tensor<?xi64>, tensor<f64>, i64)
  return %centres, %labels, %inertia, %iterations : tensor<?x?xf64>, tensor<?xi64>, tensor<f64>, i64
}
