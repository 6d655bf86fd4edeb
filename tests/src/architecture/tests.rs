use super::{Arrows, components, glossary, literals, modules, packages, rules, writers};
use std::collections::BTreeMap;

fn arrows(pairs: &[(&str, &[&str])]) -> Arrows {
    let to = |to: &[&str]| to.iter().map(|one| (*one).to_owned()).collect();
    pairs.iter().map(|(from, all)| ((*from).to_owned(), to(all))).collect()
}

#[test]
fn circles_are_found_and_chains_are_none() {
    let some = arrows(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"]), ("d", &["a"])]);
    let found = components(&some);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].iter().map(String::as_str).collect::<Vec<_>>(), ["b", "c"]);
}

#[test]
fn an_arrow_that_points_up_is_found() {
    let some = arrows(&[("people", &["db", "tenants"]), ("tenants", &["people"]), ("other", &[])]);
    let up = rules::upward(&some, &["db", "people", "tenants"]);
    assert_eq!(up, ["other is in no order", "people -> tenants"]);
}

#[test]
fn modules_and_files_form_no_circle() {
    let packages = packages();
    assert_eq!(packages.len(), 5);
    for package in packages {
        assert!(package.files.len() > 10, "{} was not read", package.folder);
        let mut circles = components(&package.files);
        circles.extend((1..4).flat_map(|depth| components(&modules(&package.files, depth))));
        assert_eq!(circles, [], "{}", package.folder);
    }
}

#[test]
fn a_module_takes_from_those_before_it() {
    let mut up = vec![];
    for package in packages() {
        if let Some(order) = rules::order_of(&package.folder) {
            up.extend(rules::upward(&modules(&package.files, 1), order));
        }
    }
    assert_eq!(up, [""; 0]);
}

#[test]
fn a_path_as_text_is_found_wherever_it_stands() {
    let file = syn::parse_file(
        r#"
        /// GET /t/{name}
        #[server(prefix = "/do")]
        fn one() {
            let page = "/sign-up/database#addresses";
            link("/account?provider=mail", "/accounts", "/", "{end}/danger", "https://example.com/help");
            view! { <a href=format!("/t/{}/plan", name)>{"{public_url}/staff"}</a> <Route path=path!("/t/:name")/> }
        }
        #[cfg(test)]
        mod tests {
            const PAGE: &str = "/t";
        }
        "#,
    );
    let wanted =
        ["/sign-up/database#addresses", "/account?provider=mail", "/t/{}/plan", "{public_url}/staff"];
    assert_eq!(literals::of(&file.unwrap()), wanted);
}

#[test]
fn pages_are_not_written_as_text() {
    let literals: Vec<_> = packages().into_iter().flat_map(|package| package.path_literals).collect();
    assert!(literals.len() <= 10, "{literals:#?}");
}

#[test]
fn what_writes_to_the_control_database_is_found() {
    let file = syn::parse_file(
        r#"
        fn one() {
            query!("update tenant set state = coalesce($2, state), ready_at = now() where state = 'a'");
            query!("with gone as (delete from session where id = 1 returning id) select id from gone for update of t");
            query!("insert into flash (id) values (1) on conflict (id) do update set text = excluded.text");
        }
        #[cfg(test)]
        mod tests {
            const SQL: &str = "delete from account";
        }
        "#,
    );
    let found = writers::of(&file.unwrap());
    let told: Vec<_> =
        found.iter().map(|one| format!("{} {} {:?}", one.verb, one.table, one.columns)).collect();
    assert_eq!(told, ["update tenant {\"ready_at\", \"state\"}", "delete session {}", "insert flash {}"]);
}

/// A tenant's state is changed, and sessions end, in one place each.
#[test]
fn invariants_have_one_owner() {
    let writes: BTreeMap<_, _> = packages().into_iter().flat_map(|package| package.writes).collect();
    let states = writers::by_table(&writes, |one| one.verb == "update" && one.columns.contains("state"));
    assert_eq!(states["tenant"].iter().collect::<Vec<_>>(), ["db/tenant_state.rs"]);
    let ends = writers::by_table(&writes, |one| one.verb == "delete");
    assert!(ends["session"].iter().all(|file| file.starts_with("people/session/")), "{:?}", ends["session"]);
}

#[test]
fn a_word_not_to_use_is_found_as_a_word() {
    for (text, word, found) in [
        ("See the journal.", "journal", true),
        ("Journal of shop", "journal", true),
        ("Open the ways in: all", "ways in", true),
        ("always indeed", "ways in", false),
        ("mail-domain {sealed} /journal", "journal", false),
        ("{sealed} copies", "sealed", false),
    ] {
        assert_eq!(glossary::holds(text, word), found, "{text}");
    }
}

#[test]
fn texts_use_the_terms_of_the_glossary() {
    let words = glossary::words();
    assert!(words.len() > 50, "{words:?}");
    let used = glossary::used(&words, &packages());
    assert!(used.is_empty(), "{}: {used:#?}", used.len());
}
