//! Why a graphics card may not be seen: what about the surroundings of the process is known to hide one.

use std::path::Path;

/// Where distributions put the Vulkan loader.
const LOADERS: [&str; 6] = [
    "/usr/lib/x86_64-linux-gnu/libvulkan.so.1",
    "/usr/lib/aarch64-linux-gnu/libvulkan.so.1",
    "/usr/lib64/libvulkan.so.1",
    "/usr/lib/libvulkan.so.1",
    "/usr/local/lib/libvulkan.so.1",
    "/run/opengl-driver/lib/libvulkan.so.1",
];
/// What containers have and machines have not.
const CONTAINERS: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

/// What hides cards from this process, as sentences with their remedy; none where nothing does that is known.
pub fn unseen() -> Vec<String> {
    if cfg!(target_os = "linux") { causes(&|name| std::env::var(name).ok(), &Path::exists) } else { Vec::new() }
}

/// The same on Linux, of any surroundings.
fn causes(variable: &dyn Fn(&str) -> Option<String>, exists: &dyn Fn(&Path) -> bool) -> Vec<String> {
    let any = |paths: &[&str]| paths.iter().any(|path| exists(Path::new(path)));
    let container = any(&CONTAINERS) || variable("APPTAINER_CONTAINER").is_some();
    let mut causes = Vec::new();
    for name in ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"] {
        let Some(files) = variable(name).filter(|files| !files.is_empty()) else { continue };
        causes.push(match files.split(':').find(|file| !exists(Path::new(file))) {
            Some(missing) => format!("`{name}` names {missing}, which does not exist: correct it, or unset it."),
            None => format!("`{name}` has Vulkan see the drivers of {files} alone: unset it to see all."),
        });
    }
    if !any(&LOADERS) {
        causes.push(
            "The Vulkan loader (libvulkan.so.1) is in none of its usual places: install it (libvulkan1 on Debian and \
             Ubuntu, vulkan-loader on Fedora)."
                .into(),
        );
    }
    let nvidia = any(&["/dev/nvidiactl"]);
    let capabilities = variable("NVIDIA_DRIVER_CAPABILITIES");
    let graphics = |given: &str| given.split(',').any(|c| matches!(c.trim(), "graphics" | "all"));
    if nvidia && (capabilities.is_some() || container) && !capabilities.as_deref().is_some_and(graphics) {
        let given = capabilities.map_or("not set".into(), |c| format!("`{c}`"));
        causes.push(format!(
            "`NVIDIA_DRIVER_CAPABILITIES` is {given}, so that this container has CUDA without Vulkan: start it with \
             `NVIDIA_DRIVER_CAPABILITIES=all` (in Apptainer with `--nvccli`, too)."
        ));
    }
    if container && !nvidia && !any(&["/dev/dri"]) {
        causes.push(
            "This container was given no graphics card: start it with `--gpus all` (NVIDIA), `--device /dev/dri` (AMD, \
             Intel), or `--nv` in Apptainer."
                .into(),
        );
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], files: &[&str]) -> String {
        let variable = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_string());
        causes(&variable, &|path| files.iter().any(|f| Path::new(f) == path)).join(" ")
    }

    #[test]
    fn what_hides_a_card_is_named_with_its_remedy() {
        const LOADER: &str = "/usr/lib64/libvulkan.so.1";
        assert_eq!(found(&[], &[LOADER, "/dev/dri"]), "");
        assert_eq!(found(&[("VK_DRIVER_FILES", "")], &[LOADER, "/dev/nvidiactl"]), "");
        assert!(found(&[], &["/dev/dri"]).starts_with("The Vulkan loader"));
        let missing = found(&[("VK_ICD_FILENAMES", "/a.json:/b.json")], &[LOADER, "/a.json"]);
        assert!(missing.starts_with("`VK_ICD_FILENAMES` names /b.json, which does not exist"), "{missing}");
        assert!(found(&[("VK_DRIVER_FILES", "/a.json")], &[LOADER, "/a.json"]).contains("unset it to see all"));
        let card = [LOADER, "/dev/nvidiactl", "/.dockerenv"];
        let capabilities = |given| found(&[("NVIDIA_DRIVER_CAPABILITIES", given)], &card);
        assert!(capabilities("compute,utility").contains("`compute,utility`, so that this container has CUDA without"));
        assert_eq!(capabilities("compute, graphics") + &capabilities("all"), "");
        assert!(found(&[], &card).contains("is not set, so that"));
        assert!(found(&[], &[LOADER, "/run/.containerenv"]).contains("was given no graphics card"));
        assert_eq!(found(&[], &[LOADER, "/run/.containerenv", "/dev/dri"]), "");
    }
}
