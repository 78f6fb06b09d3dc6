module {
  func.func @compiled(%arg0: tensor<10000000xi64> {numpy.name = "labels"}, %arg1: tensor<10000000xf64> {numpy.name = "weights"}, %arg2: tensor<i64> {numpy.name = "k"}) -> tensor<?xf64> {
    %0 = numpy.item %arg2 : tensor<i64>
    %1 = arith.index_cast %0 : i64 to index
    %2 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %3 = numpy.full %2 shape [%1] : tensor<f64> -> tensor<?xf64>
    %4 = numpy.add_at %3 [%arg0], %arg1 : tensor<?xf64> [tensor<10000000xi64>], tensor<10000000xf64> -> tensor<?xf64>
    return %4 : tensor<?xf64>
  }
}
