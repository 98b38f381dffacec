//! How the recurrences load weights: as they are trained, or rounded to half the bytes.

/// Format of the weights that the recurrences load, once a time step and workgroup: where those of all networks are more than
/// a card's cache holds, they are what it waits for. Weights that are trained, their gradient and the regulariser stay 32-bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Weights {
    /// 32-bit numbers.
    #[default]
    F32,
    /// 16-bit numbers: weights keep 11 bits.
    F16,
}

impl Weights {
    /// Its name in reports and flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        }
    }

    /// Bytes of a number.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }

    /// The shader text that unpacks.
    pub(super) fn source(self) -> &'static str {
        match self {
            Self::F32 => include_str!("../../../shaders/weights_f32.wgsl"),
            Self::F16 => include_str!("../../../shaders/weights_f16.wgsl"),
        }
    }

    /// The texture format of four weights.
    pub(super) fn texel(self) -> wgpu::TextureFormat {
        match self {
            Self::F32 => wgpu::TextureFormat::Rgba32Float,
            Self::F16 => wgpu::TextureFormat::Rgba16Float,
        }
    }
}
