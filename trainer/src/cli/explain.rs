//! `mien explain`: shows which parts of a face a prediction rests on.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use mien_engine::crop::SIDE;
use mien_engine::detect::DetectOptions;
use mien_engine::explain::{
    Answer, CounterExampleOptions, Fill, Method, MethodKind, OcclusionMap, OcclusionOptions,
    PartEffects, Question, Saliency, Scale, Score, ShapleyOptions, Target,
};
use mien_engine::expression::Expression;
use mien_engine::photo::Photo;
use mien_engine::pipeline::{Engine, FaceReading};
use mien_engine::report::FaceReport;
use serde::Serialize;

use super::engine::Models;
use super::{Failure, OrFail, Outcome};
use crate::overlay::Overlay;
use crate::photo::read_photo;

/// Shows which parts of a face its expression's class rests on.
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
    /// Explains why the class and not this one.
    #[arg(long, value_parser = class_parser())]
    against: Option<Expression>,
    /// How it is explained.
    #[arg(long, value_parser = method_parser(), default_value = MethodKind::Occlusion.name())]
    method: MethodKind,
    /// Number of the face, from 1, the largest first.
    #[arg(long, default_value_t = 1)]
    face: usize,
    /// Occlusion: side in pixels of the square that covers parts of the 48-pixel face.
    #[arg(long, default_value_t = OcclusionOptions::default().patch)]
    patch: usize,
    /// Occlusion: step of the square in pixels.
    #[arg(long, default_value_t = OcclusionOptions::default().stride)]
    stride: usize,
    /// Occlusion: what covers.
    #[arg(long, value_enum, default_value_t = Cover::Mean)]
    fill: Cover,
    /// Occlusion: covers only three quarters of the places, and fills in between.
    #[arg(long)]
    approximate: bool,
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
    /// The face itself, blurred.
    Blur,
    /// What surrounds.
    Neighbours,
}

impl From<Cover> for Fill {
    fn from(cover: Cover) -> Self {
        match cover {
            Cover::Zero => Self::Zero,
            Cover::Mean => Self::Mean,
            Cover::Gray => Self::Gray,
            Cover::Blur => Self::Blur,
            Cover::Neighbours => Self::Neighbours,
        }
    }
}

/// What `--json` prints of an occlusion map.
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

/// What `--json` prints of other maps.
#[derive(Serialize)]
struct MapReport<'a> {
    photo: String,
    face: FaceReport,
    target: Target,
    method: Method,
    /// The target's value for the face as it is.
    value: f32,
    /// `[48][48]`: what each pixel does to the value; see the method for the unit.
    values: Vec<&'a [f32]>,
}

fn method_parser() -> impl TypedValueParser<Value = MethodKind> {
    let names = PossibleValuesParser::new(MethodKind::ALL.map(MethodKind::name));
    names.try_map(|name| MethodKind::from_name(&name).context("no such method"))
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
            approximate: self.approximate,
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
        for class in [Some(class), self.against].into_iter().flatten() {
            if !reading.probabilities.classes().contains(&class) {
                let name = class.name();
                return Err(Failure::User(anyhow!(
                    "this model has no class {name}; choose another"
                )));
            }
        }
        if self.method == MethodKind::Occlusion && self.against.is_none() {
            eprintln!("covering {0} x {0} places of the face", options.places());
            let map = pollster::block_on(engine.occlusion(&reading.crop, &options)).or_user()?;
            let values = map.to_pixels(class);
            let title = format!("drop of the probability of {}", class.name());
            self.draw(&photo, reading, &values, Scale::of(&values), &title)?;
            if self.json {
                return print_json(&name, reading, class, &map);
            }
            print(&map, class);
        } else {
            let target = Target {
                class,
                against: self.against,
                score: self.method.scores()[0],
            };
            let method = match self.method {
                MethodKind::Occlusion => Method::Occlusion(options),
                kind => kind.method(),
            };
            let map = ask_map(&mut engine, reading, method, target)?;
            let title = format!("{}: {}", self.method.name(), words(target));
            self.draw(&photo, reading, &map.values, map.scale(), &title)?;
            if self.json {
                let report = MapReport {
                    photo: name,
                    face: FaceReport::from(reading),
                    target,
                    method,
                    value: map.score,
                    values: map.values.chunks(SIDE).collect(),
                };
                outln!("{}", serde_json::to_string_pretty(&report).or_internal()?);
                return Ok(());
            }
            outln!("{}: {:.3}", words(target), map.score);
        }
        let target = Target {
            class,
            against: self.against,
            score: Score::Probability,
        };
        print_parts(&mut engine, reading, target)?;
        print_counter_example(&mut engine, reading)
    }

    fn draw(
        &self,
        photo: &Photo,
        reading: &FaceReading,
        values: &[f32],
        scale: Scale,
        title: &str,
    ) -> Outcome {
        let overlay = Overlay {
            photo,
            transform: &reading.crop.transform,
            values,
            scale,
            title,
        };
        overlay
            .draw()
            .save(&self.out)
            .with_context(|| format!("cannot write {}", self.out.display()))
            .or_user()?;
        eprintln!("wrote {}", self.out.display());
        Ok(())
    }
}

