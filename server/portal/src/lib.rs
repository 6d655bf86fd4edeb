//! Innkeeper's portal: configuration, wiring, the web and the commands. The program itself is `main.rs`.

pub mod commands;
pub mod config;
pub mod startup;
pub mod web;
