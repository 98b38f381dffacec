//! How much memory an adapter has: what wgpu does not tell, and the interface below does.

/// Bytes of the largest heap of the device's own memory; on those that share the system's, of that. Vulkan only.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn memory_bytes(adapter: &wgpu::Adapter) -> Option<u64> {
    /// `VK_MEMORY_HEAP_DEVICE_LOCAL_BIT`.
    const DEVICE_LOCAL: u32 = 1;
    // SAFETY: the physical device is alive as long as the adapter, which is borrowed; it is only asked for its properties, and
    // nothing of it is kept or destroyed.
    let properties = unsafe {
        let vulkan = adapter.as_hal::<wgpu::hal::api::Vulkan>()?;
        vulkan.shared_instance().raw_instance().get_physical_device_memory_properties(vulkan.raw_physical_device())
    };
    let heaps = properties.memory_heaps.iter().take(properties.memory_heap_count as usize);
    heaps.filter(|heap| heap.flags.as_raw() & DEVICE_LOCAL != 0).map(|heap| heap.size).max()
}

/// Metal tells how much is sensible, not how much there is.
#[cfg(target_vendor = "apple")]
pub(super) fn memory_bytes(_: &wgpu::Adapter) -> Option<u64> {
    None
}
