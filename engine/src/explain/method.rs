//! The methods, their settings, and the one way to call them.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{
    ExplainError, FaceParts, Fill, GradCamOptions, GradientInputOptions,
    IntegratedGradientsOptions, OcclusionOptions, RiseOptions, Scale, Score, ShapleyOptions,
    Target, grad_cam, gradient_input, integrated_gradients, occlusion_saliency, rise, shapley,
};
use crate::classify::Classifier;
use crate::crop::SIDE;

/// A method without its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MethodKind {
    /// A square covers one place after the other.
    Occlusion,
    /// Random masks.
    Rise,
    /// Shapley values of the parts of the face.
    Shapley,
    /// The last maps, weighted by their gradient.
    GradCam,
    /// The gradient times the input.
    GradientInput,
    /// The gradient along the way from a covered face.
    IntegratedGradients,
}

/// What a map's values mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// How much the target's value falls where a square covers the pixel, in units of the value.
    Drop,
    /// How much higher the target's value is on average where the pixel is left, in its units.
    Gain,
    /// What the pixel contributes; over all pixels it adds up to the difference that covering
    /// everything makes.
    Contribution,
    /// Only comparable within the map.
    Relevance,
}

impl MethodKind {
    /// Every method.
    pub const ALL: [Self; 6] = [
        Self::Occlusion,
        Self::Rise,
        Self::Shapley,
        Self::GradCam,
        Self::GradientInput,
        Self::IntegratedGradients,
    ];

    /// The name in files and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Occlusion => "occlusion",
            Self::Rise => "rise",
            Self::Shapley => "shapley",
            Self::GradCam => "grad-cam",
            Self::GradientInput => "gradient-input",
            Self::IntegratedGradients => "integrated-gradients",
        }
    }

    /// The method with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Where it was published.
    #[must_use]
    pub fn paper(self) -> &'static str {
        match self {
            Self::Occlusion => "Zeiler & Fergus, ECCV 2014",
            Self::Rise => "Petsiuk et al., BMVC 2018",
            Self::Shapley => "Shapley 1953; Lundberg & Lee, NIPS 2017",
            Self::GradCam => "Selvaraju et al., ICCV 2017",
            Self::GradientInput => "Shrikumar et al., ICML 2017",
            Self::IntegratedGradients => "Sundararajan et al., ICML 2017",
        }
    }

    /// What the values of its maps mean.
    #[must_use]
    pub fn meaning(self) -> Meaning {
        match self {
            Self::Occlusion => Meaning::Drop,
            Self::Rise => Meaning::Gain,
            Self::Shapley | Self::IntegratedGradients => Meaning::Contribution,
            Self::GradCam | Self::GradientInput => Meaning::Relevance,
        }
    }

    /// The scores that it explains, its usual one first.
    #[must_use]
    pub fn scores(self) -> &'static [Score] {
        match self {
            Self::Occlusion | Self::Rise | Self::Shapley => {
                &[Score::Probability, Score::Logit, Score::Label]
            }
            Self::GradCam | Self::GradientInput | Self::IntegratedGradients => {
                &[Score::Logit, Score::Probability]
            }
        }
    }

    /// The method with its usual settings.
    #[must_use]
    pub fn method(self) -> Method {
        match self {
            Self::Occlusion => Method::Occlusion(OcclusionOptions::default()),
            Self::Rise => Method::Rise(RiseOptions::default()),
            Self::Shapley => Method::Shapley(ShapleyOptions::default()),
            Self::GradCam => Method::GradCam(GradCamOptions::default()),
            Self::GradientInput => Method::GradientInput(GradientInputOptions::default()),
            Self::IntegratedGradients => {
                Method::IntegratedGradients(IntegratedGradientsOptions::default())
            }
        }
    }
}

/// Something that can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parameter {
    /// Side of the square in pixels.
    Patch,
    /// Step of the square in pixels.
    Stride,
    /// What covers.
    Fill,
    /// Number of masks.
    Masks,
    /// Cells along a side of a mask, or pixels along a side of a cell.
    Cells,
    /// Steps of an integral.
    Steps,
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Patch => "patch",
            Self::Stride => "stride",
            Self::Fill => "fill",
            Self::Masks => "masks",
            Self::Cells => "cells",
            Self::Steps => "steps",
        })
    }
}

impl Parameter {
    /// Checks a value.
    pub(super) fn check(
        self,
        value: usize,
        range: RangeInclusive<usize>,
    ) -> Result<(), ExplainError> {
        if range.contains(&value) {
            return Ok(());
        }
        Err(ExplainError::Setting {
            parameter: self,
            least: *range.start() as u32,
            most: *range.end() as u32,
            value: u32::try_from(value).unwrap_or(u32::MAX),
        })
    }
}

/// What a parameter can be set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choices {
    /// A whole number in this range, both ends included.
    Range(u32, u32),
    /// The place of one of these in the list.
    Fills(&'static [Fill]),
}

/// A parameter of a method with its present value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Which.
    pub parameter: Parameter,
    /// Its value; of a fill, its place in the list of choices.
    pub value: u32,
    /// What else it can be.
    pub choices: Choices,
}

/// A method with its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// See [`MethodKind::Occlusion`].
    Occlusion(OcclusionOptions),
    /// See [`MethodKind::Rise`].
    Rise(RiseOptions),
    /// See [`MethodKind::Shapley`].
    Shapley(ShapleyOptions),
    /// See [`MethodKind::GradCam`].
    GradCam(GradCamOptions),
    /// See [`MethodKind::GradientInput`].
    GradientInput(GradientInputOptions),
    /// See [`MethodKind::IntegratedGradients`].
    IntegratedGradients(IntegratedGradientsOptions),
}

