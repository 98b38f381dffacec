//! Who compiles kernels for DirectX 12. Elsewhere the driver does.
//!
//! Windows has FXC, which is old, and knows no fused multiply-add: `fma` becomes `mad`, which may round twice, so that the last
//! bits there may differ from those elsewhere. DXC is newer; its library lies beside the program, or where programs are
//! looked for.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

const DXC: &str = "dxcompiler.dll";

/// DXC where it is found, else FXC.
pub(super) fn chosen() -> wgpu::Dx12Compiler {
    match dxc() {
        Some(path) => wgpu::Dx12Compiler::DynamicDxc { dxc_path: path.display().to_string() },
        None => wgpu::Dx12Compiler::Fxc,
    }
}

/// The same in words.
pub(super) fn name() -> String {
    match dxc() {
        Some(path) => format!("DXC ({})", path.display()),
        None => format!("FXC, as {DXC} is neither beside this program nor in PATH"),
    }
}

fn dxc() -> Option<PathBuf> {
    if !cfg!(windows) {
        return None;
    }
    let program = std::env::current_exe().ok();
    found(program.as_deref().and_then(Path::parent), &std::env::var_os("PATH").unwrap_or_default())
}

/// The library in the first of these folders that holds it.
fn found(beside: Option<&Path>, path: &OsStr) -> Option<PathBuf> {
    let folders = beside.map(Path::to_path_buf).into_iter().chain(std::env::split_paths(path));
    folders.map(|folder| folder.join(DXC)).find(|library| library.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_beside_the_program_comes_before_those_elsewhere() {
        let [own, other, empty] = [(); 3].map(|()| tempfile::tempdir().unwrap());
        for folder in [&own, &other] {
            std::fs::write(folder.path().join(DXC), "").unwrap();
        }
        let path = std::env::join_paths([empty.path(), other.path()]).unwrap();
        assert_eq!(found(Some(own.path()), &path), Some(own.path().join(DXC)));
        assert_eq!(found(Some(empty.path()), &path), Some(other.path().join(DXC)));
        assert_eq!(found(Some(empty.path()), OsStr::new("")), None);
        assert_eq!(found(None, &path), Some(other.path().join(DXC)));
    }
}
