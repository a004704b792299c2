//! Rewrites a module so that it counts its own instructions.
//!
//! A global holds what is left. At the start of each stretch of code that is executed as a whole, the cost of
//! the stretch is subtracted; where code can come back to (the start of a function, of a loop), the module asks
//! whether anything is left. Operators that move a number of bytes chosen at run time first pay for the bytes.
//! No engine feature is involved, so every engine counts alike, and the count is part of the protocol.
//!
//! ```text
//! (func $sum (param i32) (result i32)        global.get $left  i64.const 6  i64.sub  global.set $left
//!                                            (if (i64.lt_s (global.get $left) (i64.const 0)) (then call $out))
//!   (i32.add (local.get 0) (i32.const 1)))   i32.add (local.get 0) (i32.const 1)
//! ```

use wasm_encoder::reencode::{Error as ReencodeError, Reencode};
use wasm_encoder::{
    BlockType, CodeSection, DataCountSection, DataSection, ElementSection, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, ImportSection, Instruction,
    MemorySection, MemoryType, Module, TableSection, TypeSection, ValType,
};
use wasmparser::{DataKind, FunctionBody, Operator};

use super::InvalidModule;
use super::cost::{CostTable, complexity};
use super::names;
use super::validate::{Allowed, type_at};

/// Operators of one function (LIM-044).
const FUNCTION_OPERATORS: u64 = 1_000_000;
/// Complexity of one function (LIM-045).
const FUNCTION_COMPLEXITY: u64 = 1_000_000;

/// A rewritten module.
pub(super) struct Rewritten {
    pub(super) code: Vec<u8>,
    pub(super) compile_cost: u64,
    /// Whether the code drops segments, which no later execution may notice.
    pub(super) drops_segments: bool,
}

pub(super) fn instrument(
    module: &Allowed<'_>,
    costs: CostTable,
) -> Result<Rewritten, InvalidModule> {
    let indices = Indices::of(module)?;
    let mut types = TypeSection::new();
    let mut reencode = Shift {
        from: indices.out_of_instructions,
        by: HOST_FUNCTIONS,
    };
    for ty in &module.types {
        let parameters = ty
            .params()
            .iter()
            .map(|ty| reencode.val_type(*ty))
            .collect::<Result<Vec<_>, _>>();
        let results = ty
            .results()
            .iter()
            .map(|ty| reencode.val_type(*ty))
            .collect::<Result<Vec<_>, _>>();
        types
            .ty()
            .function(parameters.map_err(rewrite)?, results.map_err(rewrite)?);
    }
    types.ty().function([], []);
    types.ty().function([ValType::I64], [ValType::I32]);
    types.ty().function([ValType::I32], [ValType::I32]);
    types.ty().function([ValType::I64], [ValType::I64]);

    let mut imports = ImportSection::new();
    for (import, ty) in &module.imports {
        type_at(&module.types, *ty)?;
        imports.import("ic0", import.name(), EntityType::Function(*ty));
    }
    imports.import(
        names::PLATFORM,
        names::OUT_OF_INSTRUCTIONS,
        EntityType::Function(indices.nothing),
    );
    imports.import(
        names::PLATFORM,
        names::GROW,
        EntityType::Function(indices.ask),
    );

    let mut functions = FunctionSection::new();
    for ty in &module.functions {
        functions.function(*ty);
    }
    functions.function(indices.narrow);
    functions.function(indices.wide);
    functions.function(if module.heap.wide {
        indices.wide
    } else {
        indices.narrow
    });

    let mut tables = TableSection::new();
    if let Some(table) = &module.table {
        tables.table(reencode.table_type(*table).map_err(rewrite)?);
    }
    let mut memories = MemorySection::new();
    // A module without memory gets an empty one, so that there is only one shape of instance.
    memories.memory(MemoryType {
        minimum: module.heap.minimum,
        maximum: Some(module.heap.maximum),
        memory64: module.heap.wide,
        shared: false,
        page_size_log2: None,
    });

    let mut globals = GlobalSection::new();
    for global in &module.globals {
        reencode
            .parse_global(&mut globals, global.clone())
            .map_err(rewrite)?;
    }
    globals.global(
        wasm_encoder::GlobalType {
            val_type: ValType::I64,
            mutable: true,
            shared: false,
        },
        &wasm_encoder::ConstExpr::i64_const(0),
    );

    let exports = exports(module, &indices, &mut reencode)?;

    let mut elements = ElementSection::new();
    for element in &module.elements {
        reencode
            .parse_element(&mut elements, element.clone())
            .map_err(rewrite)?;
    }

    let mut rewriter = Rewriter {
        costs,
        wide: module.heap.wide,
        indices: &indices,
        operators: 0,
        drops_segments: false,
    };
    let mut code = CodeSection::new();
    for (index, body) in module.bodies.iter().enumerate() {
        code.function(&rewriter.function(index, body, &mut reencode)?);
    }
    code.function(&charge(&indices, false));
    code.function(&charge(&indices, true));
    code.function(&grow(&indices, module.heap.wide));

    let mut data = DataSection::new();
    for segment in &module.data {
        // Active segments are part of the initial heap; an empty one keeps the number of those behind it.
        match segment.kind {
            DataKind::Passive => data.passive(segment.data.iter().copied()),
            DataKind::Active { .. } => data.passive([]),
        };
    }

    let mut out = Module::new();
    out.section(&types).section(&imports).section(&functions);
    if module.table.is_some() {
        out.section(&tables);
    }
    out.section(&memories).section(&globals).section(&exports);
    if !module.elements.is_empty() {
        out.section(&elements);
    }
    if !module.data.is_empty() {
        out.section(&DataCountSection {
            count: u32::try_from(module.data.len()).map_err(|_| too_large())?,
        });
    }
    out.section(&code);
    if !module.data.is_empty() {
        out.section(&data);
    }
    let globals = u64::try_from(module.globals.len()).unwrap_or(u64::MAX);
    Ok(Rewritten {
        code: out.finish(),
        compile_cost: costs.compilation(rewriter.operators, globals),
        drops_segments: rewriter.drops_segments,
    })
}