/// The fills of methods that cover the whole crop, where there are no neighbours.
const BACKGROUNDS: &[Fill] = &[Fill::Zero, Fill::Mean, Fill::Gray, Fill::Blur];

impl Method {
    /// The method without its settings.
    #[must_use]
    pub fn kind(&self) -> MethodKind {
        match self {
            Self::Occlusion(_) => MethodKind::Occlusion,
            Self::Rise(_) => MethodKind::Rise,
            Self::Shapley(_) => MethodKind::Shapley,
            Self::GradCam(_) => MethodKind::GradCam,
            Self::GradientInput(_) => MethodKind::GradientInput,
            Self::IntegratedGradients(_) => MethodKind::IntegratedGradients,
        }
    }

    /// Its settings, for whoever shows or changes them.
    #[must_use]
    pub fn settings(&self) -> Vec<Setting> {
        let number = |parameter, value: usize, least, most| Setting {
            parameter,
            value: value as u32,
            choices: Choices::Range(least, most),
        };
        let fill = |fill: Fill, fills: &'static [Fill]| Setting {
            parameter: Parameter::Fill,
            value: fills.iter().position(|it| *it == fill).unwrap_or(0) as u32,
            choices: Choices::Fills(fills),
        };
        match self {
            Self::Occlusion(options) => vec![
                number(Parameter::Patch, options.patch, 1, SIDE as u32),
                number(Parameter::Stride, options.stride, 1, options.patch as u32),
                fill(options.fill, &Fill::ALL),
            ],
            Self::Rise(options) => vec![
                number(Parameter::Masks, options.masks, 50, 4000),
                number(Parameter::Cells, options.cells, 2, 16),
                fill(options.fill, BACKGROUNDS),
            ],
            Self::Shapley(options) => vec![fill(options.fill, &Fill::ALL)],
            Self::GradCam(_) => Vec::new(),
            Self::GradientInput(options) => vec![fill(options.fill, BACKGROUNDS)],
            Self::IntegratedGradients(options) => vec![
                number(Parameter::Steps, options.steps, 8, 512),
                fill(options.fill, BACKGROUNDS),
            ],
        }
    }

    /// The method with one setting changed.
    pub fn with(mut self, parameter: Parameter, value: u32) -> Result<Self, ExplainError> {
        let setting = self
            .settings()
            .into_iter()
            .find(|it| it.parameter == parameter);
        let choices = setting
            .ok_or(ExplainError::NoSuchSetting(parameter))?
            .choices;
        let (least, most) = match choices {
            Choices::Range(least, most) => (least, most),
            Choices::Fills(fills) => (0, fills.len() as u32 - 1),
        };
        parameter.check(value as usize, least as usize..=most as usize)?;
        let number = value as usize;
        match (&mut self, parameter) {
            (Self::Occlusion(options), Parameter::Patch) => {
                options.patch = number;
                // A step never leaves pixels out.
                options.stride = options.stride.min(number);
            }
            (Self::Occlusion(options), Parameter::Stride) => options.stride = number,
            (Self::Rise(options), Parameter::Masks) => options.masks = number,
            (Self::Rise(options), Parameter::Cells) => options.cells = number,
            (Self::IntegratedGradients(options), Parameter::Steps) => options.steps = number,
            (method, _) => {
                if let (Some(fill), Choices::Fills(fills)) = (method.fill_mut(), choices) {
                    *fill = fills[number];
                }
            }
        }
        Ok(self)
    }

    fn fill_mut(&mut self) -> Option<&mut Fill> {
        match self {
            Self::Occlusion(options) => Some(&mut options.fill),
            Self::Rise(options) => Some(&mut options.fill),
            Self::Shapley(options) => Some(&mut options.fill),
            Self::GradCam(_) => None,
            Self::GradientInput(options) => Some(&mut options.fill),
            Self::IntegratedGradients(options) => Some(&mut options.fill),
        }
    }
}

/// A map: what each pixel of a crop does to the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saliency {
    /// How it was made.
    pub method: Method,
    /// What was explained.
    pub target: Target,
    /// The target's value for the crop as it is.
    pub score: f32,
    /// `[SIDE, SIDE]`. Positive: the pixel speaks for the target. The unit is that of the
    /// method's [`Meaning`].
    pub values: Vec<f32>,
}

impl Saliency {
    /// The colours of the values.
    #[must_use]
    pub fn scale(&self) -> Scale {
        match self.method.kind().meaning() {
            Meaning::Drop | Meaning::Gain => Scale::of(&self.values),
            // One pixel's part of an effect.
            Meaning::Contribution | Meaning::Relevance => Scale::of_parts(&self.values),
        }
    }
}

/// Explains the crop `pixels`, `[SIDE, SIDE]`, luma of 0 to 255, whose parts are `parts`.
pub async fn explain(
    classifier: &mut Classifier,
    pixels: &[f32],
    parts: &FaceParts,
    method: &Method,
    target: Target,
) -> Result<Saliency, ExplainError> {
    target.check(classifier.classes())?;
    let (score, values) = match method {
        Method::Occlusion(options) => {
            occlusion_saliency(classifier, pixels, options, target).await?
        }
        Method::Rise(options) => rise(classifier, pixels, options, target).await?,
        Method::Shapley(options) => shapley(classifier, pixels, parts, options, target).await?,
        Method::GradCam(options) => grad_cam(classifier, pixels, options, target)?,
        Method::GradientInput(options) => gradient_input(classifier, pixels, options, target)?,
        Method::IntegratedGradients(options) => {
            integrated_gradients(classifier, pixels, options, target)?
        }
    };
    Ok(Saliency {
        method: *method,
        target,
        score,
        values,
    })
}
