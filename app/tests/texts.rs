//! Every text of the page is there in every language, and every text that is there is used.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use mien_app::language::Language;
use toml::{Table, Value};

/// The languages of a text, by key.
type Texts = BTreeMap<String, BTreeMap<String, String>>;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found
}

fn texts() -> Texts {
    let mut texts = Texts::new();
    for path in files(&folder("locales"), "toml") {
        let content = fs::read_to_string(&path).expect("a text file");
        let table: Table = content
            .parse()
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        collect("", &table, &mut texts);
    }
    texts
}

fn collect(prefix: &str, table: &Table, texts: &mut Texts) {
    for (name, value) in table {
        match value {
            Value::Table(inner) if prefix.is_empty() => collect(name, inner, texts),
            Value::Table(inner) => collect(&format!("{prefix}.{name}"), inner, texts),
            Value::String(text) => {
                let languages = texts.entry(prefix.to_owned()).or_default();
                let last = languages.insert(name.clone(), text.clone());
                assert!(last.is_none(), "{prefix} is there twice in {name}");
            }
            // The format's version.
            _ => {}
        }
    }
}

/// The names in a text's `%{name}`.
fn names(text: &str) -> BTreeSet<String> {
    let parts = text.split("%{").skip(1);
    parts
        .filter_map(|part| Some(part.split_once('}')?.0.to_owned()))
        .collect()
}

/// The uses of `t!` and `tn!` in the page: key, whether it is counted, and the names it fills in.
fn uses() -> Vec<(String, bool, BTreeSet<String>)> {
    let uses: Vec<_> = files(&folder("src/page"), "rs")
        .iter()
        .flat_map(|path| uses_in(path))
        .collect();
    assert!(uses.len() > 100, "only {} texts are used", uses.len());
    uses
}

fn uses_in(path: &Path) -> Vec<(String, bool, BTreeSet<String>)> {
    let mut uses = Vec::new();
    let source = fs::read_to_string(path).expect("a source file");
    for (start, is_counted) in [("t!(", false), ("tn!(", true)] {
        for (place, _) in source.match_indices(start) {
            let before = source[..place].chars().next_back();
            let is_macro = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '`');
            let call = source[place + start.len()..].trim_start();
            if let (true, Some(call)) = (is_macro, call.strip_prefix('"')) {
                let (key, rest) = call.split_once('"').expect("a key ends");
                uses.push((key.to_owned(), is_counted, arguments(rest)));
            }
        }
    }
    uses
}

/// The names before `=` in what follows a key, up to the call's end.
fn arguments(rest: &str) -> BTreeSet<String> {
    let mut depth = 0;
    let mut argument = String::new();
    let mut names = BTreeSet::new();
    for c in rest.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => argument.clear(),
            '=' if depth == 0 => {
                names.insert(argument.trim().to_owned());
            }
            _ if depth == 0 => argument.push(c),
            _ => {}
        }
    }
    names
}

#[test]
fn every_text_is_there_in_every_language_with_the_same_names() {
    let tags: Vec<_> = Language::ALL.map(Language::tag).into();
    for (key, languages) in texts() {
        let has: BTreeSet<_> = languages.keys().map(String::as_str).collect();
        assert_eq!(has, tags.iter().copied().collect(), "languages of {key}");
        let expected = names(&languages["en"]);
        for (tag, text) in languages {
            assert!(!text.trim().is_empty(), "{key} is empty in {tag}");
            assert_eq!(names(&text), expected, "names in {key}, {tag}");
        }
    }
}

#[test]
fn every_use_has_its_text_and_fills_it_in() {
    let texts = texts();
    for (key, is_counted, given) in uses() {
        let text = |key: &str| {
            let languages = texts.get(key);
            &languages.unwrap_or_else(|| panic!("no text for {key}"))["en"]
        };
        if is_counted {
            for form in ["one", "other"] {
                let wanted = names(text(&format!("{key}.{form}")));
                let known = BTreeSet::from(["count".to_owned()]);
                assert!(wanted.is_subset(&known), "{key}.{form} wants {wanted:?}");
            }
        } else {
            assert_eq!(given, names(text(&key)), "names given to {key}");
        }
    }
}

#[test]
fn every_text_is_used() {
    let mut used = BTreeSet::new();
    for (key, is_counted, _) in uses() {
        if is_counted {
            used.extend(["one", "other"].map(|form| format!("{key}.{form}")));
        } else {
            used.insert(key);
        }
    }
    for key in texts().into_keys() {
        assert!(used.contains(&key), "nobody uses {key}");
    }
}

/// The folders of texts that a part of the page brings, by where its source lies. All else has only
/// those of the page as it starts.
const BROUGHT: [(&str, &[&str]); 7] = [
    ("views/live", &["live", "explain"]),
    ("views/judge", &["judge", "card", "explain"]),
    ("views/compare", &["compare", "judge", "explain"]),
    ("views/about", &["about", "card"]),
    ("components/explanation", &["explain"]),
    // Of parts only.
    ("components/colour_scale.rs", &["explain"]),
    ("components/model_table.rs", &["card"]),
];

#[test]
fn every_part_brings_the_texts_that_it_uses() {
    let mut groups = BTreeMap::new();
    for path in files(&folder("locales"), "toml") {
        let group = path.parent().and_then(Path::file_name).expect("a folder");
        let content = fs::read_to_string(&path).expect("a text file");
        let mut texts = Texts::new();
        collect("", &content.parse().expect("checked above"), &mut texts);
        for key in texts.into_keys() {
            groups.insert(key, group.to_string_lossy().into_owned());
        }
    }
    let page = folder("src/page");
    for path in files(&page, "rs") {
        let place = path.strip_prefix(&page).expect("inside");
        let brought = BROUGHT.iter().find(|(start, _)| place.starts_with(start));
        for (key, is_counted, _) in uses_in(&path) {
            let key = if is_counted {
                format!("{key}.one")
            } else {
                key
            };
            let group = groups[&key].as_str();
            let is_here = brought.is_some_and(|(_, brought)| brought.contains(&group));
            assert!(group == "page" || is_here, "{key} in {}", place.display());
        }
    }
}
