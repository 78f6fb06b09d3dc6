// One public function.

func.func private @helper(%x: tensor<f64>) -> tensor<f64> {
  %0 = numpy.negative %x : tensor<f64> -> tensor<f64>
  return %0 : tensor<f64>
}

func.func @only(%x: tensor<f64>) -> tensor<f64> {
  %0 = func.call @helper(%x) : (tensor<f64>) -> tensor<f64>
  return %0 : tensor<f64>
}
