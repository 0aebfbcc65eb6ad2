//! An amount in parts, in proportion and to the kopeck.

/// Parts of `sum`, one a weight, in proportion to the weights; they add up to it. What the rounding leaves goes to the
/// parts that lost most by it, the first ones first. No part is larger than its weight where `sum` is not larger than
/// all of them. `None` where there is nothing to be in proportion to.
pub fn spread(sum: u64, weights: &[u64]) -> Option<Vec<u64>> {
    let all: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if all == 0 {
        return (sum == 0).then(|| vec![0; weights.len()]);
    }
    let exact = |weight: &u64| u128::from(sum) * u128::from(*weight);
    let whole = |weight| u64::try_from(exact(weight) / all);
    let mut parts: Vec<u64> = weights.iter().map(whole).collect::<Result<_, _>>().ok()?;
    let left = sum.checked_sub(parts.iter().sum())?;
    let mut by_loss: Vec<(u128, usize)> = weights.iter().map(|w| exact(w) % all).zip(0..).collect();
    by_loss.sort_by_key(|(loss, index)| (std::cmp::Reverse(*loss), *index));
    for (_, index) in by_loss.into_iter().take(usize::try_from(left).ok()?) {
        *parts.get_mut(index)? += 1;
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_and_what_is_left_goes_to_the_largest_loss() {
        for (sum, weights, parts) in [
            (18, vec![341_718], vec![18]),
            (10, vec![1, 1, 1], vec![4, 3, 3]),
            (1_000, vec![999, 1], vec![999, 1]),
            (1, vec![1, 2, 2], vec![0, 1, 0]),
            (0, vec![0, 0], vec![0, 0]),
            (5, vec![0, 10], vec![0, 5]),
        ] {
            assert_eq!(spread(sum, &weights), Some(parts), "{sum} {weights:?}");
        }
        assert_eq!(spread(1, &[0, 0]), None);
        assert_eq!(spread(u64::MAX, &[u64::MAX, 1]), Some(vec![u64::MAX - 1, 1]));
    }
}
