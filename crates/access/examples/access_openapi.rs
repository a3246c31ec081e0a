//! Prints the description of the API, from which `cargo xtask generate` makes `web/ui/src/api`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", peony_access::openapi().to_pretty_json()?);
    Ok(())
}
