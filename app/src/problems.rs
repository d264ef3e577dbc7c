//! What was left out of an evaluation, sorted by what is wrong with it.

use std::collections::BTreeMap;

use mien_engine::fer2013::{RowError, RowFault};

use crate::judging::Refusal;
use crate::protocol::Failure;

/// Of each kind so many are named; the others are counted.
pub const NAMED: usize = 20;

/// What is wrong with something; each calls for a remedy of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// Rows without three columns.
    Columns,
    /// Rows whose label is none.
    Label,
    /// Rows with too few or too many pixels.
    PixelCount,
    /// Rows with a pixel that is no number from 0 to 255.
    Pixel,
    /// Rows of a split that is none.
    Usage,
    /// Rows that are no text, or far too long.
    NotText,
    /// Folders that are named after no class.
    UnknownFolder,
    /// Files that are no pictures.
    NotAPicture,
    /// Pictures without a face.
    NoFace,
    /// Pictures that could not be read for another reason.
    NotRead,
}

/// What is wrong in one way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProblemGroup {
    /// How many things.
    pub count: usize,
    /// The first of them, in words.
    pub named: Vec<String>,
}

/// Everything that was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(BTreeMap<ProblemKind, ProblemGroup>);

impl Problems {
    /// Adds `count` things that `words` names together.
    pub fn add_many(&mut self, kind: ProblemKind, count: usize, words: impl Into<String>) {
        let group = self.0.entry(kind).or_default();
        group.count += count;
        if group.named.len() < NAMED {
            group.named.push(words.into());
        }
    }

    /// Adds a malformed row.
    pub fn add_row(&mut self, row: &RowError) {
        let kind = match row.fault {
            RowFault::Columns { .. } => ProblemKind::Columns,
            RowFault::Label { .. } => ProblemKind::Label,
            RowFault::PixelCount { .. } => ProblemKind::PixelCount,
            RowFault::Pixel { .. } => ProblemKind::Pixel,
            RowFault::Usage { .. } => ProblemKind::Usage,
            RowFault::Encoding | RowFault::Length => ProblemKind::NotText,
        };
        self.add_many(kind, 1, row.to_string());
    }

    /// Adds a picture that was refused.
    pub fn add_refused(&mut self, path: &str, refusal: &Refusal) {
        match refusal {
            Refusal::NotAPicture => self.add_many(ProblemKind::NotAPicture, 1, path),
            Refusal::NoFace => self.add_many(ProblemKind::NoFace, 1, path),
            other => self.add_many(ProblemKind::NotRead, 1, format!("{path}: {other}")),
        }
    }

    /// Adds a picture that could not be read.
    pub fn add_failed(&mut self, path: &str, failure: &Failure) {
        self.add_many(ProblemKind::NotRead, 1, format!("{path}: {failure}"));
    }

    /// Adds another collection.
    pub fn append(&mut self, other: Self) {
        for (kind, group) in other.0 {
            let own = self.0.entry(kind).or_default();
            own.count += group.count;
            own.named.extend(group.named);
            own.named.truncate(NAMED);
        }
    }

    /// How many things there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.values().map(|group| group.count).sum()
    }

    /// Whether nothing was left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong, sorted.
    pub fn groups(&self) -> impl Iterator<Item = (ProblemKind, &ProblemGroup)> {
        self.0.iter().map(|(kind, group)| (*kind, group))
    }

    /// Everything that is named, and how many more there are, for a file.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let lines = |group: &ProblemGroup| {
            let more = group.count.saturating_sub(group.named.len());
            let more = (more > 0 && group.named.len() == NAMED).then(|| format!("and {more} more"));
            group.named.iter().cloned().chain(more).collect::<Vec<_>>()
        };
        self.0.values().flat_map(lines).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_kind_are_named_and_all_are_counted() {
        let mut problems = Problems::default();
        for line in 2..32 {
            let fault = RowFault::PixelCount { found: 3 };
            problems.add_row(&RowError { line, fault });
        }
        problems.add_refused("a/b.png", &Refusal::NoFace);
        let mut folders = Problems::default();
        folders.add_many(ProblemKind::UnknownFolder, 12, "contempt (12)");
        problems.append(folders);

        assert_eq!(problems.count(), 43);
        let kinds: Vec<_> = problems
            .groups()
            .map(|(kind, group)| (kind, group.count))
            .collect();
        assert_eq!(
            kinds,
            [
                (ProblemKind::PixelCount, 30),
                (ProblemKind::UnknownFolder, 12),
                (ProblemKind::NoFace, 1)
            ]
        );
        let lines = problems.lines();
        assert_eq!(lines.len(), NAMED + 3);
        assert!(lines[0].starts_with("line 2: 3 pixels"));
        assert_eq!(lines[NAMED], "and 10 more");
        assert_eq!(lines[NAMED + 1], "contempt (12)");
    }
}
