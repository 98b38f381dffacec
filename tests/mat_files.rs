//! Reading and writing MAT files: every class, both byte orders, compressed or not; against SciPy where it is installed.

#![allow(clippy::float_cmp)] // Files give back exactly what was written.

mod mat_builder;

use aon::data::mat::{Class, MatFile};
use aon::data::{NamedArray, mat};
use mat_builder::{Order, compressed, double, element, file, header, numbers, numeric, variable};
use ndarray::{ArrayD, IxDyn, ShapeBuilder, array};
use std::path::{Path, PathBuf};
use std::process::Command;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn open(bytes: &[u8]) -> aon::error::Result<MatFile> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.mat");
    std::fs::write(&path, bytes).unwrap();
    // The file stays readable through its open handle.
    MatFile::open(&path)
}

fn column_major(dims: &[usize], values: &[f64]) -> ArrayD<f64> {
    ArrayD::from_shape_vec(IxDyn(dims).f(), values.to_vec()).unwrap()
}

#[test]
fn golden_arrays_have_the_shapes_their_readme_states() {
    let case = MatFile::open(&golden("small_A_clean.mat")).unwrap();
    for (name, dims) in [
        ("stim", &[6, 10, 800][..]),
        ("rates", &[12, 800, 12]),
        ("targets", &[12, 12, 175]),
        ("areas", &[3, 1]),
        ("grad_W_f64", &[12, 12]),
    ] {
        assert_eq!(case.array(name).unwrap().shape(), dims, "{name}");
    }
    assert_eq!(case.array("areas").unwrap().iter().copied().collect::<Vec<_>>(), [4.0, 3.0, 5.0]);
    assert_eq!(case.array("thermal").unwrap()[[0, 0]], 100.0);
    // r(0) is stored apart: a mistake in the order of the axes would show.
    let (rates, initial) = (case.array("rates").unwrap(), case.array("IC_r").unwrap());
    for c in 0..12 {
        for i in 0..12 {
            assert_eq!(rates[[c, 0, i]], initial[[c, i]]);
        }
    }
}

#[test]
fn every_class_and_storage_in_both_orders_compressed_or_not() {
    let values = [0.0, 1.0, 5.0, 100.0, 127.0, 2.0];
    let classes = [
        (6, Class::Double, vec![1, 2, 3, 4, 5, 6, 9]),
        (7, Class::Single, vec![1, 2, 3, 4, 5, 7]),
        (8, Class::Int8, vec![1]),
        (9, Class::UInt8, vec![2]),
        (10, Class::Int16, vec![1, 2, 3]),
        (11, Class::UInt16, vec![2, 4]),
        (12, Class::Int32, vec![1, 2, 3, 4, 5]),
        (13, Class::UInt32, vec![2, 4, 6]),
        (14, Class::Int64, vec![1, 2, 3, 4, 5, 12]),
        (15, Class::UInt64, vec![2, 4, 6, 13]),
        (0x0209, Class::Logical, vec![2]),
    ];
    for order in [Order::Little, Order::Big] {
        for (flags, class, kinds) in &classes {
            for kind in kinds {
                let plain = numeric(order, *flags, &[2, 3], "FR1", *kind, &values);
                for bytes in [plain.clone(), compressed(order, &plain)] {
                    let mat = open(&[header(order), bytes].concat()).unwrap();
                    assert_eq!((mat.variables()[0].class, mat.variables()[0].dims.as_slice()), (*class, &[2, 3][..]));
                    assert_eq!(mat.array("FR1").unwrap(), column_major(&[2, 3], &values), "{class} as {kind}");
                }
            }
        }
    }
}

#[test]
fn small_elements_scalars_empty_and_many_dimensions() {
    let le = Order::Little;
    let mat = open(&file(&[
        numeric(le, 9, &[1, 1], "a", 2, &[7.0]),
        double(&[0, 3], "none", &[]),
        double(&[1, 2, 1, 3], "four", &[1., 2., 3., 4., 5., 6.]),
    ]))
    .unwrap();
    assert_eq!(mat.array("a").unwrap(), column_major(&[1, 1], &[7.0]));
    assert_eq!(mat.array("none").unwrap().shape(), [0, 3]);
    assert_eq!(mat.array("four").unwrap()[[0, 1, 0, 2]], 6.0);
}

