//! The names that rewriting adds. Exports of the module itself all begin with `canister_`.

/// The module of the host functions that a rewritten module needs besides the System API.
pub const PLATFORM: &str = "platform";
/// `() -> ()`: the counter is below zero. Does not return.
pub const OUT_OF_INSTRUCTIONS: &str = "out_of_instructions";
/// `(pages: i64) -> i32`: whether the heap may grow; traps if the canister must not have more.
pub const GROW: &str = "grow";

/// The heap, of every module.
pub const HEAP: &str = "heap";
/// The table, if there is one.
pub const TABLE: &str = "table";
/// The start function, if there is one.
pub const START: &str = "start";
/// The global that holds what is left of the instructions: a mutable `i64`.
pub const INSTRUCTIONS: &str = "instructions";

/// The mutable global at `position` among the module's mutable globals.
pub fn global(position: usize) -> String {
    format!("global {position}")
}
