// Takes an array of any length.

func.func @negate(%x: tensor<?xf64>) -> tensor<?xf64> {
  %0 = numpy.negative %x : tensor<?xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}
