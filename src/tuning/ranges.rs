//! Sets of frames, as ranges.

use std::ops::Range;

/// The union of ranges, ascending; none touches the next.
pub(super) fn united(ranges: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut sorted: Vec<_> = ranges.filter(|r| !r.is_empty()).collect();
    sorted.sort_by_key(|r| r.start);
    let mut union: Vec<Range<usize>> = Vec::new();
    for range in sorted {
        match union.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => union.push(range),
        }
    }
    union
}

/// `ranges`, which do not overlap, without `others`, which are ascending and do not either.
pub(super) fn minus(ranges: &[Range<usize>], others: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut left = Vec::new();
    for range in ranges {
        let mut first = range.start;
        let from = others.partition_point(|o| o.end <= range.start);
        for other in others[from..].iter().take_while(|o| o.start < range.end) {
            if first < other.start {
                left.push(first..other.start);
            }
            first = first.max(other.end);
        }
        if first < range.end {
            left.push(first..range.end);
        }
    }
    left
}

/// Numbers as ranges of those that follow each other.
pub(super) fn runs(numbers: &[usize]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some(run) if run.end == *number => run.end += 1,
            _ => runs.push(*number..number + 1),
        }
    }
    runs
}

/// The number of frames.
pub(super) fn length(ranges: &[Range<usize>]) -> usize {
    ranges.iter().map(ExactSizeIterator::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unions_and_differences_are_those_of_sets() {
        let union = united([5..9, 0..2, 8..11, 2..3, 4..4].into_iter());
        assert_eq!(union, [0..3, 5..11]);
        assert_eq!(minus(std::slice::from_ref(&(0..20)), &union), [3..5, 11..20]);
        assert_eq!(minus(&[1..2, 6..12, 15..16], &union), [11..12, 15..16]);
        assert_eq!((minus(&union, &union), length(&union)), (vec![], 9));
        assert_eq!(runs(&[3, 4, 5, 9, 2, 3]), [3..6, 9..10, 2..4]);
        assert!(runs(&[]).is_empty());
    }
}
