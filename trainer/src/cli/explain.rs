//! `mien explain`: shows which parts of a face a prediction rests on.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use mien_engine::detect::DetectOptions;
use mien_engine::explain::{Fill, OcclusionMap, OcclusionOptions};
use mien_engine::expression::Expression;
use mien_engine::report::FaceReport;
use serde::Serialize;

use super::engine::Models;
use super::{Failure, OrFail, Outcome};
use crate::overlay::Overlay;
use crate::photo::read_photo;

/// Shows by occlusion which parts of a face its expression's class rests on.
#[derive(Debug, Args)]
pub struct Explain {
    /// A PNG, JPEG, GIF, WebP or BMP file.
    photo: PathBuf,
    /// Where to write the picture with the map laid over the face.
    #[arg(long)]
    out: PathBuf,
    /// The class to explain [default: the most probable].
    #[arg(long, value_parser = class_parser())]
    class: Option<Expression>,
    /// Number of the face, from 1, the largest first.
    #[arg(long, default_value_t = 1)]
    face: usize,
    /// Side in pixels of the square that covers parts of the 48-pixel face.
    #[arg(long, default_value_t = OcclusionOptions::default().patch)]
    patch: usize,
    /// Step of the square in pixels.
    #[arg(long, default_value_t = OcclusionOptions::default().stride)]
    stride: usize,
    /// What covers.
    #[arg(long, value_enum, default_value_t = Cover::Mean)]
    fill: Cover,
    #[command(flatten)]
    models: Models,
    /// Prints the face and the map as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Cover {
    /// Black.
    Zero,
    /// The face's mean.
    Mean,
    /// Middle gray.
    Gray,
}

impl From<Cover> for Fill {
    fn from(cover: Cover) -> Self {
        match cover {
            Cover::Zero => Self::Zero,
            Cover::Mean => Self::Mean,
            Cover::Gray => Self::Gray,
        }
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    photo: String,
    face: FaceReport,
    class: Expression,
    options: OcclusionOptions,
    rows: usize,
    columns: usize,
    /// `[rows][columns]`: how much the class's probability drops with that place covered.
    drops: Vec<&'a [f32]>,
}

fn class_parser() -> impl TypedValueParser<Value = Expression> {
    let names = PossibleValuesParser::new(Expression::FERPLUS.map(Expression::name));
    names.try_map(|name| Expression::from_name(&name).context("no such class"))
}

impl Explain {
    /// Explains one face of a photo.
    pub fn run(self) -> Outcome {
        let options = OcclusionOptions {
            patch: self.patch,
            stride: self.stride,
            fill: self.fill.into(),
        };
        options.check().or_user()?;
        let mut engine = self.models.load()?;
        let name = self.photo.display().to_string();
        let photo = read_photo(&self.photo).context(name.clone()).or_user()?;

        eprintln!("looking for faces");
        let faces = pollster::block_on(engine.analyze(&photo, &DetectOptions::PHOTO)).or_user()?;
        let Some(reading) = self.face.checked_sub(1).and_then(|index| faces.get(index)) else {
            let count = faces.len();
            return Err(Failure::User(match count {
                0 => anyhow!("no face found in {name}"),
                _ => anyhow!("there is no face {}, choose 1 to {count}", self.face),
            }));
        };
        let class = self.class.unwrap_or_else(|| reading.label());
        if !reading.probabilities.classes().contains(&class) {
            let name = class.name();
            return Err(Failure::User(anyhow!(
                "this model has no class {name}; choose another with --class"
            )));
        }

        eprintln!("covering {0} x {0} places of the face", options.places());
        let map = pollster::block_on(engine.occlusion(&reading.crop, &options)).or_user()?;
        let overlay = Overlay {
            photo: &photo,
            transform: &reading.crop.transform,
            values: &map.to_pixels(class),
            title: &format!("drop of the probability of {}", class.name()),
        };
        overlay
            .draw()
            .save(&self.out)
            .with_context(|| format!("cannot write {}", self.out.display()))
            .or_user()?;
        eprintln!("wrote {}", self.out.display());

        let face = FaceReport::from(reading);
        if self.json {
            let drops: Vec<f32> = map.drops_of(class).collect();
            let report = Report {
                photo: name,
                face,
                class,
                options,
                rows: map.rows,
                columns: map.columns,
                drops: drops.chunks(map.columns).collect(),
            };
            outln!("{}", serde_json::to_string_pretty(&report).or_internal()?);
        } else {
            print(&map, class);
        }
        Ok(())
    }
}

/// The class's probability, and the places that matter the most for and against it.
fn print(map: &OcclusionMap, class: Expression) {
    let percent = |share: f32| 100.0 * share;
    let name = class.name();
    outln!("{name}: {:.1} %", percent(map.baseline[class.index()]));
    let places = || map.drops_of(class).enumerate();
    let extremes = [
        (
            "lowers",
            places().max_by(|(_, one), (_, other)| one.total_cmp(other)),
        ),
        (
            "raises",
            places().min_by(|(_, one), (_, other)| one.total_cmp(other)),
        ),
    ];
    for (verb, extreme) in extremes {
        let Some((place, drop)) = extreme else {
            continue;
        };
        let [rows, columns] = map.place(place / map.columns, place % map.columns);
        outln!(
            "covering rows {} to {}, columns {} to {} {verb} it the most: to {:.1} %",
            rows.start,
            rows.end - 1,
            columns.start,
            columns.end - 1,
            percent(map.baseline[class.index()] - drop),
        );
    }
}
