//! A fair choice of calls for a block: every canister gets its share of the bytes, whatever the others are sent.

/// The calls that wait for one canister, oldest first: the size of each in bytes, and its name.
pub(super) type Queue<T> = Vec<(usize, T)>;

/// Chooses calls of at most `bytes` bytes and `count` in number.
///
/// The bytes are shared out evenly among the canisters, in rounds: what one does not use, the others get in the next
/// round. A canister's first call may be larger than its share, so that large calls are not put off for ever. Within a
/// canister the oldest comes first: expiry is the caller's choice, arrival is not.
pub(super) fn select<T: Copy>(queues: Vec<Queue<T>>, bytes: usize, count: usize) -> Vec<T> {
    let mut chosen = Vec::new();
    let mut room = bytes;
    // What is left of each queue, newest first, and the bytes that its canister may use.
    let mut waiting: Vec<(Queue<T>, usize, bool)> = queues
        .into_iter()
        .map(|mut queue| {
            queue.reverse();
            (queue, 0, true)
        })
        .collect();
    let mut shares_count = true;
    loop {
        // A call that does not fit any more is passed over for what comes after it.
        for (queue, _, _) in &mut waiting {
            while queue.last().is_some_and(|(size, _)| *size > room) {
                queue.pop();
            }
        }
        waiting.retain(|(queue, _, _)| !queue.is_empty());
        let Some(share) = room.checked_div(waiting.len()) else {
            return chosen;
        };
        let before = chosen.len();
        for (queue, allowance, first) in &mut waiting {
            *allowance = allowance.saturating_add(share);
            while let Some((size, name)) = queue.last().copied() {
                let within = size <= *allowance || *first || !shares_count;
                if size > room || !within {
                    break;
                }
                if chosen.len() >= count {
                    return chosen;
                }
                queue.pop();
                chosen.push(name);
                room = room.saturating_sub(size);
                *allowance = allowance.saturating_sub(size);
                *first = false;
            }
        }
        // A round in which nobody's share was enough for its next call: whoever's call fits may have the rest.
        shares_count = chosen.len() > before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(canister: u32, sizes: &[usize]) -> Queue<(u32, usize)> {
        sizes
            .iter()
            .enumerate()
            .map(|(place, size)| (*size, (canister, place)))
            .collect()
    }

    fn of(canister: u32, chosen: &[(u32, usize)]) -> Vec<usize> {
        chosen
            .iter()
            .filter(|(owner, _)| *owner == canister)
            .map(|(_, place)| *place)
            .collect()
    }

    #[test]
    fn a_canister_with_many_calls_does_not_starve_the_others() {
        let chosen = select(
            vec![queue(0, &[10; 1_000]), queue(1, &[10, 10])],
            100,
            1_000,
        );
        assert_eq!(of(1, &chosen), [0, 1]);
        assert_eq!(
            of(0, &chosen),
            [0, 1, 2, 3, 4, 5, 6, 7],
            "what the other leaves is used"
        );
    }

    #[test]
    fn a_first_call_larger_than_its_share_goes_in() {
        let chosen = select(vec![queue(0, &[80]), queue(1, &[10; 20])], 100, 1_000);
        assert_eq!(of(0, &chosen), [0]);
        assert_eq!(of(1, &chosen), [0, 1]);
    }

    #[test]
    fn a_call_that_never_fits_does_not_block_its_queue() {
        assert_eq!(of(0, &select(vec![queue(0, &[101, 5])], 100, 10)), [1]);
    }

    #[test]
    fn limits_hold_and_the_oldest_come_first() {
        let chosen = select(vec![queue(0, &[1; 50]), queue(1, &[1; 50])], 1_000, 7);
        assert_eq!(chosen.len(), 7);
        assert!(of(0, &chosen).is_sorted() && of(1, &chosen).is_sorted());
        assert!(select(vec![queue(0, &[1])], 0, 7).is_empty());
        assert!(select(Vec::<Queue<u8>>::new(), 10, 7).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn what_is_chosen_fits_and_nothing_small_is_left_out(
            sizes in proptest::collection::vec(proptest::collection::vec(1usize..60, 0..20), 0..6),
            bytes in 0usize..300,
            count in 0usize..40,
        ) {
            let queues: Vec<_> = sizes.iter().zip(0..).map(|(sizes, canister)| queue(canister, sizes)).collect();
            let chosen = select(queues.clone(), bytes, count);
            let size = |name: &(u32, usize)| {
                queues.iter().flatten().find(|(_, other)| other == name).map_or(0, |(size, _)| *size)
            };
            let used: usize = chosen.iter().map(size).sum();
            proptest::prop_assert!(used <= bytes && chosen.len() <= count);
            let mut distinct = chosen.clone();
            distinct.sort_unstable();
            distinct.dedup();
            proptest::prop_assert_eq!(distinct.len(), chosen.len());
            if chosen.len() < count {
                let left = queues.iter().flatten().filter(|(_, name)| !chosen.contains(name));
                proptest::prop_assert!(left.into_iter().all(|(size, _)| *size > bytes - used));
            }
        }
    }
}
