//! How trajectories are kept on a device: as computed, or rounded to half the bytes.

use crate::engine::Problem;

/// Format of the two trajectories, rates and adjoint, that take most of a device's memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Trajectory {
    /// 32-bit numbers.
    #[default]
    F32,
    /// 16-bit numbers: rates keep 11 bits, and so does the adjoint. Sums, potentials and weights stay 32-bit.
    F16,
}

/// What a scaled g_t of typical size comes to. δ is smaller by α and the slope of the rate, down to 10⁻⁴ of it; 16-bit
/// numbers are full from 6·10⁻⁵ to 6·10⁴.
const TYPICAL: f64 = 16.0;

impl Trajectory {
    /// Its name in reports and flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        }
    }

    /// Bytes of four numbers.
    pub(super) fn quad_bytes(self) -> usize {
        match self {
            Self::F32 => 16,
            Self::F16 => 8,
        }
    }

    /// What a slice's rows are padded to: 256 bytes, which dynamic offsets and texture rows ask for.
    pub(super) fn row_padding(self) -> usize {
        256 / self.quad_bytes()
    }

    /// The shader text that packs and unpacks.
    pub(super) fn source(self) -> &'static str {
        match self {
            Self::F32 => include_str!("../../../shaders/trajectory_f32.wgsl"),
            Self::F16 => include_str!("../../../shaders/trajectory_f16.wgsl"),
        }
    }

    /// The texture format of four conditions.
    pub(super) fn texel(self) -> wgpu::TextureFormat {
        match self {
            Self::F32 => wgpu::TextureFormat::Rgba32Float,
            Self::F16 => wgpu::TextureFormat::Rgba16Float,
        }
    }

    /// The power of two by which the stored adjoint is larger than δ. Gradients are tiny where there are many
    /// residuals: g_t is about what it is where each of them is 1 (docs/model.md#reverse-time-gradient).
    pub(super) fn delta_scale(self, problem: &Problem) -> f64 {
        let d = &problem.dims;
        let residuals = (d.conditions * d.bins * d.neurons) as f64;
        let (_, typical) = problem.loss.data_term(residuals, d.steps_per_bin);
        match self {
            Self::F32 => 1.0,
            Self::F16 => (TYPICAL / typical).log2().round().exp2(),
        }
    }
}
