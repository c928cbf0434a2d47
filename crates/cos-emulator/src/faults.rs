//! Fault rules: what goes wrong, when, how often. The same seed gives the same faults.

mod rule;
mod wire;

use std::sync::{Mutex, PoisonError};

pub use rule::{FaultAction, FaultMatch, FaultRule, ResetWhen};
pub(crate) use wire::{flip, pace, slowed, spoil};

use crate::config::ConfigError;

/// The rules with their counters.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    rules: Vec<Counted>,
    random: fastrand::Rng,
}

#[derive(Debug)]
struct Counted {
    rule: FaultRule,
    seen: u64,
    fired: u64,
}

/// What a rule looks at.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) method: &'a str,
    pub(crate) operation: &'a str,
    pub(crate) key: &'a str,
}

impl Faults {
    /// Back to the configured rules.
    pub(crate) fn configure(
        &self,
        rules: &[serde_json::Value],
        seed: u64,
    ) -> Result<(), ConfigError> {
        let rules = rules
            .iter()
            .map(FaultRule::from_json)
            .collect::<Result<Vec<_>, _>>()?;
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.random = fastrand::Rng::with_seed(seed);
        state.rules = rules.into_iter().map(Counted::new).collect();
        Ok(())
    }

    pub(crate) fn add(&self, rule: FaultRule) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .rules
            .push(Counted::new(rule));
    }

    pub(crate) fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .rules
            .clear();
    }

    /// The action of the first rule that fires. Every matching rule counts the request.
    pub(crate) fn strike(&self, seen: &Seen<'_>) -> Option<FaultAction> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State { rules, random } = &mut *state;
        let mut struck = None;
        for counted in rules.iter_mut().filter(|c| c.rule.matches.covers(seen)) {
            counted.seen += 1;
            let rule = &counted.rule;
            let due = rule.matches.nth.is_none_or(|nth| counted.seen == nth);
            let left = rule.times.is_none_or(|times| counted.fired < times);
            // Drawn only when it decides, so that rules do not disturb each other's luck.
            if struck.is_none() && due && left && rule.probability.is_none_or(|p| random.f64() < p)
            {
                counted.fired += 1;
                struck = Some(rule.action.clone());
            }
        }
        struck
    }
}

impl Counted {
    fn new(rule: FaultRule) -> Self {
        Self {
            rule,
            seen: 0,
            fired: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(json: serde_json::Value) -> FaultRule {
        FaultRule::from_json(&json).unwrap()
    }

    const PUT: Seen<'_> = Seen {
        method: "PUT",
        operation: "UploadPart",
        key: "a/b",
    };

    #[test]
    fn nth_and_times() {
        let faults = Faults::default();
        faults.add(rule(
            json!({"match": {"operation": "UploadPart", "nth": 2}, "action": {"status": 503}}),
        ));
        faults.add(rule(
            json!({"match": {"key_prefix": "a/"}, "action": {"reset": true}, "times": 2}),
        ));
        assert_eq!(
            faults.strike(&PUT).unwrap().reset,
            Some(ResetWhen::Flag(true))
        );
        assert_eq!(faults.strike(&PUT).unwrap().status, Some(503));
        assert_eq!(
            faults.strike(&PUT).unwrap().reset,
            Some(ResetWhen::Flag(true))
        );
        assert!(faults.strike(&PUT).is_none());
        faults.clear();
        assert!(faults.strike(&PUT).is_none());
    }

    #[test]
    fn seed_decides() {
        let run = |seed| {
            let faults = Faults::default();
            faults
                .configure(
                    &[json!({"action": {"drop_response": true}, "probability": 0.5})],
                    seed,
                )
                .unwrap();
            (0..64)
                .map(|_| faults.strike(&PUT).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        let struck = run(1).iter().filter(|b| **b).count();
        assert!((16..48).contains(&struck), "{struck}");
    }

    #[test]
    fn refuses_unknown_words() {
        assert!(FaultRule::from_json(&json!({"action": {"explode": true}})).is_err());
        assert!(FaultRule::from_json(&json!({"action": {}})).is_err());
        assert!(FaultRule::from_json(&json!({"action": {"reset": "never"}})).is_err());
        assert!(FaultRule::from_json(&json!({"action": {"status": 99}})).is_err());
    }
}
