//! The measures of a lesion, on rates that leave nothing to measure.

mod perturbation_studies;

use aon::perturb::Measures;
use perturbation_studies::small::small;

/// Rates that are constant but for rounding have no variance that could be explained.
#[test]
fn r2_of_a_class_whose_rates_vary_by_rounding_only_is_undefined() {
    let mut subject = small(true, false).subject;
    let population = subject.problem.population.clone();
    let class = |i: usize| format!("{} {} {}", population.area_name(i), population.cell_type(i), population.class(i));
    let near = |k: usize| f32::from_bits(0.3_f32.to_bits() + (k % 3) as u32);
    for (k, rate) in subject.problem.targets.iter_mut().enumerate() {
        if class(k % population.len()) == class(0) {
            *rate = near(k / population.len());
        }
    }
    for (scope, r2, rmse) in Measures::new(&subject).intact_fit() {
        assert_eq!(r2.is_nan(), scope == class(0), "{scope}: {r2}");
        assert!(rmse > 0.0);
    }
}
