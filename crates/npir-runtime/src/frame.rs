//! One call of a compiled function: descriptors of its arguments, and its results until they are taken.

use std::mem::MaybeUninit;
use std::ptr::NonNull;

use crate::alloc;
use crate::arg::Arg;
use crate::array::{Array, ArrayView};
use crate::context::CallContext;
use crate::dtype::{DType, Scalar};
use crate::error::RunError;
use crate::extents::Extents;
use crate::layout::Layout;
use crate::program::{CopyReason, CopyRemark, Function, RunReport};

/// An argument of [`Frame::fill`].
#[derive(Clone, Copy, Debug)]
pub struct RawArg<'a> {
    /// The element with all indices 0, or a scalar's bytes.
    pub data: *const u8,
    /// One extent for each axis.
    pub shape: &'a [usize],
    /// Bytes from one element to the next, one for each axis.
    pub strides: &'a [isize],
}

impl<'a> RawArg<'a> {
    /// A value, for a scalar parameter or an array of rank 0.
    pub fn scalar(value: &'a Scalar) -> RawArg<'a> {
        RawArg {
            data: value.bytes().as_ptr(),
            shape: &[],
            strides: &[],
        }
    }
}

/// Where a result lies.
#[derive(Clone, Copy, Debug)]
pub struct ResultView<'a> {
    /// Element type.
    pub dtype: DType,
    /// The element with all indices 0.
    pub data: *mut u8,
    /// One extent for each axis.
    pub shape: &'a [usize],
    /// Bytes from one element to the next, one for each axis.
    pub strides: &'a [isize],
}

/// The place of an argument or of a result in a frame: all that a call needs of its signature.
pub(crate) struct Slot {
    /// Its index among all arguments, or among all results.
    pub(crate) index: usize,
    dtype: DType,
    scalar: bool,
    /// Elements have 1 << `shift` bytes.
    shift: u32,
    rank: usize,
    /// The word at which its value or its descriptor begins, and how many words it has; even, so that every descriptor
    /// and scalar is 16-byte aligned.
    at: usize,
    words: usize,
}

impl Slot {
    /// The place at word `at`, which is moved to the place after it.
    pub(crate) fn new(
        at: &mut usize,
        index: usize,
        dtype: DType,
        rank: usize,
        scalar: bool,
    ) -> Slot {
        let slot = Slot {
            index,
            dtype,
            scalar,
            shift: dtype.size().trailing_zeros(),
            rank,
            at: *at,
            words: match scalar {
                true => 2,
                false => (3 + 2 * rank).next_multiple_of(2),
            },
        };
        *at += slot.words;
        slot
    }
}

/// Frames up to this size live on the stack: 8 arguments and 8 results of rank 8 and more.
const INLINE_WORDS: usize = 384;

#[repr(C, align(16))]
struct InlineFrame(MaybeUninit<[u64; INLINE_WORDS]>);

#[cold]
fn zeros(words: usize) -> Vec<u128> {
    vec![0; words.div_ceil(2)]
}

/// Who has the memory of a result; in the word that was the descriptor's offset.
mod state {
    /// The call.
    pub(super) const CALL: u64 = 0;
    /// The frame has a reference to it.
    pub(super) const FRAME: u64 = 1;
    /// Whoever took it.
    pub(super) const TAKEN: u64 = 2;
}

/// A call of a [`Function`], and its results until they are taken. Results are those that update no argument, by their
/// positions among these.
///
/// It allocates nothing unless there are very many arguments.
pub struct Frame<'f> {
    function: &'f Function,
    ctx: CallContext,
    inline: InlineFrame,
    heap: Vec<u128>,
    /// Whether the call has returned, and the results are there.
    done: bool,
    /// Whether some results are [`state::FRAME`].
    kept: bool,
}

