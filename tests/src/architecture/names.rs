use std::collections::{BTreeMap, BTreeSet};
use syn::{Item, UseTree, Visibility, visit::Visit};

/// What a module's names stand for.
#[derive(Debug, Default)]
pub struct Scope {
    /// Modules that it declares and that are no tests.
    pub modules: BTreeSet<String>,
    /// Names that it imports, each with the path in this crate.
    imported: BTreeMap<String, Vec<String>>,
    /// Those of them that it passes on to others.
    public: BTreeSet<String>,
}

impl Scope {
    /// Reads a file's own items.
    pub fn of(path: &[String], file: &syn::File) -> Self {
        let mut scope = Self::default();
        let declared = file.items.iter().filter_map(|item| match item {
            Item::Mod(item) if !is_test(&item.attrs) => Some(item.ident.to_string()),
            _ => None,
        });
        scope.modules = declared.collect();
        for item in &file.items {
            if let Item::Use(item) = item
                && !is_test(&item.attrs)
            {
                let is_public = !matches!(item.vis, Visibility::Inherited);
                for (name, leaf) in leaves(&item.tree) {
                    let Some(absolute) = scope.absolute(path, &leaf) else { continue };
                    if is_public {
                        scope.public.insert(name.clone());
                    }
                    scope.imported.insert(name, absolute);
                }
            }
        }
        scope
    }

    /// The path behind a name that the module passes on.
    pub fn passed_on(&self, name: &str) -> Option<Vec<String>> {
        self.public.contains(name).then(|| self.imported[name].clone())
    }

    /// A path as it is written in the module, from the root of its crate; none if it is another crate's.
    fn absolute(&self, module: &[String], written: &[String]) -> Option<Vec<String>> {
        let first = written.first()?;
        match first.as_str() {
            "crate" => Some(written[1..].to_vec()),
            "self" => Some([module, &written[1..]].concat()),
            "super" => {
                let ups = written.iter().take_while(|name| *name == "super").count();
                Some([&module[..module.len().checked_sub(ups)?], &written[ups..]].concat())
            }
            name if self.modules.contains(name) => Some([module, written].concat()),
            name => self.imported.get(name).map(|behind| [&behind[..], &written[1..]].concat()),
        }
    }
}

/// Whether an item is compiled for tests only.
pub fn is_test(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|attr| {
        attr.path().is_ident("cfg") && attr.parse_args::<syn::Path>().is_ok_and(|what| what.is_ident("test"))
    })
}

/// The names that a `use` brings, each with its whole path. A glob brings its module.
fn leaves(tree: &UseTree) -> Vec<(String, Vec<String>)> {
    match tree {
        UseTree::Path(path) => {
            let under = |(name, rest): (String, Vec<String>)| {
                let first = path.ident.to_string();
                let name = if rest == ["self"] && name == "self" { first.clone() } else { name };
                let rest = if rest == ["self"] { vec![] } else { rest };
                (name, [vec![first], rest].concat())
            };
            leaves(&path.tree).into_iter().map(under).collect()
        }
        UseTree::Name(name) => vec![(name.ident.to_string(), vec![name.ident.to_string()])],
        UseTree::Rename(to) => vec![(to.rename.to_string(), vec![to.ident.to_string()])],
        UseTree::Glob(_) => vec![("*".to_owned(), vec![])],
        UseTree::Group(group) => group.items.iter().flat_map(leaves).collect(),
    }
}

/// Collects what a file takes from its crate.
pub struct Uses<'a> {
    module: &'a [String],
    scope: &'a Scope,
    /// Paths from the root of the crate.
    pub paths: BTreeSet<Vec<String>>,
}

impl<'a> Uses<'a> {
    /// Of a module and its names.
    pub fn new(module: &'a [String], scope: &'a Scope) -> Self {
        // What it passes on it does not take itself, unless it also names it.
        let taken = scope.imported.iter().filter(|(name, _)| !scope.public.contains(*name));
        Self { module, scope, paths: taken.map(|(_, path)| path.clone()).collect() }
    }
}

impl<'ast> Visit<'ast> for Uses<'_> {
    fn visit_item_use(&mut self, _: &'ast syn::ItemUse) {}

    // `pub(super)` takes nothing from there.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let written: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.paths.extend(self.scope.absolute(self.module, &written));
        syn::visit::visit_path(self, path);
    }
}
