//! What a wave waits for in a recurrence, by the assembly that AMD's compiler made of it.

/// Cycles of a load from the last cache: 0.12 µs at 2.25 GHz, as the estimates of docs/hardware.md assume.
const CACHE: u64 = 270;
/// Cycles of a load from workgroup memory, assumed.
const WORKGROUP_MEMORY: u64 = 64;
/// Turns of the loop until each is like the one before.
const WARM_UP: usize = 4;

/// How many times the duration of a load from cache a wave alone waits for such loads, in that many multiply-adds of the
/// kernel's innermost loop. The loop, which is the block with most multiply-adds, is replayed over and over: an instruction
/// takes a cycle, of waves of 64 those on vectors two, a load its time from issue on, a wait until what it waits for is there.
pub(crate) fn exposed_loads(assembly: &str, wave: u32, multiply_adds: u64) -> u64 {
    let block = blocks(assembly).into_iter().max_by_key(|b| count(b)).unwrap_or_default();
    let waited = replay(&block, u64::from(wave / 32));
    (waited * multiply_adds).div_ceil(count(&block).max(1) * CACHE)
}

/// The instructions of each basic block.
fn blocks(assembly: &str) -> Vec<Vec<&str>> {
    let mut blocks = vec![Vec::new()];
    for line in assembly.lines().map(|line| line.split(';').next().unwrap_or_default().trim()) {
        match blocks.last_mut() {
            Some(block) if !line.ends_with(':') => block.push(line),
            _ => blocks.push(Vec::new()),
        }
    }
    blocks
}

/// Multiply-adds, fused or not as the family has them, also those that take a 16-bit number as it is; instructions of two
/// kinds at once count twice.
fn count(block: &[&str]) -> u64 {
    let names = ["mac_f32", "fma_f32", "mad_f32", "fma_mix_f32", "mad_mix_f32"];
    block.iter().map(|line| names.map(|name| line.matches(name).count() as u64).iter().sum::<u64>()).sum()
}

/// Cycles that the last of some turns waits for loads from cache.
fn replay(block: &[&str], vector: u64) -> u64 {
    let (mut now, mut waited) = (0, 0);
    // When the loads under way are there, in order.
    let (mut cache, mut workgroup) = (Vec::new(), Vec::new());
    for _ in 0..WARM_UP {
        waited = 0;
        for line in block {
            let operation = line.split_whitespace().next().unwrap_or_default();
            if let Some(left) = left_by(line, "vmcnt(") {
                let there = arrived(&mut cache, left).max(now);
                waited += there - now;
                now = there;
            }
            if let Some(left) = left_by(line, "lgkmcnt(") {
                now = arrived(&mut workgroup, left).max(now);
            }
            now += if operation.starts_with("v_") { vector } else { 1 };
            if operation.starts_with("buffer_load") || operation.starts_with("global_load") {
                cache.push(now + CACHE);
            } else if operation.starts_with("ds_read") || operation.starts_with("ds_load") {
                workgroup.push(now + WORKGROUP_MEMORY);
            }
        }
    }
    waited
}

/// How many loads a wait leaves under way, if it waits for loads of this kind.
fn left_by(line: &str, kind: &str) -> Option<usize> {
    let (_, rest) = line.strip_prefix("s_waitcnt")?.split_once(kind)?;
    rest.split(')').next()?.parse().ok()
}

/// When all but `left` of the loads under way are there; they are taken out.
fn arrived(under_way: &mut Vec<u64>, left: usize) -> u64 {
    let gone = under_way.len().saturating_sub(left);
    under_way.drain(..gone).max().unwrap_or(0)
}

#[test]
fn loads_are_exposed_where_nothing_is_done_meanwhile() {
    let turn = |meanwhile: usize| {
        let load = "BB1:\n buffer_load_dwordx4 v[0:3], v9, s[0:3], 0 offen ; e0\n".to_string();
        load + &" v_fmac_f32_e32 v4, v5, v6\n".repeat(meanwhile)
            + " s_waitcnt vmcnt(0)\n"
            + &" v_fma_f32 v4, v0, v1, v2\n".repeat(30)
    };
    // 270 cycles, of which those of the multiply-adds between are no wait.
    assert_eq!(exposed_loads(&turn(0), 64, 300), 10);
    assert_eq!(exposed_loads(&turn(70), 64, 1000), 5);
    assert_eq!(exposed_loads(&turn(70), 32, 1000), 8);
    assert_eq!(exposed_loads(&turn(140), 64, 1700), 0);
}
