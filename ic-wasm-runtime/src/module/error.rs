//! Why a module may not run.

/// Why a module may not run: what it breaks, with what was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidModule {
    /// Neither Wasm nor gzip (SYS-200).
    #[error("neither a Wasm module nor a gzip stream")]
    UnknownFormat,
    /// The gzip stream is broken, or something follows it (SYS-200).
    #[error("broken gzip stream")]
    Gzip,
    /// Larger than a module may be, unpacked (LIM-040).
    #[error("the module has more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Not valid by the rules of WebAssembly, or with features that are not deterministic.
    #[error("not valid WebAssembly at byte {offset}: {reason}")]
    Wasm {
        /// Where.
        offset: usize,
        /// What.
        reason: String,
    },
    /// Imports something that is not of the System API (SYS-001, SYS-202).
    #[error("import {module}.{name} is not part of the System API")]
    UnknownImport {
        /// Its module.
        module: String,
        /// Its name.
        name: String,
    },
    /// Imports a function of the System API with the wrong type (SYS-001).
    #[error("import ic0.{name} has the wrong type")]
    ImportType {
        /// Its name.
        name: &'static str,
    },
    /// More than one memory or table (SYS-201).
    #[error("{found} {what}, at most 1 is allowed")]
    OnlyOne {
        /// Memories or tables.
        what: &'static str,
        /// How many.
        found: usize,
    },
    /// Declares a memory or table larger than is allowed.
    #[error("the declared {what} of {found} exceeds {limit}")]
    Oversized {
        /// Memory in pages, or table in elements.
        what: &'static str,
        /// The minimum that is declared.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// Exports a function with the platform's prefix that the platform does not know (SYS-207).
    #[error("export '{name}' is not an entry point")]
    UnknownExport {
        /// Its name.
        name: String,
    },
    /// Exports an entry point that takes or returns values (SYS-204).
    #[error("entry point '{name}' must have the type () -> ()")]
    ExportType {
        /// Its name.
        name: String,
    },
    /// Exports one method as two kinds (SYS-206, ERR-053).
    #[error("method '{name}' is exported more than once")]
    DuplicateMethod {
        /// The method.
        name: String,
    },
    /// A custom section `icp:` that is neither public nor private, or a name that is used twice (SYS-208).
    #[error("custom section '{name}' is not allowed or not unique")]
    CustomSection {
        /// Its name.
        name: String,
    },
    /// Uses an instruction that is not allowed.
    #[error("instruction {name} is not allowed")]
    Forbidden {
        /// The instruction.
        name: &'static str,
    },
    /// An active data segment whose offset is not a constant, or beyond the memory.
    #[error("data segment {index} has no constant offset within the memory")]
    DataSegment {
        /// Which.
        index: usize,
    },
    /// A global whose initial value is not a constant, or whose type is not a number.
    #[error("global {index} is not a number with a constant initial value")]
    Global {
        /// Which.
        index: usize,
    },
    /// More of something than is allowed (LIM-041..049).
    #[error("{found} {what}, at most {limit} are allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// A function that is too hard to compile (LIM-044, LIM-045, ERR-058, ERR-059).
    #[error("function {index} has a {what} of {found}, at most {limit} is allowed")]
    Function {
        /// Which, counting from the first that is not imported.
        index: usize,
        /// Size in operators, or complexity.
        what: &'static str,
        /// What was found.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// The module could not be rewritten: names a construct that the validation should have refused.
    #[error("the module cannot be instrumented: {reason}")]
    Rewrite {
        /// What.
        reason: String,
    },
}

impl From<wasmparser::BinaryReaderError> for InvalidModule {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self::Wasm {
            offset: error.offset(),
            reason: error.message().to_owned(),
        }
    }
}
