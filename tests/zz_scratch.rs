#![allow(missing_docs)]
use aon::synthetic::recording::*;
use std::time::Instant;
#[test]
fn timing() {
    for s in [RecordingSynthesis::stationary(1), RecordingSynthesis::stationary(2), RecordingSynthesis::arousal(1), RecordingSynthesis::bursts(1),
      RecordingSynthesis { kind: Kind::SPIKES, event_rate: 4.0, ..RecordingSynthesis::stationary(1)},
      RecordingSynthesis { kind: Kind::DECONVOLVED, ..RecordingSynthesis::stationary(1)}] {
        let t = Instant::now();
        let r = SyntheticRecording::generate(&s).unwrap();
        println!("{:?} {}", t.elapsed(), r.sessions.len());
    }
    for (name, s) in [("stationary", Scenario::Stationary), ("bleaching", Scenario::Bleaching), ("rundown", Scenario::Rundown), ("joined", Scenario::Joined), ("arousal", Scenario::Arousal), ("bursts", Scenario::Bursts)] {
        for seed in 0..8 {
            let mut s = RecordingSynthesis::of(s, seed);
            s.rate_hz = 20.0;
            s.write(std::path::Path::new(&format!("/tmp/synth_null/{name}{seed}")), true).unwrap();
        }
    }
}
