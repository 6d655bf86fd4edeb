//! Prints the figures of the sources' structure, and exits with 1 where an arrow points the wrong way.
#![expect(clippy::print_stdout, reason = "it is what it is for")]

use innkeeper_tests::architecture::{components, glossary, modules, packages, rules, writers};
use std::{
    collections::{BTreeMap, BTreeSet},
    process::ExitCode,
};

fn main() -> ExitCode {
    let (mut wrong, mut writes) = (0, BTreeMap::new());
    let mut path_literals = vec![];
    let packages = packages();
    let avoided = glossary::used(&glossary::words(), &packages);
    for package in packages {
        let circles = components(&package.files);
        let rooms_in_circles = (1..4).flat_map(|depth| components(&modules(&package.files, depth))).count();
        let up = rules::order_of(&package.folder)
            .map_or_else(Vec::new, |order| rules::upward(&modules(&package.files, 1), order));
        println!(
            "{}: {} files, circles of modules: {rooms_in_circles}, circles of files: {}, upward arrows: {}",
            package.folder,
            package.files.len(),
            circles.len(),
            up.len()
        );
        for circle in &circles {
            println!("  files {circle:?}");
            for from in circle {
                let to: Vec<_> = package.files[from].iter().filter(|to| circle.contains(*to)).collect();
                println!("    {from} -> {to:?}");
            }
        }
        for depth in 1..4 {
            for circle in components(&modules(&package.files, depth)) {
                println!("  modules {circle:?}");
            }
        }
        for arrow in &up {
            println!("  up {arrow}");
            let (from, to) = arrow.split_once(" -> ").unwrap_or((arrow, ""));
            for (file, taken) in &package.files {
                let taken: Vec<_> = taken.iter().filter(|one| one.starts_with(&format!("{to}/"))).collect();
                if file.starts_with(&format!("{from}/")) && !taken.is_empty() {
                    println!("    {file} -> {taken:?}");
                }
            }
        }
        path_literals.extend(package.path_literals.iter().map(|one| format!("{}/src/{one}", package.folder)));
        writes.extend(package.writes);
        wrong += circles.len() + rooms_in_circles + up.len();
    }
    println!("path literals outside the router's type and tests: {}", path_literals.len());
    for literal in path_literals {
        println!("  {literal}");
    }
    let written = writers::by_table(&writes, |_| true);
    let states = writers::by_table(&writes, |one| one.verb == "update" && one.columns.contains("state"));
    let ends = writers::by_table(&writes, |one| one.verb == "delete");
    let folder =
        |file: &String| file.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned());
    let folders = |files: &BTreeSet<String>| files.iter().map(folder).collect::<BTreeSet<_>>();
    println!("files that write tenant.state: {:?}", states.get("tenant"));
    println!("folders that end sessions: {:?}", ends.get("session").map(folders));
    // What removes old rows and what seals anew goes through many tables.
    let wing = |file: &String| file.split('/').next().unwrap_or_default().to_owned();
    for (table, files) in &written {
        let wings: BTreeSet<_> = files.iter().map(wing).filter(|wing| wing != "background").collect();
        if wings.len() > 1 {
            println!("  {table} is written in {wings:?}");
        }
    }
    println!("texts with a word that docs/glossary.md says not to use: {}", avoided.len());
    for text in &avoided {
        println!("  {text}");
    }
    wrong += avoided.len();
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
