//! The portal's block in `pg_hba.conf` (PostgreSQL, chapter 21.1), rendered whole from the control database.

use crate::{allowlist::Reach, name::TenantName};
use std::{collections::BTreeSet, fmt::Write, net::IpAddr};

/// The first line of the block.
pub const BEGIN: &str = "# BEGIN innkeeper";
/// The last line of the block.
pub const END: &str = "# END innkeeper";

/// The rule of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRule {
    /// Whose.
    pub tenant: TenantName,
    /// From where its roles may sign in.
    pub reach: Reach,
    /// The portal's own address while it proves that signing in works.
    pub probe: Option<IpAddr>,
}

/// Renders the block. The first match wins in this file: each tenant's addresses, then its refusal; one line for
/// all tenants that any address may reach; then refusals for everything else a tenant's role could try.
///
/// Only machine-made names and parsed addresses get in, never a customer's text.
pub fn render(rules: &[TenantRule]) -> String {
    let mut block = format!("{BEGIN}\n");
    for TenantRule { tenant, reach, probe } in rules {
        let probe = probe.filter(|address| !reach.admits(*address)).map(crate::allowlist::own_range);
        let line = |block: &mut String, net| {
            // A `String` takes every write.
            let _ = writeln!(block, "hostssl {tenant} +{tenant} {net} scram-sha-256");
        };
        match reach {
            Reach::Anywhere => continue,
            Reach::Only(ranges) => {
                ranges.iter().chain(probe.iter()).for_each(|range| line(&mut block, range.net()));
            }
        }
        let _ = writeln!(block, "host all +{tenant} all reject");
    }
    block.push_str("hostssl samerole +innkeeper_tenants all scram-sha-256\n");
    block.push_str("host all +innkeeper_tenants all reject\n");
    block.push_str("host replication +innkeeper_tenants all reject\n");
    block.push_str("local all +innkeeper_tenants reject\n");
    block.push_str("local replication +innkeeper_tenants reject\n");
    block.push_str(END);
    block.push('\n');
    block
}

/// Puts the block in front of a file's other lines, in place of an earlier block. The operator's lines stay as they are,
/// also those behind the beginning of a block that has no end.
pub fn replace_block(file: &str, block: &str) -> String {
    let mut rest = file.to_owned();
    while let Some(old) = find_block(&rest) {
        rest = rest.replacen(old, "", 1);
    }
    format!("{block}{rest}")
}

/// The block that stands in a file, if a whole one does.
pub fn find_block(file: &str) -> Option<&str> {
    let begin = file.find(BEGIN)?;
    let end = begin + file[begin..].find(END)? + END.len() + 1;
    file.get(begin..end)
}

/// The tenants of which one block has lines that the other has not.
pub fn tenants_that_differ(one: &str, other: &str) -> BTreeSet<TenantName> {
    let lines = |block: &str| block.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (one, other) = (lines(one), lines(other));
    one.symmetric_difference(&other).filter_map(|line| tenant_of(line)).collect()
}

/// A block without the lines of these tenants.
pub fn without(block: &str, tenants: &BTreeSet<TenantName>) -> String {
    let theirs = |line: &&str| tenant_of(line).is_some_and(|tenant| tenants.contains(&tenant));
    block.lines().filter(|line| !theirs(line)).map(|line| format!("{line}\n")).collect()
}

/// Whether a block is another one from which lines were taken, and nothing else.
pub fn is_part_of(part: &str, whole: &str) -> bool {
    let mut rest = whole.lines();
    part.lines().all(|line| rest.any(|other| other == line))
}

/// The tenant to which a line of the block belongs.
fn tenant_of(line: &str) -> Option<TenantName> {
    TenantName::parse(line.split_whitespace().nth(2)?.strip_prefix('+')?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(name: &str, lines: &str) -> TenantRule {
        let reach = Reach::parse(lines, lines.is_empty()).unwrap();
        TenantRule { tenant: TenantName::parse(name).unwrap(), reach, probe: None }
    }

    #[test]
    fn each_tenant_has_its_addresses_and_then_its_refusal() {
        let mut rules = [
            rule("shop_aaaaaa", "203.0.113.0/24\n2001:db8::1"),
            rule("blog_bbbbbb", ""),
            rule("wiki_cccccc", "10.0.0.1"),
        ];
        rules[2].probe = Some("127.0.0.1".parse().unwrap());
        insta::assert_snapshot!(render(&rules));
    }

    #[test]
    fn a_probe_that_is_let_in_anyway_adds_no_line() {
        let mut plain = rule("shop_aaaaaa", "127.0.0.0/8");
        let without = render(std::slice::from_ref(&plain));
        plain.probe = Some("127.0.0.1".parse().unwrap());
        assert_eq!(render(&[plain]), without);
    }

    #[test]
    fn the_operators_lines_stay() {
        let first = replace_block("local all postgres peer\n", &render(&[]));
        assert_eq!(find_block(&first), Some(render(&[]).as_str()));
        let block = render(&[rule("shop_aaaaaa", "10.0.0.1")]);
        let second = replace_block(&first, &block);
        assert_eq!(second, format!("{block}local all postgres peer\n"));
    }

    #[test]
    fn a_tenants_lines_can_be_left_out() {
        let [shop, wiki] = [rule("shop_aaaaaa", "10.0.0.1\n10.0.0.2"), rule("wiki_cccccc", "10.0.0.3")];
        let both = render(&[shop.clone(), wiki.clone()]);
        let out = BTreeSet::from([shop.tenant.clone()]);
        assert_eq!(without(&both, &out), render(std::slice::from_ref(&wiki)));
        assert_eq!(without(&both, &BTreeSet::new()), both);

        let less = render(&[rule("shop_aaaaaa", "10.0.0.2"), wiki]);
        assert!(is_part_of(&less, &both) && is_part_of(&both, &both) && !is_part_of(&both, &less));
        let turned: String = both.lines().rev().map(|line| format!("{line}\n")).collect();
        assert!(!is_part_of(&turned, &both), "the first line that fits counts");
    }

    proptest! {
        #[test]
        fn replacing_twice_is_replacing_once(file in "([a-z #]{0,12}\n){0,8}") {
            let block = render(&[]);
            let once = replace_block(&file, &block);
            prop_assert_eq!(replace_block(&once, &block), once.clone());
            prop_assert!(once.ends_with(&file));
        }
    }
}
