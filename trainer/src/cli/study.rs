//! `mien study`: the systems of the published studies side by side.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use mien_engine::study_report::{StudyReport, StudyRow};

use super::data_source::DataSource;
use super::{Failure, OrFail, Outcome, export, start};
use crate::average::Average;
use crate::data::Splits;
use crate::files::write_atomically;
use crate::study::{self, Method, Rule, StudiesConfig, System, SystemConfig, Task};
use crate::teacher::{self, SoftLabels, TeacherConfig};
use crate::train::{CHECKPOINT_FILE, Checkpoint, Distillation, Progress, RunConfig};

/// What a teacher has said, in its folder.
const ANSWERS_FILE: &str = "answers.soft";
/// Views of each face that a teacher is asked about.
const VIEWS: usize = 2;
/// Dark knowledge as study S3 has it: the temperature and the teacher's share of the loss.
const TEMPERATURE: f32 = 8.0;
const TEACHER_SHARE: f32 = 0.5;
/// Networks of at most so many bytes in 16 bits ship with the page.
const SHIPPED_BYTES: u64 = 2_000_000;

/// Trains and measures the systems of five published studies by one protocol. What has been measured
/// stays; started again, it goes on where it stopped.
#[derive(Debug, Args)]
pub struct Study {
    /// Studies or systems, as S0 or alex-net; all if none is named.
    names: Vec<String>,
    /// The systems: a TOML file.
    #[arg(long, default_value = "trainer/runs/studies.toml")]
    systems: PathBuf,
    #[command(flatten)]
    source: DataSource,
    /// Folder for the runs.
    #[arg(long, default_value = "runs/studies")]
    out: PathBuf,
    /// The report; tables go beside it with the ending .md.
    #[arg(long, default_value = "reports/studies.json")]
    report: PathBuf,
    /// Folder for the networks that are small enough for the page.
    #[arg(long, default_value = "public/studies")]
    ship: PathBuf,
    /// Only lists the systems, and which have been measured.
    #[arg(long)]
    list: bool,
}

impl Study {
    /// Measures what has not been measured, with a line an epoch on stderr, and prints a line a
    /// system.
    pub fn run(self) -> Outcome {
        let config = StudiesConfig::read(&self.systems).or_user()?;
        for name in &self.names {
            let is_meant = |system: &SystemConfig| system.name == *name || system.study == *name;
            if !config.systems.iter().any(is_meant) {
                return Err(Failure::User(anyhow!(
                    "there is no study or system {name:?}; mien study --list shows all"
                )));
            }
        }
        for system in &config.systems {
            let is_meant = |name: &String| system.name == *name || system.study == *name;
            if !self.names.is_empty() && !self.names.iter().any(is_meant) {
                continue;
            }
            let measured = self.measured(&config)?;
            let row = measured.rows.iter().find(|row| row.name == system.name);
            let row = match row {
                Some(row) => row.clone(),
                None if self.list => {
                    outln!("{} {}: not measured", system.study, system.name);
                    continue;
                }
                None => self.measure(&config, system)?,
            };
            if !self.list {
                self.ship(&config, &row)?;
            }
            outln!(
                "{} {}: PublicTest {:.2} %, PrivateTest {:.2} %",
                row.study,
                row.name,
                100.0 * row.public_test.top1,
                100.0 * row.private_test.top1
            );
        }
        Ok(())
    }

    /// What has been measured so far.
    fn measured(&self, config: &StudiesConfig) -> Outcome<StudyReport> {
        if !self.report.exists() {
            return Ok(StudyReport {
                budget_minutes: config.budget_minutes,
                rows: Vec::new(),
            });
        }
        let path = self.report.display();
        let text = fs::read_to_string(&self.report)
            .with_context(|| format!("cannot read {path}; check its permissions"))
            .or_user()?;
        let report: StudyReport = serde_json::from_str(&text)
            .with_context(|| format!("{path} is damaged; remove it to measure everything anew"))
            .or_user()?;
        if report
            .budget_minutes
            .total_cmp(&config.budget_minutes)
            .is_ne()
        {
            return Err(Failure::User(anyhow!(
                "{path} was measured with another budget; remove it to measure everything anew"
            )));
        }
        Ok(report)
    }

    /// Trains what is missing, measures a system and adds it to the report.
    fn measure(&self, config: &StudiesConfig, system: &SystemConfig) -> Outcome<StudyRow> {
        let (members, rule) = self.members(config, system)?;
        let splits = self.splits(&members[0].header.config)?;
        let made = System::new(&members, rule, &splits.public_test).or_user()?;
        let row = study::row(system, &made, &members, &splits).or_user()?;
        self.keep(config, row.clone())?;
        Ok(row)
    }