impl<'f> Frame<'f> {
    /// For a call, or for one after the other: a call ends what is left of the one before.
    #[inline]
    pub fn new(function: &'f Function) -> Frame<'f> {
        let words = function.inner.frame_words;
        // Aligned to 16 bytes as the inline frame. It is the first, so that nothing has to be moved if it fails.
        let heap = match words <= INLINE_WORDS {
            true => Vec::new(),
            false => zeros(words),
        };
        Frame {
            function,
            ctx: CallContext::new(),
            inline: InlineFrame(MaybeUninit::uninit()),
            heap,
            done: false,
            kept: false,
        }
    }

    /// Bytes that the program has allocated: results and intermediate arrays, whether it has given them back or not.
    pub fn allocated(&self) -> u64 {
        self.ctx.allocated()
    }

    fn base(&mut self) -> *mut u64 {
        match self.heap.is_empty() {
            true => self.inline.0.as_mut_ptr().cast(),
            false => self.heap.as_mut_ptr().cast(),
        }
    }

    /// Writes pointers and descriptors for [`Frame::enter`], without looking at the arguments.
    ///
    /// # Safety
    /// There are as many arguments as [`Function::signature`] has, in order, each with as many extents and strides as
    /// its rank there.
    pub unsafe fn fill<'a>(&mut self, args: impl ExactSizeIterator<Item = RawArg<'a>>) {
        self.forget();
        let inner = &*self.function.inner;
        let base = self.base();
        // SAFETY: the frame has words for the pointers and slots of all arguments and results, as `Function::new` has
        // counted them, and as many axes of each argument as the caller promises.
        unsafe {
            for (i, (slot, arg)) in inner.given.iter().zip(args).enumerate() {
                let words = base.add(slot.at);
                if slot.scalar {
                    base.add(i).write(arg.data as u64);
                    continue;
                }
                base.add(i).write(words as u64);
                // `allocated` is null: the memory is borrowed. The offset is in the address.
                words.write(0);
                words.add(1).write(arg.data as u64);
                words.add(2).write(0);
                let axes = arg.shape.iter().zip(arg.strides).take(slot.rank);
                for (axis, (&n, &stride)) in axes.enumerate() {
                    words.add(3 + axis).write(n as u64);
                    let elements = (stride >> slot.shift) as u64;
                    words.add(3 + slot.rank + axis).write(elements);
                }
            }
            let pointers = base.add(inner.given.len());
            for (i, result) in inner.returned.iter().enumerate() {
                let words = base.add(result.at);
                pointers.add(i).write(words as u64);
                // What the entry point does not write: the rest of a small scalar, and the padding of a descriptor.
                if result.scalar {
                    words.write(0);
                }
                words.add(result.words - 1).write(0);
            }
        }
    }

    /// Runs the entry point on the arguments of [`Frame::fill`].
    ///
    /// # Errors
    /// Whatever the program raises. Updated arguments hold unspecified values then.
    ///
    /// # Safety
    /// The arguments have the dtypes and extents of the signature; strides are multiples of the item size where there
    /// are two elements along an axis. Their memory is readable, that of updated arguments writable, and these overlap
    /// neither each other nor themselves nor any other argument. The frame was filled after its last call, and has not
    /// moved since.
    pub unsafe fn enter(&mut self) -> Result<(), RunError> {
        let function = self.function;
        let inner = &*function.inner;
        let pointers = self.base();
        // SAFETY: the result pointers follow the argument pointers in the frame.
        let returned = unsafe { pointers.add(inner.given.len()) };
        // SAFETY: the frame has what the signature promises, and `Function::new` was promised that the entry point
        // agrees with it.
        let status = unsafe { (inner.entry)(&raw mut self.ctx, pointers.cast(), returned.cast()) };
        if status != 0 || self.ctx.failed() {
            return Err(self.ctx.take_error().unwrap_or_else(|| {
                function.broken(format!("failed with status {status} and no message"))
            }));
        }
        for result in &inner.returned {
            if result.scalar {
                continue;
            }
            // SAFETY: the descriptor of the result, which lies in the frame.
            let words =
                unsafe { std::slice::from_raw_parts_mut(pointers.add(result.at), result.words) };
            make_plain(result, words)
                .map_err(|what| function.broken(format!("result {} {what}", result.index)))?;
        }
        self.done = true;
        Ok(())
    }

