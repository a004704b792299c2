//! What each Wasm instruction costs, and how hard a function is to compile. Part of the protocol: two tables
//! are two subnets that part ways at the first message.

use wasmparser::Operator;

/// Instructions that are charged for executing Wasm.
///
/// The weights are those of the public network; they change by version, never in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CostTable {
    /// The weights of 2025, with cheap floats and memory accesses that cost more with 64-bit pointers.
    V1,
}

impl CostTable {
    /// The newest.
    pub const CURRENT: Self = Self::V1;

    /// The charge for `operator` in a module whose pointers are 64 bits if `wide`.
    ///
    /// Operators that move a number of bytes chosen at run time cost one more for each byte.
    pub fn charge(self, operator: &Operator<'_>, wide: bool) -> u64 {
        match self {
            Self::V1 => weight(operator, wide),
        }
    }

    /// The charge for compiling a module: `operators` in its functions as rewritten, and its globals.
    pub fn compilation(self, operators: u64, globals: u64) -> u64 {
        match self {
            Self::V1 => operators
                .saturating_add(globals.saturating_mul(2))
                .saturating_mul(6_000),
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the protocol's default is 1, for hundreds of operators")]
#[rustfmt::skip]
fn weight(operator: &Operator<'_>, wide: bool) -> u64 {
    use Operator as O;
    match operator {
        O::Block { .. } | O::Loop { .. } | O::Else | O::End => 0,

        O::I32Load { .. } | O::I64Load { .. } | O::F32Load { .. } | O::F64Load { .. } | O::I32Load8S { .. }
        | O::I32Load8U { .. } | O::I32Load16S { .. } | O::I32Load16U { .. } | O::I64Load8S { .. }
        | O::I64Load8U { .. } | O::I64Load16S { .. } | O::I64Load16U { .. } | O::I64Load32S { .. }
        | O::I64Load32U { .. } | O::I32Store { .. } | O::I64Store { .. } | O::F32Store { .. }
        | O::F64Store { .. } | O::I32Store8 { .. } | O::I32Store16 { .. } | O::I64Store8 { .. }
        | O::I64Store16 { .. } | O::I64Store32 { .. } | O::V128Load { .. } | O::V128Load8x8S { .. }
        | O::V128Load8x8U { .. } | O::V128Load16x4S { .. } | O::V128Load16x4U { .. }
        | O::V128Load32x2S { .. } | O::V128Load32x2U { .. } | O::V128Load8Splat { .. }
        | O::V128Load16Splat { .. } | O::V128Load32Splat { .. } | O::V128Load64Splat { .. }
        | O::V128Load32Zero { .. } | O::V128Load64Zero { .. } | O::V128Store { .. }
        | O::V128Load8Lane { .. } | O::V128Load16Lane { .. } | O::V128Load32Lane { .. }
        | O::V128Load64Lane { .. } | O::V128Store8Lane { .. } | O::V128Store16Lane { .. }
        | O::V128Store32Lane { .. } | O::V128Store64Lane { .. } => 1 + u64::from(wide),

        O::F32Add | O::F32Sub | O::F32Mul | O::F64Add | O::F64Sub | O::F64Mul | O::F32Ceil | O::F32Floor
        | O::F32Trunc | O::F32Nearest | O::F64Ceil | O::F64Floor | O::F64Trunc | O::F64Nearest
        | O::F32Copysign | O::GlobalGet { .. } | O::GlobalSet { .. } | O::If { .. } | O::Br { .. }
        | O::BrIf { .. } | O::BrTable { .. } => 2,
        O::F32Div | O::F64Copysign | O::F32Eq | O::F32Ne | O::F32Lt | O::F32Gt | O::F32Le | O::F32Ge
        | O::F64Eq | O::F64Ne | O::F64Lt | O::F64Gt | O::F64Le | O::F64Ge | O::F32ConvertI32S
        | O::F32ConvertI64S | O::F64ConvertI32S | O::F64ConvertI64S | O::ReturnCall { .. } => 3,
        O::F64Div | O::F32Sqrt | O::TableGet { .. } | O::TableSet { .. } | O::Call { .. } | O::RefIsNull => 5,
        O::F64Sqrt => 8,
        O::I32DivS | O::I32DivU | O::I32RemS | O::I32RemU | O::I64DivS | O::I64DivU | O::I64RemS
        | O::I64RemU | O::CallIndirect { .. } => 10,
        O::F32ConvertI32U | O::F32ConvertI64U | O::F64ConvertI32U | O::F64ConvertI64U => 16,
        O::F32Min | O::F32Max | O::F64Min | O::F64Max => 18,
        O::I32TruncF32S | O::I32TruncF32U | O::I32TruncF64S | O::I32TruncF64U | O::I64TruncF32S
        | O::I64TruncF32U | O::I64TruncF64S | O::I64TruncF64U | O::I32TruncSatF32S | O::I32TruncSatF32U
        | O::I32TruncSatF64S | O::I32TruncSatF64U | O::I64TruncSatF32S | O::I64TruncSatF32U
        | O::I64TruncSatF64S | O::I64TruncSatF64U | O::MemorySize { .. } => 20,
        O::ReturnCallIndirect { .. } => 60,
        O::TableSize { .. } | O::MemoryFill { .. } | O::MemoryCopy { .. } | O::MemoryInit { .. }
        | O::TableFill { .. } | O::TableCopy { .. } | O::TableInit { .. } => 100,
        O::RefFunc { .. } => 130,
        O::MemoryGrow { .. } | O::TableGrow { .. } | O::DataDrop { .. } | O::ElemDrop { .. } => 300,

        O::I8x16LtU | O::I8x16GtU | O::I16x8LtU | O::I16x8GtU | O::I32x4LtU | O::I32x4GtU | O::I8x16ShrU
        | O::I16x8Shl | O::I16x8ShrS | O::I16x8ShrU | O::I32x4Shl | O::I32x4ShrS | O::I32x4ShrU
        | O::I64x2Shl | O::I64x2ShrU | O::I32x4Mul | O::I16x8ExtAddPairwiseI8x16U
        | O::I16x8ExtMulHighI8x16S | O::I16x8ExtMulHighI8x16U | O::I32x4ExtMulLowI16x8S
        | O::I32x4ExtMulHighI16x8S | O::I32x4ExtMulLowI16x8U | O::I32x4ExtMulHighI16x8U | O::F32x4Ceil
        | O::F32x4Floor | O::F32x4Trunc | O::F32x4Nearest | O::F32x4Abs | O::F32x4Neg | O::F32x4Add
        | O::F32x4Sub | O::F32x4Mul | O::F64x2Ceil | O::F64x2Floor | O::F64x2Trunc | O::F64x2Nearest
        | O::F64x2Abs | O::F64x2Neg | O::F64x2Add | O::F64x2Sub | O::F64x2Mul | O::I32x4TruncSatF32x4S
        | O::I32x4TruncSatF64x2SZero => 2,
        O::I8x16Shuffle { .. } | O::I8x16Popcnt | O::I8x16Shl | O::I8x16ShrS | O::I64x2ShrS
        | O::I32x4ExtAddPairwiseI16x8U | O::I32x4TruncSatF64x2UZero => 3,
        O::I64x2Mul | O::F32x4Min | O::F32x4Max | O::F64x2Min | O::I32x4TruncSatF32x4U
        | O::F32x4ConvertI32x4U => 4,
        O::F32x4Sqrt | O::F64x2Max => 5,
        O::F32x4Div => 10,
        O::F64x2Div => 12,
        O::F64x2Sqrt => 14,

        _ => 1,
    }
}

/// How hard `operator` is to compile; a function may have 1 000 000 in all (LIM-045).
#[expect(clippy::wildcard_enum_match_arm, reason = "the protocol's default is 1, for hundreds of operators")]
#[rustfmt::skip]
pub(super) fn complexity(operator: &Operator<'_>) -> u64 {
    use Operator as O;
    match operator {
        O::Block { .. } | O::Loop { .. } | O::If { .. } | O::Br { .. } | O::BrIf { .. } | O::BrTable { .. }
        | O::Call { .. } | O::CallIndirect { .. } | O::MemoryGrow { .. } => 50,
        O::TableGet { .. } => 14,
        O::RefFunc { .. } => 8,
        O::RefIsNull => 6,
        O::I32TruncF32S | O::I32TruncF32U | O::I32TruncF64S | O::I32TruncF64U | O::I64TruncF32S
        | O::I64TruncF32U | O::I64TruncF64S | O::I64TruncF64U | O::F32ConvertI32S | O::F32ConvertI32U
        | O::F32ConvertI64S | O::F32ConvertI64U | O::F64ConvertI32S | O::F64ConvertI32U
        | O::F64ConvertI64S | O::F64ConvertI64U | O::I64ExtendI32S | O::I64ExtendI32U
        | O::F32DemoteF64 => 5,
        O::F32Neg | O::F32Abs | O::F64Neg | O::F64Abs | O::MemoryCopy { .. } => 4,
        O::F32Copysign | O::F64Copysign | O::F64Eq | O::I32DivS | O::I32DivU | O::I32RemS | O::I32RemU
        | O::I64DivS | O::I64DivU | O::I64RemS | O::I64RemU | O::F32Div | O::F64Div | O::MemoryFill { .. }
        | O::I32Load { .. } | O::I64Load { .. } | O::F32Load { .. } | O::F64Load { .. }
        | O::I32Load8S { .. } | O::I32Load8U { .. } | O::I32Load16S { .. } | O::I32Load16U { .. }
        | O::I64Load8S { .. } | O::I64Load8U { .. } | O::I64Load16S { .. } | O::I64Load16U { .. }
        | O::I64Load32S { .. } | O::I64Load32U { .. } | O::I32TruncSatF32S | O::I32TruncSatF32U
        | O::I32TruncSatF64S | O::I32TruncSatF64U | O::I64TruncSatF32S | O::I64TruncSatF32U
        | O::I64TruncSatF64S | O::I64TruncSatF64U => 3,
        O::GlobalGet { .. } | O::I32Popcnt | O::I64Popcnt | O::Select | O::MemorySize { .. }
        | O::I32Store { .. } | O::I64Store { .. } | O::F32Store { .. } | O::F64Store { .. }
        | O::I32Store8 { .. } | O::I32Store16 { .. } | O::I64Store8 { .. } | O::I64Store16 { .. }
        | O::I64Store32 { .. } | O::I32Eq | O::I32Ne | O::I32LtS | O::I32LtU | O::I32GtS | O::I32GtU
        | O::I32LeS | O::I32LeU | O::I32GeS | O::I32GeU | O::I64Eq | O::I64Ne | O::I64LtS | O::I64LtU
        | O::I64GtS | O::I64GtU | O::I64LeS | O::I64LeU | O::I64GeS | O::I64GeU | O::F32Eq | O::F32Ne
        | O::F32Lt | O::F32Gt | O::F32Le | O::F32Ge | O::F64Ne | O::F64Lt | O::F64Gt | O::F64Le | O::F64Ge
        | O::F32Ceil | O::F32Floor | O::F32Sqrt | O::F32Trunc | O::F64Ceil | O::F64Floor | O::F64Sqrt
        | O::F64Trunc | O::I32ReinterpretF32 | O::I64ReinterpretF64 | O::F32ReinterpretI32
        | O::F64ReinterpretI64 | O::I32WrapI64 | O::I32Extend8S | O::I32Extend16S | O::I64Extend8S
        | O::I64Extend16S | O::I64Extend32S | O::F64PromoteF32 => 2,
        _ => 1,
    }
}
