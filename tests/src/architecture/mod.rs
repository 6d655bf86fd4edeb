//! The structure of the sources: which file takes something from which, and that the arrows between rooms point one way.
//!
//! An arrow goes from the file that names a thing to the file that defines it: a name that a module only passes on
//! (`pub use`) counts for the file behind it, and test modules are left out. Beside the arrows: paths of the portal that
//! stand as text where a `Page` should.

mod circles;
mod crates;
pub mod glossary;
mod literals;
mod names;
pub mod rules;
mod texts;
pub mod writers;

pub use circles::components;
pub use crates::{Package, packages};

use std::collections::{BTreeMap, BTreeSet};

/// Arrows between files, or between rooms: each with those that it takes something from.
pub type Arrows = BTreeMap<String, BTreeSet<String>>;

/// The arrows between modules at one level of the tree, each taken with all that is in it. A file's module at that level is
/// its path up to `depth` names; `mod.rs` and `lib.rs` are in none of those that they declare.
pub fn modules(files: &Arrows, depth: usize) -> Arrows {
    let module = |file: &str| {
        let parts: Vec<_> = file.trim_end_matches(".rs").split('/').collect();
        let inside = parts.get(..depth).filter(|inside| !["mod", "lib"].contains(&inside[depth - 1]));
        inside.map(|inside| inside.join("/"))
    };
    let mut arrows = Arrows::new();
    for (from, to) in files {
        let Some(from) = module(from) else { continue };
        let to = to.iter().filter_map(|to| module(to)).filter(|to| *to != from);
        let to: Vec<_> = to.collect();
        arrows.entry(from).or_default().extend(to);
    }
    arrows
}

#[cfg(test)]
mod tests;
