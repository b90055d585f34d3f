//! Compiles `proto/` into descriptors, from which gRPC calls are answered and reflection tells what there is. In Rust, so that
//! nobody has to install a protobuf compiler.

use std::{env, error::Error, fs, path::Path};

const PROTO: &str = "../proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PROTO}");
    let mut files = Vec::new();
    collect(Path::new(PROTO), &mut files)?;
    // Directories come in no order, and a build should not depend on which.
    files.sort();
    let mut compiler = protox::Compiler::new([PROTO])?;
    compiler.include_imports(true).open_files(files)?;
    let out = Path::new(&env::var("OUT_DIR")?).join("descriptors.bin");
    Ok(fs::write(out, compiler.encode_file_descriptor_set())?)
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
