//! Compiled kernels, kept from one program to the next where the driver hands them out (Vulkan).

use crate::data::write_atomically;
use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// What is compiled is looked up in a file, and kept there.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) cache: wgpu::PipelineCache,
    file: PathBuf,
    /// What the file held.
    before: Vec<u8>,
}

/// Bytes of the checksum that a file begins with.
const SUM: usize = 32;

fn sum_of(data: &[u8]) -> [u8; SUM] {
    Sha256::digest(data).into()
}

/// What was kept in `file`; nothing where it is missing or not what was written.
fn kept(file: &Path) -> Option<Vec<u8>> {
    let bytes = std::fs::read(file).ok()?;
    let (sum, data) = bytes.split_at_checked(SUM)?;
    (sum == sum_of(data)).then(|| data.to_vec())
}

impl Compiled {
    /// Looks up in `file`; nothing where the device hands nothing out.
    pub(super) fn open(device: &wgpu::Device, file: PathBuf) -> Option<Self> {
        if !device.features().contains(wgpu::Features::PIPELINE_CACHE) {
            return None;
        }
        let before = kept(&file).unwrap_or_default();
        let data = (!before.is_empty()).then_some(before.as_slice());
        let description = wgpu::PipelineCacheDescriptor { label: Some("kernels"), data, fallback: true };
        // SAFETY: the data are what `get_data` returned to this program under the same adapter and driver, which the file's name
        // tells, and to the last bit, which its checksum does.
        let cache = unsafe { device.create_pipeline_cache(&description) };
        Some(Self { cache, file, before })
    }

    /// Writes what was compiled since, if anything was.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn keep(&mut self) -> Result<()> {
        let Some(data) = self.cache.get_data().filter(|data| *data != self.before) else { return Ok(()) };
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        }
        write_atomically(&self.file, |out| out.write_all(&sum_of(&data)).and_then(|()| out.write_all(&data)))?;
        self.before = data;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::gpu::GpuDevice;

    #[test]
    fn what_is_kept_is_found_again_and_a_spoilt_file_is_none() {
        let device = match GpuDevice::open(None, true) {
            Ok(device) if device.device.features().contains(wgpu::Features::PIPELINE_CACHE) => device,
            _ => return eprintln!("NOT TESTED: no graphics adapter hands out compiled kernels."),
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/kernels.bin");
        let compile = |compiled: &Compiled, constant: f64| {
            let module = device.device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: None,
                source: wgpu::ShaderSource::Wgsl(
                    "override C: f32; @compute @workgroup_size(1) fn main() { _ = C; }".into(),
                ),
            });
            let constants = &[("C", constant)];
            let _ = device.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: None,
                layout: None,
                module: &module,
                entry_point: None,
                compilation_options: wgpu::PipelineCompilationOptions { constants, ..Default::default() },
                cache: Some(&compiled.cache),
            });
        };
        let open = || Compiled::open(&device.device, file.clone()).unwrap();
        let mut first = open();
        compile(&first, 1.0);
        first.keep().unwrap();
        assert_eq!(kept(&file).as_ref(), Some(&first.before));
        assert_eq!(open().before, first.before);
        let mut bytes = std::fs::read(&file).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        assert_eq!(kept(&file), None);
        std::fs::write(&file, "short").unwrap();
        assert_eq!(kept(&file), None);
        let mut again = open();
        compile(&again, 2.0);
        again.keep().unwrap();
        assert!(kept(&file).is_some() && device.check().is_ok());
    }
}
