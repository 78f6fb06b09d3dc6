func.func @assign(%x: tensor<1000x16xf64>, %c: tensor<32x16xf64>) -> tensor<1000xi64> {
  %a = numpy.expand_dims %x axes [1] : tensor<1000x16xf64> -> tensor<1000x1x16xf64>
  %d = numpy.subtract %a, %c : tensor<1000x1x16xf64>, tensor<32x16xf64> -> tensor<1000x32x16xf64>
  %q = numpy.square %d : tensor<1000x32x16xf64> -> tensor<1000x32x16xf64>
  %s = numpy.sum %q axes [-1] : tensor<1000x32x16xf64> -> tensor<1000x32xf64>
  %m = numpy.argmin %s axis 1 : tensor<1000x32xf64> -> tensor<1000xi64>
  return %m : tensor<1000xi64>
}