    /// Calls the function on arguments that are checked. Updated arguments are written in place.
    ///
    /// # Errors
    /// A wrong number, dtype, rank or extent of the arguments, two updated arguments that overlap, or whatever the
    /// program raises. After a failed run, updated arguments hold unspecified values.
    pub fn call(&mut self, args: &mut [Arg<'_>], report: &mut RunReport) -> Result<(), RunError> {
        self.function.check(args)?;
        let copies = self.function.copies(args, report)?;
        let raw = args.iter().enumerate().map(|(i, arg)| {
            let copied = copies.iter().find(|copy| copy.arg == i);
            let layout = copied.map(|copy| &copy.array.layout).or(arg.layout());
            match (layout, arg) {
                (Some(layout), _) => RawArg {
                    data: layout.data,
                    shape: &layout.shape,
                    strides: &layout.strides,
                },
                (None, Arg::Scalar(value)) => RawArg::scalar(value),
                (None, Arg::View(_) | Arg::ViewMut(_)) => unreachable!("views have a layout"),
            }
        });
        // SAFETY: the arguments have been checked, and copied where they overlap or have partial strides.
        let status = unsafe {
            self.fill(raw);
            self.enter()
        };
        report.allocated = self.allocated();
        status?;
        for copy in copies.iter().filter(|copy| copy.write_back) {
            if let Some(layout) = args[copy.arg].layout() {
                // SAFETY: the argument is writable (checked) and the copy is separate memory.
                unsafe { copy.array.layout.copy_to(layout) };
            }
        }
        Ok(())
    }

    /// How many results there are.
    pub fn len(&self) -> usize {
        self.function.inner.returned.len()
    }

    /// Whether there are no results.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Words of a result in the frame, and what it is; `None` before the call has returned.
    fn slot(&self, i: usize) -> Option<(&Slot, &[u64])> {
        let inner = &*self.function.inner;
        let result = inner.returned.get(i).filter(|_| self.done)?;
        let base: *const u64 = match self.heap.is_empty() {
            true => self.inline.0.as_ptr().cast(),
            false => self.heap.as_ptr().cast(),
        };
        // SAFETY: the result's words lie in the frame, which `fill` has initialised.
        let words = unsafe { std::slice::from_raw_parts(base.add(result.at), result.words) };
        Some((result, words))
    }

    fn set_state(&mut self, i: usize, state: u64) {
        let at = self.function.inner.returned[i].at;
        self.kept |= state == state::FRAME;
        // SAFETY: as in `slot`, of a result with a descriptor.
        unsafe { self.base().add(at + 2).write(state) };
    }

    /// Where a result lies, until somebody takes it; `None` if there is no such result any more. Of a scalar it is the
    /// frame's own memory.
    pub fn result(&self, i: usize) -> Option<ResultView<'_>> {
        let (slot, words) = self.slot(i)?;
        if slot.scalar {
            return Some(ResultView {
                dtype: slot.dtype,
                data: words.as_ptr().cast_mut().cast(),
                shape: &[],
                strides: &[],
            });
        }
        (words[2] != state::TAKEN).then(|| view(slot, words))
    }

    /// The only element of a result with one element, which stays where it is.
    pub fn item(&self, i: usize) -> Option<Scalar> {
        let result = self.result(i)?;
        if result.shape.iter().any(|n| *n != 1) {
            return None;
        }
        // SAFETY: the result has an element, which is readable.
        let bytes = unsafe { std::slice::from_raw_parts(result.data, result.dtype.size()) };
        Scalar::from_bytes(result.dtype, bytes)
    }

    /// Takes the block of the allocator that a result fills from its start, if no other result shares it; the caller
    /// gives it back with [`alloc::release`]. Otherwise the result stays where it is.
    pub fn take_block(&mut self, i: usize) -> Option<(NonNull<u8>, ResultView<'_>)> {
        let inner = &*self.function.inner;
        let slot = inner.returned.get(i).filter(|_| self.done)?;
        // SAFETY: the result's words lie in the frame, and are initialised.
        let words = unsafe { std::slice::from_raw_parts_mut(self.base().add(slot.at), slot.words) };
        let allocated = words[0];
        let ours = !slot.scalar && words[1] == allocated && words[2] == state::CALL;
        if !ours || inner.returned.len() > 1 && self.sharing(i, allocated).next().is_some() {
            return None;
        }
        let block = self.ctx.detach(allocated as *const u8)?;
        words[2] = state::TAKEN;
        let result = view(slot, words);
        if !is_inside(block, result.byte_range()) {
            // A defect of the compiler: for `array`, too, there is no such result.
            // SAFETY: the block has left the call, and nobody else has it.
            unsafe { alloc::release(block) };
            return None;
        }
        Some((block, result))
    }

    /// Ends what is left of a call: results that nobody took are no longer there.
    #[inline]
    fn forget(&mut self) {
        if self.kept {
            self.drop_kept();
        }
        self.done = false;
    }

    #[cold]
    fn drop_kept(&mut self) {
        for i in 0..self.len() {
            let kept = self
                .slot(i)
                .filter(|(slot, words)| !slot.scalar && words[2] == state::FRAME);
            if let Some(block) = kept.and_then(|(_, words)| NonNull::new(words[0] as *mut u8)) {
                // SAFETY: the frame has a reference to the block, which is in no call's list.
                unsafe {
                    if alloc::drop_reference(block) {
                        alloc::free(block);
                    }
                }
            }
        }
        self.kept = false;
    }

