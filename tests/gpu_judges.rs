//! More than one judge: everything that an engine does, on a second implementation of Vulkan, under the validation layer
//! with its checks of synchronisation, and within the limits that every device of WebGPU has.
//!
//! Drivers and layers are found by the loader when a process begins, so the first two run this program once more.
#![allow(missing_docs)]

mod common;

use aon::engine::gpu::GpuDevice;
use ash::vk;
use common::{exercise, gpu};
use std::path::Path;
use std::process::Command;

const SWIFTSHADER: &str = "/usr/lib/chromium/vk_swiftshader_icd.json";
const LAYERS: &str = "/usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json";

const VALIDATED: [(&str, &str); 2] = [
    ("VK_INSTANCE_LAYERS", "VK_LAYER_KHRONOS_validation"),
    ("VK_LAYER_ENABLES", "VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT"),
];

/// Not a test by itself: what the judges below run in a process of their own.
#[test]
#[ignore = "run by the tests below"]
fn show_everything() {
    exercise::show_everything(&GpuDevice::open(None, true).unwrap());
}

/// Not a test by itself: one buffer written twice with nothing in between, which the validation layer must find.
#[test]
#[ignore = "run by the tests below"]
fn race() {
    // SAFETY: plain Vulkan calls with structures that live until the call returns, on objects that end with the process; the
    // commands are recorded, and never submitted.
    unsafe {
        let entry = ash::Entry::load().unwrap();
        let instance = entry.create_instance(&vk::InstanceCreateInfo::default(), None).unwrap();
        let physical = instance.enumerate_physical_devices().unwrap()[0];
        let queue = [vk::DeviceQueueCreateInfo::default().queue_priorities(&[1.0])];
        let device = vk::DeviceCreateInfo::default().queue_create_infos(&queue);
        let device = instance.create_device(physical, &device, None).unwrap();
        let buffer = vk::BufferCreateInfo::default().size(64).usage(vk::BufferUsageFlags::TRANSFER_DST);
        let buffer = device.create_buffer(&buffer, None).unwrap();
        let needed = device.get_buffer_memory_requirements(buffer);
        let memory = vk::MemoryAllocateInfo::default()
            .allocation_size(needed.size)
            .memory_type_index(needed.memory_type_bits.trailing_zeros());
        device.bind_buffer_memory(buffer, device.allocate_memory(&memory, None).unwrap(), 0).unwrap();
        let pool = device.create_command_pool(&vk::CommandPoolCreateInfo::default(), None).unwrap();
        let commands = vk::CommandBufferAllocateInfo::default().command_pool(pool).command_buffer_count(1);
        let commands = device.allocate_command_buffers(&commands).unwrap()[0];
        device.begin_command_buffer(commands, &vk::CommandBufferBeginInfo::default()).unwrap();
        device.cmd_fill_buffer(commands, buffer, 0, 64, 1);
        device.cmd_fill_buffer(commands, buffer, 0, 64, 2);
        device.end_command_buffer(commands).unwrap();
    }
    println!("SHOWN a race");
}

/// Output of one of the above with this in its environment.
fn shown(what: &str, environment: &[(&str, &str)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", what, "--nocapture"])
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("SHOWN"), "{text}");
    text
}

#[test]
fn swiftshader_computes_the_same() {
    if !Path::new(SWIFTSHADER).exists() {
        println!("NOT TESTED: SwiftShader is not installed (Debian: chromium).");
        return;
    }
    let text = shown("show_everything", &[("VK_ICD_FILENAMES", SWIFTSHADER), ("VK_DRIVER_FILES", SWIFTSHADER)]);
    assert!(text.contains("to SwiftShader"), "{text}");
}

#[test]
fn the_validation_layer_finds_neither_errors_nor_hazards() {
    if gpu::device().is_none() {
        return;
    }
    if !Path::new(LAYERS).exists() {
        println!("NOT TESTED: the Khronos validation layer is not installed (Debian: vulkan-validationlayers).");
        return;
    }
    let found = |what: &str| -> Vec<String> {
        let text = shown(what, &VALIDATED);
        text.lines().filter(|l| l.contains("VUID-") || l.contains("SYNC-HAZARD")).map(String::from).collect()
    };
    assert!(found("race").iter().any(|line| line.contains("SYNC-HAZARD-WRITE-AFTER-WRITE")), "the layer finds nothing");
    assert_eq!(found("show_everything"), Vec::<String>::new());
}

#[test]
fn the_limits_of_webgpu_are_enough() {
    if gpu::device().is_none() {
        return;
    }
    let device = GpuDevice::open_within_default_limits(None, true).unwrap();
    let info = device.info();
    assert_eq!((info.max_workgroup_invocations, info.workgroup_memory_bytes), (256, 16384));
    assert_eq!(info.max_storage_binding_bytes, 128 << 20);
    exercise::show_everything(&device);
}
