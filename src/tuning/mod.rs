//! The laboratory of recordings: which neurons are tuned to behaviours that are executed, observed, or both, and what may
//! be concluded from that. docs/tuning.md has the tests and why they are made so.

mod aligned;
mod alignment;
mod axis;
mod chosen;
mod classes;
mod contrast;
mod controls;
mod design;
mod drawing;
mod encoding;
mod epochs;
mod examine;
mod first_draws;
mod more_draws;
mod null;
mod open_tests;
pub mod population;
mod power;
mod ranges;
mod rates;
mod running_sums;
mod session_activity;
mod session_study;
mod session_tests;
mod settings;
mod stability;
mod study;
mod tables;
mod tables_of_shifts;
mod tally;
mod terms;
mod undefined;
mod untested;
mod verdict;

pub use aligned::{AlignSettings, Aligned, Alignment, mean_over, peak_order};
pub use axis::{Axis, Part};
pub use chosen::{ChosenCell, candidates, chosen};
pub use classes::{Class, MirrorTests, SessionClasses, classify};
pub use contrast::Contrast;
pub use controls::ONSET;
pub use encoding::{
    Compared, Comparison, Contribution, EncodingSettings, FamilyChoice, Matched, Model, ModelScores, Proxy, Reclassed,
    SessionEncoding, contributions_csv, encode_session, encoding_csv, executed_against_observed, reclassed,
};
pub use epochs::{
    EpochCriterion, EpochDefinition, EpochResponse, EpochSettings, EpochTests, NeuronEpochs, Responses, anova_csv,
    epoch_criterion, responses,
};
pub use examine::{Examined, SessionInput, TimedBouts, examine};
pub use null::Null;
pub use power::{Probe, SCALES};
pub use rates::{RateUnit, RatesBuilder, RatesSettings, TrainingFiles, TrainingNeuron, training_files};
pub use session_activity::{BoutTraces, Kind, NeuronTraces, SessionActivity};
pub use session_study::{Residual, SessionStudy, study_session};
pub use session_tests::{BehaviourTests, CountTest, SessionTests};
pub use settings::TuningSettings;
pub use stability::{ClassStability, Stability};
pub use study::{Counted, TuningStudy};
pub use tables::{Summary, controls_csv, labels_csv, mirror_csv, tuning_csv};
pub use untested::{Untested, untested, untested_csv};
pub use verdict::{AnimalEvidence, Bound, JUDGED, Judgement, Prevalence, RARE, Verdict, judge};
