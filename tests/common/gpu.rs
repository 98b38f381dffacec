//! The device that GPU tests run on.

use aon::engine::gpu::GpuDevice;

/// The best adapter, a software one if there is no other; says so and returns `None` where there is none at all.
pub fn device() -> Option<GpuDevice> {
    match GpuDevice::open(None, true) {
        Ok(device) => Some(device),
        Err(error) => {
            eprintln!("NOT TESTED: nothing was tested on a GPU: {error}");
            None
        }
    }
}
