// Programs that check what they are given.

func.func @add(%x: tensor<?x?xf64>, %y: tensor<?xf64>) -> tensor<?x?xf64> {
  %0 = numpy.add %x, %y : tensor<?x?xf64>, tensor<?xf64> -> tensor<?x?xf64>
  return %0 : tensor<?x?xf64>
}

func.func @take(%x: tensor<?xf64>, %at: tensor<?xi64>) -> tensor<?xf64> {
  %0 = numpy.take %x, %at axis 0 : tensor<?xf64>, tensor<?xi64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

func.func @power(%x: tensor<?xi32>, %n: tensor<i32>) -> tensor<?xi32> {
  %0 = numpy.power %x, %n : tensor<?xi32>, tensor<i32> -> tensor<?xi32>
  return %0 : tensor<?xi32>
}

func.func @zeros(%n: index, %m: index) -> tensor<?x?xf64> {
  %zero = numpy.constant dense<0.0> : tensor<f64>
  %0 = numpy.full %zero shape [%n, %m] : tensor<f64> -> tensor<?x?xf64>
  return %0 : tensor<?x?xf64>
}

func.func @inputs(%x: tensor<?x3xf64>, %n: i64) -> tensor<?x3xf64> {
  return %x : tensor<?x3xf64>
}

func.func @update(%x: tensor<?xf64> {numpy.updates = 0 : i64}, %at: tensor<?xi64>) -> tensor<?xf64> {
  %one = numpy.constant dense<1.0> : tensor<f64>
  %0 = numpy.add_at %x[%at], %one : tensor<?xf64>[tensor<?xi64>], tensor<f64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}
