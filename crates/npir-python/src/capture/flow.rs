//! How a block ends. Where that depends on the call, it is a code of the program.

use npir::mlir::prelude::*;

/// The block went on to its end.
pub(super) const NORMAL: i64 = 0;
/// The loop around it is left. Odd codes leave loops.
pub(super) const BREAK: i64 = 1;
/// The next iteration follows.
pub(super) const CONTINUE: i64 = 2;
/// The function is left.
pub(super) const RETURN: i64 = 3;
/// The codes of a block that never ends but by a return.
pub(super) const RETURN_ONLY: u8 = 1 << RETURN;

/// The variable that holds what a function returns.
pub(super) const RETURNED: &str = "<returned>";

/// How a block ends.
#[derive(Clone, Copy)]
pub(super) enum Flow<'c> {
    Normal,
    Break,
    Continue,
    /// What is returned is in the variable `RETURNED`.
    Return,
    /// An error was raised: what follows is never reached.
    Raise,
    /// By a code, an index; the codes that it may be, as bits.
    Mixed(Val<'c>, u8),
}

impl<'c> Flow<'c> {
    /// The codes that it may end by, as bits; none for an error.
    pub(super) fn codes(&self) -> u8 {
        match self {
            Flow::Normal => 1 << NORMAL,
            Flow::Break => 1 << BREAK,
            Flow::Continue => 1 << CONTINUE,
            Flow::Return => RETURN_ONLY,
            Flow::Raise => 0,
            Flow::Mixed(_, set) => *set,
        }
    }

    /// The flow that these codes leave no choice about.
    pub(super) fn of_one(codes: u8) -> Option<Flow<'c>> {
        const ONLY: [(i64, Flow<'static>); 4] = [
            (NORMAL, Flow::Normal),
            (BREAK, Flow::Break),
            (CONTINUE, Flow::Continue),
            (RETURN, Flow::Return),
        ];
        match codes {
            0 => Some(Flow::Raise),
            _ => ONLY
                .into_iter()
                .find(|(code, _)| codes == 1 << code)
                .map(|(_, flow)| flow),
        }
    }

    /// By `code`, which is one of `codes`.
    pub(super) fn some_of(code: Val<'c>, codes: u8) -> Flow<'c> {
        Flow::of_one(codes).unwrap_or(Flow::Mixed(code, codes))
    }

    /// Its code, built here.
    pub(super) fn code(&self, rw: Rewriter<'c>) -> Val<'c> {
        match self {
            Flow::Mixed(code, _) => *code,
            Flow::Normal | Flow::Raise => rw.const_index(NORMAL),
            Flow::Break => rw.const_index(BREAK),
            Flow::Continue => rw.const_index(CONTINUE),
            Flow::Return => rw.const_index(RETURN),
        }
    }

    /// Whether it may leave the loop around.
    pub(super) fn may_leave(&self) -> bool {
        self.codes() & (1 << BREAK | RETURN_ONLY) != 0
    }
}

/// Whether the loop goes on after an iteration that has ended by `code`.
pub(super) fn goes_on<'c>(rw: Rewriter<'c>, code: Val<'c>) -> Val<'c> {
    let even = rw.andi(code, rw.const_index(1));
    rw.cmpi(CmpI::Eq, even, rw.const_index(0))
}
