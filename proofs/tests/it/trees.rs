//! For every tree and every proof in it: it holds, and with any other hash, size, place or root it does not.

use std::collections::HashMap;

use proofs::{Frontier, Hash, Recipe, Subtree, consistency, inclusion};
use proptest::prelude::*;

/// Trees up to this size are tried whole; larger ones by sampling.
const WHOLE: u64 = 64;

/// A tree with all its complete subtrees, and its root at every size.
struct Tree {
    subtrees: HashMap<Subtree, Hash>,
    roots: Vec<Hash>,
}

impl Tree {
    fn of(size: u64) -> Tree {
        let mut frontier = Frontier::default();
        let mut tree = Tree { subtrees: HashMap::new(), roots: vec![frontier.root()] };
        for number in 0..size {
            frontier.push(leaf(number), |subtree, hash| assert!(tree.subtrees.insert(subtree, hash).is_none()));
            tree.roots.push(frontier.root());
        }
        tree
    }

    fn root(&self, size: u64) -> Hash {
        self.roots[usize::try_from(size).unwrap()]
    }

    fn bake(&self, recipe: &Recipe) -> Vec<Hash> {
        recipe.hashes(|subtree| self.subtrees.get(&subtree).copied()).expect("all subtrees of the tree are known")
    }
}

fn leaf(number: u64) -> Hash {
    Hash::of_leaf(&[&number.to_be_bytes()])
}

fn altered(hash: Hash) -> Hash {
    Hash::of_node(&hash, &hash)
}

fn inclusion_holds_and_nothing_else(tree: &Tree, index: u64, size: u64) {
    let proof = tree.bake(&Recipe::inclusion(index, size).unwrap());
    let root = tree.root(size);
    assert_eq!(inclusion(leaf(index), index, size, root, &proof), Ok(()));
    assert!(inclusion(altered(leaf(index)), index, size, root, &proof).is_err());
    assert!(inclusion(leaf(index), index, size, altered(root), &proof).is_err());
    assert!(inclusion(leaf(index), index ^ 1, size, root, &proof).is_err());
    for at in 0..proof.len() {
        let mut other = proof.clone();
        other[at] = altered(other[at]);
        assert!(inclusion(leaf(index), index, size, root, &other).is_err(), "hash {at} of {index} in {size}");
    }
    let longer = [proof.as_slice(), &[root]].concat();
    assert!(inclusion(leaf(index), index, size, root, &longer).is_err());
    if let Some((_, shorter)) = proof.split_last() {
        assert!(inclusion(leaf(index), index, size, root, shorter).is_err());
    }
}

fn consistency_holds_and_nothing_else(tree: &Tree, old: u64, new: u64) {
    let proof = tree.bake(&Recipe::consistency(old, new).unwrap());
    let (old_root, new_root) = (tree.root(old), tree.root(new));
    assert_eq!(consistency((old, old_root), (new, new_root), &proof), Ok(()), "{old} of {new}");
    assert!(consistency((old, altered(old_root)), (new, new_root), &proof).is_err());
    if old > 0 {
        assert!(consistency((old, old_root), (new, altered(new_root)), &proof).is_err());
    }
    for at in 0..proof.len() {
        let mut other = proof.clone();
        other[at] = altered(other[at]);
        assert!(consistency((old, old_root), (new, new_root), &other).is_err(), "hash {at} of {old} in {new}");
    }
    let longer = [proof.as_slice(), &[new_root]].concat();
    assert!(consistency((old, old_root), (new, new_root), &longer).is_err());
}

#[test]
fn every_leaf_of_every_small_tree_is_proven() {
    let tree = Tree::of(WHOLE);
    for size in 1..=WHOLE {
        (0..size).for_each(|index| inclusion_holds_and_nothing_else(&tree, index, size));
    }
}

#[test]
fn every_small_tree_is_proven_to_be_the_beginning_of_every_larger_one() {
    let tree = Tree::of(WHOLE);
    for new in 0..=WHOLE {
        (0..=new).for_each(|old| consistency_holds_and_nothing_else(&tree, old, new));
    }
}

#[test]
fn what_is_outside_of_the_tree_has_no_proof() {
    assert_eq!(Recipe::inclusion(5, 5), None);
    assert_eq!(Recipe::consistency(6, 5), None);
    assert!(inclusion(leaf(0), 0, 0, Hash::of_nothing(), &[]).is_err());
    assert!(consistency((2, leaf(0)), (1, leaf(0)), &[]).is_err());
}

#[test]
fn a_hash_that_is_not_stored_is_named() {
    let recipe = Recipe::inclusion(0, 2).unwrap();
    let missing = recipe.hashes(|_| None).unwrap_err();
    assert_eq!(missing.0, Subtree { height: 0, index: 1 });
}

proptest! {
    #[test]
    fn a_leaf_of_a_large_tree_is_proven((size, index) in (1u64..5_000).prop_flat_map(|size| (Just(size), 0..size))) {
        inclusion_holds_and_nothing_else(&Tree::of(size), index, size);
    }

    #[test]
    fn a_large_tree_is_proven_to_grow((new, old) in (1u64..5_000).prop_flat_map(|new| (Just(new), 0..=new))) {
        consistency_holds_and_nothing_else(&Tree::of(new), old, new);
    }

    #[test]
    fn another_history_is_never_the_beginning((new, old) in (2u64..500).prop_flat_map(|new| (Just(new), 1..new)), changed in any::<u64>()) {
        let tree = Tree::of(new);
        let mut other = Frontier::default();
        for number in 0..old {
            let hash = if number == changed % old { altered(leaf(number)) } else { leaf(number) };
            other.push(hash, |_, _| {});
        }
        let proof = tree.bake(&Recipe::consistency(old, new).unwrap());
        prop_assert!(consistency((old, other.root()), (new, tree.root(new)), &proof).is_err());
    }

    #[test]
    fn a_frontier_goes_on_where_it_was_put_away(size in 0u64..3_000, more in 0u64..600) {
        let mut whole = Frontier::default();
        (0..size).for_each(|number| whole.push(leaf(number), |_, _| {}));
        let mut restored = Frontier::restore(size, &whole.to_bytes()).unwrap();
        for number in size..size + more {
            whole.push(leaf(number), |_, _| {});
            restored.push(leaf(number), |_, _| {});
        }
        prop_assert_eq!(&restored, &whole);
        prop_assert_eq!(restored.root(), Tree::of(size + more).root(size + more));
        prop_assert_eq!(Frontier::restore(size + 1 + size % 2, &[]), None);
    }
}
