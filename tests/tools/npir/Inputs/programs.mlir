// Programs that the tests of the `npir` command run.

func.func @add(%x: tensor<?x3xf64>, %row: tensor<3xf64>) -> tensor<?x3xf64> {
  %0 = numpy.add %x, %row : tensor<?x3xf64>, tensor<3xf64> -> tensor<?x3xf64>
  return %0 : tensor<?x3xf64>
}

// A scalar in, two arrays out.
func.func @two(%n: tensor<i32>) -> (tensor<i32>, tensor<i32>) {
  %one = numpy.constant dense<1> : tensor<i32>
  %0 = numpy.add %n, %one : tensor<i32>, tensor<i32> -> tensor<i32>
  %1 = numpy.square %n : tensor<i32> -> tensor<i32>
  return %0, %1 : tensor<i32>, tensor<i32>
}

// Every kind of number on the command line.
func.func @numbers(%flag: i1, %h: tensor<f16>, %d: f64, %u: tensor<ui64>) -> (i1, tensor<f16>, f64, tensor<ui64>) {
  return %flag, %h, %d, %u : i1, tensor<f16>, f64, tensor<ui64>
}

// np.add.at(sums, labels, values), in place.
func.func @scatter(%sums: tensor<?xf64> {numpy.updates = 0 : i64}, %labels: tensor<?xi64>, %values: tensor<?xf64>)
    -> (tensor<?xf64>, tensor<f64>) {
  %0 = numpy.add_at %sums[%labels], %values : tensor<?xf64>[tensor<?xi64>], tensor<?xf64> -> tensor<?xf64>
  %1 = numpy.sum %0 : tensor<?xf64> -> tensor<f64>
  return %0, %1 : tensor<?xf64>, tensor<f64>
}

// No input at all.
func.func @nothing() -> tensor<3xi64> {
  %0 = numpy.constant dense<[1, 2, 3]> : tensor<3xi64>
  return %0 : tensor<3xi64>
}
