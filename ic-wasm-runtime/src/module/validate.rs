//! What the platform allows, on top of WebAssembly's own rules.

use std::collections::BTreeMap;

use wasmparser::{
    CompositeInnerType, ConstExpr, Data, DataKind, Element, ExternalKind, FuncType, FunctionBody,
    Global, MemoryType, Operator, Parser, Payload, TableType, TypeRef, ValType, Validator,
    WasmFeatures,
};

use super::{HeapType, Interface, InvalidModule, Metadata, MethodKind};
use crate::memory::{GlobalValue, WASM_PAGE_BYTES};
use crate::system_api::{Import, permitted::Kind};

/// The code section (LIM-041).
const CODE_BYTES: u64 = 12 << 20;
/// Functions (LIM-042).
const FUNCTIONS: u64 = 50_000;
/// Globals (LIM-043).
const GLOBALS: u64 = 1_000;
/// Public methods, and the bytes of their names (LIM-049).
const METHODS: u64 = 1_000;
const METHOD_NAME_BYTES: u64 = 20_000;
/// `icp:` sections, and their bytes with names (LIM-047).
const SECTIONS: u64 = 16;
const SECTION_BYTES: u64 = 1 << 20;
/// Elements of the table.
const TABLE_ELEMENTS: u64 = 1_000_000;
/// The largest heap in pages: 4 GiB (LIM-022) and 6 GiB (LIM-023).
const NARROW_PAGES: u64 = 65_536;
const WIDE_PAGES: u64 = 98_304;

/// What modules may use: all that is deterministic and that compilers for canisters emit (SYS-212).
///
/// Not threads and not relaxed SIMD, whose results may differ; not what no canister needs.
pub(super) fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::CALL_INDIRECT_OVERLONG
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::BULK_MEMORY_OPT
        | WasmFeatures::SIMD
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::FLOATS
        | WasmFeatures::MEMORY64
}

