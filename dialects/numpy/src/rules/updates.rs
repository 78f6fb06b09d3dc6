//! Arrays with a part replaced.

use npir_egraph::Fidelity::Exact;
use npir_mlir::prelude::*;

use super::build::Place;
use super::{DOUBLE, Listed, Pattern, list, sample};
use crate::indexing::{Bound, Item, Items};

/// Whether two nodes have the same items, all of them numbers.
fn same_items(m: &Place<'_, '_>) -> bool {
    let items = |name| m.node(name).payload().attr("items").and_then(Items::decode);
    let (Some(a), Some(b)) = (items("a"), items("b")) else {
        return false;
    };
    a == b
        && !a
            .iter()
            .flat_map(Item::bounds)
            .any(|bound| bound == Bound::Operand)
}

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "updates";
        // x[s] = v; x[s] = w is x[s] = w
        Pattern {
            name: "overwritten-slice",
            fidelity: Exact,
            equation: "set_slice(set_slice(x, v), w) = set_slice(x, w)",
            left: "(numpy.set_slice@a (numpy.set_slice@b ?x ?v) ?w)",
            right: "(numpy.set_slice@a ?x ?w)",
        }
        .rule()
        // One number fits everywhere.
        .when(|m| same_items(m) && m.fact_of("v").rank() == 0),
        fires: sample(
            &["f64", "i8"],
            "x: 7x{t}, v: {t}, w: {t}",
            "%a = numpy.set_slice %x[1:5:2], %v : tensor<7x{t}>, tensor<{t}> -> tensor<7x{t}>\n\
             %r = numpy.set_slice %a[1:5:2], %w : tensor<7x{t}>, tensor<{t}> -> tensor<7x{t}>",
            "7x{t}",
            "np.where((np.arange(7) % 2 == 1) & (np.arange(7) < 5), w, x)",
        ),
        not: sample(
            DOUBLE,
            "x: 7x{t}, v: {t}, w: {t}",
            "%a = numpy.set_slice %x[1:7:2], %v : tensor<7x{t}>, tensor<{t}> -> tensor<7x{t}>\n\
             %r = numpy.set_slice %a[1:5:2], %w : tensor<7x{t}>, tensor<{t}> -> tensor<7x{t}>",
            "7x{t}",
            "np.where(np.arange(7) % 2 == 1, np.where(np.arange(7) < 5, w, v), x)",
        );

        // x[s] = v; x[s] is v
        Pattern {
            name: "slice-of-written",
            fidelity: Exact,
            equation: "slice(set_slice(x, v)) = v",
            left: "(numpy.slice@a (numpy.set_slice@b ?x ?v))",
            right: "?v",
        }
        .rule()
        .when(|m| same_items(m) && m.fact(m.root()).same_shape(m.fact_of("v"))),
        fires: sample(
            &["f64", "i8"],
            "x: 7x{t}, v: 2x{t}",
            "%a = numpy.set_slice %x[1:5:2], %v : tensor<7x{t}>, tensor<2x{t}> -> tensor<7x{t}>\n\
             %r = numpy.slice %a[1:5:2] : tensor<7x{t}> -> tensor<2x{t}>",
            "2x{t}",
            "v",
        ),
        // The value is repeated.
        not: sample(
            DOUBLE,
            "x: 7x{t}, v: 1x{t}",
            "%a = numpy.set_slice %x[1:5:2], %v : tensor<7x{t}>, tensor<1x{t}> -> tensor<7x{t}>\n\
             %r = numpy.slice %a[1:5:2] : tensor<7x{t}> -> tensor<2x{t}>",
            "2x{t}",
            "np.repeat(v, 2)",
        );
    }
}
