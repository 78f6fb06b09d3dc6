//! Indexing with arrays: `numpy.index` and `numpy.set_index`, `x[array %i, 1:%n, array %mask]`.
//!
//! An index expression mixes the items of basic indexing with integer and bool arrays. A bool array
//! of `r` dimensions stands for `r` vectors, the positions where it is true; together the arrays
//! broadcast to one shape, which takes their place in the result where they (and single positions)
//! stand next to each other, and comes first where they do not.

mod lower;

use npir_mlir::assembly::Operands;
use npir_mlir::prelude::*;

use crate::elementwise::broadcast::broadcast_shapes;
use crate::elementwise::dtype::DType;
use crate::indexing::{self, Item, Items};
use crate::shape::shape_text;
use crate::slice::check_fits;
use crate::types::{AnyArray, RealArray, element_name, verify_declared};

/// The elements that an index expression with arrays selects
///
/// Items are those of `numpy.slice` and `array %i`, an array of integers or bools; see NumPy on
/// advanced indexing. A bool array has the sizes of the dimensions that it stands for. Negative
/// positions count from the end; one out of bounds is an error.
#[op(
    "numpy.index",
    traits(Pure, AttrSizedOperandSegments),
    interfaces(Verify, InferTypes)
)]
pub struct Index {
    x: Operand<AnyArray>,
    arrays: Variadic<RealArray>,
    bounds: Variadic<IndexType>,
    items: Attr<Items>,
    places: Attr<I64Array>,
    result: Output<AnyArray>,
}

/// An array with the elements that an index expression with arrays selects replaced
///
/// Items as for `numpy.index`. The value broadcasts to the shape of what is selected. Where an
/// element is selected again, the last value stays.
#[op(
    "numpy.set_index",
    traits(Pure, AttrSizedOperandSegments),
    interfaces(Verify, InferTypes)
)]
pub struct SetIndex {
    x: Operand<AnyArray>,
    value: Operand<AnyArray>,
    arrays: Variadic<RealArray>,
    bounds: Variadic<IndexType>,
    items: Attr<Items>,
    places: Attr<I64Array>,
    result: Output<AnyArray>,
}

verify_declared!(Index, SetIndex);

/// What an index expression with arrays means for an array of given rank.
struct Plan {
    /// The expression with whole dimensions in place of arrays.
    items: Vec<Item>,
    /// For each array the first dimension of the array that it stands for, and how many.
    stands: Vec<(usize, usize)>,
    /// For each dimension of what `items` select: whether an array stands for it.
    by_array: Vec<bool>,
    /// Where the shape of the arrays is in the result.
    at: usize,
}

/// The operands of an op here, as types or values.
struct Parts<T> {
    arrays: Vec<T>,
    bounds: Vec<T>,
}

impl<T: Copy> Parts<T> {
    /// Cuts the operands after the first `leading` ones.
    fn cut(all: &[T], leading: usize, segments: Option<Attribute<'_>>) -> Result<Self, String> {
        let segments = segments.and_then(|a| a.as_int_array()).unwrap_or_default();
        let arrays = segments.get(leading).and_then(|&n| usize::try_from(n).ok());
        let split = arrays.filter(|n| leading + n <= all.len() && segments.len() == leading + 2);
        let split = leading + split.ok_or("does not say which operands are arrays")?;
        Ok(Parts {
            arrays: all[leading..split].to_vec(),
            bounds: all[split..].to_vec(),
        })
    }
}

