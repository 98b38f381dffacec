//! Texts: matrices of letters.

use super::fault::Fault;

/// The rows of a matrix of letters, which stand column by column, without blanks at their ends.
pub(super) fn rows(letters: &[char], dims: &[usize]) -> Result<Vec<String>, Fault> {
    let (rows, columns) = (dims[0], dims[1..].iter().copied().fold(1, usize::saturating_mul));
    if rows.checked_mul(columns) != Some(letters.len()) {
        return Err(Fault::new(format!("{rows}×{columns} letters"), letters.len().to_string()));
    }
    let row = |i: usize| letters.iter().skip(i).step_by(rows).collect::<String>();
    let rows = if columns == 0 { 0 } else { rows };
    Ok((0..rows).map(|i| row(i).trim_end_matches([' ', '\0']).to_string()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_become_rows() {
        let letters: Vec<char> = "AFI5P ".chars().collect();
        assert_eq!(rows(&letters, &[2, 3]).unwrap(), ["AIP", "F5"]);
        assert!(rows(&letters, &[2, 2]).is_err());
        assert!(rows(&[], &[3, 0]).unwrap().is_empty());
    }
}
