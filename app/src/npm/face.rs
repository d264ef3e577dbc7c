//! Faces as callers see them, in pixels of their pictures.

use mien_app::host::pixels;
use mien_engine::crop::FaceCrop;
use mien_engine::detect;
use mien_engine::geometry::{Point, Rect};
use mien_engine::photo::Photo;
use serde::{Deserialize, Serialize};
use web_sys::ImageBitmap;

use crate::fault::Fault;

/// Places and sizes beyond this are no part of any picture.
const FARTHEST: f32 = 1e6;

/// A face, as `app/npm/mien.d.ts` describes it.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(expecting = "a face, as `detect` gives it")]
pub struct Face {
    #[serde(rename = "box")]
    bounds: Rect,
    extent: Rect,
    landmarks: [[f32; 2]; 5],
    score: f32,
}

impl Face {
    /// Checks what callers have passed as `name`.
    pub fn check(&self, name: &'static str) -> Result<(), Fault> {
        let is_place = |value: &f32| value.abs() <= FARTHEST;
        let is_rect = |rect: &Rect| {
            let sides = [rect.width, rect.height];
            [rect.x, rect.y].iter().all(is_place)
                && sides.iter().all(|side| *side > 0.0 && is_place(side))
        };
        let is_face = [self.bounds, self.extent].iter().all(is_rect)
            && self.landmarks.as_flattened().iter().all(is_place);
        if is_face {
            return Ok(());
        }
        Err(Fault::Argument {
            name,
            detail: "the face has no size, or lies outside of every picture".to_owned(),
        })
    }

    /// The same face where places are multiplied by `scale`, to the right and down.
    fn scaled(mut self, [x, y]: [f32; 2]) -> Self {
        for rect in [&mut self.bounds, &mut self.extent] {
            *rect = Rect {
                x: rect.x * x,
                y: rect.y * y,
                width: rect.width * x,
                height: rect.height * y,
            };
        }
        self.landmarks = self.landmarks.map(|[right, down]| [right * x, down * y]);
        self
    }
}

impl From<&detect::Face> for Face {
    fn from(face: &detect::Face) -> Self {
        Self {
            bounds: face.bounds,
            extent: face.extent,
            landmarks: face.landmarks.map(|point| [point.x, point.y]),
            score: face.score,
        }
    }
}

impl From<Face> for detect::Face {
    fn from(face: Face) -> Self {
        Self {
            bounds: face.bounds,
            extent: face.extent,
            landmarks: face.landmarks.map(|[x, y]| Point::new(x, y)),
            score: face.score,
        }
    }
}

/// A photo, and how the picture that it was taken from is larger: very large ones are scaled down.
pub struct Picture {
    /// What the engine reads.
    pub photo: Photo,
    /// Pixels of the picture for one of the photo, to the right and down.
    scale: [f32; 2],
}

impl Picture {
    /// Takes the pixels of a bitmap, which is closed.
    pub async fn new(bitmap: ImageBitmap) -> Result<Self, Fault> {
        let size = [bitmap.width(), bitmap.height()];
        let photo = pixels::photo(bitmap).await?;
        let scale = [
            size[0] as f32 / photo.width() as f32,
            size[1] as f32 / photo.height() as f32,
        ];
        Ok(Self { photo, scale })
    }

    /// A face of the photo, in the picture.
    pub fn outward(&self, face: &detect::Face) -> Face {
        Face::from(face).scaled(self.scale)
    }

    /// A face of the picture, in the photo.
    pub fn inward(&self, face: Face) -> detect::Face {
        face.scaled(self.scale.map(f32::recip)).into()
    }

    /// From pixels of a crop to pixels of the picture, as a canvas's `setTransform` takes it.
    pub fn transform(&self, crop: &FaceCrop) -> [f32; 6] {
        let [x, y] = self.scale;
        let crop = &crop.transform;
        [
            crop.a * x,
            crop.b * y,
            -crop.b * x,
            crop.a * y,
            crop.shift.x * x,
            crop.shift.y * y,
        ]
    }
}
