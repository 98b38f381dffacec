//! Does the method find the truth? Teachers whose wiring is known, students that see only a recording of them, and the
//! laboratory, asked to tell from a student which class of its teacher carries the dynamics (`aon validate`).
//!
//! A planted teacher's dynamics are those of one of its classes, a null teacher's of as many neurons drawn without regard to
//! their class. A class counts as found where q < 0.05. [`null_lesions`] silences random neurons of null teachers
//! themselves. What teachers are, what they can say and what not, and which other rules were tried:
//! docs/perturbation.md#teachers.

mod calibration;
mod examination;
mod recording;
mod teacher;
mod verdict;
mod wiring;

pub use calibration::null_lesions;
pub use examination::examine;
pub use recording::{Observed, TeacherRecording};
pub use teacher::{Kind, Teacher};
pub use verdict::{Row, Verdict, read_rows, rows_csv};