impl Plan {
    /// `items` are the items that are no arrays, `places` where in the expression arrays stand.
    fn new(
        items: &[Item],
        places: &[i64],
        arrays: &[Type<'_>],
        rank: usize,
    ) -> Result<Self, String> {
        let total = items.len() + arrays.len();
        let sorted = places.windows(2).all(|pair| pair[0] < pair[1]);
        let inside = places.iter().all(|&p| (0..total as i64).contains(&p));
        if arrays.is_empty() || places.len() != arrays.len() || !sorted || !inside {
            return Err("needs a place in the expression for each of at least one array".into());
        }
        let (mut basic, mut listed) = (items.iter(), arrays.iter());
        let mut plan = Plan {
            items: Vec::new(),
            stands: Vec::new(),
            by_array: Vec::new(),
            at: 0,
        };
        // Whether an item before was, and whether one after such was not.
        let (mut begun, mut ended, mut split) = (false, false, false);
        let mut axis = 0;
        for place in 0..total as i64 {
            let array = if places.contains(&place) {
                listed.next()
            } else {
                None
            };
            let item = if array.is_none() { basic.next() } else { None };
            let advanced = array.is_some() || matches!(item, Some(Item::Index(_)));
            if advanced && !begun {
                plan.at = plan.by_array.len();
            }
            split |= advanced && ended;
            ended |= begun && !advanced;
            begun |= advanced;
            if let Some(array) = array {
                let depth = match DType::of(*array) {
                    Some(dtype) if dtype.is_int() => 1,
                    Some(DType::Bool) if array.rank() > 0 => array.rank(),
                    _ => {
                        return Err(format!(
                            "arrays used as indices must be of integer (or boolean) type with \
                             dimensions, not {array}"
                        ));
                    }
                };
                plan.stands.push((axis, depth));
                plan.items.extend(vec![Item::ALL; depth]);
                plan.by_array.extend(vec![true; depth]);
                axis += depth;
            } else if let Some(&item) = item {
                plan.items.push(item);
                match item {
                    Item::NewAxis => plan.by_array.push(false),
                    Item::Index(_) => axis += 1,
                    Item::Slice { .. } => {
                        plan.by_array.push(false);
                        axis += 1;
                    }
                }
            }
        }
        if axis > rank {
            return Err(format!(
                "too many indices for array: array is {rank}-dimensional, but {axis} were indexed"
            ));
        }
        plan.by_array.extend(vec![false; rank - axis]);
        // Only what is no array comes before it in the result.
        plan.at = if split { 0 } else { plan.at };
        Ok(plan)
    }

    /// The shape of the result from that of what `items` select and that of the arrays.
    fn placed<T: Copy>(&self, selected: &[T], common: &[T]) -> Vec<T> {
        let pairs = selected.iter().zip(&self.by_array);
        let mut shape: Vec<_> = pairs
            .filter(|(_, by)| !**by)
            .map(|(&size, _)| size)
            .collect();
        shape.splice(self.at..self.at, common.iter().copied());
        shape
    }

    /// The dimension of the result for each dimension that is selected by no array.
    fn kept(&self, common: usize) -> Vec<Option<usize>> {
        let mut next = 0;
        self.by_array
            .iter()
            .map(|&by| {
                (!by).then(|| {
                    let d = next;
                    next += 1;
                    if d < self.at { d } else { d + common }
                })
            })
            .collect()
    }
}

/// The plan of an op with `leading` arrays before those of its expression, and the result's shape.
fn plan_of(cx: &InferCx<'_>, leading: usize) -> Result<(Plan, Vec<i64>), String> {
    let x = cx.operand_type(0)?;
    let types: Vec<_> = cx.operands.iter().map(|v| v.ty()).collect();
    let parts = Parts::cut(&types, leading, cx.attr("operandSegmentSizes"))?;
    let items = cx
        .attr("items")
        .and_then(Items::decode)
        .ok_or("needs an index expression")?;
    let places = cx
        .attr("places")
        .and_then(I64Array::decode)
        .ok_or("needs places of arrays")?;
    let plan = Plan::new(&items, &places, &parts.arrays, x.rank())?;
    let dims = x.dims();
    let all = Items::encode(cx.ctx, &plan.items);
    let selected = indexing::infer(&dims, Some(all), parts.bounds.len())?;
    let mut listed = Vec::new();
    for (array, &(axis, depth)) in parts.arrays.iter().zip(&plan.stands) {
        let own = array.dims();
        if DType::of(*array) != Some(DType::Bool) {
            listed.push(own);
            continue;
        }
        for (i, &size) in own.iter().enumerate().take(depth) {
            let n = dims[axis + i];
            if size != n && size != DYNAMIC && n != DYNAMIC {
                return Err(format!(
                    "boolean index did not match indexed array along axis {}; size of axis is {n} \
                     but size of corresponding boolean axis is {size}",
                    axis + i
                ));
            }
        }
        listed.push(vec![DYNAMIC]);
    }
    let common =
        broadcast_shapes(&listed).map_err(|e| format!("shape mismatch: indexing arrays: {e}"))?;
    let shape = plan.placed(&selected, &common);
    Ok((plan, shape))
}

impl InferTypes for Index<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (_, shape) = plan_of(cx, 1)?;
        Ok(vec![cx.ctx.tensor(&shape, cx.operand_type(0)?.element())])
    }
}