    /// Other results in the same block.
    fn sharing(&self, i: usize, allocated: u64) -> impl Iterator<Item = usize> {
        (0..self.len()).filter(move |j| {
            let other = self.slot(*j);
            *j != i && other.is_some_and(|(slot, words)| !slot.scalar && words[0] == allocated)
        })
    }

    /// Takes a result. One that is the memory of an argument or of a constant is copied, which is added to `report`.
    ///
    /// # Errors
    /// No memory for a copy, or a result that is not there.
    pub fn array(&mut self, i: usize, report: &mut RunReport) -> Result<Array, RunError> {
        let function = self.function;
        // Among all results, those that update arguments too.
        let index = function.inner.returned.get(i).map_or(i, |r| r.index);
        let missing = || function.broken(format!("result {index} is not there"));
        let (slot, words) = self.slot(i).ok_or_else(missing)?;
        if slot.scalar {
            let value = self.item(i).ok_or_else(missing)?;
            return Ok(Array::from_scalar(value)?);
        }
        let (allocated, owner) = (words[0], words[2]);
        let result = view(slot, words);
        let range = result.byte_range();
        let layout = Layout {
            data: result.data,
            dtype: result.dtype,
            shape: Extents::from_slice(result.shape),
            strides: Extents::from_slice(result.strides),
        };
        let block = match owner {
            state::CALL => self.ctx.detach(allocated as *const u8),
            state::FRAME => NonNull::new(allocated as *mut u8),
            _ => return Err(missing()),
        };
        let Some(block) = block else {
            // SAFETY: the entry point's contract: a result is readable.
            let view = unsafe {
                ArrayView::from_raw(layout.data, layout.dtype, &layout.shape, &layout.strides)
            };
            let copy = view.to_array()?;
            report.copies.push(CopyRemark {
                what: format!("result {index}"),
                reason: CopyReason::ResultAliases,
                bytes: copy.nbytes(),
            });
            return Ok(copy);
        };
        if owner == state::CALL {
            let others: Vec<usize> = self.sharing(i, allocated).collect();
            for other in others {
                // SAFETY: the block is live and has a reference.
                unsafe { alloc::retain(block) };
                self.set_state(other, state::FRAME);
            }
        }
        self.set_state(i, state::TAKEN);
        let inside = is_inside(block, range);
        // SAFETY: the block has left the call, and one reference is ours; it is dropped where the layout is not inside.
        let array = unsafe { Array::from_block(block, layout) };
        match inside {
            true => Ok(array),
            false => Err(function.broken(format!("result {index} lies outside its memory"))),
        }
    }
}

impl Drop for Frame<'_> {
    fn drop(&mut self) {
        self.forget();
    }
}

// SAFETY: the pointers in it are to memory that whoever fills it keeps, and to blocks that any thread may free.
unsafe impl Send for Frame<'_> {}

impl ResultView<'_> {
    /// Addresses from the lowest byte to one past the highest; equal if there are no elements.
    fn byte_range(&self) -> (usize, usize) {
        crate::layout::byte_range(self.data, self.dtype, self.shape, self.strides)
    }
}

/// A result's descriptor, plain, as what it says.
fn view<'a>(slot: &Slot, words: &'a [u64]) -> ResultView<'a> {
    let rank = slot.rank;
    // SAFETY: words of the descriptor, as wide as sizes are.
    let (shape, strides) = unsafe {
        let shape = words[3..3 + rank].as_ptr().cast::<usize>();
        let strides = words[3 + rank..3 + 2 * rank].as_ptr().cast::<isize>();
        (
            std::slice::from_raw_parts(shape, rank),
            std::slice::from_raw_parts(strides, rank),
        )
    };
    ResultView {
        dtype: slot.dtype,
        data: words[1] as *mut u8,
        shape,
        strides,
    }
}

/// Makes strides of a descriptor bytes, and its offset a part of the address.
fn make_plain(slot: &Slot, words: &mut [u64]) -> Result<(), String> {
    let rank = slot.rank;
    for axis in 0..rank {
        let extent = words[3 + axis] as i64;
        if extent < 0 {
            return Err(format!("has extent {extent} on axis {axis}"));
        }
        let stride = &mut words[3 + rank + axis];
        *stride <<= slot.shift;
    }
    words[1] = words[1].wrapping_add(words[2] << slot.shift);
    words[2] = state::CALL;
    Ok(())
}

fn is_inside(block: NonNull<u8>, (low, high): (usize, usize)) -> bool {
    let start = block.as_ptr() as usize;
    // SAFETY: the block is live.
    let size = unsafe { alloc::size_of_block(block) } as usize;
    low == high || (low >= start && high <= start + size)
}
