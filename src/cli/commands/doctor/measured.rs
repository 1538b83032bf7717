//! What was measured of this machine and in this repository, with its age.

use serde_json::{Value, json};

use crate::adapters::host::effective_cores::EffectiveCores;
use crate::adapters::host::machine::Machine;
use crate::adapters::store::Store;
use crate::cli::context::Place;
use crate::cli::failure::Failure;
use crate::cli::prepare::contention;
use crate::domain::plan::Contention;
use crate::domain::time::{Timestamp, human_duration};
use crate::engine::{KnownCost, known_costs, load_history};

/// Measurements behind the verdict.
pub(super) struct Measured {
    now: Timestamp,
    named: usize,
    effective: Option<EffectiveCores>,
    contention: Contention,
    costs: Vec<KnownCost>,
}

impl Measured {
    /// Reads them; the cores are measured where nothing recent is known, as for a plan.
    pub(super) fn load(place: &Place, store: Option<&Store>) -> Result<Self, Failure> {
        let named = Machine::load().cores;
        let effective = place.effective_cores(named);
        let costs = store.map_or_else(|| Ok(Vec::new()), known_costs)?;
        let history = load_history(store)?;
        Ok(Self {
            now: place.site.clock.now(),
            named,
            effective,
            contention: contention(&history, named, effective),
            costs,
        })
    }

    /// Names and values for people.
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![
            ("effective cores", self.cores_text()),
            ("contention", contention_text(&self.contention)),
        ];
        rows.extend(self.costs.iter().map(|cost| (cost.name, self.cost_text(cost))));
        rows
    }

    fn cores_text(&self) -> String {
        let Some(EffectiveCores { cores, samples, at }) = self.effective else {
            return format!("taken to be {}: `plan.probe` is off", self.named);
        };
        format!("{cores:.2} of {} ({})", self.named, self.age(samples, at))
    }

    fn cost_text(&self, cost: &KnownCost) -> String {
        let KnownCost { unit, seconds, samples, at, .. } = *cost;
        format!("{seconds:.3} s per {unit} ({})", self.age(samples, at))
    }

    fn age(&self, samples: usize, at: Timestamp) -> String {
        let noun = if samples == 1 { "measurement" } else { "measurements" };
        format!("{samples} {noun}, the latest {} ago", human_duration(self.now.since(at)))
    }

    /// The cores for the document.
    pub(super) fn cores_entry(&self) -> Value {
        json!({
            "named": self.named,
            "effective": self.effective.map(|effective| effective.cores),
            "samples": self.effective.map_or(0, |effective| effective.samples),
            "measured_at": self.effective.map(|effective| effective.at.to_rfc3339()),
        })
    }

    /// Sigma and kappa for the document.
    pub(super) fn contention_entry(&self) -> Value {
        let Contention { sigma, kappa, widths, .. } = self.contention;
        json!({ "sigma": sigma, "kappa": kappa, "widths": widths, "peak": self.contention.peak() })
    }

    /// Every kind of cost that was measured, for the document.
    pub(super) fn cost_entries(&self) -> Vec<Value> {
        let entry = |cost: &KnownCost| {
            json!({
                "kind": cost.key,
                "seconds": cost.seconds,
                "per": cost.unit,
                "samples": cost.samples,
                "measured_at": cost.at.to_rfc3339(),
            })
        };
        self.costs.iter().map(entry).collect()
    }
}

fn contention_text(contention: &Contention) -> String {
    let Contention { sigma, kappa, widths, .. } = *contention;
    let origin = match widths {
        0 => "defaults until tasks were seen at three widths".to_owned(),
        widths => format!("fitted to runs at {widths} widths"),
    };
    let peak = contention.peak().map_or_else(
        || "more tasks at once always get more done".to_owned(),
        |peak| format!("more than {peak} tasks at once get less done"),
    );
    format!("sigma {sigma:.3}, kappa {kappa:.4} ({origin}): {peak}")
}
