//! Innkeeper's portal: configuration, wiring, and its three doors: pages (`web`), the REST API (`api`) and commands
//! (`cli`). The program itself is `main.rs`.

#![warn(clippy::self_named_module_files)]

pub mod api;
pub mod cli;
pub mod config;
pub mod startup;
pub mod web;
