module {
  func.func @compiled(%arg0: tensor<3000x3000xf64> {numpy.name = "image"}) -> tensor<2998x2998xf64> {
    %0 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %1 = numpy.full %0 shape [2998, 2998] : tensor<f64> -> tensor<2998x2998xf64>
    %2 = numpy.slice %arg0[0:2998, 0:2998] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %3 = numpy.slice %arg0[0:2998, 0:2998] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %4 = numpy.add %1, %3 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %5 = numpy.set_slice %1[:, :], %4 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %6 = numpy.slice %arg0[0:2998, 1:2999] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %7 = numpy.slice %arg0[0:2998, 1:2999] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %8 = numpy.add %5, %7 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %9 = numpy.set_slice %5[:, :], %8 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %10 = numpy.slice %arg0[0:2998, 2:3000] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %11 = numpy.slice %arg0[0:2998, 2:3000] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %12 = numpy.add %9, %11 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %13 = numpy.set_slice %9[:, :], %12 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %14 = numpy.slice %arg0[1:2999, 0:2998] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %15 = numpy.slice %arg0[1:2999, 0:2998] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %16 = numpy.add %13, %15 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %17 = numpy.set_slice %13[:, :], %16 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %18 = numpy.slice %arg0[1:2999, 1:2999] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %19 = numpy.slice %arg0[1:2999, 1:2999] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %20 = numpy.add %17, %19 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %21 = numpy.set_slice %17[:, :], %20 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %22 = numpy.slice %arg0[1:2999, 2:3000] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %23 = numpy.slice %arg0[1:2999, 2:3000] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %24 = numpy.add %21, %23 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %25 = numpy.set_slice %21[:, :], %24 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %26 = numpy.slice %arg0[2:3000, 0:2998] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %27 = numpy.slice %arg0[2:3000, 0:2998] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %28 = numpy.add %25, %27 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %29 = numpy.set_slice %25[:, :], %28 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %30 = numpy.slice %arg0[2:3000, 1:2999] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %31 = numpy.slice %arg0[2:3000, 1:2999] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %32 = numpy.add %29, %31 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %33 = numpy.set_slice %29[:, :], %32 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %34 = numpy.slice %arg0[2:3000, 2:3000] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %35 = numpy.slice %arg0[2:3000, 2:3000] : tensor<3000x3000xf64> -> tensor<2998x2998xf64>
    %36 = numpy.add %33, %35 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %37 = numpy.set_slice %33[:, :], %36 : tensor<2998x2998xf64>, tensor<2998x2998xf64> -> tensor<2998x2998xf64>
    %38 = numpy.constant dense<9.000000e+00> : tensor<f64>
    %39 = numpy.divide %37, %38 : tensor<2998x2998xf64>, tensor<f64> -> tensor<2998x2998xf64>
    return %39 : tensor<2998x2998xf64>
  }
}
