module {
  func.func @compiled(%arg0: tensor<500000xi64> {numpy.name = "labels"}, %arg1: tensor<500000x16xf64> {numpy.name = "rows"}, %arg2: tensor<i64> {numpy.name = "k"}) -> tensor<?x16xf64> {
    %0 = numpy.item %arg2 : tensor<i64>
    %1 = arith.index_cast %0 : i64 to index
    %2 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %3 = numpy.full %2 shape [%1, 16] : tensor<f64> -> tensor<?x16xf64>
    %4 = numpy.add_at %3 [%arg0], %arg1 : tensor<?x16xf64> [tensor<500000xi64>], tensor<500000x16xf64> -> tensor<?x16xf64>
    %5 = numpy.item %arg2 : tensor<i64>
    %6 = arith.index_cast %5 : i64 to index
    %7 = numpy.bincount %arg0 minlength %6 : (tensor<500000xi64>, index) -> tensor<?xi64>
    %8 = numpy.slice %7[:, newaxis] : tensor<?xi64> -> tensor<?x1xi64>
    %9 = numpy.slice %7[:, newaxis] : tensor<?xi64> -> tensor<?x1xi64>
    %10 = numpy.cast %9 : tensor<?x1xi64> -> tensor<?x1xf64>
    %11 = numpy.divide %4, %10 : tensor<?x16xf64>, tensor<?x1xf64> -> tensor<?x16xf64>
    return %11 : tensor<?x16xf64>
  }
}
