//! Conditions: operators, and what to do when one cannot be judged.
//!
//! A condition is true, false or **unclear**. Unclear are an operator nobody knows, a number that is no
//! number, a star where `string_like` has none. An allowing statement needs *true*; a denying one
//! applies unless *false*. So what cannot be judged never opens a door.

use std::cmp::Ordering;
use std::net::IpAddr;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::context::Context;
use super::model::{ConditionBlock, Scalar};
use super::pattern::wildcard_match;

/// Three-valued truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    True,
    False,
    Unclear,
}

impl Truth {
    const fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unclear => Self::Unclear,
        }
    }

    fn all(items: impl Iterator<Item = Self>) -> Self {
        let mut result = Self::True;
        for item in items {
            match item {
                Self::False => return Self::False,
                Self::Unclear => result = Self::Unclear,
                Self::True => {}
            }
        }
        result
    }

    fn any(items: impl Iterator<Item = Self>) -> Self {
        Self::all(items.map(Self::not)).not()
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// All blocks and all their keys must hold.
pub(crate) fn holds(blocks: &[ConditionBlock], context: &Context) -> Truth {
    Truth::all(blocks.iter().flat_map(|block| {
        let operator = Operator::parse(&block.operator);
        block.keys.iter().map(move |(key, wanted)| match operator {
            Some(operator) => operator.test(wanted.as_slice(), context.get(key)),
            None => Truth::Unclear,
        })
    }))
}

/// Whether this crate knows the operator; for checks before sending.
pub fn is_known_operator(name: &str) -> bool {
    Operator::parse(name).is_some()
}

/// What sort of values an operator compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Text,
    Number,
    Date,
    Bool,
    Ip,
    /// Whether the key is there at all.
    Presence,
}

/// The family of a known operator.
pub(crate) fn family(operator: &str) -> Option<Family> {
    Some(match Operator::parse(operator)?.base {
        Base::Text { .. } | Base::Like => Family::Text,
        Base::Number(_) => Family::Number,
        Base::Date(_) => Family::Date,
        Base::Bool => Family::Bool,
        Base::Ip => Family::Ip,
        Base::Null => Family::Presence,
    })
}

/// Whether a known operator makes sense of a value in a policy; what it cannot read it judges unclear.
pub(crate) fn makes_sense_of(operator: &str, value: &str) -> bool {
    match Operator::parse(operator).map(|o| o.base) {
        None | Some(Base::Text { .. }) => true,
        Some(Base::Like) => like(value, "") != Truth::Unclear,
        Some(Base::Number(_)) => compare_numbers(value, "0").is_some(),
        Some(Base::Date(_)) => date_of(value).is_some(),
        Some(Base::Bool | Base::Null) => bool_of(value).is_some(),
        Some(Base::Ip) => network_of(value).is_some(),
    }
}

#[derive(Clone, Copy)]
struct Operator {
    base: Base,
    negated: bool,
    over: Over,
    if_exist: bool,
}

/// How several values of the call are taken together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    Plain,
    AnyValue,
    AllValues,
}

#[derive(Clone, Copy)]
enum Base {
    Text { ignore_case: bool },
    Like,
    Number(Compare),
    Date(Compare),
    Bool,
    Ip,
    Null,
}

#[derive(Clone, Copy)]
enum Compare {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Compare {
    fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
        }
    }
}