/// A module that was found to be allowed, in its parts.
pub(super) struct Allowed<'a> {
    pub(super) types: Vec<FuncType>,
    /// Imported functions, with their types.
    pub(super) imports: Vec<(Import, u32)>,
    /// The types of the functions that are not imported.
    pub(super) functions: Vec<u32>,
    pub(super) table: Option<TableType>,
    pub(super) memory: Option<MemoryType>,
    pub(super) heap: HeapType,
    pub(super) globals: Vec<Global<'a>>,
    /// The values of the mutable globals.
    pub(super) initial: Vec<GlobalValue>,
    /// Entry points, with their functions.
    pub(super) entries: Vec<(&'a str, u32)>,
    pub(super) start: Option<u32>,
    pub(super) elements: Vec<Element<'a>>,
    pub(super) data: Vec<Data<'a>>,
    /// The active segments: where they go.
    pub(super) active: Vec<(u64, &'a [u8])>,
    pub(super) counts_data: bool,
    pub(super) bodies: Vec<FunctionBody<'a>>,
    pub(super) interface: Interface,
    pub(super) metadata: BTreeMap<String, Metadata>,
}

pub(super) fn validate(module: &[u8]) -> Result<Allowed<'_>, InvalidModule> {
    Validator::new_with_features(features()).validate_all(module)?;
    let mut allowed = Allowed {
        types: Vec::new(),
        imports: Vec::new(),
        functions: Vec::new(),
        table: None,
        memory: None,
        heap: HeapType::default(),
        globals: Vec::new(),
        initial: Vec::new(),
        entries: Vec::new(),
        start: None,
        elements: Vec::new(),
        data: Vec::new(),
        active: Vec::new(),
        counts_data: false,
        bodies: Vec::new(),
        interface: Interface::default(),
        metadata: BTreeMap::new(),
    };
    let mut imports = Vec::new();
    let mut exports = Vec::new();
    let mut memories = Vec::new();
    let mut tables = Vec::new();
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "other sections do not exist with these features"
    )]
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group?.into_types() {
                        if let CompositeInnerType::Func(ty) = ty.composite_type.inner {
                            allowed.types.push(ty);
                        }
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    match import.ty {
                        TypeRef::Memory(memory) => memories.push(memory),
                        TypeRef::Table(table) => tables.push(table),
                        _ => imports.push(import),
                    }
                }
            }
            Payload::FunctionSection(section) => {
                allowed.functions = section.into_iter().collect::<Result<_, _>>()?
            }
            Payload::TableSection(section) => {
                for table in section {
                    tables.push(table?.ty);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    memories.push(memory?);
                }
            }
            Payload::GlobalSection(section) => {
                allowed.globals = section.into_iter().collect::<Result<_, _>>()?
            }
            Payload::ExportSection(section) => {
                for export in section {
                    exports.push(export?);
                }
            }
            Payload::StartSection { func, .. } => allowed.start = Some(func),
            Payload::ElementSection(section) => {
                allowed.elements = section.into_iter().collect::<Result<_, _>>()?
            }
            Payload::DataCountSection { .. } => allowed.counts_data = true,
            Payload::DataSection(section) => {
                allowed.data = section.into_iter().collect::<Result<_, _>>()?
            }
            Payload::CodeSectionStart { size, .. } => {
                at_most("bytes of code", u64::from(size), CODE_BYTES)?
            }
            Payload::CodeSectionEntry(body) => allowed.bodies.push(body),
            Payload::CustomSection(section) => {
                custom_section(&mut allowed.metadata, section.name(), section.data())?
            }
            _ => {}
        }
    }
    at_most("functions", count(allowed.functions.len()), FUNCTIONS)?;
    at_most("globals", count(allowed.globals.len()), GLOBALS)?;
    metadata_limits(&allowed.metadata)?;
    allowed.memory = only_one("memories", &memories)?;
    allowed.table = only_one("tables", &tables)?;
    allowed.heap = heap(allowed.memory.as_ref())?;
    if let Some(table) = &allowed.table {
        oversized("table", table.initial, TABLE_ELEMENTS)?;
    }
    for import in imports {
        let TypeRef::Func(ty) = import.ty else {
            return Err(unknown_import(import.module, import.name));
        };
        let known = known_import(import.module, import.name, allowed.heap.wide)?;
        let found = type_at(&allowed.types, ty)?;
        if !matches_type(known, found, allowed.heap.wide) {
            return Err(InvalidModule::ImportType { name: known.name() });
        }
        allowed.imports.push((known, ty));
    }
    for export in &exports {
        if let (ExternalKind::Func, true) = (export.kind, export.name.starts_with("canister_")) {
            entry_point(&mut allowed, export.name, export.index)?;
        }
    }
    allowed.interface.start = allowed.start.is_some();
    let names = allowed.interface.methods.keys();
    at_most(
        "public methods",
        count(allowed.interface.methods.len()),
        METHODS,
    )?;
    at_most(
        "bytes of method names",
        count(names.map(String::len).sum()),
        METHOD_NAME_BYTES,
    )?;
    for (index, global) in allowed.globals.iter().enumerate() {
        let value = constant(&global.init_expr).filter(|_| is_number(global.ty.content_type));
        let value = value.ok_or(InvalidModule::Global { index })?;
        if global.ty.mutable {
            allowed.initial.push(value);
        }
    }
    let size = allowed.heap.minimum.saturating_mul(WASM_PAGE_BYTES);
    for (index, data) in allowed.data.iter().enumerate() {
        if let DataKind::Active { offset_expr, .. } = &data.kind {
            let offset = match constant(offset_expr) {
                Some(GlobalValue::I32(offset)) => u64::from(offset),
                Some(GlobalValue::I64(offset)) => offset,
                Some(GlobalValue::F32(_) | GlobalValue::F64(_) | GlobalValue::V128(_)) | None => {
                    u64::MAX
                }
            };
            match offset.checked_add(count(data.data.len())) {
                Some(end) if end <= size => allowed.active.push((offset, data.data)),
                Some(_) | None => return Err(InvalidModule::DataSegment { index }),
            }
        }
    }
    Ok(allowed)
}

pub(super) fn at_most(what: &'static str, found: u64, limit: u64) -> Result<(), InvalidModule> {
    if found > limit {
        Err(InvalidModule::TooMany { what, found, limit })
    } else {
        Ok(())
    }
}

