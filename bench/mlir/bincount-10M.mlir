module {
  func.func @compiled(%arg0: tensor<10000000xi64> {numpy.name = "labels"}, %arg1: tensor<10000000xf64> {numpy.name = "weights"}, %arg2: tensor<i64> {numpy.name = "k"}) -> tensor<?xi64> {
    %0 = numpy.item %arg2 : tensor<i64>
    %1 = arith.index_cast %0 : i64 to index
    %2 = numpy.bincount %arg0 minlength %1 : (tensor<10000000xi64>, index) -> tensor<?xi64>
    return %2 : tensor<?xi64>
  }
}