/// What is explained, in words.
fn words(target: Target) -> String {
    let value = match target.score {
        Score::Probability => "probability",
        Score::Logit => "logit",
        Score::Label => "label",
    };
    let against = target
        .against
        .map(|other| format!(" over {}", other.name()));
    format!(
        "{value} of {}{}",
        target.class.name(),
        against.unwrap_or_default()
    )
}

fn ask(engine: &mut Engine, reading: &FaceReading, question: &Question) -> Outcome<Answer> {
    let landmarks = &reading.face.landmarks;
    pollster::block_on(engine.answer(&reading.crop, landmarks, question)).or_user()
}

fn ask_map(
    engine: &mut Engine,
    reading: &FaceReading,
    method: Method,
    target: Target,
) -> Outcome<Saliency> {
    match ask(engine, reading, &Question::Map { method, target })? {
        Answer::Map(map) => Ok(map),
        other => Err(Failure::Internal(anyhow!("not a map: {other:?}"))),
    }
}

/// What each part of the face does, the strongest first.
fn print_parts(engine: &mut Engine, reading: &FaceReading, target: Target) -> Outcome {
    let options = ShapleyOptions::default();
    let Answer::Parts(parts) = ask(engine, reading, &Question::Parts { options, target })? else {
        return Ok(());
    };
    let PartEffects { whole, nothing, .. } = parts;
    outln!("{}: {whole:.3}, all covered {nothing:.3}", words(target));
    for effect in parts.ranked() {
        outln!(
            "{:14}{:+.3} (Shapley), {:+.3} when it alone is covered",
            effect.part.name(),
            effect.value,
            -effect.drop
        );
    }
    Ok(())
}

/// How little must be covered for another prediction.
fn print_counter_example(engine: &mut Engine, reading: &FaceReading) -> Outcome {
    let question = Question::CounterExample(CounterExampleOptions::default());
    match ask(engine, reading, &question)? {
        Answer::CounterExample(Some(example)) => outln!(
            "covering {:.1} % of the face changes {} to {}",
            100.0 * example.area(),
            example.before.name(),
            example.after.name()
        ),
        _ => outln!("covering half of the face does not change the prediction"),
    }
    Ok(())
}

fn print_json(
    photo: &str,
    reading: &FaceReading,
    class: Expression,
    map: &OcclusionMap,
) -> Outcome {
    let drops: Vec<f32> = map.drops_of(class).collect();
    let report = Report {
        photo: photo.to_owned(),
        face: FaceReport::from(reading),
        class,
        options: map.options,
        rows: map.rows,
        columns: map.columns,
        drops: drops.chunks(map.columns).collect(),
    };
    outln!("{}", serde_json::to_string_pretty(&report).or_internal()?);
    Ok(())
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
