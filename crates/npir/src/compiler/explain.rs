//! What the compiler does with a program, and why.

use npir_mlir::melior::Context;
use npir_mlir::melior::ir::Module;
use npir_mlir::prelude::{
    AttrExt, Diagnostic, OpExt, Severity, Verification, collect_diagnostics, file_position,
};
use npir_passes::optimize::Picture;
use npir_passes::pipeline::{
    BEFORE_OPTIMIZER, Level, PipelineOptions, explain, explain_fusion, optimize, stage,
};
use npir_passes::traffic::{Traffic, traffic};

use super::{Compiler, OWN_PASSES, clone_module, module_op};
use crate::error::CompileError;

impl Compiler {
    /// Runs the passes up to the optimizer, which says what it does and why: its remarks go to
    /// [`Compiler::on_remark`]. Nothing happens where it is off.
    ///
    /// # Errors
    /// As [`Compiler::lower`].
    pub fn explain(&self, context: &Context, module: &mut Module<'_>) -> Result<(), CompileError> {
        let options = self.options()?;
        match explain(&options) {
            Some(passes) => {
                self.run_verified(context, module, &passes, OWN_PASSES)?;
                self.explain_kernels(context, module, &options)
            }
            None => Ok(()),
        }
    }

    /// What becomes of an optimized module: which operations are one kernel and why others are not, and how many bytes
    /// kernels move. The module stays as it is.
    fn explain_kernels(
        &self,
        context: &Context,
        module: &Module<'_>,
        options: &PipelineOptions,
    ) -> Result<(), CompileError> {
        let mut copy = clone_module(module)?;
        let silent = self.clone().on_remark(|_| {});
        for pass in &self.lowerings {
            silent.run_verified(context, &mut copy, pass, Verification::Each)?;
        }
        self.run_verified(context, &mut copy, &explain_fusion(options), OWN_PASSES)?;
        silent.run_verified(context, &mut copy, &stage(Level::Loop, options), OWN_PASSES)?;
        if let Some(f) = &self.on_remark {
            for (function, moved) in traffic(module_op(&copy)) {
                f(&Diagnostic {
                    severity: Severity::Remark,
                    message: moved.to_string(),
                    position: file_position(function.loc()),
                    notes: Vec::new(),
                });
            }
        }
        Ok(())
    }

    /// How many kernels each function of a module has when it is compiled, and how many bytes they move. The module stays
    /// as it is.
    ///
    /// # Errors
    /// As [`Compiler::lower`].
    pub fn traffic(
        &self,
        context: &Context,
        module: &Module<'_>,
    ) -> Result<Vec<(String, Traffic)>, CompileError> {
        let mut copy = clone_module(module)?;
        self.lower(context, &mut copy, Level::Loop)?;
        let functions = traffic(module_op(&copy)).into_iter();
        let named = functions.map(|(function, moved)| {
            let name = function.attr("sym_name").and_then(|name| name.as_str());
            (name.unwrap_or_default().to_owned(), moved)
        });
        Ok(named.collect())
    }

    /// As [`Compiler::explain`], and draws what the optimizer sees and chooses, block after block. Nothing where it is
    /// off.
    ///
    /// # Errors
    /// As [`Compiler::lower`].
    pub fn draw(
        &self,
        context: &Context,
        module: &mut Module<'_>,
    ) -> Result<Vec<Picture>, CompileError> {
        let options = self.options()?;
        let Some(pass) = optimize(&options) else {
            return Ok(Vec::new());
        };
        self.run_verified(context, module, BEFORE_OPTIMIZER, OWN_PASSES)?;
        let (pictures, diagnostics) =
            collect_diagnostics(context, || pass.explaining().draw(module_op(module)));
        let pictures = pictures.map_err(CompileError::Other)?;
        if let Some(f) = &self.on_remark {
            diagnostics.iter().for_each(|d| f(d));
        }
        self.explain_kernels(context, module, &options)?;
        Ok(pictures)
    }
}
