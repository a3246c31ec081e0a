//! Agreement beyond chance on an ordered scale: Cohen's kappa with quadratic weights.

/// Cohen's weighted kappa (Psychological Bulletin 70 (1968) 213) of pairs of levels below `levels`, where a disagreement
/// weighs as the square of its distance. `None` of nothing, and where both say the same level always: there is then
/// nothing that chance could not have said.
pub fn quadratic_kappa(pairs: &[(usize, usize)], levels: usize) -> Option<f64> {
    let matrix = confusion(pairs, levels);
    let rows: Vec<f64> = matrix.iter().map(|row| row.iter().sum::<usize>() as f64).collect();
    let columns: Vec<f64> =
        (0..levels).map(|at| matrix.iter().map(|row| row[at]).sum::<usize>() as f64).collect();
    let count = rows.iter().sum::<f64>();
    let (mut observed, mut by_chance) = (0.0, 0.0);
    for (i, row) in matrix.iter().enumerate() {
        for (j, &seen) in row.iter().enumerate() {
            let weight = (i.abs_diff(j) as f64).powi(2);
            observed += weight * seen as f64;
            by_chance += weight * rows[i] * columns[j] / count;
        }
    }
    (by_chance > 0.0).then(|| 1.0 - observed / by_chance)
}

/// How often each pair of levels occurs: a row for each first, a column for each second.
pub fn confusion(pairs: &[(usize, usize)], levels: usize) -> Vec<Vec<usize>> {
    let mut matrix = vec![vec![0; levels]; levels];
    for &(first, second) in pairs {
        if let Some(cell) = matrix.get_mut(first).and_then(|row| row.get_mut(second)) {
            *cell += 1;
        }
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(matrix: &[&[usize]]) -> Vec<(usize, usize)> {
        let cells = matrix.iter().enumerate().flat_map(|(i, row)| {
            row.iter().enumerate().flat_map(move |(j, &count)| std::iter::repeat_n((i, j), count))
        });
        cells.collect()
    }

    #[test]
    fn kappa_of_tables_with_known_answers() {
        let check = |matrix: &[&[usize]], expect: Option<f64>| {
            let found = quadratic_kappa(&pairs(matrix), matrix.len());
            let same = match (found, expect) {
                (Some(found), Some(expect)) => (found - expect).abs() < 5e-5,
                (found, expect) => found == expect,
            };
            assert!(same, "{matrix:?}: {found:?} is not {expect:?}");
        };
        check(&[&[20, 3, 0, 0], &[4, 15, 2, 0], &[0, 3, 10, 2], &[0, 0, 1, 5]], Some(0.8815));
        // With two levels the weights do not matter. Cohen's kappa by hand: observed 0.7, by chance 0.5.
        check(&[&[20, 5], &[10, 15]], Some(0.4));
        check(&[&[10, 0, 0], &[0, 10, 0], &[0, 0, 10]], Some(1.0));
        check(&[&[0, 5], &[5, 0]], Some(-1.0));
        check(&[&[7, 0], &[0, 0]], None);
        check(&[&[0, 0], &[0, 0]], None);
    }

    #[test]
    fn the_table_counts_first_by_row() {
        assert_eq!(confusion(&[(0, 1), (0, 1), (1, 0)], 2), [[0, 2], [1, 0]]);
    }
}
