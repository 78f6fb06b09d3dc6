// What the verifiers of examples/custom_dialect refuse.
// RUN: units-opt %s --split-input-file --verify-diagnostics

func.func @time_is_no_length(%x: !units.quantity<tensor<f64>, "m">, %y: !units.quantity<tensor<f64>, "s">) {
  // expected-error @+1 {{'units.add' op cannot add s to m: s is a time, m a length}}
  %0 = units.add %x, %y : !units.quantity<tensor<f64>, "m">, !units.quantity<tensor<f64>, "s"> -> !units.quantity<tensor<f64>, "m">
  return
}

// -----

func.func @no_unit(%x: !units.quantity<tensor<f64>, "m">) {
  // expected-error @+1 {{'units.in' op cannot give m in parsec: 'parsec' is no unit; there are m, cm, km, s, min, h}}
  %0 = units.in "parsec", %x : !units.quantity<tensor<f64>, "m"> -> tensor<f64>
  return
}

// -----

// expected-error @+1 {{holds an array of floats, not}}
func.func @whole(%x: !units.quantity<tensor<4xi32>, "m">) {
  return
}

// -----

func.func @other_array(%x: tensor<3xf64>) {
  // expected-error @+1 {{'units.of' op makes a quantity of}}
  %0 = units.of %x : tensor<3xf64> -> !units.quantity<tensor<4xf64>, "m">
  return
}