impl InferTypes for SetIndex<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (x, value) = (cx.operand_type(0)?, cx.operand_type(1)?);
        if x.element() != value.element() {
            return Err(format!(
                "sets {} elements to {} values; cast them first",
                element_name(x),
                element_name(value)
            ));
        }
        let (_, part) = plan_of(cx, 2)?;
        check_fits(&value.dims(), &part).map_err(|()| {
            format!(
                "shape mismatch: value array of shape {} could not be broadcast to indexing result \
                 of shape {}",
                shape_text(&value.dims()),
                shape_text(&part)
            )
        })?;
        Ok(vec![x])
    }
}

/// The ops, with their assembly: `numpy.index %x[…] : type, array types -> type` and
/// `numpy.set_index %x[…], %value : type, type, array types -> type`.
pub fn ops() -> Vec<OpDef> {
    vec![
        Index::def().custom_assembly(|p| parse(p, 1), |op, p| print(op, p, 1)),
        SetIndex::def().custom_assembly(|p| parse(p, 2), |op, p| print(op, p, 2)),
    ]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Index::NAME, lower::lower_index),
        ConversionPattern::new(SetIndex::NAME, lower::lower_set_index),
    ]
}

fn parse(p: &mut Parser<'_>, leading: usize) -> Parsed {
    let x = p.operand()?;
    let (bounds, mut arrays) = (p.no_operands(), Vec::<Operands>::new());
    let (mut items, mut places) = (Vec::new(), Vec::new());
    p.literal("[")?;
    loop {
        if p.optional_literal("array") {
            places.push((items.len() + places.len()) as i64);
            arrays.push(p.operand()?);
        } else {
            items.push(indexing::parse_item(p, &bounds)?);
        }
        if !p.optional_literal(",") {
            break;
        }
    }
    p.literal("]")?;
    let mut operands = vec![x];
    for _ in 1..leading {
        p.literal(",")?;
        operands.push(p.operand()?);
    }
    let mut segments = vec![1; leading];
    segments.extend([arrays.len() as i32, bounds.count() as i32]);
    operands.extend(arrays);
    let ctx = p.ctx();
    let items = Items::encode(ctx, &items);
    p.set_attr("items", items);
    p.set_attr("places", ctx.i64_array(&places));
    p.set_attr("operandSegmentSizes", ctx.i32_array(&segments));
    p.attr_dict()?;
    p.literal(":")?;
    for (i, operand) in operands.iter().enumerate() {
        if i > 0 {
            p.literal(",")?;
        }
        let ty = p.ty()?;
        p.resolve(operand, &[ty])?;
    }
    p.resolve_as(&bounds, ctx.index())?;
    p.literal("->")?;
    let result = p.ty()?;
    p.add_results(&[result]);
    Ok(())
}

fn print<'c>(op: Op<'c>, p: &mut Printer<'c>, leading: usize) {
    let operands = op.operand_values();
    let items = op.attr("items").and_then(Items::decode).unwrap_or_default();
    let places = op
        .attr("places")
        .and_then(I64Array::decode)
        .unwrap_or_default();
    let Ok(parts) = Parts::cut(&operands, leading, op.attr("operandSegmentSizes")) else {
        return;
    };
    let (mut basic, mut arrays) = (items.iter(), parts.arrays.iter());
    let mut bounds = parts.bounds.iter().copied();
    p.text(" ");
    p.operand(operands[0]);
    p.text("[");
    for place in 0..(items.len() + places.len()) as i64 {
        if place > 0 {
            p.text(", ");
        }
        if places.contains(&place) {
            p.text("array ");
            if let Some(&array) = arrays.next() {
                p.operand(array);
            }
        } else if let Some(&item) = basic.next() {
            indexing::print_item(p, item, &mut bounds);
        }
    }
    p.text("]");
    for &operand in &operands[1..leading] {
        p.text(", ");
        p.operand(operand);
    }
    p.attr_dict(op, &["items", "places", "operandSegmentSizes"]);
    p.text(" : ");
    p.types(&op.operand_types()[..leading + parts.arrays.len()]);
    p.text(" -> ");
    p.types(&op.result_types());
}