impl Operator {
    fn parse(name: &str) -> Option<Self> {
        let (over, name) = if let Some(rest) = name.strip_prefix("for_any_value:") {
            (Over::AnyValue, rest)
        } else if let Some(rest) = name.strip_prefix("for_all_value:") {
            (Over::AllValues, rest)
        } else {
            (Over::Plain, name)
        };
        let (name, if_exist) = match name.strip_suffix("_if_exist") {
            Some(rest) => (rest, true),
            None => (name, false),
        };
        let (base, negated) = match name {
            "string_equal" => (Base::Text { ignore_case: false }, false),
            "string_not_equal" => (Base::Text { ignore_case: false }, true),
            "string_equal_ignore_case" => (Base::Text { ignore_case: true }, false),
            "string_not_equal_ignore_case" => (Base::Text { ignore_case: true }, true),
            "string_like" => (Base::Like, false),
            "string_not_like" => (Base::Like, true),
            "bool_equal" => (Base::Bool, false),
            "ip_equal" => (Base::Ip, false),
            "ip_not_equal" => (Base::Ip, true),
            "null_equal" => (Base::Null, false),
            _ => {
                let (kind, compare) = name.split_once('_')?;
                let (compare, negated) = match compare {
                    "equal" => (Compare::Equal, false),
                    "not_equal" => (Compare::Equal, true),
                    "greater_than" => (Compare::Greater, false),
                    "greater_than_equal" => (Compare::GreaterOrEqual, false),
                    "less_than" => (Compare::Less, false),
                    "less_than_equal" => (Compare::LessOrEqual, false),
                    _ => return None,
                };
                match kind {
                    "numeric" => (Base::Number(compare), negated),
                    "date" => (Base::Date(compare), negated),
                    _ => return None,
                }
            }
        };
        Some(Self {
            base,
            negated,
            over,
            if_exist,
        })
    }

    fn test(self, wanted: &[Scalar], found: Option<&[String]>) -> Truth {
        if matches!(self.base, Base::Null) {
            let absent = found.is_none();
            return Truth::any(wanted.iter().map(|w| match bool_of(&w.text()) {
                Some(wants_absent) => (wants_absent == absent).into(),
                None => Truth::Unclear,
            }));
        }
        let Some(found) = found else {
            // The documented rule for an absent key, whatever the operator and its qualifier.
            return self.if_exist.into();
        };
        let one = |value: &String| {
            let any = Truth::any(wanted.iter().map(|w| self.base.test(&w.text(), value)));
            if self.negated { any.not() } else { any }
        };
        match self.over {
            Over::AnyValue => Truth::any(found.iter().map(one)),
            Over::AllValues => Truth::all(found.iter().map(one)),
            // A single-value test on several values: a negative one must hold for each of them.
            Over::Plain if self.negated => Truth::all(found.iter().map(one)),
            Over::Plain => Truth::any(found.iter().map(one)),
        }
    }
}

impl Base {
    fn test(self, wanted: &str, found: &str) -> Truth {
        match self {
            Self::Text { ignore_case: false } => (wanted == found).into(),
            Self::Text { ignore_case: true } => {
                (wanted.to_lowercase() == found.to_lowercase()).into()
            }
            Self::Like => like(wanted, found),
            Self::Number(compare) => judge(compare, compare_numbers(found, wanted)),
            Self::Date(compare) => judge(
                compare,
                date_of(found).zip(date_of(wanted)).map(|(f, w)| f.cmp(&w)),
            ),
            Self::Bool => match (bool_of(wanted), bool_of(found)) {
                (Some(w), Some(f)) => (w == f).into(),
                _ => Truth::Unclear,
            },
            Self::Ip => match (network_of(wanted), found.parse::<IpAddr>()) {
                (Some(network), Ok(ip)) => in_network(network, ip.to_canonical()).into(),
                _ => Truth::Unclear,
            },
            // Answered before any value is looked at.
            Self::Null => Truth::Unclear,
        }
    }
}

fn judge(compare: Compare, order: Option<Ordering>) -> Truth {
    order.map_or(Truth::Unclear, |o| compare.accepts(o).into())
}

/// `*` is a wildcard at the ends only; what the service makes of one in the middle is not documented.
fn like(pattern: &str, text: &str) -> Truth {
    let inner = pattern.strip_prefix('*').unwrap_or(pattern);
    let inner = inner.strip_suffix('*').unwrap_or(inner);
    if inner.contains('*') {
        return Truth::Unclear;
    }
    wildcard_match(pattern, text).into()
}