#[test]
fn variables_that_are_no_arrays_are_listed_and_refused_by_class() {
    let le = Order::Little;
    let inner = double(&[1, 1], "", &[1.0]);
    let name = |text: &str| element(le, 1, text.as_bytes());
    let opaque =
        element(le, 14, &[element(le, 6, &[17, 0, 0, 0, 0, 0, 0, 0]), name("t"), name("MCOS"), name("table")].concat());
    let complex = variable(
        le,
        0x0806,
        &[1, 1],
        "z",
        &[element(le, 9, &numbers(le, 9, &[1.0])), element(le, 9, &numbers(le, 9, &[2.0]))],
    );
    let mat = open(&file(&[
        variable(le, 1, &[1, 1], "c", std::slice::from_ref(&inner)),
        compressed(le, &variable(le, 2, &[1, 1], "s", &[element(le, 5, &[8, 0, 0, 0]), inner])),
        variable(le, 4, &[1, 2], "text", &[element(le, 4, &[b'h', 0, b'i', 0])]),
        variable(le, 5, &[3, 3], "sp", &[]),
        opaque,
        complex,
        double(&[1, 1], "ok", &[4.0]),
    ]))
    .unwrap();
    let listed: Vec<String> = mat.variables().iter().map(ToString::to_string).collect();
    let expected = [
        "c [1×1 cell]",
        "s [1×1 struct]",
        "text [1×2 char]",
        "sp [3×3 sparse]",
        "t [1×1 object]",
        "z [1×1 complex double]",
    ];
    assert_eq!(listed[..6], expected);
    for (name, word) in
        [("c", "cell"), ("s", "struct"), ("text", "char"), ("sp", "sparse"), ("t", "object"), ("z", "complex")]
    {
        let error = mat.array(name).unwrap_err();
        assert!(error.to_string().contains(&format!("{name}: expected")), "{error}");
        assert!(error.to_string().contains(word), "{error}");
        assert_eq!(error.exit_code(), 2);
    }
    let error = mat.array("FR1").unwrap_err().to_string();
    assert!(error.contains("FR1") && error.contains("s [1×1 struct]") && error.contains("ok [1×1 double]"), "{error}");
    assert_eq!(mat.array("ok").unwrap(), column_major(&[1, 1], &[4.0]));
}

#[test]
fn what_is_written_is_read_back_and_twice_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.mat");
    let arrays = sample();
    mat::write(&path, &arrays).unwrap();
    let first = std::fs::read(&path).unwrap();
    mat::write(&path, &arrays).unwrap();
    assert_eq!(first, std::fs::read(&path).unwrap());

    let back = MatFile::open(&path).unwrap();
    let listed: Vec<String> = back.variables().iter().map(ToString::to_string).collect();
    assert_eq!(
        listed,
        ["W [2×3 single]", "rates [2×3×4 double]", "mask [3×1 uint8]", "flag [3×1 logical]", "areas [1×8 char]"]
    );
    assert_eq!(back.array("W").unwrap(), array![[0.5, -1.25, 3.0], [0.1_f32.into(), 0.0, 7.0]].into_dyn());
    assert_eq!(back.array("rates").unwrap()[[1, 2, 3]], 123.0);
    assert_eq!(back.array("mask").unwrap(), column_major(&[3, 1], &[1., 0., 200.]));
    assert_eq!(back.array("flag").unwrap(), column_major(&[3, 1], &[1., 0., 1.]));
}

#[test]
fn names_that_matlab_cannot_load_become_some_that_it_can() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["", "1W", "W in", "W-in", "_W", "while", &"a".repeat(64)] {
        let path = directory.path().join("out.mat");
        mat::write(&path, &[NamedArray::new(name, array![1.0])]).unwrap();
        let back = MatFile::open(&path).unwrap();
        let [written, listing] = back.variables() else { panic!("{:?}", back.variables()) };
        assert_eq!(listing.name, "variable_names");
        assert!(written.name.starts_with(|c: char| c.is_ascii_alphabetic()) && written.name.len() <= 63, "{name:?}");
        assert!(written.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && written.name != name);
    }
}

fn sample() -> Vec<NamedArray> {
    let cube = ArrayD::from_shape_fn(IxDyn(&[2, 3, 4]), |i| (100 * i[0] + 10 * i[1] + i[2]) as f64);
    vec![
        NamedArray::new("W", array![[0.5_f32, -1.25, 3.0], [0.1, 0.0, 7.0]]),
        NamedArray::new("rates", cube),
        NamedArray::new("mask", array![1_u8, 0, 200]),
        NamedArray::new("flag", array![true, false, true]),
        NamedArray::new("areas", "AIP F5 ü"),
    ]
}

/// Runs a Python program if Python has `module`; says so and returns false if not.
fn python(module: &str, program: &str, arguments: &[&Path]) -> bool {
    let found = Command::new("python3").args(["-c", &format!("import {module}")]).output();
    if !found.is_ok_and(|o| o.status.success()) {
        println!("not tested: python3 with {module} is not installed");
        return false;
    }
    let output = Command::new("python3").arg("-c").arg(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    true
}

#[test]
fn scipy_reads_what_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.mat");
    mat::write(&path, &sample()).unwrap();
    python(
        "scipy.io",
        r"
import sys, numpy as np, scipy.io
m = scipy.io.loadmat(sys.argv[1])
assert m['W'].dtype == np.float32 and (m['W'] == np.float32([[0.5, -1.25, 3], [0.1, 0, 7]])).all()
i, j, k = np.indices((2, 3, 4))
assert m['rates'].dtype == np.float64 and (m['rates'] == 100 * i + 10 * j + k).all()
assert m['mask'].dtype == np.uint8 and m['mask'].tolist() == [[1], [0], [200]]
assert m['flag'].tolist() == [[1], [0], [1]]
assert m['areas'].tolist() == ['AIP F5 \u00fc'], m['areas']
assert ('flag', (3, 1), 'logical') in scipy.io.whosmat(sys.argv[1])
",
        &[&path],
    );
}

