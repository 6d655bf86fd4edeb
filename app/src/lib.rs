//! The pages of the portal and the server functions behind their forms.
//!
//! Rendered on the server, whole, before the first byte; no client WebAssembly. A page reads through a use case, a
//! server function calls one use case and says where to go next.
#![recursion_limit = "256"]

pub mod components;
pub mod pages;
pub mod shell;
pub mod web;

#[cfg(test)]
mod tests;
