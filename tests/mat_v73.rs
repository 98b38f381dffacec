//! MATLAB v7.3 files (HDF5), with the feature `hdf5`. The files are written by h5py as MATLAB writes them, where Python has it.
#![cfg(feature = "hdf5")]

use aon::data::mat::{Class, MatFile};
use ndarray::{ArrayD, IxDyn};
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = r"
import sys, h5py, numpy as np
with h5py.File(sys.argv[1], 'w', userblock_size=512) as f:
    def put(name, values, cls, **more):
        d = f.create_dataset(name, data=np.asarray(values).T, **more)
        d.attrs['MATLAB_class'] = np.bytes_(cls)
        return d
    values = np.arange(24).reshape(2, 3, 4) % 2
    types = 'f8 f4 i1 u1 i2 u2 i4 u4 i8 u8'.split()
    names = 'double single int8 uint8 int16 uint16 int32 uint32 int64 uint64'.split()
    for k, (t, n) in enumerate(zip(types, names)):
        put('v%d' % k, values.astype(t), n)
    put('v10', values.astype('u1'), 'logical').attrs['MATLAB_int_decode'] = np.int32(1)
    put('FR1', np.arange(6000.).reshape(20, 300), 'double', chunks=(100, 10), compression='gzip', shuffle=True)
    put('none', np.array([0, 3], 'u8'), 'double').attrs['MATLAB_empty'] = np.uint8(1)
    put('text', np.array([[65, 66]], 'u2'), 'char').attrs['MATLAB_int_decode'] = np.int32(2)
    put('z', np.array([[1 + 2j]]).view([('real', 'f8'), ('imag', 'f8')]), 'double')
    f.create_group('s').attrs['MATLAB_class'] = np.bytes_('struct')
    f.create_group('#refs#')
with open(sys.argv[1], 'r+b') as f:
    f.write(b'MATLAB 7.3 MAT-file'.ljust(116) + bytes(8) + b'\x00\x02IM')
";

/// Writes the test file; says so and returns false where Python has no h5py.
fn write(path: &Path) -> bool {
    let found = Command::new("python3").args(["-c", "import h5py"]).output();
    if !found.is_ok_and(|o| o.status.success()) {
        println!("not tested: python3 with h5py is not installed");
        return false;
    }
    let output = Command::new("python3").args(["-c", PROGRAM]).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    true
}

#[test]
fn arrays_of_all_classes_come_with_matlabs_dimensions() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("v73.mat");
    if !write(&path) {
        return;
    }
    let mat = MatFile::open(&path).unwrap();
    let expected = ArrayD::from_shape_fn(IxDyn(&[2, 3, 4]), |i| ((12 * i[0] + 4 * i[1] + i[2]) % 2) as f64);
    for k in 0..11 {
        assert_eq!(mat.array(&format!("v{k}")).unwrap(), expected, "type number {k}");
    }
    let rates = ArrayD::from_shape_fn(IxDyn(&[20, 300]), |i| (300 * i[0] + i[1]) as f64);
    assert_eq!(mat.array("FR1").unwrap(), rates);
    assert_eq!(mat.array("none").unwrap().shape(), [0, 3]);
    let class = |name| mat.variables().iter().find(|v| v.name == name).unwrap().class;
    assert_eq!((class("v10"), class("text"), class("s")), (Class::Logical, Class::Char, Class::Struct));
    assert_eq!(mat.texts("text").unwrap(), ["AB"]);
    for (name, word) in [("text", "char"), ("s", "struct"), ("z", "complex"), ("#refs#", "a variable of this name")] {
        let error = mat.array(name).unwrap_err();
        assert!(error.to_string().contains(word) && error.exit_code() == 2, "{error}");
    }
}

#[test]
fn damaged_files_are_refused_or_harmless() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("v73.mat");
    if !write(&path) {
        return;
    }
    let bytes = std::fs::read(&path).unwrap();
    let read_all = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let mat = MatFile::open(&path)?;
        mat.variables()
            .iter()
            .try_for_each(|v| if v.class.is_numeric() && !v.complex { mat.array(&v.name).map(drop) } else { Ok(()) })
    };
    read_all(&bytes).unwrap();
    for length in (0..bytes.len()).step_by(2039) {
        let error = read_all(&bytes[..length]).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{length} bytes: {error}");
    }
    // Flips at every 307th bit: a different place in its byte each time.
    for bit in (512 * 8..bytes.len() * 8).step_by(307) {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Err(error) = read_all(&flipped) {
            assert_eq!(error.exit_code(), 2, "bit {bit}: {error}");
        }
    }
}

#[test]
fn plain_hdf5_is_refused_with_what_to_write_instead() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plain.h5");
    let mut file = hdf5_pure::FileBuilder::new();
    file.create_dataset("FR1").with_f64_data(&[0.5, 0.25]).with_shape(&[1, 2]);
    file.write(&path).unwrap();
    let error = MatFile::open(&path).unwrap_err().to_string();
    assert!(error.contains("FR1") && error.contains("MATLAB_class") && error.contains("savemat"), "{error}");
}
