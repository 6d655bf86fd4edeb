use super::{
    Arrows, literals,
    names::{Scope, Uses},
    texts,
    writers::{self, Write},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use syn::visit::Visit as _;

/// A package's sources.
#[derive(Debug)]
pub struct Package {
    /// Its folder, from the root of the project.
    pub folder: String,
    /// Arrows between its files, by their paths below `src`.
    pub files: Arrows,
    /// Literals that hold a path of the portal, as `file: literal`. The type that writes them has its own.
    pub path_literals: Vec<String>,
    /// Texts that a person can read, each with its file below `src`.
    pub texts: Vec<(String, String)>,
    /// The statements of its files that write to the control database, by their paths below `src`.
    pub writes: BTreeMap<String, Vec<Write>>,
}

/// A module that is no test's.
struct Module {
    /// Below `src`.
    file: String,
    syntax: syn::File,
    scope: Scope,
}

/// The packages of the product, with their arrows.
pub fn packages() -> Vec<Package> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    ["server/domain", "server/service", "server/adapters", "app", "server/portal"]
        .map(|folder| package(root, folder))
        .into()
}

fn package(root: &Path, folder: &str) -> Package {
    let src = root.join(folder).join("src");
    let mut modules = BTreeMap::new();
    read(&src, src.join("lib.rs"), vec![], &mut modules);
    let files = modules.iter().map(|(path, module)| {
        let mut uses = Uses::new(path, &module.scope);
        uses.visit_file(&module.syntax);
        let found = uses.paths.iter().filter_map(|used| home(&modules, used, 0));
        (module.file.clone(), found.filter(|file| *file != module.file).collect())
    });
    let others =
        modules.values().filter(|module| folder != "server/domain" || !module.file.starts_with("routes/"));
    let path_literals = others.flat_map(|module| {
        literals::of(&module.syntax).into_iter().map(|literal| format!("{}: {literal}", module.file))
    });
    let texts = modules.values().flat_map(|module| {
        let is_command = folder == "server/portal" && module.file.starts_with("cli/");
        let texts = texts::of(folder == "app" || is_command, is_command, &module.syntax);
        texts.into_iter().map(|text| (module.file.clone(), text))
    });
    let writes = modules.values().map(|module| (module.file.clone(), writers::of(&module.syntax)));
    Package {
        folder: folder.to_owned(),
        path_literals: path_literals.collect(),
        files: files.collect(),
        texts: texts.collect(),
        writes: writes.filter(|(_, writes)| !writes.is_empty()).collect(),
    }
}

/// Reads a module and those that it declares.
fn read(src: &Path, file: PathBuf, path: Vec<String>, modules: &mut BTreeMap<Vec<String>, Module>) {
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let scope = Scope::of(&path, &syntax);
    let below = file.strip_prefix(src).unwrap().display().to_string();
    let folder = match file.file_name().and_then(|name| name.to_str()) {
        Some("mod.rs" | "lib.rs") => file.parent().unwrap().to_owned(),
        _ => file.with_extension(""),
    };
    for name in &scope.modules {
        let inside = [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")];
        // One in the file itself has no file of its own.
        if let Some(inside) = inside.into_iter().find(|inside| inside.exists()) {
            read(src, inside, [path.clone(), vec![name.clone()]].concat(), modules);
        }
    }
    modules.insert(path, Module { file: below, syntax, scope });
}

/// The file that defines what a path of this crate names.
fn home(modules: &BTreeMap<Vec<String>, Module>, path: &[String], depth: u8) -> Option<String> {
    let known = (0..=path.len()).rev().find(|n| modules.contains_key(&path[..*n]))?;
    let module = &modules[&path[..known]];
    let passed_on = path.get(known).and_then(|name| module.scope.passed_on(name));
    // A circle of names does not compile; the depth is for a glob that this does not see through.
    match passed_on.filter(|_| depth < 16) {
        Some(behind) => home(modules, &[behind, path[known + 1..].to_vec()].concat(), depth + 1),
        None => Some(module.file.clone()),
    }
}
