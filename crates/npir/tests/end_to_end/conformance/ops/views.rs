//! Views: the same elements in another order or shape.

use super::Op;

pub(super) const OPS: &[Op] = &[
    Op::new("transpose", "numpy.transpose %a", "np.transpose(a)")
        .any_rank()
        .special(),
    Op::new("swapaxes", "numpy.swapaxes %a axes [0, -1]", "np.swapaxes(a, 0, -1)").special(),
    Op::new("moveaxis", "numpy.moveaxis %a from [0] to [-1]", "np.moveaxis(a, 0, -1)").special(),
    Op::new("rot90", "numpy.rot90 %a k 3", "np.rot90(a, 3)").special(),
    Op::new("flip", "numpy.flip %a axes [0]", "np.flip(a, 0)")
        .scalar("numpy.flip %a", "np.flip(a)")
        .special(),
    Op::new(
        "reshape",
        "%r, %c = numpy.shape %a : {a}\n %0 = numpy.reshape %a shape [%c, 1, %r] : {a} -> {r}\n return %0 : {r}",
        "a.reshape(a.shape[1], 1, a.shape[0])",
    )
    .scalar("numpy.reshape %a shape [1, 1]", "a.reshape(1, 1)")
.counted()
    .special(),
    Op::new("ravel", "numpy.ravel %a", "np.ravel(a)").any_rank().special(),
    Op::new(
        "expand_dims",
        "numpy.expand_dims %a axes [1]",
        "np.expand_dims(a, 1)",
    )
    .scalar("numpy.expand_dims %a axes [0]", "np.expand_dims(a, 0)")
    .special(),
    Op::new("squeeze", "numpy.squeeze %a axes [1]", "np.squeeze(a, 1)")
        .scalar("numpy.squeeze %a axes []", "np.squeeze(a, ())")
        .inputs(|m| {
            let mut shape = m.shape.clone();
            shape.get_mut(1).into_iter().for_each(|n| *n = 1);
            vec![m.of("a", &shape)]
        })
        .empty(&[[0, 1]])
        .special(),
    Op::new(
        "broadcast_to",
        "%r, %c = numpy.shape %a : {a}\n %0 = numpy.broadcast_to %a shape [3, %r, %c] : {a} -> {r}\n return %0 : {r}",
        "np.broadcast_to(a, (3,) + a.shape)",
    )
    .scalar("numpy.broadcast_to %a shape [2, 3]", "np.broadcast_to(a, (2, 3))")
.counted()
    .broadcast(|m| {
        let rows = m.size(0);
        vec![m.of("a", &[rows, 1])]
    })
    .special(),
    Op::new(
        "slice",
        "numpy.slice %a[::-2, newaxis, 1:] : {a} -> {r}",
        "a[::-2, None, 1:]",
    )
    .scalar("numpy.slice %a[newaxis] : {a} -> {r}", "a[None]")
    .special(),
    Op::new("diagonal", "numpy.diagonal %a offset 1", "np.diagonal(a, 1)").special(),
    Op::new(
        "sliding_window_view",
        "numpy.sliding_window_view %a window [1] {axes = array<i64: 0>} : {a} -> {r}",
        "np.lib.stride_tricks.sliding_window_view(a, 1, 0)",
    )
    .empty(&[[3, 0]])
    .special(),
];
