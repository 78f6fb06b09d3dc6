// Ops that are made of others, for tests/bad-input/composed.test.
func.func @stack(%a: tensor<?x?xf64>, %b: tensor<?x?xf64>) -> tensor<?x?x?xf64> {
  %0 = numpy.stack %a, %b axis 0 : tensor<?x?xf64>, tensor<?x?xf64> -> tensor<?x?x?xf64>
  return %0 : tensor<?x?x?xf64>
}

func.func @compress(%m: tensor<?xi1>, %a: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %0 = numpy.compress %m, %a axis 0 : tensor<?xi1>, tensor<?x?xf64> -> tensor<?x?xf64>
  return %0 : tensor<?x?xf64>
}

func.func @extract(%m: tensor<?xi1>, %a: tensor<?xf64>) -> tensor<?xf64> {
  %0 = numpy.extract %m, %a : tensor<?xi1>, tensor<?xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

func.func @ptp(%a: tensor<?xf64>) -> tensor<f64> {
  %0 = numpy.ptp %a : tensor<?xf64> -> tensor<f64>
  return %0 : tensor<f64>
}

func.func @vecdot(%a: tensor<?x?xf64>, %b: tensor<?x?xf64>) -> tensor<?xf64> {
  %0 = numpy.vecdot %a, %b : tensor<?x?xf64>, tensor<?x?xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

func.func @pad(%a: tensor<?xf64>, %n: index) -> tensor<?xf64> {
  %0 = numpy.pad_wrap %a widths [%n, %n] : tensor<?xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

func.func @repeat(%a: tensor<?xf64>) -> tensor<?xf64> {
  %0 = numpy.repeat %a times 4611686018427387904 : tensor<?xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

func.func @huge(%a: tensor<9223372036854775807xf64>) -> tensor<9223372036854775807xf64> {
  %0 = numpy.negative %a : tensor<9223372036854775807xf64> -> tensor<9223372036854775807xf64>
  return %0 : tensor<9223372036854775807xf64>
}