fn exports(
    module: &Allowed<'_>,
    indices: &Indices,
    reencode: &mut Shift,
) -> Result<ExportSection, InvalidModule> {
    let mut exports = ExportSection::new();
    for (name, function) in &module.entries {
        exports.export(
            name,
            ExportKind::Func,
            reencode.function_index(*function).map_err(rewrite)?,
        );
    }
    if let Some(start) = module.start {
        exports.export(
            names::START,
            ExportKind::Func,
            reencode.function_index(start).map_err(rewrite)?,
        );
    }
    exports.export(names::HEAP, ExportKind::Memory, 0);
    if module.table.is_some() {
        exports.export(names::TABLE, ExportKind::Table, 0);
    }
    let mutable = (0..)
        .zip(&module.globals)
        .filter(|(_, global)| global.ty.mutable);
    for (position, (index, _)) in mutable.enumerate() {
        exports.export(&names::global(position), ExportKind::Global, index);
    }
    exports.export(names::INSTRUCTIONS, ExportKind::Global, indices.left);
    Ok(exports)
}

/// Functions that the module imports in addition: they come after its own imports.
const HOST_FUNCTIONS: u32 = 2;

/// Where the additions are.
struct Indices {
    nothing: u32,
    ask: u32,
    narrow: u32,
    wide: u32,
    out_of_instructions: u32,
    ask_grow: u32,
    charge_narrow: u32,
    charge_wide: u32,
    grow: u32,
    left: u32,
}

impl Indices {
    fn of(module: &Allowed<'_>) -> Result<Self, InvalidModule> {
        let place = |length: usize| u32::try_from(length).map_err(|_| too_large());
        let types = place(module.types.len())?;
        let imports = place(module.imports.len())?;
        // Sums of numbers below 2^26: the validation bounds each section.
        let functions = imports + HOST_FUNCTIONS + place(module.functions.len())?;
        Ok(Self {
            nothing: types,
            ask: types + 1,
            narrow: types + 2,
            wide: types + 3,
            out_of_instructions: imports,
            ask_grow: imports + 1,
            charge_narrow: functions,
            charge_wide: functions + 1,
            grow: functions + 2,
            left: place(module.globals.len())?,
        })
    }
}

