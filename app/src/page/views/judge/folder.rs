//! Folders of pictures, chosen or dropped.

use std::collections::BTreeMap;
use std::sync::Arc;

use gloo::file::Blob;
use js_sys::{Array, Promise, Reflect};
use mien_app::problems::{ProblemKind, Problems};
use mien_app::tally::class_of;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DataTransfer, File, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry};

use super::state::{Data, Folder, LabelledPicture};

/// A file with its path in the folder that was chosen or dropped.
struct Found {
    path: String,
    file: File,
}

/// Takes what a visitor chose: a folder's files, or one CSV.
pub fn from_list(list: &web_sys::FileList) -> Option<Data> {
    let files = (0..list.length()).filter_map(|index| list.get(index));
    from_found(
        files
            .map(|file| {
                let path = Reflect::get(&file, &"webkitRelativePath".into()).ok();
                let path = path.and_then(|path| path.as_string()).unwrap_or_default();
                let path = if path.is_empty() { file.name() } else { path };
                Found { path, file }
            })
            .collect(),
    )
}

/// The entries of a drop. They have to be taken while the event lasts; they can be read later.
pub fn entries(transfer: &DataTransfer) -> Vec<FileSystemEntry> {
    let items = transfer.items();
    (0..items.length())
        .filter_map(|index| items.get(index)?.webkit_get_as_entry().ok()?)
        .collect()
}

/// Takes what a visitor dropped.
pub async fn from_entries(mut entries: Vec<FileSystemEntry>) -> Option<Data> {
    let mut found = Vec::new();
    while let Some(entry) = entries.pop() {
        // What cannot be listed or opened is as if it were not there.
        if entry.is_directory() {
            entries.extend(children(entry.unchecked_ref()).await.unwrap_or_default());
        } else if let Ok(file) = open(entry.unchecked_ref()).await {
            let path = entry.full_path().trim_start_matches('/').to_owned();
            found.push(Found { path, file });
        }
    }
    from_found(found)
}

/// Everything in a folder; the browser hands it out in portions.
async fn children(folder: &FileSystemDirectoryEntry) -> Result<Vec<FileSystemEntry>, JsValue> {
    let reader = folder.create_reader();
    let mut all = Vec::new();
    loop {
        let portion = JsFuture::from(Promise::new(&mut |resolve, reject| {
            let read = reader.read_entries_with_callback_and_callback(&resolve, &reject);
            // An error here is told to `reject` as well.
            drop(read);
        }));
        let portion: Array = portion.await?.unchecked_into();
        if portion.length() == 0 {
            return Ok(all);
        }
        all.extend(
            portion
                .iter()
                .map(JsCast::unchecked_into::<FileSystemEntry>),
        );
    }
}

async fn open(entry: &FileSystemFileEntry) -> Result<File, JsValue> {
    let file = JsFuture::from(Promise::new(&mut |resolve, reject| {
        entry.file_with_callback_and_callback(&resolve, &reject);
    }));
    Ok(file.await?.unchecked_into())
}

/// One file that is no picture is taken for a CSV; whether it is one shows when it is read.
fn from_found(mut found: Vec<Found>) -> Option<Data> {
    found.sort_by(|one, other| one.path.cmp(&other.path));
    match &found[..] {
        [] => None,
        [only] if !is_picture(&only.file) => Some(Data::Csv {
            name: only.file.name().into(),
            file: SendWrapper::new(blob(&only.file)),
        }),
        [first, ..] => {
            let name = first.path.split('/').next().unwrap_or_default().into();
            Some(Data::Folder(sort(name, found)))
        }
    }
}

/// Sorts pictures into classes by the folders they lie in.
fn sort(name: Arc<str>, found: Vec<Found>) -> Folder {
    let mut pictures = Vec::new();
    let mut problems = Problems::default();
    let mut unknown = BTreeMap::<String, usize>::new();
    for Found { path, file } in found {
        let is_hidden = path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with('.'));
        if is_hidden {
            continue;
        }
        if !is_picture(&file) {
            problems.add_many(ProblemKind::NotAPicture, 1, path);
            continue;
        }
        match class_of(&path) {
            Ok(label) => pictures.push(LabelledPicture {
                label,
                file: SendWrapper::new(blob(&file)),
                path: path.into(),
            }),
            Err(folder) => *unknown.entry(folder.to_owned()).or_default() += 1,
        }
    }
    for (folder, count) in unknown {
        problems.add_many(
            ProblemKind::UnknownFolder,
            count,
            format!("{folder} ({count})"),
        );
    }
    Folder {
        name,
        pictures: Arc::new(pictures),
        problems: Arc::new(problems),
    }
}

fn is_picture(file: &File) -> bool {
    file.type_().starts_with("image/")
}

fn blob(file: &File) -> Blob {
    Blob::from(AsRef::<web_sys::Blob>::as_ref(file).clone())
}
