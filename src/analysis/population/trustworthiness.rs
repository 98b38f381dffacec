//! Whether neighbours in a picture are neighbours in the data.

use super::silhouette::Distances;

/// The trustworthiness of an embedding (Venna and Kaski 2001), as scikit-learn defines it: 1 less a penalty for each of the
/// `neighbours` nearest points of a point in the picture that is none of them in the data, by how much farther in rank it is
/// there. NaN where both are not of the same number of points, or `neighbours` is not below half of it.
pub fn trustworthiness(data: &Distances, embedded: &Distances, neighbours: usize) -> f64 {
    let (n, k) = (data.items(), neighbours);
    if n != embedded.items() || k == 0 || 2 * k >= n {
        return f64::NAN;
    }
    let others = |distances: &Distances, i: usize| {
        let row = distances.from(i);
        let mut others: Vec<usize> = (0..n).filter(|j| *j != i).collect();
        others.sort_by(|a, b| row[*a].total_cmp(&row[*b]));
        others
    };
    let mut penalty = 0;
    for i in 0..n {
        let mut rank = vec![0; n];
        others(data, i).into_iter().enumerate().for_each(|(place, j)| rank[j] = place + 1);
        penalty += others(embedded, i)[..k].iter().map(|j| rank[*j].saturating_sub(k)).sum::<usize>();
    }
    let worst = (n * k) as f64 * (2.0 * n as f64 - 3.0 * k as f64 - 1.0);
    1.0 - 2.0 * penalty as f64 / worst
}