/// Renumbers functions to make room for the additional imports.
struct Shift {
    from: u32,
    by: u32,
}

impl Reencode for Shift {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, ReencodeError<Self::Error>> {
        // No overflow: the validation bounds the number of functions far below.
        Ok(if function < self.from {
            function
        } else {
            function.saturating_add(self.by)
        })
    }
}

fn rewrite(error: ReencodeError) -> InvalidModule {
    InvalidModule::Rewrite {
        reason: error.to_string(),
    }
}

fn too_large() -> InvalidModule {
    InvalidModule::Rewrite {
        reason: "the module has too many parts".to_owned(),
    }
}

/// The start of a stretch of code that is executed as a whole.
struct Stretch {
    /// The number of operators of the function before it.
    position: usize,
    cost: u64,
    /// Whether code can come back here.
    reentrant: bool,
}

struct Rewriter<'a> {
    costs: CostTable,
    wide: bool,
    indices: &'a Indices,
    operators: u64,
    drops_segments: bool,
}

impl Rewriter<'_> {
    fn function(
        &mut self,
        index: usize,
        body: &FunctionBody<'_>,
        reencode: &mut Shift,
    ) -> Result<Function, InvalidModule> {
        let stretches = self.stretches(index, body)?;
        let mut function = reencode
            .new_function_with_parsed_locals(body)
            .map_err(rewrite)?;
        let mut next = stretches.iter().peekable();
        for (position, operator) in body.get_operators_reader()?.into_iter().enumerate() {
            let operator = operator?;
            while let Some(stretch) = next.next_if(|stretch| stretch.position == position) {
                self.pay(&mut function, stretch);
            }
            self.operator(&mut function, operator, reencode)?;
        }
        Ok(function)
    }

    /// Finds the stretches, in order, and checks the limits of a function on the way.
    fn stretches(
        &mut self,
        index: usize,
        body: &FunctionBody<'_>,
    ) -> Result<Vec<Stretch>, InvalidModule> {
        let mut complete = Vec::new();
        // Entering a function costs 1.
        let mut open = Stretch {
            position: 0,
            cost: 1,
            reentrant: true,
        };
        let (mut size, mut hardness) = (0_u64, 0_u64);
        for (position, operator) in body.get_operators_reader()?.into_iter().enumerate() {
            let operator = operator?;
            size = size.saturating_add(1);
            hardness = hardness.saturating_add(complexity(&operator));
            open.cost = open
                .cost
                .saturating_add(self.costs.charge(&operator, self.wide));
            if let Some(name) = forbidden(&operator) {
                return Err(InvalidModule::Forbidden { name });
            }
            if let Some(reentrant) = ends_stretch(&operator) {
                let begun = Stretch {
                    position: position.saturating_add(1),
                    cost: 0,
                    reentrant,
                };
                complete.push(std::mem::replace(&mut open, begun));
            }
        }
        for (what, found, limit) in [
            ("size", size, FUNCTION_OPERATORS),
            ("complexity", hardness, FUNCTION_COMPLEXITY),
        ] {
            if found > limit {
                return Err(InvalidModule::Function {
                    index,
                    what,
                    found,
                    limit,
                });
            }
        }
        // What is open now lies behind the last `end`: there is no code in it.
        Ok(complete)
    }

    fn pay(&mut self, function: &mut Function, stretch: &Stretch) {
        if stretch.cost > 0 {
            self.operators = self.operators.saturating_add(4);
            function
                .instructions()
                .global_get(self.indices.left)
                .i64_const(stretch.cost.cast_signed())
                .i64_sub()
                .global_set(self.indices.left);
        }
        if stretch.reentrant {
            self.operators = self.operators.saturating_add(6);
            function
                .instructions()
                .global_get(self.indices.left)
                .i64_const(0)
                .i64_lt_s()
                .if_(BlockType::Empty)
                .call(self.indices.out_of_instructions)
                .end();
        }
    }

    fn operator(
        &mut self,
        function: &mut Function,
        operator: Operator<'_>,
        reencode: &mut Shift,
    ) -> Result<(), InvalidModule> {
        let (narrow, wide) = (self.indices.charge_narrow, self.indices.charge_wide);
        self.operators = self.operators.saturating_add(1);
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "all others stay as they are"
        )]
        match operator {
            Operator::MemoryGrow { .. } => {
                function.instruction(&Instruction::Call(self.indices.grow));
                return Ok(());
            }
            Operator::MemoryFill { .. } | Operator::MemoryCopy { .. } => {
                self.operators = self.operators.saturating_add(1);
                function.instruction(&Instruction::Call(if self.wide { wide } else { narrow }));
            }
            // Its size is 32 bits wide for both kinds of memory.
            Operator::MemoryInit { .. } => {
                self.operators = self.operators.saturating_add(1);
                function.instruction(&Instruction::Call(narrow));
            }
            Operator::DataDrop { .. } | Operator::ElemDrop { .. } => self.drops_segments = true,
            _ => {}
        }
        function.instruction(&reencode.instruction(operator).map_err(rewrite)?);
        Ok(())
    }
}