#[test]
fn what_scipy_writes_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("in.mat");
    let program = r"
import sys, numpy as np, scipy.io
values = np.arange(24).reshape(2, 3, 4) % 2
types = 'f8 f4 i1 u1 i2 u2 i4 u4 i8 u8 ?'.split()
m = {'v%d' % k: values.astype(t) for k, t in enumerate(types)}
m |= {'row': np.arange(5.), 'nested': {'a': 1, 'b': [1, 2]}, 'cells': np.array([1, 'x'], dtype=object), 'text': 'abc'}
scipy.io.savemat(sys.argv[1], m, do_compression=len(sys.argv) > 2)
";
    for compression in [&[path.as_path()][..], &[path.as_path(), Path::new("compressed")]] {
        if !python("scipy.io", program, compression) {
            return;
        }
        let mat = MatFile::open(&path).unwrap();
        let expected = ArrayD::from_shape_fn(IxDyn(&[2, 3, 4]), |i| ((12 * i[0] + 4 * i[1] + i[2]) % 2) as f64);
        for k in 0..11 {
            assert_eq!(mat.array(&format!("v{k}")).unwrap(), expected, "type number {k}");
        }
        assert_eq!(mat.array("row").unwrap(), column_major(&[1, 5], &[0., 1., 2., 3., 4.]));
        for (name, class) in [("nested", Class::Struct), ("cells", Class::Cell), ("text", Class::Char)] {
            assert_eq!(mat.variables().iter().find(|v| v.name == name).unwrap().class, class);
        }
    }
}

/// What SciPy finds in the files of its own test suite, most of which MATLAB 5 to 7.4 wrote on several machines:
/// `[file, [[variable, class, dims, the bits of real numbers in column-major order or null]]]`, or null for a file that it refuses.
const SCIPY_TEST_DATA: &str = r"
import sys, json, os, glob, warnings, numpy as np, scipy.io.matlab
warnings.simplefilter('ignore')
found = []
for path in sorted(glob.glob(os.path.dirname(scipy.io.matlab.__file__) + '/tests/data/*.mat')):
    try:
        if scipy.io.matlab.matfile_version(path)[0] != 1: continue
        values = scipy.io.loadmat(path)
        listed = scipy.io.whosmat(path)
    except Exception:
        found.append([path, None])
        continue
    def numbers(v):
        plain = isinstance(v, np.ndarray) and v.dtype.kind in 'biuf'
        return np.ravel(v, 'F').astype(float).view('u8').tolist() if plain else None
    found.append([path, [[n, c, list(d), numbers(values.get(n))] for n, d, c in listed]])
json.dump(found, open(sys.argv[1], 'w'))
";

#[test]
fn files_that_matlab_wrote_are_read_as_scipy_reads_them() {
    let directory = tempfile::tempdir().unwrap();
    let list = directory.path().join("list.json");
    if !python("scipy.io.matlab", SCIPY_TEST_DATA, &[&list]) {
        return;
    }
    let found: serde_json::Value = serde_json::from_slice(&std::fs::read(&list).unwrap()).unwrap();
    let files = found.as_array().unwrap();
    let mut compared = 0;
    for file in files {
        let path = Path::new(file[0].as_str().unwrap());
        let mat = MatFile::open(path);
        let Some(variables) = file[1].as_array() else {
            // What SciPy refuses may be read as far as it can be.
            let read = mat.and_then(|m| m.variables().iter().try_for_each(|v| m.array(&v.name).map(drop)));
            assert!(read.err().is_none_or(|e| e.exit_code() == 2));
            continue;
        };
        let mat = mat.unwrap();
        for variable in variables {
            let (name, numbers) = (variable[0].as_str().unwrap(), variable[3].as_array());
            let listed = mat.variables().iter().find(|v| v.name == name).unwrap_or_else(|| panic!("{path:?}: {name}"));
            let Some(numbers) = numbers else { continue };
            let dims: Vec<usize> = serde_json::from_value(variable[2].clone()).unwrap();
            assert_eq!((listed.class.to_string().as_str(), &listed.dims), (variable[1].as_str().unwrap(), &dims));
            let numbers: Vec<f64> = numbers.iter().map(|v| f64::from_bits(v.as_u64().unwrap())).collect();
            assert_eq!(mat.array(name).unwrap(), column_major(&dims, &numbers), "{path:?}: {name}");
            compared += 1;
        }
    }
    println!("compared {compared} arrays of {} files", files.len());
    if files.is_empty() {
        println!("not tested: this SciPy comes without its test data");
    }
}
