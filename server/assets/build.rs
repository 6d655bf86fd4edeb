//! Turns `style/` and `public/` into a table of files that are compiled into the binary: one CSS file,
//! names with a hash of the content (so that they can be cached for ever), and compressed variants.

#[path = "build/text.rs"]
mod text;

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../..");
    let (style, public) = (root.join("style"), root.join("public"));
    for input in [&style, &public] {
        println!("cargo::rerun-if-changed={}", input.display());
    }

    let mut files = BTreeMap::new();
    collect(&public, "", &mut files)?;
    let hashed: BTreeMap<String, String> = files
        .iter()
        .map(|(name, body)| (name.clone(), format!("/assets/{}", hashed_name(name, body))))
        .collect();
    let css = text::rewrite_urls(&stylesheet(&style)?, |name| hashed.get(name).cloned())?;
    files.insert("main.css".to_owned(), text::minify_css(&css)?.into_bytes());

    let out = PathBuf::from(env::var("OUT_DIR")?);
    let folder = out.join("assets");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let mut table = String::from("static ASSETS: &[(&str, Asset)] = &[\n");
    for (name, body) in &files {
        emit(&folder, name, body, &mut table)?;
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

/// The stylesheets in the order of `order.txt`. A listed file that is missing and a `.css` file that is
/// not listed are both errors.
fn stylesheet(style: &Path) -> Result<String> {
    let order = read_text(&style.join("order.txt"))?;
    let listed: Vec<&str> =
        order.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let mut present = BTreeMap::new();
    collect_css(style, "", &mut present)?;
    if let Some(name) = present.keys().find(|name| !listed.contains(&name.as_str())) {
        return Err(format!("style/{name} is not listed in style/order.txt").into());
    }
    let mut css = String::new();
    for name in listed {
        css.push_str(
            present.get(name).ok_or_else(|| format!("style/order.txt lists {name}, which is not there"))?,
        );
    }
    Ok(css)
}

fn collect_css(folder: &Path, prefix: &str, into: &mut BTreeMap<String, String>) -> Result<()> {
    for (name, path) in entries(folder, prefix)? {
        if path.is_dir() {
            collect_css(&path, &format!("{name}/"), into)?;
        } else if path.extension().is_some_and(|ext| ext == "css") {
            into.insert(name, read_text(&path)?);
        }
    }
    Ok(())
}

/// Every file of `public/` by its name below that folder. Scripts are stripped of comments.
fn collect(folder: &Path, prefix: &str, into: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    for (name, path) in entries(folder, prefix)? {
        if path.is_dir() {
            collect(&path, &format!("{name}/"), into)?;
            continue;
        }
        mime(&name)?;
        let body = if extension(&name) == "js" {
            text::minify_js(&read_text(&path)?)
                .map_err(|why| format!("{}: {why}", path.display()))?
                .into_bytes()
        } else {
            fs::read(&path).map_err(|why| format!("{}: {why}", path.display()))?
        };
        into.insert(name, body);
    }
    Ok(())
}

/// Names (with prefix) and paths of a folder; hidden files, such as an editor's, are left out.
fn entries(folder: &Path, prefix: &str) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|why| format!("{}: {why}", folder.display()))? {
        let entry = entry?;
        let name =
            entry.file_name().into_string().map_err(|name| format!("{} is not UTF-8", name.display()))?;
        if !name.starts_with('.') {
            found.push((format!("{prefix}{name}"), entry.path()));
        }
    }
    Ok(found)
}

fn read_text(path: &Path) -> Result<String> {
    Ok(fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))?)
}

/// `fonts/inter.woff2` → `inter.0123456789abcdef.woff2`; all files stand in one folder.
fn hashed_name(name: &str, body: &[u8]) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    let (stem, ext) = file.rsplit_once('.').unwrap_or((file, "bin"));
    let hash = blake3::hash(body).to_hex();
    format!("{stem}.{}.{ext}", &hash[..16])
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ext)| ext)
}

fn mime(name: &str) -> Result<&'static str> {
    match extension(name) {
        "css" => Ok("text/css; charset=utf-8"),
        "js" => Ok("text/javascript; charset=utf-8"),
        "svg" => Ok("image/svg+xml"),
        "txt" => Ok("text/plain; charset=utf-8"),
        "woff2" => Ok("font/woff2"),
        _ => {
            Err(format!("public/{name}: no MIME type is known for it, add one in server/assets/build.rs")
                .into())
        }
    }
}

/// Writes the file and its smaller variants, and its line of the table.
fn emit(folder: &Path, name: &str, body: &[u8], table: &mut String) -> Result<()> {
    let file = hashed_name(name, body);
    if folder.join(&file).exists() {
        return Err(format!("two files would both be served as /assets/{file}").into());
    }
    fs::write(folder.join(&file), body)?;
    let variant = |ext: &str, packed: Vec<u8>| -> Result<String> {
        // woff2 is compressed already: only a few bytes could be won, at the price of unpacking
        if extension(name) == "woff2" || packed.len() >= body.len() {
            return Ok("None".to_owned());
        }
        fs::write(folder.join(format!("{file}.{ext}")), packed)?;
        Ok(format!("Some({})", include(&format!("{file}.{ext}"))))
    };
    let br = variant("br", brotli(body)?)?;
    let gzip = variant("gz", gzip(body)?)?;
    let (mime, identity) = (mime(name)?, include(&file));
    writeln!(
        table,
        "({name:?}, Asset {{ path: \"/assets/{file}\", mime: {mime:?}, identity: {identity}, br: {br}, gzip: {gzip} }}),"
    )?;
    Ok(())
}

fn include(file: &str) -> String {
    format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/assets/{file}\"))")
}

fn brotli(body: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    brotli::CompressorWriter::new(&mut packed, 4096, 11, 22).write_all(body)?;
    Ok(packed)
}

fn gzip(body: &[u8]) -> Result<Vec<u8>> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(body)?;
    Ok(packer.finish()?)
}