/// Whether a stretch ends with `operator`, and then whether code can come back to the next.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the control operators, among hundreds"
)]
fn ends_stretch(operator: &Operator<'_>) -> Option<bool> {
    match operator {
        Operator::Loop { .. } => Some(true),
        Operator::If { .. }
        | Operator::Else
        | Operator::End
        | Operator::Br { .. }
        | Operator::BrIf { .. }
        | Operator::BrTable { .. }
        | Operator::Return
        | Operator::Unreachable
        | Operator::ReturnCall { .. }
        | Operator::ReturnCallIndirect { .. } => Some(false),
        _ => None,
    }
}

/// Tables stay as the module declares them: no execution would find another's changes.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the exceptions, among hundreds"
)]
fn forbidden(operator: &Operator<'_>) -> Option<&'static str> {
    match operator {
        Operator::TableGrow { .. } => Some("table.grow"),
        Operator::TableSet { .. } => Some("table.set"),
        Operator::TableFill { .. } => Some("table.fill"),
        Operator::TableCopy { .. } => Some("table.copy"),
        Operator::TableInit { .. } => Some("table.init"),
        _ => None,
    }
}

/// `charge(n) -> n`: pays one instruction for each of `n` bytes, before they are moved.
fn charge(indices: &Indices, wide: bool) -> Function {
    // The size as an unsigned i64.
    let size = |function: &mut Function| {
        function.instructions().local_get(0);
        if !wide {
            function.instructions().i64_extend_i32_u();
        }
    };
    let mut function = Function::new([]);
    function
        .instructions()
        .global_get(indices.left)
        .i64_const(0)
        .i64_lt_s();
    size(&mut function);
    function
        .instructions()
        .global_get(indices.left)
        .i64_gt_u()
        .i32_or()
        .if_(BlockType::Empty);
    function
        .instructions()
        .i64_const(-1)
        .global_set(indices.left)
        .call(indices.out_of_instructions)
        .end();
    function.instructions().global_get(indices.left);
    size(&mut function);
    function
        .instructions()
        .i64_sub()
        .global_set(indices.left)
        .local_get(0)
        .end();
    function
}

/// `grow(n) -> old size or -1`: asks the host, which traps if there is no memory, and answers 0 if the memory's
/// own maximum forbids it.
fn grow(indices: &Indices, wide: bool) -> Function {
    let mut function = Function::new([]);
    function.instructions().local_get(0);
    if !wide {
        function.instructions().i64_extend_i32_u();
    }
    let result = BlockType::Result(if wide { ValType::I64 } else { ValType::I32 });
    function
        .instructions()
        .call(indices.ask_grow)
        .if_(result)
        .local_get(0)
        .memory_grow(0)
        .else_();
    if wide {
        function.instructions().i64_const(-1);
    } else {
        function.instructions().i32_const(-1);
    }
    function.instructions().end().end();
    function
}