pub(super) fn type_at(types: &[FuncType], index: u32) -> Result<&FuncType, InvalidModule> {
    let found = usize::try_from(index)
        .ok()
        .and_then(|index| types.get(index));
    found.ok_or_else(|| InvalidModule::Rewrite {
        reason: format!("type {index} is not a function"),
    })
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn only_one<T: Copy>(what: &'static str, found: &[T]) -> Result<Option<T>, InvalidModule> {
    match found {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        more => Err(InvalidModule::OnlyOne {
            what,
            found: more.len(),
        }),
    }
}

fn oversized(what: &'static str, found: u64, limit: u64) -> Result<(), InvalidModule> {
    if found > limit {
        Err(InvalidModule::Oversized { what, found, limit })
    } else {
        Ok(())
    }
}

fn heap(memory: Option<&MemoryType>) -> Result<HeapType, InvalidModule> {
    let Some(memory) = memory else {
        return Ok(HeapType::default());
    };
    let limit = if memory.memory64 {
        WIDE_PAGES
    } else {
        NARROW_PAGES
    };
    oversized("memory", memory.initial, limit)?;
    Ok(HeapType {
        wide: memory.memory64,
        minimum: memory.initial,
        maximum: memory.maximum.map_or(limit, |maximum| maximum.min(limit)),
    })
}

fn unknown_import(module: &str, name: &str) -> InvalidModule {
    InvalidModule::UnknownImport {
        module: module.to_owned(),
        name: name.to_owned(),
    }
}

fn known_import(module: &str, name: &str, wide: bool) -> Result<Import, InvalidModule> {
    Import::from_name(name)
        .filter(|import| module == "ic0" && !(wide && import.only_narrow()))
        .ok_or_else(|| unknown_import(module, name))
}

fn matches_type(import: Import, found: &FuncType, wide: bool) -> bool {
    let value = |kind: &Kind| match kind {
        Kind::P if wide => ValType::I64,
        Kind::P | Kind::W32 => ValType::I32,
        Kind::W64 => ValType::I64,
    };
    found
        .params()
        .iter()
        .copied()
        .eq(import.parameters().iter().map(value))
        && found
            .results()
            .iter()
            .copied()
            .eq(import.result().iter().map(value))
}

/// A number that is the whole of a constant expression.
fn constant(expression: &ConstExpr<'_>) -> Option<GlobalValue> {
    let mut reader = expression.get_operators_reader();
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are not numbers")]
    let value = match reader.read().ok()? {
        Operator::I32Const { value } => GlobalValue::I32(value.cast_unsigned()),
        Operator::I64Const { value } => GlobalValue::I64(value.cast_unsigned()),
        Operator::F32Const { value } => GlobalValue::F32(value.bits()),
        Operator::F64Const { value } => GlobalValue::F64(value.bits()),
        Operator::V128Const { value } => GlobalValue::V128(u128::from_le_bytes(*value.bytes())),
        _ => return None,
    };
    matches!(reader.read().ok()?, Operator::End).then_some(value)
}

fn is_number(ty: ValType) -> bool {
    match ty {
        ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 | ValType::V128 => true,
        ValType::Ref(_) => false,
    }
}

fn custom_section(
    metadata: &mut BTreeMap<String, Metadata>,
    section: &str,
    content: &[u8],
) -> Result<(), InvalidModule> {
    let Some(kind) = section.strip_prefix("icp:") else {
        return Ok(());
    };
    let refused = || InvalidModule::CustomSection {
        name: section.to_owned(),
    };
    let (public, name) = match kind.split_once(' ') {
        Some(("public", name)) => (true, name),
        Some(("private", name)) => (false, name),
        Some(_) | None => return Err(refused()),
    };
    match metadata.insert(
        name.to_owned(),
        Metadata {
            public,
            content: content.to_vec(),
        },
    ) {
        None => Ok(()),
        Some(_) => Err(refused()),
    }
}

fn metadata_limits(metadata: &BTreeMap<String, Metadata>) -> Result<(), InvalidModule> {
    let bytes = metadata
        .iter()
        .map(|(name, section)| name.len().saturating_add(section.content.len()));
    at_most("icp: sections", count(metadata.len()), SECTIONS)?;
    at_most("bytes of icp: sections", count(bytes.sum()), SECTION_BYTES)
}

fn entry_point<'a>(
    allowed: &mut Allowed<'a>,
    export: &'a str,
    function: u32,
) -> Result<(), InvalidModule> {
    let interface = &mut allowed.interface;
    let place = match export {
        "canister_init" => Some(&mut interface.init),
        "canister_pre_upgrade" => Some(&mut interface.pre_upgrade),
        "canister_post_upgrade" => Some(&mut interface.post_upgrade),
        "canister_inspect_message" => Some(&mut interface.inspect_message),
        "canister_heartbeat" => Some(&mut interface.heartbeat),
        "canister_global_timer" => Some(&mut interface.global_timer),
        "canister_on_low_wasm_memory" => Some(&mut interface.on_low_wasm_memory),
        _ => None,
    };
    if let Some(place) = place {
        *place = true;
    } else {
        // Everything after the first blank is the name, whatever it holds (SYS-205).
        let (kind, name) = match export.split_once(' ') {
            Some(("canister_update", name)) => (MethodKind::Update, name),
            Some(("canister_query", name)) => (MethodKind::Query, name),
            Some(("canister_composite_query", name)) => (MethodKind::CompositeQuery, name),
            Some(_) | None => {
                return Err(InvalidModule::UnknownExport {
                    name: export.to_owned(),
                });
            }
        };
        if interface.methods.insert(name.to_owned(), kind).is_some() {
            return Err(InvalidModule::DuplicateMethod {
                name: name.to_owned(),
            });
        }
    }
    let ty = usize::try_from(function).ok().and_then(|function| {
        match function.checked_sub(allowed.imports.len()) {
            Some(defined) => allowed.functions.get(defined).copied(),
            None => allowed.imports.get(function).map(|(_, ty)| *ty),
        }
    });
    let ty = type_at(&allowed.types, ty.unwrap_or(u32::MAX))?;
    if !ty.params().is_empty() || !ty.results().is_empty() {
        return Err(InvalidModule::ExportType {
            name: export.to_owned(),
        });
    }
    allowed.entries.push((export, function));
    Ok(())
}
