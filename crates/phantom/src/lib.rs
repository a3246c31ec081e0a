//! A virtual ultrasound transducer over a simulated breast with known truth.
