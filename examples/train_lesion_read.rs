//! From arrays in memory to the effect of a lesion: train a network on rates, silence a class of it, read what that does.
//!
//!     cargo run --release --example train_lesion_read

use aon::config::{Inputs, Plan, Preset};
use aon::data::RecordedCondition;
use aon::engine::{BatchState, Device, NetworkSettings, Problem};
use aon::error::{Error, Result};
use aon::lab::{Simulator, Trial, collect};
use aon::perturb::{Measures, default_lesions};
use aon::run::{Silent, fit, subject};
use aon::synthetic::{Synthetic, SyntheticSettings};
use std::sync::atomic::AtomicBool;

fn main() -> Result<()> {
    // Rates [neurons × bins] of each condition of a task, and who is inhibitory and who a mirror neuron.
    let data = Synthetic::generate(&SyntheticSettings::small(0))?;
    let (inhibitory, mirror) = (data.population.inhibitory().to_vec(), data.population.mirror().map(<[bool]>::to_vec));
    let conditions = data.recording.conditions.iter().map(RecordedCondition::from).collect();

    let mut config = Preset::Default.config();
    config.training.n_trials = 60;
    let plan = Plan::of(config, data.task, Inputs { mirror, ..Inputs::new(conditions, inhibitory) })?;
    let mut networks = fit(&plan, &AtomicBool::new(false), &mut Silent)?.unwrap_or_default();
    let network = networks.pop().ok_or_else(|| Error::run("the training was stopped."))?;
    let fit = plan.recorded()?.score(&network.rates)?.summary();
    println!("trained {} steps: median R² {:.3}", network.steps, fit.median_r2);

    let device = Device::choose(&plan.config.engine, &mut |_| {})?;
    let open = |p: &Problem, s: &[NetworkSettings], start: &BatchState| device.open(p, s, start);
    let subject = subject(&plan, network.settled.best, &open)?;
    let lesions = default_lesions(&subject);
    let trials: Vec<Trial> = lesions.iter().map(|l| Trial::of(l.perturbation(&l.neurons, &subject))).collect();
    let mut simulator = Simulator::new(&subject.problem, &subject.parameters, trials.len(), &open)?;
    // Rates of every neuron, [conditions][bins][neurons], while the class is silent.
    let rates = collect(&mut simulator, &trials, &|_, rates| rates.to_vec())?;

    let measures = Measures::new(&subject);
    println!("{:<28}{:>8}  change of R² of the others", "silenced", "neurons");
    for (lesion, rates) in lesions.iter().zip(&rates) {
        let silenced: Vec<bool> = (0..subject.dims().neurons).map(|i| lesion.neurons.contains(&i)).collect();
        let change = measures.of(rates, &silenced)[0];
        println!("{:<28}{:>8}  {change:+.3}", lesion.name, lesion.neurons.len());
    }
    Ok(())
}
