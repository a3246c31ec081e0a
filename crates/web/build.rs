//! The embedded page is read while compiling: a new file in it compiles this crate again.

fn main() {
    println!("cargo:rerun-if-changed=../../web/ui/dist");
}
