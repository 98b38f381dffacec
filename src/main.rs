//! The `aon` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    ask_no_window_system();
    aon::cli::run(std::env::args_os())
}

/// Mesa's Vulkan layer asks the window system which GPU is its own, and complains in lines of errors where there is none,
/// as on servers and in jobs. Nothing is drawn here, so there it is told not to ask.
#[cfg(target_os = "linux")]
fn ask_no_window_system() {
    let has_session =
        std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|place| std::path::Path::new(&place).is_absolute());
    if !has_session && std::env::var_os("NODEVICE_SELECT").is_none() {
        // SAFETY: no other thread runs yet that could read the environment meanwhile.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}

/// Elsewhere nothing asks.
#[cfg(not(target_os = "linux"))]
fn ask_no_window_system() {}
