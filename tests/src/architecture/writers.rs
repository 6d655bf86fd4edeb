//! What the sources write to the control database: the tables, by the SQL in their string literals.

use std::collections::{BTreeMap, BTreeSet};

/// What writes a table of the control database: the verb, the table, and the columns that an update sets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Write {
    /// `insert`, `update` or `delete`.
    pub verb: String,
    /// The table.
    pub table: String,
    /// Of an update the columns.
    pub columns: BTreeSet<String>,
}

/// The statements of a file that write, by its string literals outside tests.
pub fn of(file: &syn::File) -> Vec<Write> {
    super::literals::all(file).iter().flat_map(|text| writes(text)).collect()
}

fn writes(sql: &str) -> Vec<Write> {
    let words: Vec<_> = sql.split_whitespace().collect();
    let mut found = vec![];
    for (at, word) in words.iter().enumerate() {
        let word = word.trim_start_matches('(');
        let next = |n: usize| words.get(at + n).copied().unwrap_or_default();
        let (verb, table) = match (word, next(1)) {
            ("insert", "into") => ("insert", next(2)),
            ("delete", "from") => ("delete", next(2)),
            // Not `for update`, nor `on conflict … do update`.
            ("update", table) if at == 0 || !["for", "key", "do"].contains(&words[at - 1]) => {
                ("update", table)
            }
            _ => continue,
        };
        let table = table.trim_end_matches([')', ';']).to_owned();
        if !table.is_empty() && table.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            let columns = if verb == "update" { columns(&words[at..]) } else { BTreeSet::new() };
            found.push(Write { verb: verb.into(), table, columns });
        }
    }
    found
}

/// What stands before `=` between `set` and `where`.
fn columns(words: &[&str]) -> BTreeSet<String> {
    let set = words.iter().skip_while(|word| **word != "set").take_while(|word| **word != "where");
    let set: Vec<_> = set.collect();
    set.windows(2).filter(|pair| *pair[1] == "=").map(|pair| (*pair[0]).to_owned()).collect()
}

/// Where each table is written: by table, the files.
pub fn by_table(
    writes: &BTreeMap<String, Vec<Write>>,
    wanted: impl Fn(&Write) -> bool,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut tables = BTreeMap::<_, BTreeSet<_>>::new();
    for (file, writes) in writes {
        for write in writes.iter().filter(|write| wanted(write)) {
            tables.entry(write.table.clone()).or_default().insert(file.clone());
        }
    }
    tables
}