fn compare_numbers(a: &str, b: &str) -> Option<Ordering> {
    // Sizes are compared exactly; only fractions go through floating point.
    if let (Ok(a), Ok(b)) = (a.parse::<i128>(), b.parse::<i128>()) {
        return Some(a.cmp(&b));
    }
    let finite = |s: &str| s.parse::<f64>().ok().filter(|f| f.is_finite());
    finite(a)?.partial_cmp(&finite(b)?)
}

fn date_of(text: &str) -> Option<OffsetDateTime> {
    match text.parse::<i64>() {
        Ok(unix_s) => OffsetDateTime::from_unix_timestamp(unix_s).ok(),
        Err(_) => OffsetDateTime::parse(text, &Rfc3339).ok(),
    }
}

fn bool_of(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// An address or a CIDR block; bits after the prefix are ignored, as in `10.217.182.3/24`.
fn network_of(text: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let length = length.unwrap_or(bits);
    (length <= bits).then_some((address, length))
}

fn in_network((network, length): (IpAddr, u32), ip: IpAddr) -> bool {
    match (network, ip) {
        (IpAddr::V4(n), IpAddr::V4(i)) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            n.to_bits() & mask == i.to_bits() & mask
        }
        (IpAddr::V6(n), IpAddr::V6(i)) => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            n.to_bits() & mask == i.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{False, True, Unclear};
    use super::*;

    fn check(operator: &str, wanted: &[&str], found: &[&str]) -> Truth {
        let mut context = Context::new();
        for value in found {
            context.add("k", *value);
        }
        let blocks = super::super::Statement::allow(vec![], vec![])
            .when(operator, "k", wanted.iter().copied())
            .condition;
        holds(&blocks, &context)
    }

    #[test]
    fn operators_table() {
        let table: &[(&str, &[&str], &[&str], Truth)] = &[
            ("string_equal", &["a", "b"], &["b"], True),
            ("string_equal", &["a", "b"], &["B"], False),
            ("string_not_equal", &["a", "b"], &["b"], False),
            ("string_not_equal", &["a", "b"], &["c"], True),
            ("string_equal_ignore_case", &["A"], &["a"], True),
            ("string_not_equal_ignore_case", &["A"], &["a"], False),
            ("string_like", &["doc/*"], &["doc/x"], True),
            ("string_like", &["*.jpg"], &["x.jpg"], True),
            ("string_like", &["*mid*"], &["amidb"], True),
            ("string_like", &["doc"], &["doc"], True),
            ("string_like", &["doc/*"], &["dog/x"], False),
            ("string_like", &["a*b"], &["ab"], Unclear),
            ("string_not_like", &["doc/*"], &["dog/x"], True),
            ("string_not_like", &["a*b"], &["x"], Unclear),
            ("numeric_equal", &["10"], &["10.0"], True),
            ("numeric_not_equal", &["10"], &["11"], True),
            ("numeric_greater_than", &["10"], &["10"], False),
            ("numeric_greater_than", &["10"], &["11"], True),
            ("numeric_greater_than_equal", &["1.2"], &["1.2"], True),
            ("numeric_less_than", &["10"], &["9"], True),
            ("numeric_less_than_equal", &["10"], &["10"], True),
            (
                "numeric_less_than",
                &["9007199254740993"],
                &["9007199254740992"],
                True,
            ),
            ("numeric_less_than", &["x"], &["1"], Unclear),
            ("numeric_less_than", &["1"], &["nan"], Unclear),
            (
                "date_less_than",
                &["2024-01-01T00:00:00Z"],
                &["2023-12-31T23:59:59Z"],
                True,
            ),
            (
                "date_greater_than",
                &["2024-01-01T08:00:00+08:00"],
                &["2024-01-01T00:00:01Z"],
                True,
            ),
            (
                "date_equal",
                &["2023-11-14T22:13:20Z"],
                &["1700000000"],
                True,
            ),
            (
                "date_not_equal",
                &["2023-11-14T22:13:20Z"],
                &["1700000000"],
                False,
            ),
            ("date_less_than_equal", &["soon"], &["1700000000"], Unclear),
            ("bool_equal", &["true"], &["true"], True),
            ("bool_equal", &["TRUE"], &["false"], False),
            ("bool_equal", &["yes"], &["true"], Unclear),
            ("ip_equal", &["10.217.182.3/24"], &["10.217.182.250"], True),
            ("ip_equal", &["10.217.182.3"], &["10.217.182.4"], False),
            ("ip_equal", &["0.0.0.0/0"], &["8.8.8.8"], True),
            ("ip_equal", &["10.0.0.0/8"], &["::ffff:10.1.2.3"], True),
            ("ip_equal", &["2001:db8::/32"], &["2001:db8:1::1"], True),
            ("ip_equal", &["2001:db8::/32"], &["10.0.0.1"], False),
            ("ip_equal", &["10.0.0.0/33"], &["10.0.0.1"], Unclear),
            ("ip_not_equal", &["10.0.0.0/8"], &["11.0.0.1"], True),
            ("ip_not_equal", &["10.0.0.0/8"], &["10.0.0.1"], False),
            ("null_equal", &["true"], &[], True),
            ("null_equal", &["true"], &["x"], False),
            ("null_equal", &["false"], &["x"], True),
            ("string_equal", &["a"], &[], False),
            ("string_not_equal", &["a"], &[], False),
            ("string_equal_if_exist", &["a"], &[], True),
            ("string_equal_if_exist", &["a"], &["b"], False),
            ("for_any_value:string_equal", &["a"], &["x", "a"], True),
            ("for_all_value:string_equal", &["a"], &["x", "a"], False),
            ("for_all_value:string_equal", &["a", "x"], &["x", "a"], True),
            ("for_all_value:string_equal", &["a"], &[], False),
            ("for_all_value:string_like_if_exist", &["a*"], &[], True),
            ("for_any_value:string_not_equal", &["a"], &["a", "b"], True),
            ("string_not_equal", &["a"], &["a", "b"], False),
            ("string_euqal", &["a"], &["a"], Unclear),
            ("numeric_like", &["1"], &["1"], Unclear),
            ("for_some_value:string_equal", &["a"], &["a"], Unclear),
        ];
        for (operator, wanted, found, result) in table {
            assert_eq!(
                check(operator, wanted, found),
                *result,
                "{operator} {wanted:?} on {found:?}"
            );
        }
    }

    /// What the linter calls senseless is what the evaluator cannot judge, whatever the call.
    #[test]
    fn senseless_values_are_unclear() {
        for (operator, value) in [
            ("string_like", "a*b"),
            ("numeric_equal", "ten"),
            ("date_less_than", "2024-01-01"),
            ("bool_equal", "yes"),
            ("null_equal", "maybe"),
            ("ip_equal", "10.0.0.0/33"),
            ("for_any_value:ip_not_equal_if_exist", "office"),
        ] {
            assert!(!makes_sense_of(operator, value), "{operator} {value}");
            for found in ["10.0.0.1", "5", "true", "2024-01-01T00:00:00Z"] {
                assert_eq!(check(operator, &[value], &[found]), Unclear, "{operator}");
            }
        }
        assert!(makes_sense_of("string_like", "*a*") && makes_sense_of("ip_equal", "::1"));
    }

    #[test]
    fn blocks_and_keys_are_anded() {
        let context = Context::new().with("a", "1").with("b", "2");
        let statement = |value: &str| {
            super::super::Statement::allow(vec![], vec![])
                .when("string_equal", "a", ["1"])
                .when("string_equal", "b", [value])
        };
        let good = statement("2").condition;
        assert_eq!(good.len(), 1);
        assert_eq!(holds(&good, &context), True);
        assert_eq!(holds(&statement("3").condition, &context), False);
        let unclear = statement("2").when("mystery", "a", ["1"]);
        assert_eq!(holds(&unclear.condition, &context), Unclear);
        let false_wins = statement("3").when("mystery", "a", ["1"]);
        assert_eq!(holds(&false_wins.condition, &context), False);
    }
}
