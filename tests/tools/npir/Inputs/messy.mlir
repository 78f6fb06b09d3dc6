
// The norm of a vector.
   func.func @norm(%vector: tensor<?xf64>)
-> tensor<f64> {
      // Squares first.
%squares = numpy.square %vector : tensor<?xf64> -> tensor<?xf64> // in place   
	%sum = numpy.sum %squares : tensor<?xf64> -> tensor<f64>



return %sum : tensor<f64>
  }


