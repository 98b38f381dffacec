//! Whether a problem fits a device, and how many networks of it do.

use super::adapter::AdapterInfo;
use super::plan::GpuPlan;
use super::tiles::Loads;
use super::weights::Weights;
use crate::dims::Dims;
use crate::error::{Error, Result, ensure};

impl GpuPlan {
    /// Bytes of one network in each kind of buffer, named for messages.
    fn bytes_per_network(&self) -> [(&'static str, u64); 6] {
        let tiles = self.condition_tiles as u64;
        let n = self.dims.neurons as u64;
        [
            ("parameters", 4 * self.dims.parameters() as u64),
            ("effective weights", 4 * (self.z_rows.max(self.d_rows) * self.weight_stride) as u64),
            ("rates of half the steps", tiles * self.z_slots() as u64 * self.z_slice()),
            ("adjoint of half the steps", tiles * self.d_slots() as u64 * self.delta_slice()),
            ("residuals", tiles * self.dims.bins as u64 * self.d_slice()),
            ("weight gradient", 4 * self.segments as u64 * n * self.z_rows as u64),
        ]
    }

    /// Bytes that one network takes on the device, all buffers together.
    pub fn network_bytes(&self) -> u64 {
        let [p, w, z, d, r, g] = self.bytes_per_network().map(|(_, bytes)| bytes);
        // Software adapters read copies of the weights as textures.
        let copies = if self.loads == Loads::Texture { 2 } else { 1 };
        let loaded = w / 4 * self.weights.bytes() as u64 * copies;
        let trained = if self.weights == Weights::F16 { w } else { 0 };
        5 * p + 2 * (loaded + trained) + 2 * z + 2 * d + r + g + 4 * self.condition_tiles as u64 * self.d_slice()
    }

    /// How many networks one set of buffers can hold: more than that are split over several.
    pub(super) fn networks_per_bank(&self, adapter: &AdapterInfo) -> Result<usize> {
        let binding = adapter.max_storage_binding_bytes.min(adapter.max_buffer_bytes);
        let mut most = self.dims.networks as u64;
        for (name, bytes) in self.bytes_per_network() {
            if bytes > binding {
                let Dims { neurons, conditions, time_steps, .. } = self.dims;
                let (needed, offered, adapter) = (bytes >> 20, binding >> 20, &adapter.name);
                return Err(Error::input(format!(
                    "{neurons} neurons, {conditions} conditions and {time_steps} steps need a buffer of {needed} MB for the \
                     {name} of one network, but {adapter} offers at most {offered} MB. Use fewer steps or conditions, \
                     another adapter, or `engine = cpu`."
                )));
            }
            most = most.min(binding / bytes.max(1));
        }
        most = most.min(self.check_groups(&adapter.name)?);
        if self.loads == Loads::Texture {
            most = most.min(u64::from(adapter.max_texture_layers));
        }
        Ok(most.max(1) as usize)
    }

    /// How many networks the workgroups of a dispatch allow: of these a device has a most in each dimension, 65 535 on many.
    fn check_groups(&self, adapter: &str) -> Result<u64> {
        let Dims { conditions, bins, .. } = self.dims;
        let most = self.most_groups;
        let of_network = self.condition_tiles * 3 * self.segments;
        for (what, count, groups) in [("conditions", conditions, of_network), ("bins", bins, self.chunks())] {
            ensure!(
                groups <= most,
                "{count} {what} need {groups} workgroups in a dispatch, but {adapter} offers at most {most}. Use fewer {what}, \
                 another adapter, or `engine = cpu`."
            );
        }
        Ok((most / of_network) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Case;
    use crate::engine::gpu::GpuOptions;
    use crate::engine::gpu::adapter::typical;

    #[test]
    fn what_does_not_fit_a_device_is_loaded_otherwise_or_refused_with_the_number() {
        let planned = |case: Case, adapter: &AdapterInfo| {
            let (problem, ..) = case.pose().unwrap();
            GpuPlan::new(&problem, adapter, &GpuOptions::default())
        };
        let small = Case { neurons: 100, conditions: 4, time_steps: 100, ..Case::default() };
        let textures = |time_steps, max_texture_size| {
            let adapter = AdapterInfo { max_texture_size, ..typical(true) };
            planned(Case { time_steps, ..small }, &adapter).unwrap().loads
        };
        assert_eq!(textures(500, 16384), Loads::Texture);
        assert_eq!(textures(500, 128), Loads::Storage, "252 rows of texels");
        assert_eq!(textures(200, 128), Loads::Texture);
        assert_eq!(textures(200, 100), Loads::Storage, "128 columns of texels");
        let few = |max_workgroups| AdapterInfo { max_workgroups, ..typical(false) };
        assert!(planned(small, &few(24)).is_ok());
        let refused = |case, most| planned(case, &few(most)).unwrap_err().to_string();
        let text = refused(Case { conditions: 24, ..small }, 40);
        assert!(text.contains("24 conditions need 48 workgroups in a dispatch, but  offers at most 40"), "{text}");
        let text = refused(Case { neurons: 4, time_steps: 2000, ..small }, 50);
        assert!(text.starts_with("475 bins need 60 workgroups") && text.contains("Use fewer bins"), "{text}");
    }
}
