//! npir-opt and the npir command.
