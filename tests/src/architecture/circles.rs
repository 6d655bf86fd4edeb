use super::Arrows;
use std::collections::{BTreeMap, BTreeSet};

/// The circles among the arrows: each set of two or more that lead to one another (strongly connected components, by
/// Tarjan's algorithm).
pub fn components(arrows: &Arrows) -> Vec<BTreeSet<String>> {
    let mut search = Search::of(arrows);
    for node in arrows.keys() {
        if !search.index.contains_key(node.as_str()) {
            search.visit(node);
        }
    }
    search.found
}

struct Search<'a> {
    arrows: &'a Arrows,
    index: BTreeMap<&'a str, usize>,
    low: BTreeMap<&'a str, usize>,
    stack: Vec<&'a str>,
    found: Vec<BTreeSet<String>>,
}

impl<'a> Search<'a> {
    fn of(arrows: &'a Arrows) -> Self {
        Self { arrows, index: BTreeMap::new(), low: BTreeMap::new(), stack: vec![], found: vec![] }
    }

    fn visit(&mut self, node: &'a str) {
        let at = self.index.len();
        self.index.insert(node, at);
        self.low.insert(node, at);
        self.stack.push(node);
        for to in self.arrows.get(node).into_iter().flatten() {
            if !self.index.contains_key(to.as_str()) {
                self.visit(to);
                let low = self.low[node].min(self.low[to.as_str()]);
                self.low.insert(node, low);
            } else if self.stack.contains(&to.as_str()) {
                let low = self.low[node].min(self.index[to.as_str()]);
                self.low.insert(node, low);
            }
        }
        if self.low[node] == self.index[node] {
            let from = self.stack.iter().position(|one| *one == node).unwrap();
            let component: BTreeSet<_> = self.stack.drain(from..).map(str::to_owned).collect();
            if component.len() > 1 {
                self.found.push(component);
            }
        }
    }
}