    /// Puts a row into the report, in place of an older one, and writes the tables anew.
    fn keep(&self, config: &StudiesConfig, row: StudyRow) -> Outcome {
        let mut report = self.measured(config)?;
        report.rows.retain(|other| other.name != row.name);
        report.rows.push(row);
        let place = |row: &StudyRow| {
            let mut systems = config.systems.iter();
            systems.position(|system| system.name == row.name)
        };
        report.rows.sort_by_key(place);
        let text = serde_json::to_string_pretty(&report).or_internal()? + "\n";
        write_atomically(&self.report, text.as_bytes()).or_user()?;
        let tables = study::markdown(&report);
        write_atomically(&self.report.with_extension("md"), tables.as_bytes()).or_user()?;
        let graph = study::graph(&report);
        write_atomically(&self.report.with_extension("svg"), graph.as_bytes()).or_user()
    }

    /// Writes a measured network for the page, if it is small enough, is not there yet, and its run
    /// still is.
    fn ship(&self, config: &StudiesConfig, row: &StudyRow) -> Outcome {
        let file = format!("{}.safetensors", row.name);
        let path = self.ship.join(&file);
        if !row.members.is_empty() || row.bytes > SHIPPED_BYTES || path.exists() {
            return Ok(());
        }
        let run = self.out.join(&row.name).join(CHECKPOINT_FILE);
        let Some(run) = Checkpoint::load(&run).or_user()? else {
            return Ok(());
        };
        fs::create_dir_all(&self.ship)
            .with_context(|| format!("cannot make {}; choose another --ship", self.ship.display()))
            .or_user()?;
        export::write_network(&run, &path)?;
        let row = StudyRow {
            file: Some(file),
            ..row.clone()
        };
        self.keep(config, row)
    }

    /// The finished runs of a system's networks, and how their answers become one.
    fn members(
        &self,
        config: &StudiesConfig,
        system: &SystemConfig,
    ) -> Outcome<(Vec<Checkpoint>, Rule)> {
        let Method::Ensemble { members, rule } = &system.how else {
            return Ok((vec![self.trained(config, system)?], Rule::Mean));
        };
        let is_member = |other: &&SystemConfig| members.contains(&other.name);
        let networks = config.systems.iter().filter(is_member);
        let runs: Outcome<Vec<_>> = networks.map(|other| self.trained(config, other)).collect();
        Ok((runs?, *rule))
    }

    /// A network's finished run.
    fn trained(&self, config: &StudiesConfig, system: &SystemConfig) -> Outcome<Checkpoint> {
        let folder = self.folder(&system.name)?;
        let run = config.run(system).or_user()?;
        let mut run = run
            .with_context(|| format!("{} is no network", system.name))
            .or_user()?;
        let splits = self.splits(&run)?;
        let mut soft_labels = None;
        if let Method::Train {
            teacher: Some(teacher),
            ..
        } = &system.how
        {
            let labels = self.folder(teacher)?.join(ANSWERS_FILE);
            soft_labels = Some(self.answers(config, teacher, &run, &splits, &labels)?);
            run.distillation = Some(Distillation {
                labels,
                temperature: TEMPERATURE,
                weight: TEACHER_SHARE,
            });
        }
        let start = start::load(&run, &self.systems, &folder)?;
        let task = Task {
            run: &run,
            start: start.as_ref(),
            splits: &splits,
            soft_labels: soft_labels.as_ref(),
            out: &folder,
            minutes: config.budget_minutes,
        };
        study::train(task, |progress| {
            if let Progress::Epoch(record) = progress {
                eprintln!(
                    "{}, epoch {}: {:.2} %, {:.0} CPU-seconds",
                    system.name,
                    record.epoch,
                    100.0 * record.valid_accuracy,
                    record.cpu_seconds
                );
            }
        })
        .or_user()
    }

    /// What a teacher says of the training faces; asked once.
    fn answers(
        &self,
        config: &StudiesConfig,
        teacher: &str,
        run: &RunConfig,
        splits: &Splits,
        path: &Path,
    ) -> Outcome<SoftLabels> {
        if path.exists() {
            return SoftLabels::load(path).or_user();
        }
        let system = config.systems.iter().find(|other| other.name == teacher);
        let system = system
            .with_context(|| format!("there is no {teacher}"))
            .or_user()?;
        let (members, rule) = self.members(config, system)?;
        let made = System::new(&members, rule, &splits.public_test).or_user()?;
        let views = TeacherConfig {
            name: teacher.to_owned(),
            members: Vec::new(),
            average: Average::default(),
            data: run.data.clone(),
            seed: run.seed,
            views: VIEWS,
            augmentation: run.augmentation.clone(),
        };
        let labels = teacher::teach(
            &views,
            Vec::new(),
            made.classes(),
            &splits.training,
            |pixels| made.probabilities(pixels),
            |_| (),
        )
        .or_user()?;
        labels.save(path).or_user()?;
        Ok(labels)
    }

    fn folder(&self, name: &str) -> Outcome<PathBuf> {
        let folder = self.out.join(name);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}; choose another --out", folder.display()))
            .or_user()?;
        Ok(folder)
    }

    fn splits(&self, run: &RunConfig) -> Outcome<Splits> {
        self.source.prepare(&run.data, run.network.classes())
    }
}
