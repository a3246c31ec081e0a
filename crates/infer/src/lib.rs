//! One interface to a network: its card, its tensors, its engine.
