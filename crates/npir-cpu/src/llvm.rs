//! The process-wide and per-context hooks of LLVM: target registration, diagnostics and fatal
//! errors.

use inkwell::context::Context;
use inkwell::targets::{InitializationConfig, Target};
use llvm_sys::core::{
    LLVMContextSetDiagnosticHandler, LLVMDisposeMessage, LLVMGetDiagInfoDescription,
    LLVMGetDiagInfoSeverity,
};
use llvm_sys::prelude::LLVMDiagnosticInfoRef;
use llvm_sys::support::LLVMParseCommandLineOptions;
use llvm_sys::{LLVMDiagnosticSeverity, error_handling::LLVMInstallFatalErrorHandler};
use melior::StringRef;
use npir_mlir_sys::npirSetLlvmOption;
use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::io::Write as _;
use std::ptr;
use std::rc::Rc;
use std::sync::Once;

/// Options that turn passes of LLVM's code generation off.
///
/// - Loop strength reduction took a third of the time of code generation, made code 15 % longer, and made no kernel
///   faster (matmul 7 % slower): the loop level has chosen the induction variables already.
/// - Machine code sinking takes time with the square of the blocks of a function: 74 % of code generation for 5,000
///   mixed operations. No kernel got measurably slower without it.
/// - Scheduling after register allocation takes a twentieth of the time, and processors that execute out of order do
///   it again.
const UNUSED_PASSES: [&str; 3] = ["disable-lsr", "disable-machine-sink", "disable-post-ra"];

/// Registers the back ends that this crate generates code for; cheap after the first call.
///
/// Turns passes off that cost much and bring nothing here, which can only be done for the whole process.
/// [`UNUSED_PASSES`] says why.
pub(crate) fn initialize() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let parts = InitializationConfig {
            asm_parser: true,
            asm_printer: true,
            base: true,
            disassembler: false,
            info: true,
            machine_code: true,
        };
        Target::initialize_x86(&parts);
        Target::initialize_aarch64(&parts);
        for option in UNUSED_PASSES {
            let name = StringRef::new(option).to_raw();
            // SAFETY: a boolean option, set before this crate generates any code.
            let known = unsafe { npirSetLlvmOption(name, true) };
            debug_assert!(known, "LLVM has no option {option}");
        }
    });
}

/// Makes LLVM say that npir was generating code when LLVM finds a state it cannot continue from
/// (an instruction it cannot select, no memory). Such an error ends the process: LLVM offers no
/// way back. For programs that own the process, such as the command-line tools; a library must not
/// take the hook away from its host.
pub fn install_fatal_error_note() {
    extern "C" fn note(reason: *const c_char) {
        // SAFETY: LLVM passes a NUL-terminated string that lives for the call.
        let reason = unsafe { CStr::from_ptr(reason) }.to_string_lossy();
        // Nothing can be done about a failing standard error on the way out.
        let _ = writeln!(
            std::io::stderr(),
            "npir: LLVM cannot generate code for this program: {reason}\n\
             npir: please report it with the output of --emit=llvm-ir"
        );
    }
    static ONCE: Once = Once::new();
    // SAFETY: the handler is a plain function that lives as long as the process.
    ONCE.call_once(|| unsafe { LLVMInstallFatalErrorHandler(Some(note)) });
}

/// Makes AddressSanitizer's pass leave alone what a linked object cannot have: constructors, and registered constants.
/// LLVM has these settings for the process only.
pub(crate) fn configure_sanitizer() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let arguments = [
            c"npir",
            c"-asan-globals=0",
            c"-asan-constructor-kind=none",
            c"-asan-use-after-return=never",
            // Calls instead of code for each access: slower to run, but much less to compile.
            c"-asan-instrumentation-with-call-threshold=0",
        ]
        .map(CStr::as_ptr);
        // SAFETY: C strings that live for the call, and options that LLVM has.
        unsafe {
            LLVMParseCommandLineOptions(arguments.len() as c_int, arguments.as_ptr(), ptr::null());
        }
    });
}

/// The errors that an LLVM context reports, instead of printing them and exiting.
#[derive(Default)]
pub(crate) struct Diagnostics {
    errors: RefCell<Vec<String>>,
}

impl Diagnostics {
    /// Collects the errors of `context`.
    ///
    /// # Safety
    ///
    /// The result must live until `context` no longer reports: drop it after the context's last
    /// use.
    pub(crate) unsafe fn attach(context: &Context) -> Rc<Self> {
        extern "C" fn record(info: LLVMDiagnosticInfoRef, collector: *mut c_void) {
            // SAFETY: `info` is valid for the call; the description is a C string we own.
            let message = unsafe {
                if LLVMGetDiagInfoSeverity(info) != LLVMDiagnosticSeverity::LLVMDSError {
                    return;
                }
                let text = LLVMGetDiagInfoDescription(info);
                let message = CStr::from_ptr(text).to_string_lossy().into_owned();
                LLVMDisposeMessage(text);
                message
            };
            // SAFETY: the collector outlives the context's use, see `attach`, and LLVM reports on
            // the thread that uses the context.
            let collector = unsafe { &*collector.cast_const().cast::<Diagnostics>() };
            collector.errors.borrow_mut().push(message);
        }
        let collector = Rc::<Self>::default();
        // SAFETY: the context is alive and the collector's address is stable.
        unsafe {
            LLVMContextSetDiagnosticHandler(
                context.raw(),
                Some(record),
                Rc::as_ptr(&collector).cast_mut().cast(),
            );
        }
        collector
    }

    /// True when an error was reported.
    pub(crate) fn any(&self) -> bool {
        !self.errors.borrow().is_empty()
    }

    /// `first` and what was reported, one a line.
    pub(crate) fn message(&self, first: &str) -> String {
        let errors = self.errors.borrow();
        let lines: Vec<&str> = std::iter::once(first)
            .chain(errors.iter().map(String::as_str))
            .filter(|line| !line.is_empty())
            .collect();
        lines.join("\n")
    }
}
